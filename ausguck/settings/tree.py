"""Every setting there is, with its default, its range and what it is for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

Value = TypeVar("Value")

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ASSET = re.compile(r"(bus|station|device)/[A-Za-z0-9_-]{1,64}")
HASH = re.compile(
    r"scrypt\$([0-9]{1,9})\$([0-9]{1,4})\$([0-9]{1,4})\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+"
)


@dataclass(frozen=True, slots=True)
class Check(Generic[Value]):
    """A test of one value, with the words that say what it expects."""

    words: str
    accepts: Callable[[Value], bool]

    def __call__(self, value: Value) -> Value:
        """The value itself, when it is accepted."""
        if not self.accepts(value):
            raise ValueError(self.words)
        return value


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _is_hash(secret: SecretStr) -> bool:
    found = HASH.fullmatch(secret.get_secret_value())
    if found is None:
        return False
    # RFC 7914: n is a power of two above 1, r and p are at least 1.
    n, r, p = (int(cost) for cost in found.groups())
    return n > 1 and n & (n - 1) == 0 and r > 0 and p > 0


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _is_timezone(name: str) -> bool:
    return name in available_timezones()


def _is_asset(asset: str) -> bool:
    return ASSET.fullmatch(asset) is not None


IS_NAME = Check("1 to 64 of A-Z a-z 0-9 _ -", _is_name)
IS_TIMEZONE = Check("an IANA time zone such as 'Europe/Berlin'", _is_timezone)
IS_ADDRESS = Check("an IP address or 'localhost'", _is_address)
IS_ASSET = Check("an asset such as 'bus/0123', 'station/12' or 'device/SN77'", _is_asset)
IS_HASH = Check("a hash as `ausguck keys hash-password` makes it, 'scrypt$...'", _is_hash)

Name = Annotated[str, AfterValidator(IS_NAME)]
TimeZone = Annotated[str, AfterValidator(IS_TIMEZONE)]
Host = Annotated[str, AfterValidator(IS_ADDRESS)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Asset = Annotated[str, AfterValidator(IS_ASSET)]
PasswordHash = Annotated[SecretStr, AfterValidator(IS_HASH)]


class Section(BaseModel):
    """A table of the file: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Area(Section):
    """Where the site's buses can be; a fix outside is left out and counted."""

    south: float = Field(-90.0, ge=-90, le=90, description="southern edge, degrees")
    west: float = Field(-180.0, ge=-180, le=180, description="western edge, degrees")
    north: float = Field(90.0, ge=-90, le=90, description="northern edge, degrees")
    east: float = Field(180.0, ge=-180, le=180, description="eastern edge, degrees")


class Site(Section):
    """The city, and where this process keeps its files."""

    id: Name = Field("kiel", description="level 2 of every topic")
    timezone: TimeZone = Field("Europe/Berlin", description="whose days the answers count in")
    data_dir: Path = Field(Path("var"), strict=False, description="journal, store and desk")
    area: Area = Field(default_factory=Area)


class Journal(Section):
    """The log between a device's message and its acknowledgement."""

    commit_interval_ms: float = Field(
        2.0, ge=0, le=5, description="longest wait for company before a commit"
    )
    commit_bytes: int = Field(
        1_048_576, ge=4096, le=16_777_216, description="a commit starts at this size at once"
    )
    segment_bytes: int = Field(
        67_108_864, ge=65_536, le=1_073_741_824, description="a new file is begun at this size"
    )
    cap_bytes: int = Field(
        8_589_934_592, ge=1_048_576, description="the journal's size limit; intake pauses at it"
    )
    reserve_percent: float = Field(
        10.0, ge=0, le=90, description="share of the disk that stays free; intake pauses there"
    )
    budget_bytes: int = Field(
        33_554_432, ge=1_048_576, description="bytes that may wait for the disk, all sources"
    )
    keep_hours: float = Field(24.0, ge=0, description="how long consumed segments are kept")


class User(Section):
    """Who may connect with a password, and for which assets."""

    name: str = Field(min_length=1, max_length=128, description="MQTT user name")
    password_hash: PasswordHash = Field(description="made by `ausguck keys hash-password`")
    assets: tuple[Asset, ...] = Field(
        (), strict=False, description="what it may speak for, such as 'bus/0123'"
    )
    gateway: bool = Field(default=False, description="may speak for every asset of the site")
    operator: bool = Field(default=False, description="may send to devices' `cmd` topics")


class Tls(Section):
    """Certificates of the listener."""

    certificate: Path = Field(strict=False, description="PEM file, the chain in it")
    key: Path = Field(strict=False, description="PEM file of the private key")
    client_ca: Path | None = Field(
        None, strict=False, description="PEM file; clients must show a certificate of it"
    )


class Listener(Section):
    """Where devices connect."""

    enabled: bool = Field(default=True, description="whether devices connect here")
    host: Host = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(1883, description="TCP port; 0 takes a free one")
    tls: Tls | None = Field(None, description="without it the connection is in the clear")
    anonymous: bool = Field(
        default=True, description="connect without user and password; on loopback only"
    )
    users: tuple[User, ...] = Field((), strict=False)
    max_connections: int = Field(20_000, ge=1, description="at one time")
    max_packet_bytes: int = Field(
        262_144, ge=1024, le=16_777_216, description="a larger packet ends the connection"
    )
    receive_maximum: int = Field(
        1024, ge=1, le=65_535, description="unacknowledged messages a connection"
    )
    connect_timeout_s: float = Field(10.0, gt=0, le=300, description="for the CONNECT packet")
    keep_alive_max_s: int = Field(
        600, ge=5, le=65_535, description="longest keep-alive granted; also for those with none"
    )
    session_expiry_max_s: int = Field(
        604_800, ge=0, description="longest session granted, and that of MQTT 3.1.1 clients"
    )
    messages_per_s: float = Field(
        500.0, gt=0, description="per connection over time; beyond it reading waits"
    )
    burst_messages: int = Field(10_000, ge=1, description="per connection at once")


class Store(Section):
    """Where history is kept."""

    kind: Literal["duckdb"] = Field("duckdb", description="embedded, in one file")
    memory_limit_mb: int = Field(128, ge=64, description="DuckDB's own memory")
    threads: int = Field(2, ge=1, le=64, description="DuckDB's threads")


class History(Section):
    """How the journal flows into the store."""

    flush_interval_ms: int = Field(200, ge=10, le=200, description="longest wait for a batch")
    batch_records: int = Field(20_000, ge=1, le=200_000, description="largest batch")
    dead_letter_rows: int = Field(
        100_000, ge=1, description="quota; at it history waits and alarms, and loses nothing"
    )


class Retention(Section):
    """How long each class is kept in the store, in days."""

    telemetry_days: int = Field(30, ge=4, description="usage, health and events of buses")
    position_days: int = Field(7, ge=1, le=7, description="position, speed, heading, trip")
    station_days: int = Field(400, ge=4, description="bike stations")


class Api(Section):
    """Where people and programs ask."""

    host: Host = Field("127.0.0.1", description="address to listen on; loopback only for now")
    port: Port = Field(8080, description="TCP port; 0 takes a free one")


class Log(Section):
    """What the process says on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level")


class Settings(Section):
    """The whole tree."""

    site: Site = Field(default_factory=Site)
    journal: Journal = Field(default_factory=Journal)
    listener: Listener = Field(default_factory=Listener)
    store: Store = Field(default_factory=Store)
    history: History = Field(default_factory=History)
    retention: Retention = Field(default_factory=Retention)
    api: Api = Field(default_factory=Api)
    log: Log = Field(default_factory=Log)
