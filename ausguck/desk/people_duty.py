"""Who is on duty, and when nobody is; pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from ausguck.desk.people_rows import Duty, Team


class How(StrEnum):
    """Why it is that person."""

    DUTY = "duty"
    DEPUTY = "deputy"
    FALLBACK = "fallback"


class OnDuty(NamedTuple):
    """Who is to be called, why, and of which team's plan."""

    person: str
    how: How
    team: str


class Gap(NamedTuple):
    """A stretch in which nobody of the plan is on duty."""

    team: str
    from_ms: int
    to_ms: int


class Plan(msgspec.Struct, frozen=True):
    """All teams with their duties; people who left are on nobody's plan."""

    teams: Mapping[str, Team] = {}
    duties: Mapping[str, Sequence[Duty]] = {}


def plan_of(teams: Iterable[Team], duties: Iterable[Duty]) -> Plan:
    """A plan from its rows."""
    by_team: dict[str, list[Duty]] = {}
    for duty in duties:
        by_team.setdefault(duty.team, []).append(duty)
    return Plan({team.name: team for team in teams}, by_team)


def on_duty(plan: Plan, team: str, at_ms: int) -> OnDuty | None:
    """Who is on duty for a team, or None: nobody is, and it has neither deputy nor lead.

    The plan's person first, then its deputy; else the team's own deputy, whoever the deputy
    team has on duty, and the lead. Of several duties at once the one that began last holds.
    """
    return _on_duty(plan, team, at_ms, frozenset())


def gaps(plan: Plan, team: str, from_ms: int, to_ms: int) -> list[Gap]:
    """The stretches of [from_ms, to_ms) in which neither a duty nor a deputy's is planned."""
    return [Gap(team, *hole) for hole in holes(plan.duties.get(team, ()), from_ms, to_ms)]


def holes(duties: Iterable[Duty], from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """What no duty covers of [from_ms, to_ms)."""
    found = []
    covered_ms = from_ms
    for duty in sorted(duties, key=lambda one: one.from_ms):
        if duty.from_ms >= to_ms:
            break
        if duty.from_ms > covered_ms:
            found.append((covered_ms, duty.from_ms))
        covered_ms = max(covered_ms, duty.to_ms)
    if covered_ms < to_ms:
        found.append((covered_ms, to_ms))
    return found


def _on_duty(plan: Plan, team: str, at_ms: int, asked: frozenset[str]) -> OnDuty | None:
    running = [duty for duty in plan.duties.get(team, ()) if duty.holds_at(at_ms)]
    if running:
        last = min(running, key=lambda duty: (duty.is_deputy, -duty.from_ms, -duty.id))
        return OnDuty(last.person, How.DEPUTY if last.is_deputy else How.DUTY, team)
    return _fallback(plan, team, at_ms, asked | {team})


def _fallback(plan: Plan, team: str, at_ms: int, asked: frozenset[str]) -> OnDuty | None:
    row = plan.teams.get(team)
    if row is None:
        return None
    if row.deputy is not None:
        return OnDuty(row.deputy, How.FALLBACK, team)
    if row.deputy_team is not None and row.deputy_team not in asked:
        other = _on_duty(plan, row.deputy_team, at_ms, asked)
        if other is not None:
            return OnDuty(other.person, How.FALLBACK, other.team)
    return None if row.lead is None else OnDuty(row.lead, How.FALLBACK, team)
