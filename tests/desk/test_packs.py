"""Many dead letters of one topic come to few rows, and each is counted once and stays whole."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.desk.desk import SqliteDesk, open_desk
from ausguck.desk.folding import FOLD_ROWS, OWN_ROWS
from ausguck.desk.packs import ROW_BYTES, ROW_ELEMENTS, Packed, pack, parts_of, unpack
from ausguck.model import DeadLetter, Origin, Position, Reason

LIMIT = OWN_ROWS + FOLD_ROWS
TOPIC = "v1/kiel/device/SN77/telemetry"


def letter(number: int, content: bytes | None = None, topic: str = TOPIC) -> DeadLetter:
    """Three elements a record."""
    origin = Origin(Position(1, 1, number // 3), number % 3)
    element = str(number).encode() if content is None else content
    return DeadLetter(origin, 1000 + number, topic, Reason.IDENTITY, f"at {number}", element)


def letters(begin: int, end: int) -> list[DeadLetter]:
    return [letter(number) for number in range(begin, end)]


def counted(desk: SqliteDesk) -> Counter[bytes]:
    """How often each element was counted, over all rows."""
    found: Counter[bytes] = Counter()
    for row in desk.dead_letters(limit=10_000):
        parts = parts_of(row)
        assert (row.count, row.elements) == (sum(part.count for part in parts), len(parts))
        for part in parts:
            found[part.element] += part.count
    return found


def expected(told: Sequence[DeadLetter]) -> Counter[bytes]:
    return Counter(one.element for one in told)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SqliteDesk]:
    with open_desk(tmp_path / "desk.sqlite") as opened:
        yield opened


def test_what_is_packed_is_told_as_it_was(desk: SqliteDesk) -> None:
    told = letters(0, LIMIT)
    desk.record(told, [], [])
    rows = desk.dead_letters()
    assert [row.elements for row in rows] == [1] * OWN_ROWS + [FOLD_ROWS]
    packed = rows[-1]
    assert (packed.element, packed.detail) == (str(FOLD_ROWS - 1).encode(), f"at {FOLD_ROWS - 1}")
    assert (packed.first_at_ms, packed.last_at_ms) == (1000, 1000 + FOLD_ROWS - 1)
    for one, part in zip(told, parts_of(packed), strict=False):
        assert (part.detail, part.element, part.topic) == (one.detail, one.element, one.topic)
        assert (part.first_at_ms, part.last_at_ms) == (one.received_at_ms, one.received_at_ms)
        assert (part.last_position, part.count, part.id) == (one.origin.position, 1, packed.id)


def test_rows_grow_a_thousand_times_slower(desk: SqliteDesk) -> None:
    end = 3 * ROW_ELEMENTS
    for begin in range(0, end, 500):
        desk.record(letters(begin, begin + 500), [], [])
    assert desk.dead_letter_rows() <= LIMIT + 4
    assert counted(desk) == expected(letters(0, end))


def test_each_topic_and_reason_is_packed_by_itself(desk: SqliteDesk) -> None:
    others = [letter(number, topic=f"v1/kiel/bus/{number}/telemetry") for number in range(300)]
    desk.record([*letters(0, LIMIT), *others], [], [])
    assert desk.dead_letter_rows() == OWN_ROWS + 1 + len(others)


TURNS = st.tuples(st.integers(1, 3 * LIMIT), st.booleans(), st.booleans())


@settings(deadline=None, max_examples=25)
@given(
    end=st.integers(LIMIT, 4 * LIMIT),
    kinds=st.sampled_from([3, LIMIT, 10 * LIMIT]),
    turns=st.lists(TURNS, max_size=8),
)
def test_a_crash_between_desk_and_store_counts_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory,
    end: int,
    kinds: int,
    turns: list[tuple[int, bool, bool]],
) -> None:
    """History begins again at what the store has, in other batches; the process may be new."""
    told = [letter(number, str(number * number % kinds).encode()) for number in range(end)]
    path = tmp_path_factory.mktemp("desk") / "desk.sqlite"
    stored = 0
    with ExitStack() as stack:
        desk = stack.enter_context(open_desk(path))
        for ahead, is_stored, is_killed in turns:
            desk.record(told[stored : stored + ahead], [], [])
            stored += ahead if is_stored else 0
            if is_killed:
                stack.close()
                desk = stack.enter_context(open_desk(path))
        desk.record(told[stored:], [], [])
        assert counted(desk) == expected(told)


def test_what_the_store_refuses_out_of_order_is_kept(desk: SqliteDesk) -> None:
    order = [*range(LIMIT, 3 * LIMIT), *range(LIMIT)]
    for number in order:
        desk.record([letter(number)], [], [])
    assert counted(desk) == expected(letters(0, 3 * LIMIT))


def test_parts_are_forgotten_alone_and_what_came_since_stays(desk: SqliteDesk) -> None:
    desk.record(letters(0, LIMIT), [], [])
    row = desk.dead_letters()[-1]
    parts = parts_of(row)
    desk.record(letters(LIMIT, 2 * LIMIT), [], [])  # more is packed into the same row
    desk.remove_parts(row, parts[:10])
    assert counted(desk) == expected(letters(10, 2 * LIMIT))
    desk.remove_parts(row, parts)
    assert counted(desk) == expected(letters(len(parts), 2 * LIMIT))
    now = desk.dead_letter(row.id)
    assert now is not None
    desk.remove_parts(now, parts_of(now))
    assert desk.dead_letter(row.id) is None
    desk.remove_parts(now, parts_of(now))
    desk.record(letters(2 * LIMIT, 3 * LIMIT), [], [])
    assert sum(counted(desk).values()) == LIMIT + OWN_ROWS


def test_elements_that_cannot_be_compressed_take_no_more_room_than_before(
    desk: SqliteDesk,
) -> None:
    noise = random.Random(7)  # noqa: S311 - no secret, the same each time
    told = [letter(number, noise.randbytes(20_000)) for number in range(LIMIT)]
    desk.record(told, [], [])
    assert max(len(row.pack) for row in desk.dead_letters()) <= ROW_BYTES + 1024
    assert counted(desk) == expected(told)


@given(st.lists(st.binary(max_size=40), max_size=50))
def test_a_pack_is_read_as_it_was_written(elements: list[bytes]) -> None:
    members = [
        Packed("device", element, 1, at, at, (1, 1, at, 0)) for at, element in enumerate(elements)
    ]
    assert unpack(pack(members)) == members
