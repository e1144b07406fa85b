"""The four files of a feed as typed values: GBFS 3.0, 2.3 and 1.0 read alike; pure.

The version a file claims is told and not believed: each key is read by the shape it has.
"""

from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from ausguck.catalogue import wire
from collectors.pollers import names
from collectors.pollers.addresses import Refused, resolved
from collectors.pollers.fields import (
    ANY_TEXT,
    LAT,
    LON,
    OBJECTS,
    WORD,
    Decoder,
    Fields,
    of_catalogue,
    opened,
    shorten,
)
from collectors.pollers.model import (
    NOTHING,
    SUB_FILES,
    Counts,
    Discovery,
    Fault,
    File,
    Information,
    Station,
    Status,
    Statuses,
    System,
    Unfit,
    Unreadable,
)

MAX_CAPACITY: Final = wire.MAX_VEHICLES
MAX_STATION_NAME: Final = 128


class _Feed(msgspec.Struct):
    name: Annotated[str, Meta(max_length=64)]
    url: Annotated[str, Meta(max_length=2048)]


class _Localised(msgspec.Struct):
    text: str
    language: str = ""


class _TypeCount(msgspec.Struct):
    vehicle_type_id: Annotated[str, Meta(max_length=256)] | int
    count: Annotated[int, Meta(ge=0, le=wire.MAX_VEHICLES)]


_FEEDS: Final = Decoder(list[_Feed])
_LOCALISED: Final = Decoder(list[_Localised])
_TYPES: Final = Decoder(list[_TypeCount])
_CAPACITY: Final = Decoder(Annotated[int, Meta(ge=0, le=MAX_CAPACITY)])
_BIKES: Final = of_catalogue("num_vehicles_available")
_DOCKS: Final = of_catalogue("num_docks_available")


class Entries(NamedTuple):
    """The stations of a file as objects with an id, and what of them is unfit."""

    stations: dict[str, Fields]
    unfit: list[Unfit]


def discovery(body: bytes, address: str, language: str) -> Discovery:
    """Where the files are, the language chosen where there are several trees.

    Raises:
        Unreadable: there is no list of files in it, or none of stations, or one elsewhere.
    """
    head, data = opened(File.DISCOVERY, body)
    chosen, listed = _listed(data, language)
    found: dict[str, str] = {}
    for feed in listed:
        found.setdefault(feed.name, feed.url)
    for needed in (File.INFORMATION, File.STATUS):
        if needed not in found:
            named = ", ".join(map(repr, sorted(found)[:12])) or "nothing"
            raise Unreadable(
                File.DISCOVERY, f"found {named}, expected {needed}: only stations are watched"
            )
    try:
        addresses = {file: resolved(address, found[file]) for file in SUB_FILES if file in found}
    except Refused as refused:
        raise Unreadable(File.DISCOVERY, str(refused)) from None
    return Discovery(head, addresses, None if chosen is None else shorten(chosen))


def _listed(data: Fields, language: str) -> tuple[str | None, list[_Feed]]:
    flat = data.raw("feeds")
    if flat is not None:
        return None, _feeds(flat)
    trees = data.keys()
    if not trees:
        raise Unreadable(File.DISCOVERY, "data: found no list of feeds and no language")
    chosen = best_language(trees, language)
    tree = Fields(File.DISCOVERY, data.raw(chosen) or b"")
    return chosen, _feeds(tree.raw("feeds") or b"")


def _feeds(raw: bytes) -> list[_Feed]:
    try:
        return _FEEDS.decode(raw)
    except (ValueError, RecursionError):
        raise Unreadable(
            File.DISCOVERY, "feeds: expected a list of objects with name and url"
        ) from None


def best_language(offered: list[str], wanted: str) -> str:
    """The language wanted, else one of the same stem (`de` for `de-AT`), else the first."""
    stem = wanted.lower().partition("-")[0]
    for language in offered:
        if language.lower() == wanted.lower():
            return language
    for language in offered:
        if language.lower().partition("-")[0] == stem:
            return language
    return offered[0]


def system(body: bytes) -> System:
    """Whose feed it is.

    Raises:
        Unreadable: it is no GBFS file.
    """
    head, data = opened(File.SYSTEM, body)
    return System(head, data.identifier("system_id"), data.value("timezone", WORD))


def information(body: bytes, language: str) -> Information:
    """What hardly changes about each station.

    Raises:
        Unreadable: there is no list of stations in it.
    """
    head, data = opened(File.INFORMATION, body)
    entries = _entries(data)
    unfit = entries.unfit
    stations = []
    for station_id, fields in entries.stations.items():
        lat, lon = fields.value("lat", LAT), fields.value("lon", LON)
        if lat is None or lon is None or lat == lon == 0:
            fields.fault("lat", Fault.NO_POSITION)
            lat = lon = None
        station = Station(
            station_id=station_id,
            name=_name(fields, language),
            lat=lat,
            lon=lon,
            capacity=fields.value("capacity", _CAPACITY),
            is_virtual=fields.flag("is_virtual_station"),
        )
        unfit += fields.unfit
        stations.append(station)
    return Information(head, tuple(stations), tuple(unfit))


def _name(fields: Fields, language: str) -> str | None:
    raw = fields.raw("name")
    if raw is None or not raw.startswith(b"["):
        found = fields.value("name", ANY_TEXT)
    else:
        texts = {one.language: one.text for one in fields.value("name", _LOCALISED) or ()}
        found = texts[best_language(list(texts), language)] if texts else None
    found = " ".join(found.split()) if found else ""
    return (
        found if len(found) <= MAX_STATION_NAME else found[: MAX_STATION_NAME - 1] + "…"
    ) or None


def statuses(body: bytes) -> Statuses:
    """What each station has and does.

    Raises:
        Unreadable: there is no list of stations in it.
    """
    head, data = opened(File.STATUS, body)
    entries = _entries(data)
    unfit = entries.unfit
    stations = []
    for station_id, fields in entries.stations.items():
        counts = _counts(fields)
        if counts == NOTHING:
            fields.fault("num_vehicles_available", Fault.NOTHING_KNOWN)
        else:
            stations.append(Status(station_id, counts, fields.moment_ms("last_reported")))
        unfit += fields.unfit
    return Statuses(head, tuple(stations), tuple(unfit))


def _counts(fields: Fields) -> Counts:
    return Counts(
        num_vehicles_available=fields.first(
            ("num_vehicles_available", "num_bikes_available"), _BIKES
        ),
        num_vehicles_disabled=fields.first(("num_vehicles_disabled", "num_bikes_disabled"), _BIKES),
        num_docks_available=fields.value("num_docks_available", _DOCKS),
        num_docks_disabled=fields.value("num_docks_disabled", _DOCKS),
        vehicle_types_available=_types(fields),
        is_installed=fields.flag("is_installed"),
        is_renting=fields.flag("is_renting"),
        is_returning=fields.flag("is_returning"),
    )


def _types(fields: Fields) -> dict[str, int] | None:
    found = fields.value("vehicle_types_available", _TYPES)
    if not found:
        return None
    types = {names.type_name(str(one.vehicle_type_id)): one.count for one in found}
    fault = None
    if "" in types:
        fault = Fault.NO_ID
    elif len(types) < len(found):
        fault = Fault.ID_TWICE
    elif len(types) > wire.MAX_VEHICLE_TYPES:
        fault = Fault.OUT_OF_RANGE
    if fault is not None:
        # A part of the types would look as if it were all of them.
        fields.fault("vehicle_types_available", fault)
        return None
    return dict(sorted(types.items()))


def _entries(data: Fields) -> Entries:
    listed = data.value("stations", OBJECTS)
    if listed is None:
        raise Unreadable(data.file, "data.stations: found none, expected a list of stations")
    entries = Entries({}, [])
    for raw in listed:
        fields = Fields(data.file, raw)
        station_id = fields.identifier("station_id")
        if not fields.is_object:
            fields.fault("station", Fault.NO_OBJECT)
        elif station_id is None:
            fields.fault("station_id", Fault.NO_ID)
        elif station_id in entries.stations:
            fields.station = station_id
            fields.fault("station_id", Fault.ID_TWICE)
        else:
            fields.station = station_id
            entries.stations[station_id] = fields
            continue
        entries.unfit.extend(fields.unfit)
    return entries
