"""Rules on what is asked: data sources, queries, variables."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from dashboards.influxql import MEASUREMENTS, SOURCES, Source
from dashboards.lint.fault import Boards, Fault, each_panel, found, uid
from dashboards.panels import Json
from dashboards.questions import Question, questions

MIXED = "-- Mixed --"
FEWEST_POINTS = 400
_BUILT_IN = re.compile(r"__\w+|timeFilter|interval")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_NOT_IN_2 = re.compile(
    r"\b(INTO|CONTINUOUS|DROP|DELETE|CREATE|ALTER|GRANT|REVOKE|KILL|STATS|DIAGNOSTICS|SHARDS|"
    r"USERS|GRANTS|CARDINALITY)\b"
)
_QUOTED = re.compile(r'"([^"]+)"')
_ALIAS = re.compile(r'\bAS "([^"]+)"')
_FROM = re.compile(r'\bFROM "([^"]+)"')


def panels_ask_something(boards: Boards) -> Iterator[Fault]:
    """At least one query on every panel with data, each with a letter of its own."""
    for board, panel, where in each_panel(boards, with_data=True):
        refs = Counter(target.get("refId") for target in panel.get("targets", ()))
        if not refs:
            yield Fault(uid(board), where, "asks nothing")
        for ref, count in refs.items():
            if count > 1 or not ref:
                yield Fault(uid(board), where, f"{count} queries are called {ref!r}")


def sources_are_provisioned(boards: Boards) -> Iterator[Fault]:
    """Every reference is {type, uid} of a data source that is generated with the dashboards."""
    for board in boards:
        for source in found(board, "datasource"):
            if not isinstance(source, dict) or not source.get("type"):
                yield Fault(uid(board), "datasource", f"is no reference: {source!r}")
            elif source.get("uid") not in {*Source, MIXED}:
                yield Fault(uid(board), "datasource", f"there is no {source.get('uid')!r}")


def queries_are_raw(boards: Boards) -> Iterator[Fault]:
    """InfluxQL as text, and a format that Grafana knows."""
    for board, panel, where in each_panel(boards, with_data=True):
        for target in panel.get("targets", ()):
            if target.get("rawQuery") is not True:
                yield Fault(uid(board), where, "has a query that is not raw")
            if target.get("resultFormat") not in {"table", "time_series"}:
                yield Fault(uid(board), where, f"has the format {target.get('resultFormat')!r}")


def queries_are_bounded(boards: Boards) -> Iterator[Fault]:
    """Every SELECT, nested ones too, is bound to the shown range: never the last value ever."""
    for board, question in _each(boards):
        selects = len(re.findall(r"\bSELECT\b", question.query))
        if selects > question.query.count("$timeFilter"):
            yield Fault(uid(board), question.title, f"is not bound: {question.query}")


def queries_are_of_one_site(boards: Boards) -> Iterator[Fault]:
    """Two sites in one InfluxDB are not mixed: every query of data chooses one."""
    for board, question in _each(boards):
        if "SELECT" in question.query and '"site" =~ /^${site:regex}$/' not in question.query:
            yield Fault(uid(board), question.title, f"is of every site: {question.query}")


def queries_ask_what_there_is(boards: Boards) -> Iterator[Fault]:
    """Measurements, tags and fields of the catalogue, in the bucket of the query's source."""
    for board, question in _each(boards):
        for what in _unknown(question):
            yield Fault(uid(board), question.title, f"{what}: {question.query}")


def queries_are_of_influxdb_2(boards: Boards) -> Iterator[Fault]:
    """One statement, and none that InfluxDB 2 lacks or that changes anything."""
    for board, question in _each(boards):
        if ";" in question.query:
            yield Fault(uid(board), question.title, "holds two statements")
        if word := _NOT_IN_2.search(_QUOTED.sub("", question.query)):
            yield Fault(uid(board), question.title, f"{word[1]} is not for dashboards")


def variables_are_declared(boards: Boards) -> Iterator[Fault]:
    """Every $name is a variable of the dashboard or Grafana's own."""
    for board in boards:
        declared = {variable["name"] for variable in board["templating"]["list"]}
        for key in ("query", "url", "title", "content", "alias"):
            for text in found(board, key):
                for name in _VARIABLE.findall(text) if isinstance(text, str) else ():
                    if name not in declared and not _own(name):
                        yield Fault(uid(board), key, f"${name} is not declared")


def variables_are_formatted(boards: Boards) -> Iterator[Fault]:
    """A variable in a query is written ${name:regex}: Grafana's default broke more than once."""
    for board, question in _each(boards):
        for name in re.findall(r"\$\{?(\w+)(?!:regex|\w)", question.query):
            if not _own(name):
                yield Fault(uid(board), question.title, f"${name} has no format")


def variables_are_fresh(boards: Boards) -> Iterator[Fault]:
    """Read when the dashboard is opened; one with All has a short word for it."""
    for board in boards:
        for variable in board["templating"]["list"]:
            where = f"variable {variable['name']}"
            if variable.get("refresh") not in {1, 2}:
                yield Fault(uid(board), where, "is never read again")
            if variable.get("includeAll") and not variable.get("allValue"):
                yield Fault(uid(board), where, "has All and no allValue")


def charts_are_fine_enough(boards: Boards) -> Iterator[Fault]:
    """Enough points: with the hundred of grafanalib a day would have intervals of 15 minutes."""
    for board, panel, where in each_panel(boards, with_data=True):
        if panel.get("maxDataPoints", 0) < FEWEST_POINTS:
            yield Fault(uid(board), where, f"has fewer than {FEWEST_POINTS} points")


def _each(boards: Boards) -> Iterator[tuple[Json, Question]]:
    for board in boards:
        for question in questions(board):
            yield board, question


def _unknown(question: Question) -> Iterator[str]:
    names = set(_FROM.findall(question.query))
    for name in names - set(MEASUREMENTS):
        yield f"there is no measurement {name!r}"
    for name in names & set(MEASUREMENTS):
        measurement = MEASUREMENTS[name]
        if SOURCES[measurement.bucket] != question.source:
            yield f"{name} is not in {question.source}"
        known = {name, *measurement.tags, *measurement.fields, *_ALIAS.findall(question.query)}
        for other in set(_QUOTED.findall(question.query)) - known:
            yield f"{name} has no {other!r}"


def _own(name: str) -> bool:
    return bool(_BUILT_IN.fullmatch(name)) or name == "col" or name.startswith("tag_")


RULES: tuple[Callable[[Boards], Iterator[Fault]], ...] = (
    panels_ask_something,
    sources_are_provisioned,
    queries_are_raw,
    queries_are_bounded,
    queries_are_of_one_site,
    queries_ask_what_there_is,
    queries_are_of_influxdb_2,
    variables_are_declared,
    variables_are_formatted,
    variables_are_fresh,
    charts_are_fine_enough,
)
