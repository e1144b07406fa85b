"""The row of a bike station: what it was seen to offer in one minute."""

from dataclasses import dataclass

from ausguck.catalogue.state import ONLY, State, StateMeasurement, StateRow
from ausguck.fleet.belonging import described, zone_of
from ausguck.fleet.life import Value, age_s, heard_ms, is_asleep, is_heard, judge, real, row, whole
from ausguck.fleet.picture import Picture
from ausguck.fleet.seen import Seen
from ausguck.model import Inventory


@dataclass(frozen=True, slots=True)
class Station:
    """One station in one minute; None where unknown."""

    picture: Picture
    state: State
    online: bool
    bikes: int | None
    docks: int | None
    empty: int | None
    full: int | None
    renting: int | None
    row: StateRow


def station(now_ms: int, picture: Picture, seen: Seen, silent_after_ms: int) -> Station:
    """A station as it is seen at `now_ms`.

    - online: something was received within `silent_after_ms`, however old what it tells. A
      feed's station reports only when something changes, so it is as alive as its feed.
    - values: of the newest reading, while online; a value it does not hold is taken from a
      reading at most `silent_after_ms` before it.
    - capacity: the register's, else the inventory's; else bikes and docks, disabled ones too,
      when all are known.
    - empty: renting and no bike; full: returning and no dock, or where docks are not told as
      many bikes as it is made for. 0 also where one half alone rules it out.
    - state: planned off when it is not installed, or from when it says `sleeping` until it says
      `ready`; else silent when not online; else degraded when it does not rent or take back.
    - place and name: the register's, else the inventory's, silent or not.
    - zone: the register's at that moment, see `belonging.zone_of`.
    """
    place = described(seen.register, picture.asset, seen.places.get(picture.asset), now_ms)
    zone = zone_of(seen.register, picture.asset, place, now_ms)
    heard = heard_ms(picture, picture.received_ms, seen)
    online = is_heard(heard, now_ms, silent_after_ms)
    known: dict[str, Value] = {"capacity": None if place is None else place.capacity}
    if online:
        known = _values(picture, place, silent_after_ms)
    removed = picture.value("is_installed", silent_after_ms) is False
    asleep = removed or is_asleep(picture, seen.statuses.get(picture.asset))
    closed = known.get("renting") == 0 or known.get("returning") == 0
    state = judge(asleep=asleep, online=online, degraded=closed)
    known |= {"state": int(state), "online": int(online), "age_s": age_s(picture, now_ms)}
    if place is not None:
        known |= {"lat": real(place.lat), "lon": real(place.lon), "name": place.name}
    tags = (picture.asset.site, picture.asset.name, zone or ONLY)
    return Station(
        picture,
        state,
        online,
        whole(known.get("bikes")),
        whole(known.get("docks")),
        whole(known.get("empty")),
        whole(known.get("full")),
        whole(known.get("renting")),
        row(StateMeasurement.STATION_STATE, now_ms, tags, known),
    )


def _values(picture: Picture, place: Inventory | None, within_ms: int) -> dict[str, Value]:
    def told(key: str) -> int | None:
        return whole(picture.value(key, within_ms))

    bikes, docks = told("num_vehicles_available"), told("num_docks_available")
    disabled, broken = told("num_vehicles_disabled"), told("num_docks_disabled")
    renting, returning = told("is_renting"), told("is_returning")
    capacity = None if place is None else place.capacity
    if capacity is None:
        capacity = _sum(bikes, disabled, docks, broken)
    return {
        "bikes": bikes,
        "bikes_disabled": disabled,
        "docks": docks,
        "capacity": capacity,
        "fill_pct": 100 * bikes / capacity if bikes is not None and capacity else None,
        "empty": _both(renting, None if bikes is None else int(bikes == 0)),
        "full": _both(returning, _no_room(bikes, docks, capacity)),
        "renting": renting,
        "returning": returning,
        "battery_pct": real(picture.value("battery_pct", within_ms)),
    }


def _no_room(bikes: int | None, docks: int | None, capacity: int | None) -> int | None:
    if docks is not None:
        return int(docks == 0)
    if bikes is None or not capacity:
        return None
    return int(bikes >= capacity)


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _both(one: int | None, other: int | None) -> int | None:
    """1 when both are; 0 when either is not, whatever the other; else unknown."""
    if one == 0 or other == 0:
        return 0
    return None if one is None or other is None else 1
