"""A scenario file held against itself: times in order, expectations about faults that are there."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from ausguck.errors import ConfigError
from ausguck.settings.nearest import nearest
from simulators.city import Oddities
from simulators.scenario.concerned import check_concerned
from simulators.scenario.expected import Actor, Expect, Expected
from simulators.scenario.faults import AnyFault, FeedFrozen, RouterStolen, Who
from simulators.scenario.file import ScenarioFile
from simulators.scenario.moments import duration_ms, local_ms, time_ms
from simulators.scenario.scenario import Planned, Scenario

EVERYTHING: Final = "scenario"
"""What an expectation about no fault in particular is about."""


def checked(name: str, file: ScenarioFile) -> Scenario:
    """The scenario of a file.

    Raises:
        ConfigError: something in it does not go together.
    """
    if file.start.tzinfo is not None:
        found = file.start.isoformat()
        raise ConfigError("start", found, "a local date-time without offset")
    start_ms = local_ms(file.start)
    end_ms = start_ms + duration_ms("duration", file.duration)
    span = _Span(file.start, start_ms, end_ms)
    faults = tuple(
        _planned(f"{file.seed}/{name}", f"faults[{index}]", fault, span)
        for index, fault in enumerate(file.faults)
    )
    _check_names(file.faults)
    _check_oddities(file)
    _check_feed(file)
    check_concerned(file.seed, file.city, faults)
    if not file.expect:
        raise ConfigError("expect", "nothing", "at least one [[expect]] table")
    expected = tuple(
        _expected(name, f"expect[{index}]", expect, faults, span)
        for index, expect in enumerate(file.expect)
    )
    _check_told(faults, expected)
    return Scenario(
        name=name,
        title=file.title,
        description=file.description,
        seed=file.seed,
        start_ms=start_ms,
        end_ms=end_ms,
        city=file.city,
        feed=file.feed,
        faults=faults,
        expected=expected,
    )


class _Span:
    """The time that a scenario plays in."""

    def __init__(self, start: datetime, start_ms: int, end_ms: int) -> None:
        self._start = start
        self.start_ms = start_ms
        self.end_ms = end_ms

    def moment_ms(self, key: str, text: str, after_ms: int | None = None) -> int:
        """A time in it, and after another one."""
        at_ms = time_ms(key, text, self._start)
        first_ms = self.start_ms if after_ms is None else after_ms
        if not first_ms <= at_ms <= self.end_ms:
            raise ConfigError(key, repr(text), self._between(is_later=after_ms is not None))
        return at_ms

    @staticmethod
    def _between(*, is_later: bool) -> str:
        since = "what it follows" if is_later else "the scenario's start"
        return f"a time between {since} and the scenario's end"


def _planned(seed: str, key: str, fault: AnyFault, span: _Span) -> Planned:
    from_ms = span.moment_ms(f"{key}.from", fault.from_)
    to_ms = span.end_ms + 1  # on at the last moment too
    if fault.to is not None:
        to_ms = span.moment_ms(f"{key}.to", fault.to, from_ms)
    at_ms = None
    if isinstance(fault, RouterStolen):
        at_ms = span.moment_ms(f"{key}.revoked", fault.revoked, from_ms)
    _check_who(f"{key}.who", fault.who)
    return Planned(fault, from_ms, to_ms, f"{seed}/{fault.name}", at_ms)


def _check_who(key: str, who: Who) -> None:
    if who.count is not None and (who.depot or who.operator or who.line or who.share):
        raise ConfigError(f"{key}.count", str(who.count), "count alone, or with assets or kind")


def _check_names(faults: Sequence[AnyFault]) -> None:
    names = [fault.name for fault in faults]
    for index, name in enumerate(names):
        if name == EVERYTHING or name in names[:index]:
            expected = "a name that no other fault has"
            raise ConfigError(f"faults[{index}].name", repr(name), expected)


def _check_oddities(file: ScenarioFile) -> None:
    known = [field.name for field in fields(Oddities)]
    for name in file.city.oddities:
        if name not in known:
            expected = nearest(name, known) or f"one of {', '.join(known)}"
            raise ConfigError(f"city.oddities.{name}", "an unknown key", expected)


def _check_feed(file: ScenarioFile) -> None:
    for index, fault in enumerate(file.faults):
        if isinstance(fault, FeedFrozen) and file.feed is None:
            expected = "a [feed] table, for there is none to freeze"
            raise ConfigError(f"faults[{index}].kind", "'feed_frozen'", expected)


def _expected(
    scenario: str, key: str, expect: Expect, faults: Sequence[Planned], span: _Span
) -> Expected:
    _check_expect(key, expect)
    names = [planned.fault.name for planned in faults]
    onset_ms = span.start_ms
    if expect.fault is not None:
        if expect.fault not in names:
            wanted = nearest(expect.fault, names) or f"one of {', '.join(names) or 'no faults'}"
            raise ConfigError(f"{key}.fault", repr(expect.fault), wanted)
        onset_ms = faults[names.index(expect.fault)].from_ms
    if expect.from_ is not None:
        onset_ms = span.moment_ms(f"{key}.from", expect.from_, onset_ms)
    within_s, by = expect.announced_within_s, expect.resolved_by
    return Expected(
        scenario=scenario,
        fault=expect.fault or EVERYTHING,
        cause=expect.cause,
        severity=expect.severity,
        actor=expect.actor,
        names=expect.names,
        onset_ms=onset_ms,
        announced_by_ms=None if within_s is None else onset_ms + within_s * 1000,
        incidents=expect.incidents,
        resolved_by_ms=None if by is None else span.moment_ms(f"{key}.resolved_by", by, onset_ms),
        quiet=expect.quiet,
        why=expect.why,
    )


def _check_expect(key: str, expect: Expect) -> None:
    """Quiet ones call nobody; all others say whom, when and how often."""
    calls = expect.actor is not Actor.NOBODY
    if expect.quiet:
        if calls or expect.incidents or expect.announced_within_s:
            raise ConfigError(f"{key}.quiet", "true, beside a call", "no actor, time or incidents")
        return
    if not calls:
        raise ConfigError(f"{key}.actor", "nobody", "whom to call, or quiet = true")
    if expect.announced_within_s is None:
        raise ConfigError(f"{key}.announced_within_s", "nothing", "seconds, or quiet = true")
    if not expect.incidents:
        raise ConfigError(f"{key}.incidents", "none", 'a number, "each", or quiet = true')


def _check_told(faults: Sequence[Planned], expected: Sequence[Expected]) -> None:
    told = {each.fault for each in expected}
    for index, planned in enumerate(faults):
        if planned.fault.name not in told:
            wanted = f'an [[expect]] table with fault = "{planned.fault.name}"'
            raise ConfigError(f"faults[{index}].name", repr(planned.fault.name), wanted)
