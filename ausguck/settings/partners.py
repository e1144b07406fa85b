"""The settings of what a city already runs: its broker, its InfluxDB, its bike feeds."""

from pathlib import Path

from pydantic import Field, SecretStr

from ausguck.settings.values import (
    BucketPrefix,
    FeedAddress,
    HostName,
    Name,
    Port,
    Section,
    Token,
    WebAddress,
)


class BrokerTls(Section):
    """How the broker's certificate is checked, and our own."""

    ca: Path | None = Field(
        None,
        strict=False,
        description="PEM file the broker's certificate is checked against; without it the system's",
    )
    certificate: Path | None = Field(
        None, strict=False, description="PEM file of our own certificate, where the broker asks"
    )
    key: Path | None = Field(
        None, strict=False, description="PEM file of the private key to `certificate`"
    )


class Subscriber(Section):
    """A session at the city's own MQTT 5 broker."""

    enabled: bool = Field(default=False, description="whether messages are fetched from a broker")
    host: HostName = Field("127.0.0.1", description="the broker's name or address")
    port: Port = Field(1883, description="the broker's TCP port")
    tls: BrokerTls | None = Field(None, description="without it the connection is in the clear")
    user: str | None = Field(
        None, min_length=1, max_length=128, description="user name at the broker"
    )
    password: SecretStr | None = Field(None, description="better as a variable than in a file")
    client_id: Name = Field(
        "ausguck", description="names the session: the same after a restart, another a process"
    )
    share: Name | None = Field(
        None, description="group of a shared subscription, for several processes at one broker"
    )
    receive_maximum: int = Field(
        2_000,
        ge=1,
        le=65_535,
        description="messages the broker may send ahead of our acknowledgements",
    )
    max_packet_bytes: int = Field(
        262_144, ge=1024, le=16_777_216, description="the broker keeps back what is larger"
    )
    keep_alive_s: int = Field(30, ge=5, le=600, description="half-open connections are noticed")
    session_expiry_s: int = Field(
        604_800, ge=60, le=4_294_967_295, description="how long the broker keeps messages for us"
    )
    connect_timeout_s: float = Field(10.0, gt=0, le=300, description="until CONNACK")
    reconnect_max_s: float = Field(30.0, gt=0, le=600, description="longest wait between two tries")
    canary_interval_s: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="a message of our own is sent through the broker as often; 0 sends none",
    )


class Influxdb(Section):
    """An InfluxDB 2 server; used where `store.kind` is `influxdb`."""

    url: WebAddress = Field("http://127.0.0.1:8086", description="the server's address")
    org: str = Field("ausguck", min_length=1, max_length=64, description="organisation")
    token: Token | None = Field(
        None,
        description="writer's token as `ausguck check --prepare` makes it; better as a "
        "variable than in a file",
    )
    token_file: Path | None = Field(
        None, strict=False, description="a file that holds the token instead, and nothing else"
    )
    bucket_prefix: BucketPrefix = Field("", description="stands before the name of every bucket")
    consumer: Name = Field(
        "ausguck", description="whose place in the journal is kept; another a process"
    )
    timeout_s: float = Field(10.0, gt=0, le=300, description="for one request")
    batch_lines: int = Field(5_000, ge=1, le=100_000, description="most lines in one write")
    gzip: bool = Field(default=True, description="whether writes are compressed")
    most_refused_percent: float = Field(
        5.0,
        gt=0,
        le=100,
        description="history is held where the server refuses more of a batch, and more than "
        "five; at 100 never for that",
    )


class Gbfs(Section):
    """A bikesharing feed, GBFS 2.3 or 3.0 (1.0 is read too)."""

    name: Name = Field(description="the feed's name in metrics and messages")
    address: FeedAddress = Field(description="of the feed's gbfs.json: http, https, or a file")
    prefix: Name | None = Field(
        None,
        description="stands before the id of every station, for a second feed with the same ids",
    )
    interval_s: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="shortest time between two questions; a longer `ttl` of the feed holds",
    )
    timeout_s: float = Field(10.0, gt=0, le=120, description="for one file")
    max_bytes: int = Field(
        16_777_216, ge=1024, le=268_435_456, description="a larger file is refused"
    )
    language: str = Field(
        "de", min_length=2, max_length=8, description="of the names, where a feed has several"
    )
    authorization: SecretStr | None = Field(
        None, description="the whole Authorization header, where the feed asks for one"
    )
