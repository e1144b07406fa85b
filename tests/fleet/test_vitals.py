"""Our own health: what was counted between two looks, each count in one row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.catalogue.state import ONLY, StateMeasurement, table
from ausguck.fleet.vitals import Door, Flow, Machine, Vitals, pipeline
from tests.fleet.makers import NOW_MS, SITE, Value, known

MACHINE = Machine(
    is_journal_open=True, journal_bytes=4_096, disk_free_pct=61.5, rss_bytes=90_000_000
)
FLOW = Flow(is_up=True, stored=100, duplicates=3, backlog_bytes=512, lag_s=0.4)


def rows(before: Vitals | None, now: Vitals) -> dict[tuple[str, str], dict[str, Value]]:
    made = pipeline(NOW_MS, SITE, before, now)
    assert all(row.measurement is StateMeasurement.PIPELINE for row in made)
    assert all((row.at_ms, row.tags[0]) == (NOW_MS, SITE) for row in made)
    found = {(row.tags[1], row.tags[2]): known(row) for row in made}
    assert len(found) == len(made)
    return found


def test_the_first_look_knows_what_is_and_not_what_was_counted() -> None:
    now = Vitals(
        FLOW,
        MACHINE,
        intake=Door(is_up=True, messages=7, connected=4, last_message_at_ms=NOW_MS - 1_500),
        subscriber=Door(is_up=False, messages=9, connected=0, dropped_at_broker=2),
        feeds={"sprottenflotte": Door(is_up=True, messages=1, overdue_s=0.0)},
        is_store_up=True,
    )

    assert rows(None, now) == {
        ("intake", ONLY): {"up": 1, "connected": 4, "last_msg_age_s": 1.5},
        ("subscriber", ONLY): {"up": 0, "connected": 0, "dropped_at_broker": 2},
        ("feed/sprottenflotte", ONLY): {"up": 1, "overdue_s": 0.0},
        ("history", ONLY): {"up": 1, "backlog_bytes": 512, "lag_s": 0.4},
        ("store", ONLY): {"up": 1},
        ("disk", ONLY): {"up": 1, "journal_bytes": 4_096, "disk_free_pct": 61.5},
        ("process", ONLY): {"up": 1, "rss_bytes": 90_000_000},
    }


def test_what_was_counted_since_stands_in_one_row_each() -> None:
    before = Vitals(
        Flow(
            is_up=True,
            stored=100,
            duplicates=3,
            dead_lettered={"time": 2, "empty": 1},
            dropped_values={"out_of_range": 5},
        ),
        MACHINE,
        intake=Door(is_up=True, messages=7),
        store_retries=1,
    )
    now = Vitals(
        Flow(
            is_up=False,
            stored=160,
            duplicates=3,
            dead_lettered={"time": 4, "empty": 1, "conflict": 1},
            dropped_values={"out_of_range": 8, "time": 1},
            retries={"StoreUnavailable": 2},
        ),
        MACHINE,
        intake=Door(is_up=True, messages=70),
        subscriber=Door(is_up=True, messages=5),
        store_retries=4,
    )

    found = rows(before, now)

    assert found["intake", ONLY] == {"up": 1, "messages": 63}
    assert found["subscriber", ONLY] == {"up": 1}
    assert found["store", ONLY] == {"retries": 3}
    nothing = {"dead_lettered": 0, "dropped_values": 0, "retries": 0}
    assert found["history", ONLY] == {"up": 0, "stored": 60, "duplicates": 0, **nothing}
    assert found["history", "time"] == {"dead_lettered": 2, "dropped_values": 1}
    assert found["history", "conflict"] == {"dead_lettered": 1}
    assert found["history", "out_of_range"] == {"dropped_values": 3}
    assert found["history", "StoreUnavailable"] == {"retries": 2}
    assert ("history", "empty") not in found


def test_what_the_broker_dropped_while_we_were_away_is_in_the_first_row() -> None:
    def told(before: Door | None, dropped: int | None) -> Value:
        door = Door(is_up=True, messages=5, dropped_at_broker=dropped)
        earlier = Vitals(FLOW, MACHINE, subscriber=before)
        found = rows(earlier, Vitals(FLOW, MACHINE, subscriber=door))
        return found["subscriber", ONLY].get("dropped_at_broker")

    unknown = Door(is_up=True, messages=5)
    known = Door(is_up=True, messages=5, dropped_at_broker=1_300)

    assert told(None, 1_300) == 1_300
    assert told(unknown, 1_300) == 1_300
    assert told(known, 1_300) == 0
    assert told(known, 1_312) == 12
    assert told(known, None) is None


def test_a_total_that_fell_has_begun_anew() -> None:
    before = Vitals(FLOW, MACHINE, intake=Door(is_up=True, messages=70))
    now = Vitals(
        Flow(is_up=True, stored=1, duplicates=4), MACHINE, intake=Door(is_up=True, messages=7)
    )

    found = rows(before, now)

    assert "messages" not in found["intake", ONLY]
    assert "stored" not in found["history", ONLY]
    assert found["history", ONLY]["duplicates"] == 1


def test_a_message_from_the_future_is_0_seconds_old() -> None:
    door = Door(is_up=True, messages=1, last_message_at_ms=NOW_MS + 5_000)

    assert rows(None, Vitals(FLOW, MACHINE, intake=door))["intake", ONLY]["last_msg_age_s"] == 0


@pytest.mark.parametrize("name", ["intake", "history", "disk", "a-b_c"])
def test_no_feed_is_taken_for_another_component(name: str) -> None:
    now = Vitals(FLOW, MACHINE, intake=Door(is_up=True, messages=1))
    feeds = {name: Door(is_up=False, messages=1)}

    found = rows(None, Vitals(FLOW, MACHINE, intake=now.intake, feeds=feeds))

    assert found.keys() - rows(None, now).keys() == {(f"feed/{name}", ONLY)}


_COUNTS = st.dictionaries(st.sampled_from(["time", "empty", "limit"]), st.integers(0, 9))


@given(st.lists(_COUNTS, min_size=1, max_size=5))
def test_rows_add_up_to_the_totals(steps: list[dict[str, int]]) -> None:
    total: dict[str, int] = {}
    before = Vitals(Flow(is_up=True, stored=0, duplicates=0), MACHINE)
    told = 0
    for step in steps:
        total = {key: total.get(key, 0) + step.get(key, 0) for key in {*total, *step}}
        now = Vitals(Flow(is_up=True, stored=0, duplicates=0, dead_lettered=total), MACHINE)
        for values in rows(before, now).values():
            told += int(values.get("dead_lettered", 0) or 0)
        before = now

    assert told == sum(total.values())


def test_every_value_is_of_its_column() -> None:
    door = Door(
        is_up=True,
        messages=5,
        connected=1,
        last_message_at_ms=NOW_MS,
        dropped_at_broker=3,
        overdue_s=1.5,
    )
    vitals = Vitals(FLOW, MACHINE, door, door, {"f": door}, is_store_up=False, store_retries=1)

    for row in pipeline(NOW_MS, SITE, vitals, vitals):
        for field, value in zip(table(row.measurement).fields, row.values, strict=True):
            assert value is None or type(value) is field.type
