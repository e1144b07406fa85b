"""What the register adds to a row: the line of a bus, a station's place, name and zone."""

import msgspec

from ausguck.fleet.picture import Picture
from ausguck.model import AssetId, Inventory
from ausguck.register.lines import line_called
from ausguck.register.register import Register
from ausguck.register.rows import Lifecycle


def line_of(register: Register, picture: Picture, now_ms: int, within_ms: int) -> str | None:
    """The line that a bus counts to at `now_ms`, called as it is called then; None if unknown.

    What the bus told within `within_ms`, else its assignment, else the line it always drives;
    with none of these, what it told last, which is how a bus that fell silent is looked for.
    """
    told = picture.value("line", within_ms)
    is_fresh = told is not None and now_ms - picture.said["line"].boot.at_ms <= within_ms
    line = None if told is None else str(told)
    if not is_fresh:
        line = planned_line(register, picture.asset, now_ms) or line
    return None if line is None else line_called(register, line, now_ms)


def planned_line(register: Register, asset: AssetId, at_ms: int) -> str | None:
    """The line that a bus should be on by the register."""
    duty = register.assignment(str(asset), at_ms)
    if duty is not None and duty.line is not None:
        return duty.line
    row = register.assets.at(str(asset), at_ms)
    return None if row is None else row.line


def described(
    register: Register, asset: AssetId, told: Inventory | None, now_ms: int
) -> Inventory | None:
    """What is known of a station besides its readings: as registered, the gaps as it told itself.

    A place is taken whole from one of them, never half of each.
    """
    row = register.assets.at(str(asset), now_ms)
    if row is None:
        return told
    known = told or Inventory(asset, now_ms, None, None, None, None, None)
    if row.lat is not None and row.lon is not None:
        known = msgspec.structs.replace(known, lat=row.lat, lon=row.lon)
    return msgspec.structs.replace(
        known,
        name=row.title or known.name,
        capacity=known.capacity if row.capacity is None else row.capacity,
    )


def zone_of(register: Register, asset: AssetId, place: Inventory | None, now_ms: int) -> str | None:
    """The zone of a station at a moment: by the register, else where it says it stands."""
    zone = register.zone(str(asset), now_ms)
    if zone is not None or place is None or place.lat is None or place.lon is None:
        return zone
    return register.zone_at(place.lat, place.lon, now_ms)


def is_over(register: Register, asset: AssetId, heard_ms: int | None, now_ms: int) -> bool:
    """Whether an asset is no more, so that it is not counted beside what came after it.

    Its last version has ended or is retired. One without a successor that is still heard
    afterwards is still there, whatever the register says; one with a successor goes on under
    that name, and is counted there.
    """
    versions = register.assets.of(str(asset))
    if not versions or versions[-1].valid_from_ms > now_ms:
        return False
    last = versions[-1]
    if last.valid_to_ms is not None and last.valid_to_ms <= now_ms:
        ended_ms = last.valid_to_ms
    elif last.lifecycle is Lifecycle.RETIRED:
        ended_ms = last.valid_from_ms
    else:
        return False
    return last.successor is not None or heard_ms is None or heard_ms < ended_ms
