import pytest

from ausguck.importing.faults import WrongInput
from ausguck.register.change import Given
from ausguck.register.rows import (
    Asset,
    Assignment,
    Device,
    DeviceState,
    Fitting,
    Line,
    SimPool,
    Tables,
)
from tests.importing.scenes import DAY_MS, NOW_MS, applied, folder, wrong

ASSETS = "id,title\nbus/0123,Solaris\nstation/1001,Hbf\n"
DEVICES = "id,model\nS1,RUTX11\nS2,RUTX11\n"


def test_csv_alone_works_too() -> None:
    imported = folder(assets_csv=ASSETS, devices_csv=DEVICES)

    tables = applied(Tables(), imported.offer)
    assert tables.assets == (
        Asset(id="bus/0123", title="Solaris"),
        Asset(id="station/1001", title="Hbf"),
    )
    assert [(one.id, one.state) for one in tables.devices] == [
        ("S1", DeviceState.SPARE),
        ("S2", DeviceState.SPARE),
    ]
    assert applied(tables, imported.offer, NOW_MS + DAY_MS) == tables, "a second time: nothing"


def test_what_german_excel_saves_is_taken_as_it_is() -> None:
    text = "sep=;\r\nid;title;lat;lon;;\r\nstation/1;Brücke;54,32;10,13;;\r\n;;;;;\r\n"
    expected = Asset(id="station/1", title="Brücke", lat=54.32, lon=10.13)

    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        imported = folder(assets_csv=text.encode(encoding))
        assert [one.row for one in imported.offer.rows["assets"]] == [expected]
        noted = [
            "assets.csv: not UTF-8, read as Windows-1252; see line 3: 'station/1;Brücke;54,32;1'"
        ]
        assert list(imported.notes) == (noted if encoding == "cp1252" else [])


def test_toml_says_the_same_as_csv() -> None:
    toml = """
[[sim_pools]]
id = "telekom-1"
cap = "50 GB"
billing_day = 15
valid_from = 2026-03-29T00:00:00+01:00
external_ids = { sap = "4711" }

[[sim_pools]]  # the second
id = 2
"""
    csv = (
        "id,cap_bytes,billing_day,valid_from,external_id.sap\n"
        "telekom-1,50 GB,15,2026-03-29,4711\n2,,,,\n"
    )
    ours, theirs = (
        folder(None, **{name: text}).offer.rows["sim_pools"]
        for name, text in (("sim_pools_toml", toml), ("sim_pools_csv", csv))
    )
    assert [one.row for one in ours] == [one.row for one in theirs]
    assert [one.place for one in ours] == ["sim_pools.toml, line 2", "sim_pools.toml, line 9"]
    pool = ours[0].row
    assert isinstance(pool, SimPool)
    assert (pool.cap_bytes, pool.external_ids) == (50 * 10**9, {"sap": "4711"})


def test_a_column_that_is_not_there_leaves_what_is_known_and_an_empty_cell_empties_it() -> None:
    known = Tables(
        assets=(Asset(id="bus/1", title="old", capacity=3, external_ids={"kvg": "1", "sap": "2"}),)
    )
    (kept,) = folder(known, assets_csv="id,title\nbus/1,new\n").offer.rows["assets"]
    assert kept.row == Asset(
        id="bus/1", title="new", capacity=3, external_ids={"kvg": "1", "sap": "2"}
    )
    emptied = "id,capacity,external_id.kvg\nbus/1,,\n"
    (given,) = folder(known, assets_csv=emptied).offer.rows["assets"]
    assert given.row == Asset(id="bus/1", title="old", external_ids={"sap": "2"})


def test_a_row_without_its_end_goes_on_until_the_next_of_the_same_id() -> None:
    text = "id,title,valid_from\n11,new,2026-06-15\n11,old,2024-01-01\n"
    rows = folder(lines_csv=text).offer.rows["lines"]
    old, new = sorted((one.row for one in rows), key=lambda row: row.valid_from_ms)
    assert old.valid_to_ms == new.valid_from_ms
    assert new.valid_to_ms is None
    assert all(one.is_dated for one in rows)


def test_a_device_is_fitted_where_a_fitting_says_so_unless_it_is_out_of_use() -> None:
    known = Tables(devices=(Device(id="S2", state=DeviceState.STOLEN),))
    rows = folder(
        known,
        assets_csv=ASSETS,
        devices_csv=DEVICES,
        fittings_csv="serial,asset\nS1,bus/0123\n",
    ).offer.rows
    assert [getattr(one.row, "state", None) for one in rows["devices"]] == ["fitted", "stolen"]
    assert rows["fittings"][0].row == Fitting(id="S1", asset="bus/0123")


def test_duties_replace_the_days_that_they_are_for_and_events_all_of_theirs() -> None:
    known = Tables(assets=(Asset(id="bus/0123"),), lines=(Line(id="11"),))
    offer = folder(
        known,
        assignments_csv="date,bus,line,from,to\n2026-03-28,bus/0123,11,04:50,25:30\n"
        "29.03.2026,bus/0123,11,04:50,25:30\n",
        events_csv="id,kind,title,valid_from\nkw,festival,Kieler Woche,2024-06-20\n",
    ).offer
    first, second = (one.row for one in offer.rows["assignments"])
    assert isinstance(first, Assignment)
    assert (first.source, first.line) == ("csv", "11")
    assert second.valid_from_ms - first.valid_from_ms == DAY_MS - 3_600_000, "a day of 23 hours"
    assert offer.from_ms is not None
    assert offer.to_ms is not None
    assert offer.to_ms - offer.from_ms == 2 * DAY_MS - 3_600_000
    assert offer.whole == {"events"}


def test_a_plan_without_rows_changes_nothing_of_it() -> None:
    imported = folder(assignments_csv="date,bus,line,from,to\n")
    assert imported.offer.rows == {}
    assert list(imported.notes) == ["assignments: no rows, so nothing of it changes"]


MISTAKES: dict[str, tuple[dict[str, str | bytes], str]] = {
    "misspelled column": (
        {"assets_csv": "id,capasity\nbus/1,2\n"},
        "assets.csv, line 1: capasity: found a column that is not known, expected 'capacity'",
    ),
    "misspelled file": (
        {"asset_csv": "id\nbus/1\n"},
        "asset.csv: -: found a file called 'asset', expected 'assets.csv'",
    ),
    "column twice": (
        {"devices_csv": "id,serial\nS1,S1\n"},
        "devices.csv, line 1: serial: found the column twice, expected it once",
    ),
    "wrong type": (
        {"assets_csv": "id,capacity\n\nbus/1,many\n"},
        "assets.csv, line 3: capacity: found 'many', expected a whole number from 0 on",
    ),
    "needed value": (
        {"parties_csv": "id,role\nkvg,\n"},
        (
            "parties.csv, line 2: role: found nothing, expected one of city, bus_company, "
            "bike_operator"
        ),
    ),
    "needed column": (
        {"assets_csv": "title\nx\n"},
        "assets.csv, line 1: id: found the columns title, expected also id",
    ),
    "duplicate": (
        {"assets_csv": "id\nbus/1\nbus/2\nbus/1\n"},
        (
            "assets.csv, line 4: id: found 'bus/1' again, as at assets.csv, line 2, expected each "
            "row once"
        ),
    ),
    "unknown reference": (
        {"depots_csv": "id\nwik\n", "assets_csv": "id,depot\nbus/1,wiek\n"},
        "assets.csv, line 2: depot: found 'wiek', expected an id of depots, such as 'wik'",
    ),
    "ends before it begins": (
        {"lines_csv": "id,valid_from,valid_to\n11,2026-06-15,2026-06-14\n"},
        (
            "lines.csv, line 2: valid_to: found 2026-06-14T00:00+02:00, expected a time after "
            "2026-06-15T00:00+02:00"
        ),
    ),
    "open quote": (
        {"assets_csv": 'id,title\nbus/1,"Bus\nbus/2,x\n'},
        "assets.csv, line 2: -: found a quote that is never closed, expected CSV as in RFC 4180",
    ),
    "too many values": (
        {"assets_csv": "id,title\nbus/1,Solaris, the long one\n"},
        (
            "assets.csv, line 2: -: found 'the long one' behind the last column, expected 2 "
            "values, as the first line has; quote one with a delimiter"
        ),
    ),
    "empty file": (
        {"assets_csv": ""},
        "assets.csv, line 1: -: found an empty file, expected a line with the columns' names",
    ),
    "no text": (
        {"assets_csv": b"id\n\x81\xff\n"},
        "assets.csv, line 2: -: found bytes that are no text, expected UTF-8 or Windows-1252",
    ),
    "duty that ends before it begins": (
        {
            "assets_csv": "id\nbus/1\n",
            "assignments_csv": "date,bus,from,to\n2026-06-15,bus/1,22:00,02:00\n",
        },
        (
            "assignments.csv, line 2: to: found '02:00', expected a time after 22:00; after "
            "midnight count on, 24:00, 25:00"
        ),
    ),
    "duty without a timetable": (
        {"assets_csv": "id\nbus/1\n", "assignments_csv": "date,bus,block\n2026-06-15,bus/1,B1\n"},
        (
            "assignments.csv, line 2: from: found nothing, expected a time, for no timetable says "
            "when it runs"
        ),
    ),
    "TOML syntax": (
        {"lines_toml": "[[lines]]\nid = \n"},
        (
            "lines.toml, line 2: -: found what is no TOML, at character 6, "
            'expected [[lines]] and lines such as `id = "11"`'
        ),
    ),
    "TOML that ends in the middle": (
        {"lines_toml": '[[lines]]\nid = "11'},
        (
            "lines.toml, its end: -: found an end in the middle, "
            'expected [[lines]] and lines such as `id = "11"`'
        ),
    ),
    "TOML that is not UTF-8": (
        {"lines_toml": b'[[lines]]\nid = "\xfc"\n'},
        ("lines.toml, line 2: -: found bytes that are not UTF-8, expected TOML, which is UTF-8"),
    ),
    "TOML of another table": (
        {"lines_toml": '[[line]]\nid = "11"\n'},
        "lines.toml: line: found a key that is not known, expected [[lines]]",
    ),
    "TOML list": (
        {"lines_toml": '[[lines]]\nid = "11"\n\n[[lines]]\nid = ["12"]\n'},
        "lines.toml, line 4: id: found \"['12']\", expected one value",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_says_file_line_column_found_and_expected(name: str) -> None:
    bodies, expected = MISTAKES[name]
    assert expected in wrong(None, **bodies)


def test_all_mistakes_are_told_at_once_and_fifty_of_them_shown() -> None:
    rows = "".join(f"bus/{number},x\n" for number in range(200))
    with pytest.raises(WrongInput) as found:
        folder(assets_csv="id,capacity\n" + rows, devices_csv="id,state\nS1,lost\n")
    lines = str(found.value).splitlines()
    assert len(lines) == 51
    assert lines[-1] == "and 151 more"


def test_a_broken_row_is_no_unknown_reference_for_others() -> None:
    found = wrong(
        assets_csv="id,capacity\nbus/1,x\n",
        devices_csv="id\nS1\n",
        fittings_csv="device,asset\nS1,bus/1\n",
    )
    assert len(found) == 1


def test_rows_know_where_they_stood_also_behind_quoted_line_ends() -> None:
    text = 'id,title\nbus/1,"two\nlines"\n\nbus/2,x\n'
    given: list[Given] = list(folder(assets_csv=text).offer.rows["assets"])
    assert [one.place for one in given] == ["assets.csv, line 2", "assets.csv, line 5"]
