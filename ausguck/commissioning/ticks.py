"""Whether a device that was just set up works: one tick after the other; pure."""

from enum import StrEnum
from typing import Final

import msgspec

from ausguck.commissioning.models import Words
from ausguck.commissioning.watching import CLOCK_MS, Watched
from ausguck.model import Kind, Scalar

HEARD_MS: Final = 120_000
"""Where nobody tells us of connections, a message this young stands for one."""
SIGNAL_KEYS: Final = ("rsrp_dbm", "rssi_dbm", "access_technology", "snr_db")
POWER_KEYS: Final = ("battery_v", "battery_pct", "external_power")
COUNTERS: Final = ("guest_down_bytes_total", "guest_up_bytes_total")
NO_UPLINK: Final = "none"


class TickState(StrEnum):
    """How far one point is."""

    WAITING = "waiting"
    OK = "ok"
    WRONG = "wrong"


class Tick(msgspec.Struct, frozen=True):
    """One point: `found` is what was seen, in figures."""

    key: str
    state: TickState
    found: str = ""


TITLES: Final[dict[str, Words]] = {
    "connected": Words("Connected", "Verbunden"),
    "clock": Words("Clock", "Uhr"),
    "gps": Words("GPS", "GPS"),
    "signal": Words("Signal", "Mobilfunk"),
    "guests": Words("Guest counter", "Gastzähler"),
    "bikes": Words("Bikes", "Räder"),
    "power": Words("Power", "Strom"),
    "buffered": Words("Buffered message", "Gepufferte Nachricht"),
}
HINTS: Final[dict[str, Words]] = {
    "connected": Words(
        "Check address, port, user and password; without our CA the device ends TLS itself.",
        "Adresse, Port, Benutzer, Passwort prüfen; ohne unsere CA bricht das Gerät TLS selbst ab.",
    ),
    "clock": Words(
        "Switch NTP on, and send observed_at as UTC milliseconds or with its offset.",
        "NTP einschalten, und observed_at als UTC-Millisekunden oder mit Offset senden.",
    ),
    "gps": Words(
        "Take the bus outside and wait for a fix; is the antenna plugged in?",
        "Mit dem Bus ins Freie und auf Empfang warten; steckt die Antenne?",
    ),
    "signal": Words(
        "No modem values yet: is the SIM active, are the keys in the template?",
        "Noch keine Modemwerte: ist die SIM aktiv, stehen die Schlüssel in der Vorlage?",
    ),
    "guests": Words(
        "Join the guest Wi-Fi with a phone and open a page; the counter must rise.",
        "Mit einem Telefon ins Gäste-WLAN und eine Seite öffnen; der Zähler muss steigen.",
    ),
    "bikes": Words(
        "The number of bikes has not been told: is num_vehicles_available in the template?",
        "Die Zahl der Räder fehlt: steht num_vehicles_available in der Vorlage?",
    ),
    "power": Words(
        "Neither battery nor mains were told.",
        "Weder Batterie noch Netz wurden gemeldet.",
    ),
    "buffered": Words(
        "Pull the antenna for a minute, and put it back: what was seen meanwhile must arrive.",
        "Antenne eine Minute abziehen und wieder anstecken: was dazwischen war, muss ankommen.",
    ),
}


def ticks(kind: Kind, watched: Watched, connected_ms: int | None, now_ms: int) -> list[Tick]:
    """The points of a bus or a station, in the order a technician meets them.

    `connected_ms` is since when its device has been connected to our listener, None where it is
    not, or where nobody can say.
    """
    first = [_connected(watched, connected_ms, now_ms), _clock(watched)]
    own = _station(watched) if kind is Kind.STATION else _bus(watched)
    return [*first, *own, _buffered(watched, now_ms)]


def _connected(watched: Watched, connected_ms: int | None, now_ms: int) -> Tick:
    if connected_ms is not None:
        return Tick("connected", TickState.OK, f"{_age_s(connected_ms, now_ms)} s")
    heard = watched.heard_ms
    if heard is not None and now_ms - heard <= HEARD_MS:
        return Tick("connected", TickState.OK, f"heard {_age_s(heard, now_ms)} s ago")
    return Tick("connected", TickState.WAITING)


def _clock(watched: Watched) -> Tick:
    if watched.offset_ms is None:
        if watched.late_offset_ms is None:
            return Tick("clock", TickState.WAITING)
        found = f"{watched.late_offset_ms / 1000:+.0f} s, unless it drains a backlog"
        return Tick("clock", TickState.WRONG, found)
    if watched.clock_suspect:
        return Tick("clock", TickState.WRONG, "not a time of now")
    is_right = abs(watched.offset_ms) <= CLOCK_MS
    found = f"{watched.offset_ms / 1000:+.1f} s"
    return Tick("clock", TickState.OK if is_right else TickState.WRONG, found)


def _bus(watched: Watched) -> list[Tick]:
    return [_gps(watched), _signal(watched), _guests(watched)]


def _station(watched: Watched) -> list[Tick]:
    return [
        _told("bikes", watched, ("num_vehicles_available",)),
        _told("power", watched, POWER_KEYS),
        _signal(watched),
    ]


def _gps(watched: Watched) -> Tick:
    lat, lon = watched.values.get("lat"), watched.values.get("lon")
    if lat is None or lon is None:
        return Tick("gps", TickState.WAITING)
    satellites = watched.values.get("satellites")
    with_them = "" if satellites is None else f", {satellites} satellites"
    return Tick("gps", TickState.OK, f"{lat:.5f} {lon:.5f}{with_them}")


def _signal(watched: Watched) -> Tick:
    if watched.values.get("access_technology") == NO_UPLINK:
        return Tick("signal", TickState.WRONG, "access_technology none")
    return _told("signal", watched, SIGNAL_KEYS)


def _guests(watched: Watched) -> Tick:
    pairs = [(watched.firsts.get(key), watched.values.get(key)) for key in COUNTERS]
    known = [(first, last) for first, last in pairs if first is not None and last is not None]
    if not known:
        return Tick("guests", TickState.WAITING)
    risen = sum(_number(last) - _number(first) for first, last in known)
    state = TickState.OK if risen > 0 else TickState.WAITING
    return Tick("guests", state, f"{risen:.0f} B more")


def _told(key: str, watched: Watched, keys: tuple[str, ...]) -> Tick:
    found = [f"{one} {watched.values[one]}" for one in keys if one in watched.values]
    return Tick(key, TickState.OK if found else TickState.WAITING, ", ".join(found))


def _buffered(watched: Watched, now_ms: int) -> Tick:
    if watched.buffered_ms is None:
        return Tick("buffered", TickState.WAITING)
    return Tick("buffered", TickState.OK, f"{_age_s(watched.buffered_ms, now_ms)} s ago")


def _number(value: Scalar) -> float:
    return 0.0 if isinstance(value, str) else float(value)


def _age_s(since_ms: int, now_ms: int) -> int:
    return max(0, now_ms - since_ms) // 1000
