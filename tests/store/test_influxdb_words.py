"""What is put into lines, and what is taken out of answers: properties of the pure parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.model import Kind, Reading
from ausguck.store.influxdb.answers import Answer, Meaning, meaning, words
from ausguck.store.influxdb.columns import Columns
from ausguck.store.influxdb.lines import UnfitError
from ausguck.store.influxdb.slots import Slots, reading_slot
from ausguck.store.influxdb.text import field_in, field_out, tag_in, tag_out, tag_value
from ausguck.store.judging.identities import reading_identity
from tests.store.makers import BUS, NOON_MS, OTHER_BUS, reading

TEXT = st.text(st.characters(codec="utf-8")) | st.text('\\"%n\n\r,= x0A')


def unquoted(text: str) -> str:
    """What the server makes of a string field."""
    made, rest = "", text
    while rest:
        step = 2 if rest[0] == "\\" and rest[1:2] in {'"', "\\"} else 1
        made += rest[step - 1]
        rest = rest[step:]
    return made


@given(TEXT)
def test_a_field_comes_back_and_never_breaks_its_line(text: str) -> None:
    written = field_in(text)
    assert not set(written) & set("\n\r\0")
    assert unquoted(written).count('"') == text.count('"')
    assert field_out(unquoted(written)) == text


@given(TEXT)
def test_a_tag_comes_back_and_never_breaks_its_line(text: str) -> None:
    kept = tag_value(text)
    assert kept
    assert not set(kept) & set("\n\r\0\\")
    assert tag_out(kept) == text
    bare = tag_in(text)
    for sign in ",= ":
        bare = bare.replace("\\" + sign, "")
    assert not set(bare) & set(",= \\")


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, min_size=1, max_size=30))
def test_readings_of_one_millisecond_stand_apart_and_stay_where_they_are(seqs: list[int]) -> None:
    rows = [reading(seq=seq) for seq in seqs]
    slots = Slots()
    slots.look_at([(BUS, NOON_MS)])
    times = slots.of_readings(rows)
    assert len(set(times)) == len(rows)
    assert {ns // 1_000_000 for ns in times} == {NOON_MS}
    assert times[0] == reading_slot(rows[0])
    again = Slots()
    for row, ns in zip(rows, times, strict=True):
        again.found((BUS, NOON_MS), ns, reading_identity(row))
    assert again.of_readings(reversed(rows)) == times[::-1]


def test_the_last_slot_of_a_millisecond_is_followed_by_its_first() -> None:
    rows = [reading(seq=999_999), reading(seq=1_999_999)]
    slots = Slots()
    slots.look_at([(BUS, NOON_MS)])
    assert slots.of_readings(rows) == [NOON_MS * 1_000_000 + 999_999, NOON_MS * 1_000_000]


def lines(*rows: Reading, batch: str = "c 1.1.1") -> tuple[list[str], list[str]]:
    kind = rows[0].asset.kind
    written = Columns().write(kind, rows, [reading_slot(row) for row in rows], batch)
    return written.main, written.apart


def test_each_value_is_typed_by_the_catalogue() -> None:
    row = reading(
        {"clients": 3, "rtt_ms": 4, "loss_pct": 0.5, "is_roaming": True, "line": "11"},
        digest=2**64 - 1,
    )
    expected = (
        f"hotspot,bus_id=0123,site=kiel received_at_ms={NOON_MS + 250}i,digest=-1i,"
        'clock_suspect=0i,batch="c 1.1.1",boot_id="b1",seq=1i,clients=3i,rtt_ms=4,'
        f'loss_pct=0.5,is_roaming=1i,line="11" {NOON_MS}000001'
    )
    assert lines(row) == ([expected], [])


def test_what_is_unknown_is_left_out_of_each_line_alone() -> None:
    rows = (
        reading({"clients": 1, "lat": 54.5}),
        reading({"rtt_ms": 2.5}, asset=OTHER_BUS, seq=None, digest=7, boot_id=None),
        reading({"ignition": False}, seq=3),
    )
    main, apart = lines(*rows)
    assert main[0].endswith(f'boot_id="b1",seq=1i,clients=1i {NOON_MS}000001')
    assert main[1].split(",digest=")[1] == (
        f'7i,clock_suspect=0i,batch="c 1.1.1",rtt_ms=2.5 {NOON_MS}000007'
    )
    assert apart == [
        f"bus_position,bus_id=0123,site=kiel received_at_ms={NOON_MS + 250}i,{field} "
        f"{NOON_MS}00000{seq}"
        for field, seq in (("lat=54.5", 1), ("ignition=0i", 3))
    ]


def test_many_are_written_as_each_alone() -> None:
    rows = [
        reading(
            {"clients": n, "lat": 54.0} if n % 3 else {"line": f"{n}"}, seq=n if n % 2 else None
        )
        for n in range(20)
    ]
    main, apart = lines(*rows)
    alone = [lines(row) for row in rows]
    assert main == [line for one, _ in alone for line in one]
    assert apart == [line for _, one in alone for line in one]


def test_a_reading_without_a_place_is_unfit() -> None:
    device = reading()
    with pytest.raises(UnfitError, match="no place"):
        Columns().write(Kind.DEVICE, [device], [0], "")


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (204, Meaning.STORED),
        (200, Meaning.UNAVAILABLE),
        (202, Meaning.UNAVAILABLE),
        (304, Meaning.UNAVAILABLE),
        (400, Meaning.REFUSED),
        (422, Meaning.REFUSED),
        (401, Meaning.UNAVAILABLE),
        (413, Meaning.TOO_LARGE),
        (429, Meaning.UNAVAILABLE),
        (500, Meaning.UNAVAILABLE),
    ],
)
def test_only_one_status_is_proof(status: int, means: Meaning) -> None:
    assert meaning(status) is means


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"message":"unable to parse \'hotspot,bus_id=1 lat=54\': missing"}',
            "unable to parse: missing",
        ),
        (b'{"error":"field type conflict"}', "field type conflict"),
        (b"<html>\n  <b>no</b>\n</html>", "<html> <b>no</b> </html>"),
        (b"\xff" * 1000, "\ufffd" * 300),
        (b"", "status 400 without a word"),
        (b"[1]", "[1]"),
        (
            '{"message":"Dienst gest\u00f6rt"}'.encode("latin-1"),
            '{"message":"Dienst gest\ufffdrt"}',
        ),
        (b"[" * 100_000, "[" * 300),
    ],
)
def test_the_servers_words_are_kept_short_and_without_the_line(body: bytes, said: str) -> None:
    assert words(Answer(400, {}, body)) == said
