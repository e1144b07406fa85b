"""GBFS `station_information`, 2.x and 3.x, as typed stations; what is unfit is told by its line."""

import re
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from ausguck.importing.faults import Faults, at_line, quoted
from ausguck.importing.sheets import BOM
from ausguck.register.hours import hours_fault

INFORMATION: Final = "station_information.json"
REGIONS: Final = "system_regions.json"
MAX_CAPACITY: Final = 100_000
_SAID: Final = re.compile(r"(?P<expected>.*?)(?:, got (?P<got>.*?))?(?: - at `\$\.?(?P<key>.*)`)?")

Id = Annotated[str, Meta(min_length=1, max_length=256)] | int
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]


class _Text(msgspec.Struct):
    text: str
    language: str = ""


class _Station(msgspec.Struct):
    station_id: Id
    name: str | list[_Text] = ""
    lat: Lat | None = None
    lon: Lon | None = None
    capacity: Annotated[int, Meta(ge=0, le=MAX_CAPACITY)] | None = None
    region_id: Id | None = None
    station_opening_hours: str | None = None


class _Region(msgspec.Struct):
    region_id: Id
    name: str | list[_Text] = ""


class _Stations(msgspec.Struct):
    stations: list[msgspec.Raw]


class _Regions(msgspec.Struct):
    regions: list[msgspec.Raw]


class _Information(msgspec.Struct):
    data: _Stations


class _RegionsFile(msgspec.Struct):
    data: _Regions


class Station(NamedTuple):
    """A station as its feed has it."""

    place: str
    id: str
    title: str
    lat: float | None
    lon: float | None
    capacity: int | None
    region: str | None
    opening_hours: str | None


def stations(
    name: str, body: bytes, language: str, faults: Faults, notes: list[str]
) -> list[Station]:
    """The stations of a file; what is wrong goes to `faults`."""
    found: dict[str, Station] = {}
    for place, raw in _elements(name, body, "stations", faults):
        try:
            one = msgspec.json.decode(raw, type=_Station)
        except msgspec.DecodeError as error:
            _tell(place, error, faults)
            continue
        known = str(one.station_id)
        if known in found:
            expected = f"each station once; it is at {found[known].place} too"
            faults.add(place, "station_id", f"{quoted(known)} again", expected)
        found[known] = _station(place, one, language, notes)
    return list(found.values())


def regions(name: str, body: bytes, language: str, faults: Faults) -> dict[str, str]:
    """The names of regions by their ids."""
    found = {}
    for place, raw in _elements(name, body, "regions", faults):
        try:
            one = msgspec.json.decode(raw, type=_Region)
        except msgspec.DecodeError as error:
            _tell(place, error, faults)
        else:
            found[str(one.region_id)] = _title(one.name, language)
    return found


def _elements(name: str, body: bytes, key: str, faults: Faults) -> list[tuple[str, bytes]]:
    """The objects of the list that a file holds, each with the line it begins on."""
    body = body.removeprefix(BOM)
    raws: list[msgspec.Raw]
    try:
        if key == "stations":
            raws = msgspec.json.decode(body, type=_Information).data.stations
        else:
            raws = msgspec.json.decode(body, type=_RegionsFile).data.regions
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        faults.add(name, key, str(error), f"a GBFS file with `data.{key}`")
        return []
    found = []
    at = line_at = 0
    line = 1
    for raw in raws:
        text = bytes(raw)
        at = body.index(text, at)
        line += body.count(b"\n", line_at, at)
        found.append((at_line(name, line), text))
        line_at = at
        at += len(text)
    return found


def _tell(place: str, error: msgspec.DecodeError, faults: Faults) -> None:
    """What msgspec says as found and expected, under the key it names."""
    said = _SAID.fullmatch(str(error))
    expected, got, key = said.group("expected", "got", "key") if said else (str(error), None, None)
    expected = expected.removeprefix("Expected ").replace("`", "")
    faults.add(place, key or "-", (got or "something else").replace("`", ""), expected)


def _station(place: str, one: _Station, language: str, notes: list[str]) -> Station:
    lat, lon = one.lat, one.lon
    if lat is None or lon is None or lat == lon == 0:
        notes.append(f"{place}: station {one.station_id} has no position")
        lat = lon = None
    hours = (one.station_opening_hours or "").strip() or None
    if hours is not None and (fault := hours_fault(hours)) is not None:
        notes.append(f"{place}: station {one.station_id}: opening hours left out, {fault}")
        hours = None
    region = None if one.region_id in {None, ""} else str(one.region_id)
    title = _title(one.name, language)
    return Station(place, str(one.station_id), title, lat, lon, one.capacity, region, hours)


def _title(name: str | list[_Text], language: str) -> str:
    if isinstance(name, str):
        return " ".join(name.split())
    texts = {one.language.lower(): one.text for one in name}
    stem = language.lower().partition("-")[0]
    alike = [found for found in texts if found.partition("-")[0] == stem]
    chosen = language.lower() if language.lower() in texts else next(iter([*alike, *texts]), None)
    return " ".join(texts[chosen].split()) if chosen is not None else ""
