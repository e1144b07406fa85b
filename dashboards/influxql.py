"""How an InfluxQL query is written; each identifier is checked against the catalogue.

A query is written as a template: `{state}` is a tag or field of the measurement and comes out
quoted, `{FROM}`, `{HERE}` and `{EVERY}` are the parts that nearly all share. Each level of a
nested query is bound to the shown range by `$timeFilter`, which Grafana puts in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ausguck import catalogue
from ausguck.catalogue.metric import Measurement
from ausguck.catalogue.state import TABLES, Bucket
from ausguck.errors import AusguckError
from ausguck.model import Kind

TABLE, SERIES = "table", "time_series"


class Source(StrEnum):
    """The data sources, by uid; each reads one bucket."""

    TELEMETRY = "influx-telemetry"
    POSITION = "influx-position"
    STATION = "influx-station"
    ROLLUP = "influx-rollup"
    ROLLUP_DAY = "influx-rollup-day"


SOURCES: Mapping[Bucket, Source] = {
    Bucket.TELEMETRY: Source.TELEMETRY,
    Bucket.POSITION: Source.POSITION,
    Bucket.STATION: Source.STATION,
    Bucket.ROLLUP: Source.ROLLUP,
    Bucket.ROLLUP_DAY: Source.ROLLUP_DAY,
}

SITE = '"site" =~ /^${site:regex}$/'
BUS = '"bus_id" =~ /^${bus:regex}$/'
OBJECT = '"object" =~ /^${bus:regex}$/'
COMPONENT = '"component" =~ /^${component:regex}$/'
TIME = "$timeFilter"


class UnknownName(AusguckError):  # noqa: N818 - the name says the state
    """A query names what the catalogue does not have."""

    def __init__(self, measurement: str, name: str) -> None:
        super().__init__(f"{measurement} has no tag or field {name!r}")


@dataclass(frozen=True, slots=True)
class Columns:
    """A measurement as a query sees it."""

    name: str
    bucket: Bucket
    tags: tuple[str, ...]
    fields: tuple[str, ...]


def _raw(kind: Kind, measurement: Measurement, bucket: Bucket) -> Columns:
    fields = tuple(metric.key for _, metric in catalogue.columns(kind, measurement))
    return Columns(measurement, bucket, ("site", f"{kind}_id"), fields)


MEASUREMENTS: Mapping[str, Columns] = {
    one.name: one
    for one in (
        *(
            Columns(t.measurement, t.bucket, t.tags, tuple(field.key for field in t.fields))
            for t in TABLES
        ),
        _raw(Kind.BUS, Measurement.HOTSPOT, Bucket.TELEMETRY),
        _raw(Kind.STATION, Measurement.STATION, Bucket.STATION),
        Columns("events", Bucket.TELEMETRY, ("site", "kind", "object"), ("type", "detail")),
    )
}


@dataclass(frozen=True, slots=True)
class Query:
    """A query, where it is asked, and what it must answer besides the time."""

    text: str
    source: Source
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    result: str = TABLE
    alias: str = ""

    def as_series(self, alias: str = "$col") -> "Query":
        """The same for a chart over time; `alias` names each line."""
        return replace(self, result=SERIES, alias=alias)


class _Names(dict[str, str]):
    def __init__(self, measurement: Columns) -> None:
        super().__init__(
            FROM=f'FROM "{measurement.name}"',
            HERE=f"WHERE {SITE} AND {TIME}",
            BUS=f"WHERE {SITE} AND {BUS} AND {TIME}",
            BUS_OBJECT=f"WHERE {SITE} AND {OBJECT} AND {TIME}",
            COMPONENT=f"WHERE {SITE} AND {COMPONENT} AND {TIME}",
            TIME=TIME,
            EVERY="time($__interval)",
        )
        self._measurement = measurement

    def __missing__(self, key: str) -> str:
        if key not in (*self._measurement.tags, *self._measurement.fields):
            raise UnknownName(self._measurement.name, key)
        return f'"{key}"'


def select(measurement: str, template: str) -> Query:
    """A query of one measurement.

    Raises:
        UnknownName: it names what the measurement does not have.
    """
    found = MEASUREMENTS[measurement]
    text = " ".join(template.split()).format_map(_Names(found))
    return Query(text, SOURCES[found.bucket], tuple(_selected(text)), tuple(_grouped(text)), TABLE)


def tag_values(measurement: str, tag: str, where: str = "") -> Query:
    """The query of a variable: every value a tag has."""
    found = MEASUREMENTS[measurement]
    if tag not in found.tags:
        raise UnknownName(measurement, tag)
    text = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"{where and f" WHERE {where}"}'
    return Query(text, SOURCES[found.bucket], ("value",), (), TABLE)


def _selected(text: str) -> Iterator[str]:
    """The names of the outermost columns: what stands behind AS, else the column itself."""
    listed, _, _ = _flat(text).removeprefix("SELECT ").partition(" FROM")
    for part in listed.split(","):
        name = re.search(r'"([^"]+)"\s*$', part)
        yield name[1] if name else part.strip()


def _grouped(text: str) -> Iterator[str]:
    """The tags of the outermost GROUP BY."""
    _, grouped, listed = _flat(text).partition(" GROUP BY ")
    if grouped:
        yield from re.findall(r'"([^"]+)"', listed)


def _flat(text: str) -> str:
    """A statement without what is in parentheses."""
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text
