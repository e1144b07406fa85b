"""What was really so in the city, told as it advances, whatever was sent or heard of it.

Each record is of one asset and one interval of true time; `to_ms` is not part of it. Intervals
are told when they end, so those still open come with `City.conclude`. Bytes and readings belong
to the moment of the reading that counted them, as a receiver's differences do; what a device
had counted up to its first reading is not told, for it was before the city began.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec


class Doing(StrEnum):
    """What a bus does."""

    IN_SERVICE = "in_service"
    LAYOVER = "layover"
    DEADHEAD = "deadhead"
    """To or from its depot, or to another line's terminal; nobody is on board."""
    PARKED_ON = "parked_on"
    """In its depot with ignition on."""
    SLEEPING = "sleeping"
    """In its depot with ignition off."""


class Why(StrEnum):
    """Why nobody heard a device."""

    TUNNEL = "tunnel"
    DEAD_SPOT = "dead_spot"
    OUTAGE = "outage"
    """The network was gone for minutes, as it sometimes is."""
    BOOT = "boot"
    POWER = "power"
    UNREACHABLE = "unreachable"
    """A fault of the conditions."""


class Mishap(StrEnum):
    """What happened to a device in a moment."""

    WAKE = "wake"
    REBOOT = "reboot"
    POWER_BACK = "power_back"
    FIRMWARE = "firmware"
    SWAP = "swap"
    COUNTER_RESET = "counter_reset"
    COUNTER_WRAP = "counter_wrap"
    SIM_SWITCH = "sim_switch"
    STOLEN = "stolen"


class _Record(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag=str.lower):
    """An asset, written `bus/0101`, and when."""

    asset: str
    from_ms: int
    to_ms: int


class Duty(_Record, frozen=True, gc=False):
    """What a bus did; `line`, `trip` and `block` where it was on one."""

    doing: Doing
    line: str | None = None
    trip: str | None = None
    block: str | None = None


class Fitted(_Record, frozen=True, gc=False):
    """Which device was in the asset."""

    serial: str
    model: str
    firmware: str


class Usage(_Record, frozen=True, gc=False):
    """What was used in a local hour on a line; `line` is None where nobody was on board.

    The bytes are those of the readings observed within the interval, by true time; an hour in
    which a bus changes lines more than once has one record for each stretch.
    """

    line: str | None
    guest_down_bytes: int
    guest_up_bytes: int
    wan_rx_bytes: int
    wan_tx_bytes: int
    readings: int
    clients_max: int


class Gap(_Record, frozen=True, gc=False):
    """Nobody could hear the device: from the first reading not heard to the first heard again."""

    why: Why
    operator: str


class Happened(_Record, frozen=True, gc=False):
    """Something that befell the device; from and to are the same moment."""

    what: Mishap
    serial: str
    boot_id: str
    """Of the boot that began, or in which it happened."""


class Misdated(_Record, frozen=True, gc=False):
    """A reading whose device's clock was wrong: `from_ms` is when it was, in truth."""

    said_ms: int
    serial: str
    boot_id: str
    seq: int


class Parked(_Record, frozen=True, gc=False):
    """How many bikes stood at a station, broken ones too."""

    bikes: int
    capacity: int


Truth = Duty | Fitted | Usage | Gap | Happened | Misdated | Parked
Tell = Callable[[Truth], None]
