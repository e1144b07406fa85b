"""The page of scenarios: what comes along, what to expect of it, and how a file is written."""

from collections.abc import Iterator

import msgspec

from ausguck.docs.markdown import code, page, table
from simulators.city.rhythm import local_time
from simulators.scenario.expected import Actor, Cause, Expect, Expected, Severity, TruthLabel
from simulators.scenario.faults import Fault, Who
from simulators.scenario.file import CityFile, FeedFile, ScenarioFile
from simulators.scenario.load import library, load
from simulators.scenario.scenario import Scenario
from simulators.scenario.shape import KINDS

HOUR_MS = 3_600_000


def scenarios() -> str:
    """The library, every kind of fault and every key of a file."""
    found = [load(name) for name in library()]
    return page(
        "Scenarios",
        "`simulators/scenario` and `simulators/scenarios`",
        "What `ausguck simulate --scenario NAME` plays. [Simulate trouble]"
        "(../how-to/simulate-trouble.md) tells how, and how to write one of your own.",
        "## Library",
        table(("name", "what happens", "expected"), map(_row, found)),
        *(part for each in found for part in _section(each)),
        "## A file",
        table(("table", "key", "default"), _keys()),
        "Times are local: `07:30`, or `+1 07:30` on the day after the first. A duration is "
        "written as `90s`, `20min`, `2h30min` or `1d`.",
        "## Faults",
        f"Every fault has `name`, `kind`, `from`, `to` (the end, when left out) and `who`: "
        f"{', '.join(map(code, _names(Who)))}. An asset is concerned when it fits every key that "
        "is given; without any, all buses are, or all stations where the fault is about those.",
        table(("kind", "keys of its own", "what it does"), _kinds()),
        "## Words",
        table(
            ("key", "values"),
            (
                ("cause", ", ".join(map(code, Cause))),
                ("actor", ", ".join(map(code, Actor))),
                ("severity", ", ".join(map(code, Severity))),
            ),
        ),
        "## Truth labels",
        "`--labels FILE` writes one JSON object a line with the keys "
        f"{', '.join(map(code, _names(TruthLabel)))}. A label is of one expectation and one asset "
        "that felt its fault. Labels with the same `incident_key` are one incident; with "
        "`should_call` false nobody is to be called for that asset at that time. The asset `*` "
        "stands for all of them.",
    )


def _row(scenario: Scenario) -> tuple[str, str, str]:
    expected = "; ".join(map(_call, scenario.expected))
    return f"[{code(scenario.name)}](#{scenario.name})", scenario.title.en, expected


def _call(expected: Expected) -> str:
    if expected.quiet:
        return "nobody is called"
    times = "one for each" if expected.incidents == "each" else f"{expected.incidents} x"
    return f"{times} {code(expected.cause)} to {expected.actor}"


def _section(scenario: Scenario) -> Iterator[str]:
    yield f"### {scenario.name}"
    hours = f"{scenario.duration_ms / HOUR_MS:.1f} h from {_local(scenario.start_ms)}"
    city = scenario.city
    yield (
        f"{scenario.description.en} {city.buses} buses, {city.stations} stations, {hours}, "
        f"seed {scenario.seed}."
    )
    yield f"*{scenario.title.de}.* {scenario.description.de}"
    for expected in scenario.expected:
        yield f"- {_told(expected)}: {expected.why.en}\n- {expected.why.de}"


def _told(expected: Expected) -> str:
    if expected.quiet or expected.announced_by_ms is None:
        return "Nobody is called"
    within_s = (expected.announced_by_ms - expected.onset_ms) // 1000
    named = f", naming {', '.join(expected.names)}" if expected.names else ""
    over = f", over by {_local(expected.resolved_by_ms)}" if expected.resolved_by_ms else ""
    return f"{_call(expected)} ({expected.severity}) within {within_s} s{named}{over}"


def _local(at_ms: int) -> str:
    return local_time(at_ms).strftime("%Y-%m-%d %H:%M")


def _keys() -> Iterator[tuple[str, str, str]]:
    tables = (
        ("", ScenarioFile),
        ("[city]", CityFile),
        ("[feed]", FeedFile),
        ("[[expect]]", Expect),
    )
    for name, of in tables:
        for key, default in _defaults(of):
            yield code(name) if name else "", code(key), default


def _kinds() -> Iterator[tuple[str, str, str]]:
    shared = set(_names(Fault))
    for name, kind in sorted(KINDS.items()):
        own = ((key, default) for key, default in _defaults(kind) if key not in shared)
        keys = ", ".join(f"{code(key)} ({default})" for key, default in own)
        yield code(name), keys, " ".join((kind.__doc__ or "").split())


def _defaults(of: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(of):
        if field.required:
            yield field.encode_name, "must be given"
        elif isinstance(field.default, int | float | str):
            yield field.encode_name, code(field.default)
        else:
            yield field.encode_name, "none"


def _names(of: type[msgspec.Struct]) -> tuple[str, ...]:
    return of.__struct_encode_fields__
