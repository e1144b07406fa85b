"""Areas as people write them: GeoJSON, WKT, or pairs of latitude and longitude; and back again."""

import re
from typing import Final

import msgspec

from ausguck.importing.moments import Misfit
from ausguck.register.places import LEAST_CORNERS
from ausguck.register.rows import Ring

EXPECTED: Final = (
    "an area as `lat lon; lat lon; lat lon`, a GeoJSON Polygon or a WKT POLYGON, without holes"
)
MAX_LAT: Final = 90
MAX_LON: Final = 180
_WKT: Final = re.compile(r"(?:SRID=4326;)?\s*POLYGON\s*\(\s*\(([^()]*)\)\s*\)", re.IGNORECASE)
_PAIR: Final = re.compile(r"([-+]?\d+(?:[.,]\d+)?(?:e-?\d+)?)\s+([-+]?\d+(?:[.,]\d+)?(?:e-?\d+)?)")
_COMMA_PAIR: Final = re.compile(r"([-+]?\d+(?:\.\d+)?),\s*([-+]?\d+(?:\.\d+)?)")


class _Polygon(msgspec.Struct, tag_field="type", tag="Polygon"):
    coordinates: tuple[tuple[tuple[float, ...], ...], ...]


class _Feature(msgspec.Struct, tag_field="type", tag="Feature"):
    geometry: _Polygon


_GEOJSON: Final = msgspec.json.Decoder(_Polygon | _Feature)


def ring(text: str) -> Ring:
    """An area's corners.

    Raises:
        Misfit: it is none, has holes or a corner that is nowhere on Earth.
    """
    if text.startswith("{"):
        return _checked(_geojson(text))
    wkt = _WKT.fullmatch(text.strip())
    if wkt is not None:
        return _checked(_opened([(lat, lon) for lon, lat in _pairs(wkt[1].split(","))]))
    return _checked(_pairs(text.rstrip("; ").split(";")))


def of_pairs(found: object) -> Ring:
    """An area that a TOML file has as an array of [lat, lon].

    Raises:
        Misfit: as `ring`.
    """
    try:
        return _checked(list(msgspec.convert(found, Ring)))
    except msgspec.ValidationError:
        raise Misfit(EXPECTED) from None


def written(area: Ring) -> str:
    """An area as exports have it."""
    return "; ".join(f"{lat!r} {lon!r}" for lat, lon in area)


def _geojson(text: str) -> list[tuple[float, float]]:
    try:
        found = _GEOJSON.decode(text)
    except msgspec.ValidationError:
        raise Misfit(EXPECTED, "GeoJSON of another kind") from None
    except msgspec.DecodeError:
        raise Misfit(EXPECTED, "what begins as GeoJSON and is none") from None
    polygon = found.geometry if isinstance(found, _Feature) else found
    if len(polygon.coordinates) != 1 or any(len(at) < 2 for at in polygon.coordinates[0]):  # noqa: PLR2004 - longitude and latitude
        raise Misfit(EXPECTED, "a polygon with holes, or with corners of one number")
    return _opened([(at[1], at[0]) for at in polygon.coordinates[0]])


def _pairs(parts: list[str]) -> list[tuple[float, float]]:
    pairs = []
    for part in parts:
        found = _PAIR.fullmatch(part.strip()) or _COMMA_PAIR.fullmatch(part.strip())
        if found is None:
            raise Misfit(EXPECTED)
        pairs.append((_number(found[1]), _number(found[2])))
    return pairs


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _opened(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without the last corner where it is the first once more, as GeoJSON and WKT demand."""
    return corners[:-1] if len(corners) > 1 and corners[0] == corners[-1] else corners


def _checked(corners: list[tuple[float, float]]) -> Ring:
    if len(corners) < LEAST_CORNERS:
        raise Misfit(EXPECTED, f"an area of {len(corners)} corners")
    for lat, lon in corners:
        if not (-MAX_LAT <= lat <= MAX_LAT and -MAX_LON <= lon <= MAX_LON):
            raise Misfit("latitudes from -90 to 90, longitudes from -180 to 180", f"{lat} {lon}")
    return tuple(corners)
