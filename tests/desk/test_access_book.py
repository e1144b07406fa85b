"""What is collected of callers until it is written."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.desk.access_book import ELSEWHERE, HOUR_MS, PLACES_MAX, Book, Place

MINUTE_MS = 60_000
NOW_MS = 1_800_000_000_000


def test_the_latest_use_is_kept() -> None:
    book = Book()
    book.used(1, NOW_MS + 5)
    book.used(1, NOW_MS, b"s")
    book.used(2, NOW_MS)

    page = book.take(NOW_MS)

    assert (page.keys, page.sessions) == ({1: NOW_MS + 5, 2: NOW_MS}, {b"s": NOW_MS})
    assert not book.take(NOW_MS)


def test_what_was_not_written_is_there_again() -> None:
    book = Book()
    book.used(1, NOW_MS, b"s")
    book.refused("nobody", "net", "GET /x")
    page = book.take(NOW_MS)
    book.used(1, NOW_MS + 9)
    book.refused("nobody", "net", "GET /x")
    book.put_back(page)

    again = book.take(NOW_MS + MINUTE_MS)

    assert (again.keys, again.sessions) == ({1: NOW_MS + 9}, {b"s": NOW_MS})
    assert again.refused == {Place("nobody", "net"): {"GET /x": 2}}


def test_a_line_names_what_was_tried_most() -> None:
    book = Book()
    for number in range(8):
        for _ in range(number + 1):
            book.refused("ada", "net", f"GET /{number}")

    (row,) = book.take(NOW_MS).rows(NOW_MS)

    assert (row.who, row.action, row.object, row.at_ms) == ("ada", "refused", "net", NOW_MS)
    assert row.detail == "GET /7: 8; GET /6: 7; GET /5: 6; GET /4: 5; GET /3: 4; others: 6"


def test_the_end_does_not_wait_for_the_hour_nor_for_a_clock_that_was_put_back() -> None:
    book = Book()
    for _ in range(2):
        book.refused("nobody", "net", "GET /x")
        page = book.take(NOW_MS, whole=True)
        assert page.refused
    book.refused("nobody", "net", "GET /x")
    assert not book.take(NOW_MS + HOUR_MS - 1)
    assert book.take(NOW_MS - 1).refused


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20)), max_size=400))
@settings(max_examples=40, deadline=None)
def test_strangers_write_so_much_and_no_more(knocks: list[tuple[int, int]]) -> None:
    book = Book()
    now_ms, written, told = NOW_MS, [], 0
    for network, minutes in knocks:
        book.refused("nobody", str(network), "GET /x")
        now_ms += minutes * MINUTE_MS
        page = book.take(now_ms)
        written += [(place, now_ms) for place in page.refused]
        told += sum(attempts.total() for attempts in page.refused.values())
    told += sum(one.total() for one in book.take(now_ms, whole=True).refused.values())

    assert told == len(knocks)
    for place, at_ms in written:
        within = [one for one, when in written if at_ms <= when < at_ms + HOUR_MS]
        assert within.count(place) == 1
        assert len(set(within)) <= 2 * (PLACES_MAX + 1)


def test_too_many_places_are_one() -> None:
    book = Book()
    for number in range(PLACES_MAX + 50):
        book.refused("nobody", str(number), "GET /x")
        if number % 10 == 0:
            book.take(NOW_MS)

    last = book.take(NOW_MS + HOUR_MS)

    assert last.refused[Place(ELSEWHERE, ELSEWHERE)]["GET /x"] > 1
