"""What a person would expect of a scenario, and the truth it is judged by."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from simulators.scenario.faults import Name


class Cause(StrEnum):
    """Why somebody is called: what the incident is about, or `none`."""

    BATTERY_LOW = "battery_low"
    BUS_SILENT = "bus_silent"
    CARRIER_DOWN = "carrier_down"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CLOCK_WRONG = "clock_wrong"
    DATA_CAP = "data_cap"
    DEAD_LETTERS = "dead_letters"
    DEPOT_POWER = "depot_power"
    FEED_FROZEN = "feed_frozen"
    FLOOD = "flood"
    MODEM_HOT = "modem_hot"
    NO_UPLINK = "no_uplink"
    NONE = "none"
    PORTAL_FAILING = "portal_failing"
    REBOOT_LOOP = "reboot_loop"
    STATION_SILENT = "station_silent"
    STOLEN = "stolen"
    STUCK_VALUE = "stuck_value"
    SUPPLY_LOW = "supply_low"
    UNPLANNED_CLOSURE = "unplanned_closure"
    UNSTABLE = "unstable"
    ZERO_GUESTS = "zero_guests"


class Actor(StrEnum):
    """Who should go, or act."""

    TECHNICIAN = "technician"
    CARRIER = "carrier"
    OPERATOR = "operator"
    CONTROL_ROOM = "control_room"
    SYSADMIN = "sysadmin"
    SECURITY = "security"
    NOBODY = "nobody"


class Severity(StrEnum):
    """How much it matters."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NONE = "none"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages."""

    en: Annotated[str, msgspec.Meta(min_length=1)]
    de: Annotated[str, msgspec.Meta(min_length=1)]

    def in_language(self, language: str) -> str:
        """The text in `de` or `en`."""
        return self.de if language == "de" else self.en


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An `[[expect]]` table as it stands in the file."""

    fault: Name | None = None
    """The fault it is about; without one, the whole scenario."""
    cause: Cause
    severity: Severity = Severity.NONE
    actor: Actor = Actor.NOBODY
    names: tuple[str, ...] = ()
    """What the message must name: an operator, a depot, an asset."""
    announced_within_s: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """After `from`, or the fault's own beginning."""
    from_: str | None = msgspec.field(name="from", default=None)
    """Where the trouble begins later than its fault, such as when the duty begins."""
    incidents: Annotated[int, msgspec.Meta(ge=0)] | Literal["each"] = 0
    """How many; `each` is one for each asset."""
    resolved_by: str | None = None
    """When it must be over; left out where the scenario ends in trouble."""
    quiet: bool = False
    """Nobody must be called."""
    why: Words


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation with times in UTC milliseconds; `incident_key` is its group's."""

    scenario: str
    fault: str
    cause: Cause
    severity: Severity
    actor: Actor
    names: tuple[str, ...]
    onset_ms: int
    announced_by_ms: int | None
    incidents: int | Literal["each"]
    resolved_by_ms: int | None
    quiet: bool
    why: Words

    @property
    def should_call(self) -> bool:
        """Whether somebody must be called."""
        return not self.quiet

    def incident_key(self, asset: str) -> str:
        """What the assets of one incident have in common; with `each` every asset is its own."""
        group = f"{self.scenario}/{self.fault}/{self.cause}"
        return f"{group}/{asset}" if self.incidents == "each" else group


class TruthLabel(msgspec.Struct, frozen=True, kw_only=True):
    """That something really was wrong with an asset (or looked so), and whether to call.

    A label stands for one asset and one expectation. Labels with the same `incident_key` are
    one incident. `should_call` false is as much a promise as true: nobody is called for it.
    """

    asset: str
    device: str
    fault: str
    from_ms: int
    to_ms: int
    should_call: bool
    actor: Actor
    incident_key: str
    cause: Cause
    severity: Severity
    announced_by_ms: int | None = None
    resolved_by_ms: int | None = None
