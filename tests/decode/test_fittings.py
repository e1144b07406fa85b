"""Who spoke: what a device says belongs to the asset it was in when it saw it."""

import json
from collections.abc import Sequence

import pytest

from ausguck.journal.port import Flag, Record, RecordType, Source
from ausguck.model import AssetId, Decoded, Kind, Reason
from ausguck.register.directory import Directory
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Device, Fitting, Tables
from ausguck.settings.tree import Retention, Site
from collectors.decode import Decoder
from tests.decode.records import BUS, RECEIVED_MS, known, reasons, record

HOUR_MS = 3_600_000
NOON_MS = RECEIVED_MS - 6 * HOUR_MS
SERIAL = "v1/kiel/device/SN77/telemetry"
NOON = "2027-01-15T02:00:00.000Z"


def fitted(serial: str, asset: str, from_ms: int = 0, to_ms: int | None = None) -> Fitting:
    return Fitting(id=serial, asset=asset, valid_from_ms=from_ms, valid_to_ms=to_ms)


def register(*fittings: Fitting, spare: Sequence[str] = ()) -> Register:
    serials = dict.fromkeys([*(one.id for one in fittings), *spare])
    devices = tuple(Device(id=serial) for serial in serials)
    return Register(Tables(devices=devices, fittings=fittings), "kiel", 1)


def decoder(*fittings: Fitting, spare: Sequence[str] = ()) -> Decoder:
    return Decoder(Site(), Retention(), Directory(register(*fittings, spare=spare)))


def said(topic: str, document: object, publisher: str = "", **more: int) -> Record:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    plain = record(topic, payload, **more)  # type: ignore[arg-type]  # flags and times
    return Record(
        plain.position,
        plain.after,
        plain.type,
        plain.flags,
        plain.received_at_ms,
        Source("listener", publisher, "c1"),
        plain.packet_id,
        topic,
        payload,
    )


def element(at_ms: int, seq: int = 1, **values: object) -> dict[str, object]:
    return {"observed_at": at_ms, "boot_id": "b1", "seq": seq, "clients": 3, **values}


def whose(found: Decoded) -> list[tuple[str, str | None]]:
    return [(str(reading.asset), reading.boot_id) for reading in found.readings]


def about(found: Decoded) -> list[str]:
    return [str(one.asset) for one in found.events] + [str(one.asset) for one in found.inventories]


def details(found: Decoded) -> list[str]:
    return [letter.detail.partition(";")[0] for letter in found.dead_letters]


# Under a device's own name


def test_a_serial_is_the_bus_it_is_fitted_to() -> None:
    found = decoder(fitted("SN77", "bus/0123")).decode(said(SERIAL, element(NOON_MS), "SN77"))
    (reading,) = found.readings
    assert reading.asset == AssetId("kiel", Kind.BUS, "0123")
    assert known(reading) == {"clients": 3}
    assert (reading.boot_id, reading.seq) == ("b1", 1)


def test_a_backlog_straddles_a_swap() -> None:
    router = decoder(fitted("SN77", "bus/0123", 0, NOON_MS), fitted("SN77", "bus/0200", NOON_MS))
    backlog = [element(NOON_MS + offset, offset + 5) for offset in (-2, -1, 0, 1)]
    found = router.decode(said(SERIAL, backlog, "SN77"))
    assert [str(reading.asset) for reading in found.readings] == [
        "bus/0123",
        "bus/0123",
        "bus/0200",
        "bus/0200",
    ]
    assert [origin.element for origin in found.reading_origins] == [0, 1, 2, 3]
    assert found.elements == 4


def test_the_kind_follows_the_asset() -> None:
    moved = decoder(fitted("SN77", "bus/0123", 0, NOON_MS), fitted("SN77", "station/7", NOON_MS))
    backlog = [
        {"observed_at": NOON_MS - 1, "rsrp_dbm": -97},
        {"observed_at": NOON_MS, "num_vehicles_available": 4},
        {"observed_at": NOON_MS + 1, "rsrp_dbm": -97},
    ]
    found = moved.decode(said(SERIAL, backlog))
    assert [str(reading.asset) for reading in found.readings] == [
        "bus/0123",
        "station/7",
        "station/7",
    ]
    assert [known(reading) for reading in found.readings] == [
        {"rsrp_dbm": -97},
        {"num_vehicles_available": 4},
        {},
    ]
    assert [(str(one.asset), one.key) for one in found.dropped] == [("station/7", "rsrp_dbm")]


def test_an_unknown_serial_says_so_element_by_element() -> None:
    found = decoder().decode(said(SERIAL, [element(NOON_MS), element(NOON_MS + 1, 2)]))
    assert reasons(found) == ["identity", "identity"]
    assert details(found) == ["device SN77 is not in the register"] * 2
    assert "tried again by itself" in found.dead_letters[0].detail
    assert json.loads(found.dead_letters[1].element) == element(NOON_MS + 1, 2)
    assert found.elements == 2


def test_a_spare_says_when_it_was_nowhere() -> None:
    spare = decoder(fitted("SN77", "bus/0123", NOON_MS + 1), spare=["SN77"])
    found = spare.decode(said(SERIAL, element(NOON_MS)))
    assert details(found) == [f"device SN77 was not fitted to anything at {NOON}"]
    never = decoder(spare=["SN77"]).decode(said(SERIAL, element(NOON_MS)))
    assert details(never) == [f"device SN77 was not fitted to anything at {NOON}"]


def test_what_cannot_be_read_is_no_question_of_whose() -> None:
    found = decoder().decode(said(SERIAL, b'{"clients":'))
    assert reasons(found) == ["undecodable"]


def test_an_impossible_clock_means_where_the_device_is_now() -> None:
    moved = decoder(fitted("SN77", "bus/0123", 0, NOON_MS), fitted("SN77", "bus/0200", NOON_MS))
    found = moved.decode(said(SERIAL, element(1000), "SN77"))
    (reading,) = found.readings
    assert (str(reading.asset), reading.clock_suspect) == ("bus/0200", True)
    assert reading.observed_at_ms == RECEIVED_MS


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ("status", {"state": "ready"}),
        ("event", {"type": "door_open"}),
        ("inventory", {"model": "RUTX50", "serial": "SN77"}),
    ],
)
def test_notices_follow_their_time(message: str, content: dict[str, object]) -> None:
    moved = decoder(
        fitted("SN77", "bus/0123", NOON_MS - 9, NOON_MS), fitted("SN77", "bus/0200", NOON_MS)
    )
    topic = f"v1/kiel/device/SN77/{message}"

    def at(observed_at_ms: int) -> Decoded:
        return moved.decode(said(topic, {**content, "observed_at": observed_at_ms}, "SN77"))

    before, after = at(NOON_MS - 1), at(NOON_MS)
    assert about(before) == ["bus/0123"]
    assert about(after) == ["bus/0200"]
    assert reasons(at(NOON_MS - 10)) == ["identity"]


# Under an asset's name


def swapped() -> Decoder:
    return decoder(fitted("S1", "bus/0123", 0, NOON_MS), fitted("S2", "bus/0123", NOON_MS))


def test_who_was_taken_out_says_what_it_saw_and_no_more() -> None:
    backlog = [element(NOON_MS - 1), element(NOON_MS, 2)]
    found = swapped().decode(said(BUS, backlog, "S1"))
    assert whose(found) == [("bus/0123", "b1")]
    assert details(found) == [f"device S1 was not in bus/0123 at {NOON}"]
    assert [letter.origin.element for letter in found.dead_letters] == [1]
    early = swapped().decode(said(BUS, backlog, "S2"))
    assert [reading.observed_at_ms for reading in early.readings] == [NOON_MS]
    assert [letter.origin.element for letter in early.dead_letters] == [0]


def test_a_device_speaks_for_no_asset_it_was_never_in() -> None:
    found = swapped().decode(said("v1/kiel/bus/0200/telemetry", element(NOON_MS), "S2"))
    assert details(found) == [f"device S2 was not in bus/0200 at {NOON}"]


def test_a_will_after_the_swap_does_not_lose_the_bus() -> None:
    topic = "v1/kiel/bus/0123/status"
    late = swapped().decode(said(topic, b"offline", "S1", flags=Flag.WILL | Flag.QOS1))
    assert not late.events
    assert reasons(late) == ["identity"]
    own = swapped().decode(said(topic, b"offline", "S2", flags=Flag.WILL | Flag.QOS1))
    assert [event.detail for event in own.events] == ["lost"]


@pytest.mark.parametrize("publisher", ["", "gateway", "S2"])
def test_a_boot_before_a_swap_is_none_after_it(publisher: str) -> None:
    before = swapped().decode(said(BUS, element(NOON_MS - 1), publisher and "gateway"))
    after = swapped().decode(said(BUS, element(NOON_MS, 2), publisher))
    mark = register(
        fitted("S1", "bus/0123", 0, NOON_MS), fitted("S2", "bus/0123", NOON_MS)
    ).boot_mark("bus/0123", NOON_MS)
    assert mark.startswith("#")
    assert whose(before) == [("bus/0123", "b1")]
    assert whose(after) == [("bus/0123", f"b1{mark}")]


def test_a_device_without_boots_has_the_mark_alone() -> None:
    told = {"observed_at": NOON_MS, "clients": 3}
    plain = swapped().decode(said(BUS, told, "S2")).readings[0]
    slow = swapped().decode(said(BUS, {**told, "humidity": 3}, "S2")).readings[0]
    assert plain.boot_id == slow.boot_id
    assert plain.boot_id is not None
    assert plain.boot_id.startswith("#")


def test_the_longest_boot_keeps_its_mark() -> None:
    told = {**element(NOON_MS), "boot_id": "0123456789abcdef"}
    for document in (told, {**told, "humidity": 3}):
        (reading,) = swapped().decode(said(BUS, document)).readings
        assert reading.boot_id is not None
        assert reading.boot_id.startswith("0123456789abcdef#")


def test_an_asset_with_one_device_has_no_marks() -> None:
    alone = decoder(fitted("S1", "bus/0123", NOON_MS))
    for publisher in ("", "S1"):
        assert whose(alone.decode(said(BUS, element(NOON_MS), publisher))) == [("bus/0123", "b1")]
    # Whoever is no device of ours may have spoken for the bus before.
    assert whose(alone.decode(said(BUS, element(NOON_MS - 1)))) == [("bus/0123", "b1")]


def test_two_publishers_of_one_topic_each_by_their_own_right() -> None:
    both = swapped()
    rows = [said(BUS, element(NOON_MS + n, n), "S1" if n % 2 else "gateway") for n in range(6)]
    found = both.decode_all(rows)
    assert [reading.seq for reading in found.readings] == [0, 2, 4]
    assert reasons(found) == ["identity"] * 3


# Second chances, refusals, changes


def test_what_is_tried_again_has_only_its_time() -> None:
    found = swapped().decode(
        record(BUS, json.dumps(element(NOON_MS)).encode(), record_type=RecordType.RETRY)
    )
    assert len(found.readings) == 1
    late = decoder(fitted("SN77", "bus/0123", NOON_MS))
    again = late.decode(
        record(SERIAL, json.dumps(element(NOON_MS)).encode(), record_type=RecordType.RETRY)
    )
    assert whose(again) == [("bus/0123", "b1")]


def test_what_was_refused_on_receipt_stays_refused() -> None:
    found = decoder(fitted("SN77", "bus/0123")).decode(
        record(SERIAL, json.dumps(element(NOON_MS)).encode(), record_type=RecordType.REFUSED)
    )
    assert reasons(found) == ["identity"]
    assert details(found) == ["the publisher may not speak for this topic"]


def test_a_change_of_the_register_holds_at_once() -> None:
    directory = Directory()
    live = Decoder(Site(), Retention(), directory)
    before = live.decode(said(SERIAL, element(NOON_MS), "SN77"))
    directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
    after = live.decode(said(SERIAL, element(NOON_MS), "SN77"))
    directory.replace(register(fitted("SN77", "bus/0200")), Keyring())
    moved = live.decode(said(SERIAL, element(NOON_MS), "SN77"))
    assert reasons(before) == ["identity"]
    assert [str(one.readings[0].asset) for one in (after, moved)] == ["bus/0123", "bus/0200"]


def test_a_letter_of_a_backlog_holds_its_own_element() -> None:
    backlog = [element(NOON_MS), element(NOON_MS + 1, 2)]
    letter = decoder(fitted("SN77", "bus/0123")).dead_letter(
        said(SERIAL, backlog, "SN77"), 1, Reason.CONFLICT, "stored with other content"
    )
    assert json.loads(letter.element) == backlog[1]
