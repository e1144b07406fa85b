"""What is written of each minute, silent ones too: the columns of state and of our own health.

A silent device sends nothing that a query could find. So each known asset gets a row a minute,
as it was seen then; such a row is never computed again. Flags are 0 or 1, because InfluxQL
cannot average truth values.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

ONLY = "-"
"""Stands in a tag where there is nothing to say: InfluxDB drops empty tags."""


class State(IntEnum):
    """One number everywhere, for colours and for the worst of several."""

    SILENT = 0
    DEGRADED = 1
    OK = 2
    PLANNED_OFF = 3


class StateMeasurement(StrEnum):
    """The tables or InfluxDB measurements of state."""

    BUS_STATE = "bus_state"
    BUS_PLACE = "bus_place"
    STATION_STATE = "station_state"
    FLEET = "fleet"
    PIPELINE = "pipeline"


class Bucket(StrEnum):
    """What is kept together for the same time: InfluxDB's buckets, and retention's classes."""

    TELEMETRY = "telemetry"
    POSITION = "position"
    STATION = "station"
    BOOKS = "books"
    ROLLUP_ASSET = "rollup_asset"
    ROLLUP = "rollup"
    ROLLUP_DAY = "rollup_day"


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a row of state; None where unknown, which is not zero."""

    key: str
    type: type[int] | type[float] | type[str]
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class StateTable:
    """The columns of one measurement; a row is known by its tags and its time."""

    measurement: StateMeasurement
    bucket: Bucket
    tags: tuple[str, ...]
    fields: tuple[Field, ...]
    help: str

    def index(self, key: str) -> int:
        """Where a field stands in a row's values."""
        return next(index for index, field in enumerate(self.fields) if field.key == key)


_STATE = Field("state", int, "", "0 silent, 1 degraded, 2 ok, 3 planned off.")
_ONLINE = Field("online", int, "", "1 when heard from within `state.silent_after_s`.")
_AGE = Field("age_s", float, "s", "Since the newest reading was observed.")

TABLES: tuple[StateTable, ...] = (
    StateTable(
        StateMeasurement.BUS_STATE,
        Bucket.TELEMETRY,
        ("site", "bus_id", "line"),
        (
            _STATE,
            _ONLINE,
            _AGE,
            Field("uplink", int, "", "1 when the newest reading shows a mobile connection."),
            Field("clients", int, "devices", "Associated with the Wi-Fi."),
            Field("clients_guest", int, "devices", "Of them in the passengers' network."),
            Field("rsrp_dbm", float, "dBm", "Signal power of the mobile network."),
            Field("rssi_dbm", float, "dBm", "Signal strength of the mobile network."),
            Field("rtt_ms", float, "ms", "Round trip to the control host."),
            Field("loss_pct", float, "%", "Packets lost on that way."),
            Field("temperature_c", float, "°C", "Of the modem or router."),
            Field("supply_v", float, "V", "Supply voltage."),
            Field("guest_down_bytes", int, "B", "To passengers since the previous row."),
            Field("guest_up_bytes", int, "B", "From passengers since the previous row."),
            Field("reboots", int, "", "1 when it has started anew since the previous row."),
        ),
        "Each known bus, once a minute.",
    ),
    StateTable(
        StateMeasurement.BUS_PLACE,
        Bucket.POSITION,
        ("site", "bus_id", "line"),
        (
            _STATE,
            _AGE,
            Field("lat", float, "°", "Latitude of the newest reading that had a fix."),
            Field("lon", float, "°", "Longitude of it."),
            Field("clients", int, "devices", "Associated with the Wi-Fi."),
            Field("rsrp_dbm", float, "dBm", "Signal power of the mobile network."),
        ),
        "Each bus with a fix younger than `state.silent_after_s`, once a minute; kept as "
        "positions are.",
    ),
    StateTable(
        StateMeasurement.STATION_STATE,
        Bucket.TELEMETRY,
        ("site", "station_id", "zone"),
        (
            _STATE,
            _ONLINE,
            _AGE,
            Field("bikes", int, "bikes", "That can be rented."),
            Field("bikes_disabled", int, "bikes", "That are there and cannot be rented."),
            Field("docks", int, "docks", "That can take a bike."),
            Field("capacity", int, "bikes", "As registered or told, else bikes plus docks."),
            Field("fill_pct", float, "%", "Bikes of capacity; over 100 is possible."),
            Field("empty", int, "", "1 when it rents and has no bike."),
            Field("full", int, "", "1 when it takes back and has no room."),
            Field("renting", int, "", "1 when it rents."),
            Field("returning", int, "", "1 when it takes back."),
            Field("battery_pct", float, "%", "Of its controller, where it has one."),
            Field("lat", float, "°", "Latitude by the register, else as the station says."),
            Field("lon", float, "°", "Longitude."),
            Field("name", str, "", "Its name for people."),
        ),
        "Each known station, once a minute.",
    ),
    StateTable(
        StateMeasurement.FLEET,
        Bucket.TELEMETRY,
        ("site",),
        (
            Field("buses_known", int, "buses", "Heard from within `state.known_days`."),
            Field("buses_online", int, "buses", "Of them heard from just now."),
            Field("buses_degraded", int, "buses", "Online, and without uplink."),
            Field("buses_planned_off", int, "buses", "That have said they sleep."),
            Field("buses_silent", int, "buses", "In state 0: not heard from, and not asleep."),
            Field("clients", int, "devices", "In the Wi-Fi of all buses online."),
            Field("clients_guest", int, "devices", "Of them passengers'."),
            Field("guest_down_bytes", int, "B", "To passengers since the previous row."),
            Field("guest_up_bytes", int, "B", "From passengers since the previous row."),
            Field("stations_known", int, "stations", "Heard from within `state.known_days`."),
            Field("stations_online", int, "stations", "Of them heard from just now."),
            Field("stations_silent", int, "stations", "In state 0: not heard from."),
            Field("stations_empty", int, "stations", "Online, renting and without a bike."),
            Field("stations_full", int, "stations", "Online, taking back and without room."),
            Field("stations_closed", int, "stations", "Online, and not renting."),
            Field("bikes", int, "bikes", "At all stations online."),
            Field("docks", int, "docks", "At all stations online."),
        ),
        "The whole site, once a minute: overviews need not add up devices.",
    ),
    StateTable(
        StateMeasurement.PIPELINE,
        Bucket.TELEMETRY,
        ("site", "component", "reason"),
        (
            Field("up", int, "", "1 when the component does its work."),
            Field("messages", int, "messages", "Taken since the previous row."),
            Field("stored", int, "readings", "Stored since the previous row."),
            Field("duplicates", int, "readings", "Known already, since the previous row."),
            Field("dead_lettered", int, "readings", "Became dead letters since the previous row."),
            Field("dropped_values", int, "values", "Left out since the previous row."),
            Field("retries", int, "", "Held and tried again since the previous row."),
            Field("backlog_bytes", int, "B", "In the journal, and not yet in the store."),
            Field("lag_s", float, "s", "Age of the oldest record that is not yet in the store."),
            Field("last_msg_age_s", float, "s", "Since the last message."),
            Field("overdue_s", float, "s", "Of a feed: past the time it should have changed."),
            Field("connected", int, "", "Connections that are open."),
            Field("dropped_at_broker", int, "messages", "Learned of since the previous row."),
            Field("journal_bytes", int, "B", "Size of the journal."),
            Field("disk_free_pct", float, "%", "Of the disk with the journal."),
            Field("rss_bytes", int, "B", "Memory of the process."),
        ),
        "Our own health, every ten seconds; `component` is intake, subscriber, history, store, "
        "disk, process or a feed, `reason` tells counts of one thing apart.",
    ),
)


def table(measurement: StateMeasurement) -> StateTable:
    """The columns of a measurement."""
    return next(one for one in TABLES if one.measurement is measurement)


class StateRow(msgspec.Struct, frozen=True):
    """One row of state: `tags` and `values` in the order of `table(measurement)`.

    Known by measurement, tags and time; None where a value is unknown.
    """

    measurement: StateMeasurement
    at_ms: int
    tags: tuple[str, ...]
    values: tuple[int | float | str | None, ...]
