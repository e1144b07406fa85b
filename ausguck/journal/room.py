"""Whether the journal has room: a pure decision over what is used, free and allowed."""

from dataclasses import dataclass

from ausguck.journal.disk import Space
from ausguck.journal.port import Pause
from ausguck.settings import tree


@dataclass(frozen=True, slots=True)
class Room:
    """What is used and free just now."""

    waiting_bytes: int  # appended and not on disk yet
    journal_bytes: int
    space: Space
    is_full: bool = False  # the disk refused a write for lack of room
    is_broken: bool = False  # two writes in a row failed


def reserve_bytes(settings: tree.Journal, space: Space) -> int:
    """How much of the disk must stay free."""
    return int(space.total * settings.reserve_percent / 100)


def judge(settings: tree.Journal, room: Room, before: Pause) -> Pause:
    """Why sources must pause, or NONE; a pause ends a little below where it began."""
    if room.is_broken:
        return Pause.DISK
    reserve = reserve_bytes(settings, room.space)
    if before is Pause.RESERVE:
        reserve += min(settings.segment_bytes, room.space.total // 100)
    if room.is_full or room.space.free < reserve:
        return Pause.RESERVE
    if room.journal_bytes + room.waiting_bytes > settings.cap_bytes:
        return Pause.CAP
    budget = settings.budget_bytes // 2 if before is Pause.BUDGET else settings.budget_bytes
    return Pause.BUDGET if room.waiting_bytes > budget else Pause.NONE


def shortage(settings: tree.Journal, room: Room) -> int:
    """How many bytes of passed segments should go now, whatever their age."""
    margin = settings.segment_bytes
    over_cap = room.journal_bytes + room.waiting_bytes + margin - settings.cap_bytes
    under_reserve = reserve_bytes(settings, room.space) + margin - room.space.free
    return max(0, over_cap, under_reserve)
