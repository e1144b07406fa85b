"""What can go wrong in a scenario: one struct for each kind, with its parameters."""

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Who(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which assets: all of the kind that fit every key given."""

    assets: tuple[str, ...] = ()
    """Named outright, `bus/0103`."""
    devices: tuple[str, ...] = ()
    """Serial numbers of devices."""
    kind: Literal["bus", "station"] | None = None
    """Buses or stations; without it what the fault is about."""
    depot: str | None = None
    """Buses at home in this depot."""
    operator: str | None = None
    """Buses whose SIM in use is of this operator, as MCC-MNC."""
    line: str | None = None
    """Buses while they drive this line."""
    share: Share | None = None
    """So many of those, drawn with the seed."""
    count: Positive | None = None
    """This many of those, drawn with the seed."""


class Fault(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"
):
    """What every fault has; `to` is the scenario's end when it is left out."""

    name: Name
    from_: str = msgspec.field(name="from")
    to: str | None = None
    who: Who = Who()


class CarrierDown(Fault, frozen=True, kw_only=True, tag="carrier_down"):
    """An operator's network is gone: its SIMs have no uplink, and routers keep what they see."""

    operator: str


class DepotPower(Fault, frozen=True, kw_only=True, tag="depot_power"):
    """A depot has no power: whatever stands in it is off without a goodbye, and boots after."""

    depot: str


class FirmwareLoop(Fault, frozen=True, kw_only=True, tag="firmware_loop"):
    """After a rollout routers boot again and again; each boot counts anew from nothing."""

    every_min: Positive = 6


class Flapping(Fault, frozen=True, kw_only=True, tag="flapping"):
    """A device's connection breaks and comes back, without end."""

    up_s: Positive = 90
    down_s: Positive = 75


class Poison(Fault, frozen=True, kw_only=True, tag="poison"):
    """A device sends what nobody can read, between good readings."""

    every_s: Positive = 30
    forms: tuple[
        Literal["malformed", "not_a_number", "wrong_types", "too_many", "wrong_topic", "empty"],
        ...,
    ] = ("malformed", "not_a_number", "wrong_types", "too_many", "wrong_topic", "empty")


class Flood(Fault, frozen=True, kw_only=True, tag="flood"):
    """A device reports `factor` times as often as it should."""

    factor: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 100


class StuckStation(Fault, frozen=True, kw_only=True, tag="stuck_station"):
    """A station goes on reporting, and always the same bikes and docks."""


class FeedFrozen(Fault, frozen=True, kw_only=True, tag="feed_frozen"):
    """The bike feed is served, and its `last_updated` stands still."""


class CertificateExpired(Fault, frozen=True, kw_only=True, tag="certificate_expired"):
    """The device cannot connect from this moment on; it keeps what it sees."""


class RouterStolen(Fault, frozen=True, kw_only=True, tag="router_stolen"):
    """The router leaves its bus, reports from elsewhere, and is shut out in the end."""

    revoked: str
    """When its credential is revoked; from then on it knocks and is not let in."""
    knocks_every_s: Positive = 60


class OwnRestart(Fault, frozen=True, kw_only=True, tag="own_restart"):
    """Our own process is away: every link is cut, everything waits, and all come back at once."""


class DeadSpot(Fault, frozen=True, kw_only=True, tag="dead_spot"):
    """A round area without network, for all operators or for one; backlogs come after it."""

    lat: float
    lon: float
    radius_m: Positive = 400
    operator: str | None = None


class DataCap(Fault, frozen=True, kw_only=True, tag="data_cap"):
    """A SIM has used up its month and is throttled: slow, lossy, hardly any bytes."""

    rtt_ms: Positive = 900


class NoUplink(Fault, frozen=True, kw_only=True, tag="no_uplink"):
    """The hotspot is up and tells of itself, but guests get nowhere: no bytes, all probes lost."""


class ZeroGuests(Fault, frozen=True, kw_only=True, tag="zero_guests"):
    """The portal is broken: nobody gets in, and no guest is counted all day."""

    portal_ok_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0


class ModemHot(Fault, frozen=True, kw_only=True, tag="modem_hot"):
    """The modem warms up to `peak_c` over `rise_min`."""

    peak_c: float = 92.0
    rise_min: Positive = 30


class SupplyLow(Fault, frozen=True, kw_only=True, tag="supply_low"):
    """The supply falls to `volts`."""

    volts: float = 20.8


class WrongClock(Fault, frozen=True, kw_only=True, tag="wrong_clock"):
    """The device's clock is off by `offset_s`, or with `reset` began again at that year."""

    offset_s: int = 0
    reset: Literal[1970, 2000] | None = None


class CounterWrap(Fault, frozen=True, kw_only=True, tag="counter_wrap"):
    """Byte counters have 32 bits and start over after so many megabytes, with no boot."""

    after_mb: Positive = 10


class RouterSwap(Fault, frozen=True, kw_only=True, tag="router_swap"):
    """A spare router takes the place of another: new serial, new boot, counters from nothing."""

    serial: str = "SPARE-0001"
    gap_s: Positive = 240


class Maintenance(Fault, frozen=True, kw_only=True, tag="maintenance"):
    """Devices are switched off on purpose and say goodbye; they boot at its end."""


class StationClosed(Fault, frozen=True, kw_only=True, tag="station_closed"):
    """Stations are closed: not renting, and with `removed` not installed; or half of it.

    `planned` ones are out of season. Others tell of a closure that nobody ordered.
    """

    planned: bool = True
    removed: bool = False


class BatteryLow(Fault, frozen=True, kw_only=True, tag="battery_low"):
    """A station's battery is not charged any more and falls to `pct` at the end."""

    pct: Annotated[float, msgspec.Meta(ge=0, le=100)] = 6.0


class Silent(Fault, frozen=True, kw_only=True, tag="silent"):
    """A device falls dead without a word; what it would have seen is lost."""


class Festival(Fault, frozen=True, kw_only=True, tag="festival"):
    """A crowd: `factor` times the guests and their bytes, up to `most` on one bus."""

    factor: Annotated[float, msgspec.Meta(gt=0)] = 2.5
    most: Positive = 90


class Diversion(Fault, frozen=True, kw_only=True, tag="diversion"):
    """Buses of a line drive somewhere else: every place is moved by so many metres."""

    north_m: float = 0.0
    east_m: float = 0.0


AnyFault = (
    CarrierDown
    | DepotPower
    | FirmwareLoop
    | Flapping
    | Poison
    | Flood
    | StuckStation
    | FeedFrozen
    | CertificateExpired
    | RouterStolen
    | OwnRestart
    | DeadSpot
    | DataCap
    | NoUplink
    | ZeroGuests
    | ModemHot
    | SupplyLow
    | WrongClock
    | CounterWrap
    | RouterSwap
    | Maintenance
    | StationClosed
    | BatteryLow
    | Silent
    | Festival
    | Diversion
)
