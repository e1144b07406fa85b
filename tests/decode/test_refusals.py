"""Messages that yield nothing are one dead letter each, with the reason and no secrets."""

import json

import pytest

from ausguck.journal.port import Flag, RecordType
from ausguck.model import Origin, Reason
from tests.decode.records import BUS, DECODER, POSITION, RECEIVED_MS, element, reasons, record

GOOD = json.dumps(element(clients=1)).encode()


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("v1/kiel/bus/0123", "grammar"),
        ("v2/kiel/bus/0123/telemetry", "grammar"),
        ("v1/kiel/tram/0123/telemetry", "grammar"),
        ("v1/kiel/bus/0 1/telemetry", "grammar"),
        ("v1/kiel/bus/0123/cmd", "grammar"),
        ("", "grammar"),
        ("v1/bonn/bus/0123/telemetry", "identity"),
        ("v1/kiel/device/SN77/telemetry", "identity"),
    ],
)
def test_topics(topic: str, reason: str) -> None:
    found = DECODER.decode(record(topic, GOOD))
    assert reasons(found) == [reason]
    assert not found.readings
    assert found.dead_letters[0].topic == topic
    assert found.dead_letters[0].received_at_ms == RECEIVED_MS


def test_a_serial_that_nobody_registered() -> None:
    found = DECODER.decode(record("v1/kiel/device/SN77/telemetry", GOOD))
    assert found.dead_letters[0].detail.startswith("device SN77 is not in the register; ")


def test_what_the_publisher_may_not_say() -> None:
    found = DECODER.decode(record(BUS, GOOD, record_type=RecordType.REFUSED))
    assert reasons(found) == ["identity"]
    assert json.loads(found.dead_letters[0].element) == json.loads(GOOD)


def test_what_was_set_aside_on_receipt() -> None:
    kind, flags = RecordType.REFUSED, Flag.QOS1 | Flag.SET_ASIDE
    found = DECODER.decode(record(BUS, GOOD, record_type=kind, flags=flags))
    assert reasons(found) == ["grammar"]
    assert "malformed" in found.dead_letters[0].detail
    bent = DECODER.decode(record("v1/kiel/bus/\\xff/status", GOOD, record_type=kind, flags=flags))
    assert reasons(bent) == ["grammar"]
    assert "level 4" in bent.dead_letters[0].detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{}", "empty"),
        (b"[]", "empty"),
        (b'{"humidity":3}', "empty"),
        (b"5", "undecodable"),
        (b'"online"', "undecodable"),
        (b"null", "undecodable"),
        (b"\x00\x01", "undecodable"),
        (b'{"clients":1', "undecodable"),
        (b'{"clients":1} x', "undecodable"),
        (b'{"clients":NaN}', "undecodable"),
        (b'{"clients":-Infinity}', "undecodable"),
        (b'{"line":"\xff"}', "undecodable"),
        (b'{"x":"\xc3\x28"}', "undecodable"),
        (b'\xef\xbb\xbf{"clients":1}', "undecodable"),
        (b"[" + b",".join([b"1"] * 501) + b"]", "limit"),
        (b"[" * 100_000, "limit"),
        (b'{"a":' * 2_000, "limit"),
        (b'{"a":' + b"[" * 17 + b"]" * 17 + b"}", "limit"),
        (b"{" + b",".join(b'"k%d":1' % number for number in range(129)) + b"}", "limit"),
        (b'{"x":"' + b"y" * 262_144 + b'"}', "limit"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_payloads(payload: bytes, reason: str) -> None:
    found = DECODER.decode(record(BUS, payload))
    assert reasons(found) == [reason]
    assert found.dead_letters[0].origin == Origin(POSITION, 0)
    assert not found.readings


def test_brackets_inside_text_are_not_nesting() -> None:
    payload = json.dumps(element(clients=1, note="[" * 100 + '"\\{')).encode()
    assert len(DECODER.decode(record(BUS, payload)).readings) == 1


def test_500_elements_are_taken() -> None:
    payload = b"[" + b",".join([GOOD] * 500) + b"]"
    assert len(DECODER.decode(record(BUS, payload)).readings) == 500


def test_a_dead_letter_holds_the_element_redacted() -> None:
    payload = json.dumps([element(observed_at=0, sta="aa:bb:cc:dd:ee:ff")]).encode()
    (letter,) = DECODER.decode(record(BUS, payload)).dead_letters
    assert b"aa:bb" not in letter.element
    assert json.loads(letter.element)["boot_id"] == "5f3a9c01d2e4"


def test_a_dead_letter_holds_topic_and_detail_redacted() -> None:
    topic = "v1/kiel/bus/490154203237518/aa:bb:cc:dd:ee:ff"
    (letter,) = DECODER.decode(record(topic, GOOD)).dead_letters
    assert "490154203237518" not in letter.topic
    assert "aa:bb" not in letter.topic + letter.detail


def test_a_dead_letter_of_a_huge_message_is_cut() -> None:
    (letter,) = DECODER.decode(record("t" * 60_000, b"x" * 1_000_000)).dead_letters
    assert len(letter.element) == 65_536
    assert len(letter.topic) <= 256
    assert "65536 of 1000000 bytes" in letter.detail


def test_a_dead_letter_is_made_for_what_the_store_refuses() -> None:
    parts = [element(clients=1), element(clients=2, sta="aa:bb:cc:dd:ee:ff")]
    backlog = record(BUS, json.dumps(parts).encode())
    letter = DECODER.dead_letter(backlog, 1, Reason.CONFLICT, "told otherwise before")
    assert letter.origin == Origin(POSITION, 1)
    assert (letter.reason, letter.detail) == (Reason.CONFLICT, "told otherwise before")
    assert json.loads(letter.element) == {**parts[1], "sta": "[redacted:mac]"}
    live = DECODER.dead_letter(record(BUS, GOOD), 0, Reason.REJECTED, "no")
    assert json.loads(live.element) == json.loads(GOOD)
