"""GBFS `station_information`, 2.x and 3.x, as typed stations; what is unfit is told by its line."""

import re
import typing
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from ausguck.importing.faults import LONGEST, Faults, at_line, quoted
from ausguck.importing.sheets import BOM
from ausguck.register.hours import hours_fault

INFORMATION: Final = "station_information.json"
REGIONS: Final = "system_regions.json"
MAX_CAPACITY: Final = 100_000
_AT_BYTE: Final = re.compile(r"\(byte (\d+)\)")

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


class _Key(NamedTuple):
    """How a key is read, and what it should be."""

    decoder: msgspec.json.Decoder[object]
    expected: str


def _keys(struct: type[msgspec.Struct], expected: Mapping[str, str]) -> dict[str, _Key]:
    types = typing.get_type_hints(struct, include_extras=True)
    return {key: _Key(msgspec.json.Decoder(types[key]), told) for key, told in expected.items()}


_ID_WORDS: Final = "a text of 1 to 256 characters, or a whole number"
_NAME_WORDS: Final = "a text, or a list of texts with their languages"
_STATION_KEYS: Final = _keys(
    _Station,
    {
        "station_id": _ID_WORDS,
        "name": _NAME_WORDS,
        "lat": "degrees from -90 to 90",
        "lon": "degrees from -180 to 180",
        "capacity": f"a whole number from 0 to {MAX_CAPACITY}",
        "region_id": _ID_WORDS,
        "station_opening_hours": "opening hours as text",
    },
)
_REGION_KEYS: Final = _keys(_Region, {"region_id": _ID_WORDS, "name": _NAME_WORDS})
_CELLS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
        if _misfits(place, raw, "station_id", _STATION_KEYS, faults):
            continue
        one = msgspec.json.decode(raw, type=_Station)
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
        if not _misfits(place, raw, "region_id", _REGION_KEYS, faults):
            one = msgspec.json.decode(raw, type=_Region)
            found[str(one.region_id)] = _title(one.name, language)
    return found


def _elements(name: str, body: bytes, key: str, faults: Faults) -> list[tuple[str, bytes]]:
    """The objects of the list that a file holds, each with the line it begins on."""
    body = body.removeprefix(BOM)
    raws: list[msgspec.Raw]
    try:
        body.decode()
        if key == "stations":
            raws = msgspec.json.decode(body, type=_Information).data.stations
        else:
            raws = msgspec.json.decode(body, type=_RegionsFile).data.regions
    except msgspec.ValidationError:
        faults.add(name, f"data.{key}", "no such list", f"a GBFS {name.removesuffix('.json')}")
        return []
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        faults.add(*_broken(name, body, error))
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


def _broken(name: str, body: bytes, error: Exception) -> tuple[str, str, str, str]:
    """Why a body is no JSON at all: place, key, found and expected."""
    if not body.strip():
        return name, "-", "an empty file", "JSON"
    if isinstance(error, UnicodeDecodeError):
        place = at_line(name, body.count(b"\n", 0, error.start) + 1)
        return place, "-", "bytes that are not UTF-8", "JSON in UTF-8"
    at = _AT_BYTE.search(str(error))
    if at is None:
        place = at_line(name, body.count(b"\n") + 1)
        return (
            place,
            "-",
            f"the end of the file in the middle of it ({len(body)} bytes)",
            "all of it",
        )
    where = int(at[1])
    place = at_line(name, body.count(b"\n", 0, where) + 1)
    return place, "-", f"what is no JSON, at byte {where}", "JSON in UTF-8"


def _misfits(place: str, raw: bytes, id_key: str, keys: Mapping[str, _Key], faults: Faults) -> bool:
    """Tell of every key of an object that does not fit; whether any did not."""
    before = faults.count
    try:
        cells = _CELLS.decode(raw)
    except msgspec.DecodeError:
        faults.add(place, "-", quoted(raw.decode("utf-8", "replace")), "an object")
        return True
    name = bytes(cells[id_key]).decode().strip('"') if id_key in cells else ""
    where = f"{place}, {id_key.removesuffix('_id')} {name}" if name else place
    for key, one in keys.items():
        cell = cells.get(key)
        if cell is None:
            if key == id_key:
                faults.add(where, key, "nothing", one.expected)
            continue
        try:
            one.decoder.decode(cell)
        except msgspec.DecodeError:
            faults.add(where, key, _shown(bytes(cell).decode()), one.expected)
    return faults.count > before


def _shown(text: str) -> str:
    """JSON of bearable length, as it stands there."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


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
