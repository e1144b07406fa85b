"""How we are ourselves: counters of every part at one moment, and the rows between two of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ausguck.catalogue.state import ONLY, StateMeasurement, StateRow
from ausguck.fleet.life import Value, row

INTAKE = "intake"
SUBSCRIBER = "subscriber"
HISTORY = "history"
STORE = "store"
DISK = "disk"
PROCESS = "process"
FEED = "feed/"
"""Stands before a feed's name, so that no feed is taken for another component."""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Door:
    """Where messages come in: the listener, the subscriber or a feed; None where unknown.

    `messages` and `dropped_at_broker` are totals since our own start; the latter has in it what was
    dropped while we were away.
    """

    is_up: bool
    messages: int
    connected: int | None = None
    last_message_at_ms: int | None = None
    dropped_at_broker: int | None = None
    overdue_s: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """From the journal into the store; counts are totals since our start, some by reason."""

    is_up: bool
    stored: int
    duplicates: int
    dead_lettered: Counts = field(default_factory=dict)
    dropped_values: Counts = field(default_factory=dict)
    retries: Counts = field(default_factory=dict)
    backlog_bytes: int | None = None
    lag_s: float | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What we stand on; None where unknown."""

    is_journal_open: bool
    journal_bytes: int
    disk_free_pct: float | None = None
    rss_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Everything at one moment; a door that is switched off is None."""

    flow: Flow
    machine: Machine
    intake: Door | None = None
    subscriber: Door | None = None
    feeds: Mapping[str, Door] = field(default_factory=dict)
    is_store_up: bool | None = None
    store_retries: int = 0
    """Rows of state that had to be tried again, in all."""


def pipeline(now_ms: int, site: str, before: Vitals | None, now: Vitals) -> Sequence[StateRow]:
    """Rows of our own health at `now_ms`; what is counted is counted since `before`.

    With no `before`, after a start, nothing is known of what was counted since, but for what the
    broker dropped; a total that fell has begun anew, and nothing is known either. `reason` is
    told for dead letters, values left out and retries alone: each count stands in one row, so
    that rows may be added up.
    """
    rows: list[StateRow] = []

    def add(component: str, known: Mapping[str, Value], reason: str = ONLY) -> None:
        rows.append(row(StateMeasurement.PIPELINE, now_ms, (site, component, reason), known))

    for component, door in _doors(now):
        earlier = None if before is None else dict(_doors(before)).get(component)
        add(component, _door(now_ms, earlier, door))
    flow = None if before is None else before.flow
    add(HISTORY, _flow(flow, now.flow))
    for reason, counted in _reasons(flow, now.flow).items():
        add(HISTORY, counted, reason)
    retries = _since(None if before is None else before.store_retries, now.store_retries)
    add(STORE, {"up": _flag(now.is_store_up), "retries": retries})
    machine = now.machine
    add(
        DISK,
        {
            "up": int(machine.is_journal_open),
            "journal_bytes": machine.journal_bytes,
            "disk_free_pct": machine.disk_free_pct,
        },
    )
    add(PROCESS, {"up": 1, "rss_bytes": machine.rss_bytes})
    return rows


def _doors(vitals: Vitals) -> Iterator[tuple[str, Door]]:
    if vitals.intake is not None:
        yield INTAKE, vitals.intake
    if vitals.subscriber is not None:
        yield SUBSCRIBER, vitals.subscriber
    for name, door in sorted(vitals.feeds.items()):
        yield FEED + name, door


def _door(now_ms: int, before: Door | None, now: Door) -> dict[str, Value]:
    age_s = None
    if now.last_message_at_ms is not None:
        age_s = max(0, now_ms - now.last_message_at_ms) / 1000
    return {
        "up": int(now.is_up),
        "messages": _since(None if before is None else before.messages, now.messages),
        "connected": now.connected,
        "last_msg_age_s": age_s,
        "dropped_at_broker": _dropped(before, now),
        "overdue_s": now.overdue_s,
    }


def _dropped(before: Door | None, now: Door) -> int | None:
    """What is learned of right after our start was dropped while we were away, and counts too."""
    if now.dropped_at_broker is None:
        return None
    then = None if before is None else before.dropped_at_broker
    return _since(then or 0, now.dropped_at_broker)


def _flow(before: Flow | None, now: Flow) -> dict[str, Value]:
    """The row without a reason; what has reasons is 0 in it, once it can be told at all."""
    nothing = None if before is None else 0
    return {
        "up": int(now.is_up),
        "stored": _since(None if before is None else before.stored, now.stored),
        "duplicates": _since(None if before is None else before.duplicates, now.duplicates),
        "dead_lettered": nothing,
        "dropped_values": nothing,
        "retries": nothing,
        "backlog_bytes": now.backlog_bytes,
        "lag_s": now.lag_s,
    }


def _reasons(before: Flow | None, now: Flow) -> dict[str, dict[str, Value]]:
    """What was counted since `before`, by reason; a reason without a count has no row."""
    if before is None:
        return {}
    found: dict[str, dict[str, Value]] = {}
    for key, then, counts in (
        ("dead_lettered", before.dead_lettered, now.dead_lettered),
        ("dropped_values", before.dropped_values, now.dropped_values),
        ("retries", before.retries, now.retries),
    ):
        for reason, total in counts.items():
            counted = _since(then.get(reason, 0), total)
            if counted:
                found.setdefault(reason, {})[key] = counted
    return dict(sorted(found.items()))


def _since(before: int | None, now: int) -> int | None:
    return None if before is None or now < before else now - before


def _flag(is_so: bool | None) -> int | None:  # noqa: FBT001 - a flag is what it turns
    return None if is_so is None else int(is_so)
