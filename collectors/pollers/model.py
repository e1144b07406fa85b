"""What a bike feed says, the same for GBFS 1.0, 2.3 and 3.0."""

from enum import StrEnum
from typing import Final

import msgspec

from ausguck.errors import AusguckError


class File(StrEnum):
    """The files of a feed that we read; no other is ever asked for."""

    DISCOVERY = "gbfs"
    SYSTEM = "system_information"
    INFORMATION = "station_information"
    STATUS = "station_status"


SUB_FILES: Final = (File.SYSTEM, File.INFORMATION, File.STATUS)


class Fault(StrEnum):
    """Why a value, a station or a file's head is not as it should be."""

    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NO_OBJECT = "no_object"
    NO_ID = "no_id"
    ID_TWICE = "id_twice"
    ID_OF_ANOTHER_FEED = "id_of_another_feed"
    STATION_TWICE = "station_twice"
    NO_POSITION = "no_position"
    NOTHING_KNOWN = "nothing_known"
    NOT_A_NUMBER = "not_a_number"
    NO_TIME = "no_time"
    NO_TTL = "no_ttl"
    TIME_IMPOSSIBLE = "time_impossible"
    TOO_OLD = "too_old"
    HELD_NO_TIME = "held_no_time"
    HELD_NO_ROOM = "held_no_room"


class Unfit(msgspec.Struct, frozen=True):
    """One thing of one station, or of the file (then `station` is empty), that was left out."""

    file: File
    station: str
    key: str
    fault: Fault
    shown: str = ""

    @property
    def what(self) -> tuple[str, str, Fault]:
        """The fault without what was found, which may be another each time."""
        return self.station, self.key, self.fault

    def __str__(self) -> str:
        """The fault in words, with what was found."""
        whose = f"station {self.station!r}" if self.station else "the file"
        found = f", found {self.shown}" if self.shown else ""
        return f"{self.file}, {whose}: {self.key} {self.fault}{found}"


class Unreadable(AusguckError):  # noqa: N818 - the name says what the file is
    """A file of a feed that says nothing we can use."""

    def __init__(self, file: File, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"{file}: {reason}")


class Head(msgspec.Struct, frozen=True):
    """What every file begins with; None where it is missing or unfit."""

    last_updated_ms: int | None = None
    ttl_s: float | None = None
    version: str | None = None
    unfit: tuple[Unfit, ...] = ()


class Discovery(msgspec.Struct, frozen=True):
    """Where the files are, as absolute addresses."""

    head: Head
    addresses: dict[File, str]
    language: str | None = None


class System(msgspec.Struct, frozen=True):
    """Whose feed it is."""

    head: Head
    system_id: str | None = None
    timezone: str | None = None


class Station(msgspec.Struct, frozen=True):
    """What hardly changes about a station."""

    station_id: str
    name: str | None = None
    lat: float | None = None
    lon: float | None = None
    capacity: int | None = None
    is_virtual: bool | None = None


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a station has and does, in the words of our own wire."""

    num_vehicles_available: int | None = None
    num_vehicles_disabled: int | None = None
    num_docks_available: int | None = None
    num_docks_disabled: int | None = None
    vehicle_types_available: dict[str, int] | None = None
    is_installed: bool | None = None
    is_renting: bool | None = None
    is_returning: bool | None = None


NOTHING: Final = Counts()


class Status(msgspec.Struct, frozen=True):
    """A station's state and when it last told of it; None where the feed does not say."""

    station_id: str
    counts: Counts
    last_reported_ms: int | None = None


class Information(msgspec.Struct, frozen=True):
    """All of station_information."""

    head: Head
    stations: tuple[Station, ...]
    unfit: tuple[Unfit, ...] = ()


class Statuses(msgspec.Struct, frozen=True):
    """All of station_status."""

    head: Head
    stations: tuple[Status, ...]
    unfit: tuple[Unfit, ...] = ()
