"""The files of a feed as their publishers write them, in three versions; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from simulators.feed.stations import FeedStation

Version = Literal["3.0", "2.3", "1.0"]
VERSIONS: Final[tuple[Version, ...]] = ("3.0", "2.3", "1.0")
Document = dict[str, Any]
LANGUAGE: Final = "de"
EMAIL: Final = "feed@example.org"


def documents(
    version: Version, base_url: str, stations: Sequence[FeedStation], at_s: int, ttl_s: int
) -> Mapping[str, Document]:
    """Every file of the feed by name, `gbfs` among them."""
    told: dict[str, Document] = {
        "system_information": _system(version),
        "station_information": {"stations": [_information(version, one) for one in stations]},
        "station_status": {"stations": [_status(version, one) for one in stations]},
    }
    if version != "1.0":
        told["vehicle_types"] = {"vehicle_types": _types(version)}
    feeds = [{"name": name, "url": f"{base_url}/{name}.json"} for name in told]
    told["gbfs"] = {"feeds": feeds} if version == "3.0" else {LANGUAGE: {"feeds": feeds}}
    return {
        name: {
            "last_updated": moment(version, at_s),
            "ttl": ttl_s,
            "version": version,
            "data": content,
        }
        for name, content in told.items()
    }


def moment(version: Version, at_s: int) -> str | int:
    """A time as the version writes it."""
    if version != "3.0":
        return at_s
    return datetime.fromtimestamp(at_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(version: Version, text: str) -> object:
    return [{"text": text, "language": LANGUAGE}] if version == "3.0" else text


def _flag(version: Version, *, is_so: bool) -> bool | int:
    return int(is_so) if version == "1.0" else is_so


def _system(version: Version) -> Document:
    common = {"system_id": "simulated_bikes", "timezone": "Europe/Berlin"}
    if version != "3.0":
        return {**common, "language": LANGUAGE, "name": "Simulierte Räder"}
    return {
        **common,
        "languages": [LANGUAGE],
        "name": _text(version, "Simulierte Räder"),
        "opening_hours": "24/7",
        "feed_contact_email": EMAIL,
        "license_id": "CC0-1.0",
    }


def _information(version: Version, station: FeedStation) -> Document:
    return {
        "station_id": station.station_id,
        "name": _text(version, station.name),
        "lat": station.lat,
        "lon": station.lon,
        "capacity": station.capacity,
    }


def _status(version: Version, station: FeedStation) -> Document:
    bikes = "vehicles" if version == "3.0" else "bikes"
    told: Document = {
        "station_id": station.station_id,
        f"num_{bikes}_available": station.bikes,
        f"num_{bikes}_disabled": station.disabled,
        "num_docks_available": station.docks,
        "is_installed": _flag(version, is_so=True),
        "is_renting": _flag(version, is_so=station.is_renting),
        "is_returning": _flag(version, is_so=True),
        "last_reported": moment(version, station.last_reported_s),
    }
    if version != "1.0":
        told["vehicle_types_available"] = [
            {"vehicle_type_id": name, "count": count} for name, count in station.by_type.items()
        ]
    return told


def _types(version: Version) -> list[Document]:
    human = {"vehicle_type_id": "bike", "form_factor": "bicycle", "propulsion_type": "human"}
    electric = {
        "vehicle_type_id": "ebike",
        "form_factor": "bicycle",
        "propulsion_type": "electric_assist",
        "max_range_meters": 60_000,
    }
    names = (("Rad", human), ("E-Rad", electric))
    return [{**one, "name": _text(version, name)} for name, one in names]
