"""The latest reading of a bus or a station, as it goes over HTTP.

Only known keys stand in `values`: what a device did not say is left out, never made zero.
"""

from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema
from pydantic.config import JsonDict, JsonValue

from api.registered import Registered
from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.clock import iso_utc
from ausguck.model import Inventory, Kind, Reading, Scalar

UTC_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
REPORTED_SERIAL = (
    "serial number that the device in it tells, where that is not `device`: the sign of a swap "
    "that nobody recorded"
)
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}

UtcTime = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "pattern": UTC_TIME})
]


def metric_schema(metric: Metric) -> JsonDict:
    """What OpenAPI says of one metric."""
    unit = f" Unit: {metric.unit}." if metric.unit else ""
    schema: dict[str, JsonValue] = {
        "type": _JSON_TYPES[metric.type],
        "description": metric.help + unit,
        "x-data-class": metric.data_class.value,
        "x-shape": metric.shape.value,
    }
    if metric.minimum is not None:
        schema["minimum"] = metric.minimum
    if metric.maximum is not None:
        schema["maximum"] = metric.maximum
    if metric.choices:
        schema["enum"] = list(metric.choices)
    if metric.max_length is not None:
        schema["maxLength"] = metric.max_length
    return schema


def values_schema(kind: Kind) -> JsonDict:
    """The object of a kind's values: every catalogue key, none of them required."""
    return {
        "type": "object",
        "title": f"{kind.value.capitalize()}Values",
        "additionalProperties": False,
        "properties": {metric.key: metric_schema(metric) for metric in catalogue.metrics(kind)},
    }


BusValues = Annotated[dict[str, Scalar], WithJsonSchema(values_schema(Kind.BUS))]
StationValues = Annotated[dict[str, Scalar], WithJsonSchema(values_schema(Kind.STATION))]


class InventoryAnswer(BaseModel):
    """What the device last said it is, or a feed of a station; null where neither said."""

    observed_at: UtcTime = Field(description="when the device said so")
    model: str | None = Field(description="model of the device", examples=["RUTX50"])
    firmware: str | None = Field(description="firmware version", examples=["00.07.06.10"])
    serial: str | None = Field(description="serial number of the device")
    profile: str | None = Field(description="family of devices whose format it speaks")
    sim_count: int | None = Field(description="how many SIM cards it holds")
    name: str | None = Field(description="of a station, for people", examples=["Hauptbahnhof"])
    lat: float | None = Field(description="of a station, degrees")
    lon: float | None = Field(description="of a station, degrees")
    capacity: int | None = Field(description="of a station, bikes")


class _Latest(BaseModel):
    """What buses and stations have in common."""

    id: str = Field(description="the id in topics", examples=["0123"])
    observed_at: UtcTime = Field(description="when the device took the reading")
    received_at: UtcTime = Field(description="when we received it")
    age_s: float = Field(
        ge=0,
        description="`as_of` less `observed_at`, seconds; work it out anew after a 304",
        examples=[2.4],
    )
    clock_suspect: bool = Field(
        description="the device's clock was impossible; `observed_at` is when we received it"
    )
    registered: bool = Field(
        description="whether the register knows it; what it does not know is taken in all the same"
    )
    device: str | None = Field(
        description="serial number of the device that is fitted to it, by the register",
        examples=["1122334455"],
    )
    zone: str | None = Field(
        description="zone of the city that it is in, by the register", examples=["altstadt"]
    )


class BusAnswer(_Latest):
    """A bus and its newest reading by event time."""

    line: str | None = Field(
        description="line that it is on duty for now, by the register", examples=["11"]
    )
    values: BusValues = Field(description="the reading; a key that is not known is left out")


class StationAnswer(_Latest):
    """A bike station and its newest reading by event time."""

    values: StationValues = Field(description="the reading; a key that is not known is left out")


class OneBus(BusAnswer):
    """One bus, with its device."""

    as_of: UtcTime = Field(description="when this answer was made")
    inventory: InventoryAnswer | None = Field(description="its device; null where not known")
    reported_serial: str | None = Field(description=REPORTED_SERIAL)


class OneStation(StationAnswer):
    """One station, with its device."""

    as_of: UtcTime = Field(description="when this answer was made")
    inventory: InventoryAnswer | None = Field(description="its device; null where not known")
    reported_serial: str | None = Field(description=REPORTED_SERIAL)


class BusPage(BaseModel):
    """Buses in order of id."""

    as_of: UtcTime = Field(description="when this answer was made")
    items: list[BusAnswer] = Field(description="buses that ever reported, by id")
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null at the end", examples=["0123"]
    )


class StationPage(BaseModel):
    """Stations in order of id."""

    as_of: UtcTime = Field(description="when this answer was made")
    items: list[StationAnswer] = Field(description="stations that ever reported, by id")
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null at the end", examples=["s017"]
    )


def latest_fields(reading: Reading, known: Registered, now_ms: int) -> dict[str, object]:
    """A reading as the fields of a bus or a station, with what the register knows of it."""
    kind = reading.asset.kind
    keys = catalogue.keys(kind)
    of_bus = {"line": known.line} if kind is Kind.BUS else {}
    return {
        "id": reading.asset.name,
        "observed_at": iso_utc(reading.observed_at_ms),
        "received_at": iso_utc(reading.received_at_ms),
        "age_s": max(0, now_ms - reading.observed_at_ms) / 1000,
        "clock_suspect": reading.clock_suspect,
        "registered": known.is_registered,
        "device": known.device,
        "zone": known.zone,
        **of_bus,
        "values": {
            key: value for key, value in zip(keys, reading.values, strict=True) if value is not None
        },
    }


def inventory_answer(inventory: Inventory | None) -> InventoryAnswer | None:
    """A device's inventory as it goes out."""
    if inventory is None:
        return None
    return InventoryAnswer(
        observed_at=iso_utc(inventory.observed_at_ms),
        model=inventory.model,
        firmware=inventory.firmware,
        serial=inventory.serial,
        profile=inventory.profile,
        sim_count=inventory.sim_count,
        name=inventory.name,
        lat=inventory.lat,
        lon=inventory.lon,
        capacity=inventory.capacity,
    )
