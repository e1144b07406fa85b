import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.influxql import UnknownName, select, tag_values
from dashboards.macros import (
    ALL,
    Range,
    UnknownMacro,
    duration_ms,
    interval_ms,
    interval_text,
    substitute,
)

HOUR = 3_600_000
SHOWN = Range(1_000, 1_000 + 6 * HOUR)


def put(query: str, **variables: list[str]) -> str:
    return substitute(query, SHOWN, 60_000, variables, {"line": ".*"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("WHERE $timeFilter", "WHERE time >= 1000ms and time <= 21601000ms"),
        ("time($__interval)", "time(1m)"),
        ("time($interval)", "time(1m)"),
        ("/ $__interval_ms", "/ 60000"),
    ],
)
def test_grafanas_own(query: str, expected: str) -> None:
    assert put(query) == expected


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ("/^${line:regex}$/", ["11"], "/^11$/"),
        ("/^${line:regex}$/", ["11", "4.1"], r"/^(11|4\.1)$/"),
        ("/^${line:regex}$/", ["feed/a"], r"/^feed\/a$/"),
        ("/^${line:regex}$/", [ALL], "/^.*$/"),
        ("'${line:raw}'", ["11"], "'11'"),
    ],
)
def test_variables(query: str, values: list[str], expected: str) -> None:
    assert put(query, line=values) == expected


@pytest.mark.parametrize("query", ["$line", "${line}", "${lines:regex}", "$__from"])
def test_what_grafana_would_leave_is_refused(query: str) -> None:
    with pytest.raises(UnknownMacro):
        put(query, line=["1"])


@pytest.mark.parametrize(
    ("hours", "points", "expected"),
    [(6, 800, "1m"), (12, 800, "1m"), (24, 800, "2m"), (168, 800, "15m"), (24, 100, "15m")],
)
def test_intervals_are_grafanas(hours: int, points: int, expected: str) -> None:
    shown = Range(0, hours * HOUR)

    assert interval_text(interval_ms(shown, points)) == expected


@pytest.mark.parametrize(("text", "expected"), [("5m", 300_000), ("7d", 604_800_000)])
def test_durations(text: str, expected: int) -> None:
    assert duration_ms(text) == expected


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_value_matches_itself_and_nothing_else(value: str) -> None:
    pattern = put("${line:regex}", line=[value])

    assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, value + "x")


def test_a_query_names_only_what_there_is() -> None:
    with pytest.raises(UnknownName, match="bus_state has no tag or field 'rsrp'"):
        select("bus_state", "SELECT last({rsrp}) {FROM} {HERE}")
    with pytest.raises(UnknownName, match="fleet has no tag or field 'bus_id'"):
        tag_values("fleet", "bus_id")


def test_a_query_tells_what_it_answers() -> None:
    query = select(
        "bus_state",
        'SELECT 100 * mean({online}) AS "online_pct", {line} FROM ('
        "SELECT last({state}) AS {state} {FROM} {HERE} GROUP BY {line}) "
        "WHERE {TIME} GROUP BY {EVERY}, {bus_id} fill(none)",
    )

    assert query.columns == ("online_pct", "line")
    assert query.tags == ("bus_id",)
