"""Every setting there is, with its default, its range and what it is for."""

import warnings
from pathlib import Path
from typing import Literal

from pydantic import Field

from ausguck.settings.partners import Gbfs, Influxdb, Subscriber
from ausguck.settings.values import (
    Asset,
    Country,
    Host,
    HostName,
    Name,
    PasswordHash,
    Port,
    Section,
    TimeZone,
)

Scope = Literal["view", "operate", "plan", "admin"]
"""What somebody may at the API."""


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
    country: Country = Field("DE", description="whose public holidays opening hours keep")
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

    kind: Literal["duckdb", "influxdb"] = Field(
        "duckdb", description="embedded in one file, or an InfluxDB 2 server"
    )
    memory_limit_mb: int = Field(128, ge=64, description="DuckDB's own memory")
    threads: int = Field(2, ge=1, le=64, description="DuckDB's threads")
    influxdb: Influxdb = Field(default_factory=Influxdb)


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


class State(Section):
    """The state of each minute, which dashboards read."""

    enabled: bool = Field(default=True, description="whether each minute's state is written")
    silent_after_s: int = Field(
        300, ge=60, le=86_400, description="an asset heard from longer ago counts as silent"
    )
    known_days: int = Field(
        7, ge=1, le=30, description="an asset heard from longer ago is no longer counted"
    )


class Api(Section):
    """Where people and programs ask."""

    host: Host = Field("127.0.0.1", description="address to listen on")
    is_guarded: bool = Field(
        default=False,
        description="whether something in front of us keeps strangers out, such as a container's "
        "port published on loopback; only then may `host` be more than loopback",
    )
    port: Port = Field(8080, description="TCP port; 0 takes a free one")
    names: tuple[HostName, ...] = Field(
        (), strict=False, description="names by which people reach us besides loopback's"
    )
    anonymous: tuple[Scope, ...] = Field(
        ("view", "operate", "plan", "admin"),
        strict=False,
        description="what a request without a key may; empty once people have keys",
    )


class Register(Section):
    """What is known of assets, devices and people; it is kept in the desk."""

    poll_ms: int = Field(
        250, ge=50, le=1000, description="how often changes made by commands are looked for"
    )
    rotation_days: int = Field(
        14, ge=1, le=365, description="how long a device's old secret holds beside its new one"
    )
    device_host: HostName | None = Field(
        None, description="where devices reach us, as commissioning sheets say; default: the host"
    )
    device_port: Port | None = Field(
        None, description="the port on that way; default: that of the listener or broker"
    )
    device_ca: Path | None = Field(
        None, strict=False, description="PEM file of the authority that devices are to believe"
    )


class Log(Section):
    """What the process says on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level")


# Pydantic takes the class method `register` of its models' metaclass for a field of theirs.
warnings.filterwarnings("ignore", 'Field name "register" in "Settings"', UserWarning)


with warnings.catch_warnings():
    # A metaclass of pydantic's has a method of that name, which no settings are asked for.
    warnings.filterwarnings("ignore", 'Field name "register"', UserWarning)

    class Settings(Section):
        """The whole tree."""

        site: Site = Field(default_factory=Site)
        journal: Journal = Field(default_factory=Journal)
        listener: Listener = Field(default_factory=Listener)
        subscriber: Subscriber = Field(default_factory=Subscriber)
        gbfs: tuple[Gbfs, ...] = Field((), strict=False)
        store: Store = Field(default_factory=Store)
        history: History = Field(default_factory=History)
        retention: Retention = Field(default_factory=Retention)
        state: State = Field(default_factory=State)
        register: Register = Field(default_factory=Register)
        api: Api = Field(default_factory=Api)
        log: Log = Field(default_factory=Log)
