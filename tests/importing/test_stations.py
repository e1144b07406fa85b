import json
from collections.abc import Sequence

import pytest

from ausguck.importing import gbfs
from ausguck.importing.faults import Faults
from ausguck.importing.folder import Imported
from ausguck.importing.stations import offered
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Tables, Zone
from collectors.pollers.names import station_name
from tests.importing.scenes import DAY_MS, NOW_MS, applied, scene

Station = dict[str, object]
HBF: Station = {
    "station_id": "17",
    "name": "Hauptbahnhof",
    "lat": 54.3145,
    "lon": 10.1319,
    "capacity": 20,
    "region_id": "mitte",
    "rental_methods": ["key"],
}
WIK: Station = {
    "station_id": "Kiel Wik",
    "name": [{"text": "The Wik", "language": "en"}, {"text": "Wik", "language": "de-DE"}],
    "lat": 54.35,
    "lon": 10.12,
    "station_opening_hours": "Mo-Su 05:00-24:00",
}


def body(stations: Sequence[Station]) -> bytes:
    return json.dumps({"version": "3.0", "data": {"stations": stations}}, indent=1).encode()


def imported(
    stations: Sequence[Station], known: Tables, now_ms: int = NOW_MS, *, adds_only: bool = False
) -> Imported:
    faults = Faults()
    found = gbfs.stations("f.json", body(stations), "de", faults, [])
    assert not faults.shown
    place = scene(known, "kielbike", now_ms)
    return offered(found, {"mitte": "Stadtmitte"}, place, adds_only=adds_only)


def test_stations_become_assets_by_the_names_that_their_poller_gives_them() -> None:
    tables = applied(Tables(), imported([HBF, WIK], Tables()).offer)
    assert tables.zones == (
        Zone(id="mitte", title="Stadtmitte", external_ids={"kielbike": "mitte"}),
    )
    assert list(tables.assets) == [
        Asset(
            id="station/17",
            title="Hauptbahnhof",
            lat=54.3145,
            lon=10.1319,
            capacity=20,
            zone="mitte",
            external_ids={"kielbike": "17"},
        ),
        Asset(
            id=f"station/{station_name('Kiel Wik')}",
            title="Wik",
            lat=54.35,
            lon=10.12,
            opening_hours="Mo-Su 05:00-24:00",
            external_ids={"kielbike": "Kiel Wik"},
        ),
    ]
    assert applied(tables, imported([HBF, WIK], tables).offer) == tables


def test_where_all_ids_are_new_on_1_january_each_station_keeps_its_asset() -> None:
    bus = Asset(id="bus/0123")
    first = applied(Tables(assets=(bus,)), imported([HBF, WIK], Tables(assets=(bus,))).offer)
    later_ms = NOW_MS + DAY_MS
    # The ids are dealt anew: one even gets another's old one, and stands 40 m from where it was.
    dealt = [HBF | {"station_id": "2001"}, WIK | {"station_id": "17", "lat": 54.35036}]
    made = imported(dealt, first, later_ms)
    then = Register(applied(first, made.offer, later_ms))

    assert made.notes == [
        (
            "2 stations have new ids in kielbike and stand where they stood, so each keeps its "
            "asset: 17 is now 2001, Kiel Wik is now 17"
        )
    ]
    assert then.assets.ids() == Register(first).assets.ids(), "nothing twice"
    for at_ms, expected in ((later_ms - 1, "17"), (later_ms, "2001")):
        row = then.assets.by_external("kielbike", expected, at_ms)
        assert row is not None
        assert row.id == "station/17"
    wik = then.assets.by_external("kielbike", "17", later_ms)
    assert wik is not None
    assert wik.title == "Wik"
    assert then.assets.at("bus/0123", later_ms) == bus


def test_a_station_that_moves_or_is_renamed_is_still_itself() -> None:
    first = applied(Tables(), imported([HBF], Tables()).offer)
    for change in ({"lat": 54.3175}, {"name": "Bahnhof"}, {"lat": 54.4, "name": "Bahnhof"}):
        then = applied(first, imported([HBF | change], first, NOW_MS + 1).offer, NOW_MS + 1)
        assert {row.id for row in then.assets} == {"station/17"}
        assert len(then.assets) == 2, "how it was stays"


def test_an_id_given_to_another_place_is_another_station() -> None:
    first = applied(Tables(), imported([HBF], Tables()).offer)
    second_ms = NOW_MS + DAY_MS
    dealt = [HBF | {"station_id": "18"}]
    second = applied(first, imported(dealt, first, second_ms).offer, second_ms)
    third_ms = NOW_MS + 2 * DAY_MS
    new = HBF | {"name": "Holtenau", "lat": 54.37}
    third = applied(second, imported([*dealt, new], second, third_ms).offer, third_ms)
    found = Register(third).assets.by_external("kielbike", "17", third_ms)
    assert found is not None
    assert (found.id, found.title) == ("station/17-2", "Holtenau")


def test_a_station_that_is_gone_is_over_and_comes_back_as_itself() -> None:
    first = applied(Tables(), imported([HBF, WIK], Tables()).offer)
    gone = applied(first, imported([WIK], first, NOW_MS + 1).offer, NOW_MS + 1)
    assert Register(gone).assets.at("station/17", NOW_MS + 1) is None
    kept = imported([WIK], first, NOW_MS + 1, adds_only=True).offer
    assert applied(first, kept, NOW_MS + 1) == first
    back = applied(gone, imported([HBF, WIK], gone, NOW_MS + 2).offer, NOW_MS + 2)
    assert Register(back).assets.at("station/17", NOW_MS + 2) is not None


@pytest.mark.parametrize(
    ("stations", "expected"),
    [
        (
            [HBF, WIK | {"lat": "north"}],
            (
                'f.json, line 16, station Kiel Wik: lat: found "north", '
                "expected degrees from -90 to 90"
            ),
        ),
        (
            [{"name": "Wik"}],
            (
                "f.json, line 5: station_id: found nothing, "
                "expected a text of 1 to 256 characters, or a whole number"
            ),
        ),
        (
            [HBF, HBF],
            (
                "f.json, line 16: station_id: found '17' again, expected each station once; "
                "it is at f.json, line 5 too"
            ),
        ),
    ],
)
def test_what_is_unfit_in_a_feed_is_told_by_its_line(
    stations: list[Station], expected: str
) -> None:
    faults = Faults()
    gbfs.stations("f.json", body(stations), "de", faults, [])
    assert list(map(str, faults.shown)) == [expected]


def test_every_fault_of_every_station_is_told() -> None:
    faults = Faults()
    gbfs.stations(
        "f.json", body([HBF | {"lat": 154, "capacity": -2}, WIK | {"lon": None}]), "de", faults, []
    )
    gbfs.stations("g.json", b'{"data": {"stations": [\n17]}}', "de", faults, [])
    gbfs.regions("r.json", b'{"data": {"regions": [{"region_id": "m", "name": 7}]}}', "de", faults)
    assert list(map(str, faults.shown)) == [
        "f.json, line 5, station 17: lat: found 154, expected degrees from -90 to 90",
        "f.json, line 5, station 17: capacity: found -2, expected a whole number from 0 to 100000",
        "g.json, line 2: -: found '17', expected an object",
        (
            "r.json, line 1, region m: name: found 7, "
            "expected a text, or a list of texts with their languages"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "f.json: -: found an empty file, expected JSON"),
        (
            body([HBF, WIK])[:300],
            (
                "f.json, line 20: -: found the end of the file in the middle of it (300 bytes), "
                "expected all of it"
            ),
        ),
        (
            b'{"data":\n {"stations": nix}}',
            "f.json, line 2: -: found what is no JSON, at byte 27, expected JSON in UTF-8",
        ),
        (b'{"data": {}}', "f.json: data.stations: found no such list, expected a GBFS f"),
    ],
)
def test_what_is_no_feed_is_told(text: bytes, expected: str) -> None:
    faults = Faults()
    assert gbfs.stations("f.json", text, "de", faults, []) == []
    assert list(map(str, faults.shown)) == [expected]


def test_bytes_that_are_no_text_are_told() -> None:
    for text in (b"\xff", b'{"data": {"stations": [{"station_id": "\xff"}]}}'):
        faults = Faults()
        assert gbfs.stations("f.json", text, "de", faults, []) == []
        assert faults.count == 1
        assert "found bytes that are not UTF-8" in str(faults.shown[0])


def test_a_place_at_0_0_and_hours_that_are_none_are_left_out_and_noted() -> None:
    notes: list[str] = []
    odd = HBF | {"lat": 0.0, "lon": 0.0, "station_opening_hours": "nearly always"}
    (one,) = gbfs.stations("f.json", body([odd]), "de", Faults(), notes)
    assert (one.lat, one.lon, one.opening_hours) == (None, None, None)
    assert len(notes) == 2
