"""The rows of a bus: what it was seen to do in one minute."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausguck.catalogue.state import ONLY, State, StateMeasurement, StateRow
from ausguck.fleet.belonging import line_of
from ausguck.fleet.life import Value, age_s, heard_ms, is_asleep, is_heard, judge, real, row, whole
from ausguck.fleet.picture import Picture, has_rebooted, increase
from ausguck.fleet.seen import Seen

NO_UPLINK = "none"
ALL_LOST_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Bus:
    """One bus in one minute; None where unknown."""

    picture: Picture
    state: State
    online: bool
    is_fresh: bool
    """Online, and the newest reading is young enough to be of now: its values count."""
    clients: int | None
    clients_guest: int | None
    guest_down_bytes: int | None
    guest_up_bytes: int | None
    rows: Sequence[StateRow]


def bus(
    now_ms: int, picture: Picture, booked: Picture | None, seen: Seen, silent_after_ms: int
) -> Bus:
    """A bus as it is seen at `now_ms`.

    - online: a live reading was received within `silent_after_ms` (see `picture.paint`).
    - values: of the newest reading, while online and observed within `silent_after_ms`; a value
      that reading does not hold is taken from one at most `silent_after_ms` before it.
    - uplink: 0 when the technology is `none` or every probe was lost, 1 when a technology, a
      round trip or probes that came back are told, else None. Signal strength decides nothing:
      buses have been measured to work well under -110 dBm.
    - state: planned off from when it says `sleeping` until it says `ready`, tells a line or has
      its ignition on; else silent when not online; else degraded when uplink is 0; else ok. A
      will (`lost`) alone changes nothing: a tunnel is no outage.
    - bytes: what the counters rose by since the last row with values; see `picture.increase`.
    - line: one for the whole minute, see `belonging.line_of`.
    """
    heard = heard_ms(picture, picture.live_ms, seen)
    online = is_heard(heard, now_ms, silent_after_ms)
    is_fresh = online and now_ms - picture.observed_ms <= silent_after_ms
    known: dict[str, Value] = {}
    if is_fresh:
        known = _values(picture, booked, silent_after_ms)
    asleep = is_asleep(picture, seen.statuses.get(picture.asset))
    state = judge(asleep=asleep, online=online, degraded=known.get("uplink") == 0)
    known |= {"state": int(state), "online": int(online), "age_s": age_s(picture, now_ms)}
    line = line_of(seen.register, picture, now_ms, silent_after_ms)
    tags = (picture.asset.site, picture.asset.name, line or ONLY)
    rows = [row(StateMeasurement.BUS_STATE, now_ms, tags, known)]
    place = _place(now_ms, picture, silent_after_ms)
    if place is not None:
        rows.append(row(StateMeasurement.BUS_PLACE, now_ms, tags, known | place))
    return Bus(
        picture,
        state,
        online,
        is_fresh,
        whole(known.get("clients")),
        whole(known.get("clients_guest")),
        whole(known.get("guest_down_bytes")),
        whole(known.get("guest_up_bytes")),
        rows,
    )


def _values(picture: Picture, booked: Picture | None, within_ms: int) -> dict[str, Value]:
    def told(key: str) -> Value:
        return picture.value(key, within_ms)

    rebooted = has_rebooted(booked, picture)
    return {
        "uplink": _uplink(picture, within_ms),
        "clients": whole(told("clients")),
        "clients_guest": whole(told("clients_guest")),
        "rsrp_dbm": real(told("rsrp_dbm")),
        "rssi_dbm": real(told("rssi_dbm")),
        "rtt_ms": real(told("rtt_ms")),
        "loss_pct": real(told("loss_pct")),
        "temperature_c": real(told("temperature_c")),
        "supply_v": real(told("supply_v")),
        "guest_down_bytes": increase("guest_down_bytes_total", booked, picture),
        "guest_up_bytes": increase("guest_up_bytes_total", booked, picture),
        "reboots": None if rebooted is None else int(rebooted),
    }


def _uplink(picture: Picture, within_ms: int) -> int | None:
    technology = picture.value("access_technology", within_ms)
    loss = real(picture.value("loss_pct", within_ms))
    if technology == NO_UPLINK or (loss is not None and loss >= ALL_LOST_PCT):
        return 0
    if technology is None and loss is None and picture.value("rtt_ms", within_ms) is None:
        return None
    return 1


def _place(now_ms: int, picture: Picture, within_ms: int) -> dict[str, Value] | None:
    """The newest fix, where it is young enough; both halves are of one reading."""
    lat, lon = picture.said.get("lat"), picture.said.get("lon")
    if lat is None or lon is None or lat.boot.at_ms != lon.boot.at_ms:
        return None
    if now_ms - lat.boot.at_ms > within_ms:
        return None
    return {"lat": real(lat.value), "lon": real(lon.value)}
