"""How each column of an answer is shown: its unit, its colours and its words, once for all panels.

A column that is a field of the catalogue has the unit it has there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ausguck import catalogue
from ausguck.catalogue.state import TABLES
from ausguck.catalogue.wire import REPORTING_KINDS
from dashboards.palette import (
    BLUE,
    GREEN,
    NEUTRAL,
    RED,
    YELLOW,
    Mappings,
    Step,
    states,
    steps,
    technologies,
    yes_no,
)
from dashboards.words import Texts

UNITS: Mapping[str, str] = {
    "s": "s",
    "ms": "ms",
    "%": "percent",
    "dBm": "dBm",
    "dB": "dB",
    "°C": "celsius",
    "degC": "celsius",
    "V": "volt",
    "B": "decbytes",
    "°": "degree",
    "deg": "degree",
}
"""Grafana's names of our units; what is counted is `short`."""

COMPUTED: Mapping[str, str] = {
    "heard_pct": "percent",
    "empty_pct": "percent",
    "full_pct": "percent",
    "online_pct": "percent",
    "down_bps": "bps",
    "up_bps": "bps",
    "messages_per_s": "cps",
    "down": "short",
}

STEPS: Mapping[str, list[Step]] = {
    "heard_pct": steps(RED, (90, YELLOW), (97, GREEN)),
    "online_pct": steps(RED, (90, YELLOW), (97, GREEN)),
    "buses_silent": steps(GREEN, (1, YELLOW), (5, RED)),
    "buses_degraded": steps(GREEN, (1, YELLOW), (5, RED)),
    "stations_silent": steps(GREEN, (1, YELLOW), (5, RED)),
    "empty_pct": steps(GREEN, (25, YELLOW), (40, RED)),
    "full_pct": steps(GREEN, (5, YELLOW), (10, RED)),
    "fill_pct": steps(RED, (1, YELLOW), (20, GREEN), (100, YELLOW)),
    "age_s": steps(GREEN, (180, YELLOW), (300, RED)),
    "last_msg_age_s": steps(GREEN, (120, YELLOW), (300, RED)),
    "down": steps(GREEN, (1, RED)),
    "dead_lettered": steps(GREEN, (1, YELLOW), (1000, RED)),
    "rsrp_dbm": steps(RED, (-110, YELLOW), (-100, GREEN)),
    "rssi_dbm": steps(RED, (-85, YELLOW), (-75, GREEN)),
    "rtt_ms": steps(GREEN, (150, YELLOW), (400, RED)),
    "loss_pct": steps(GREEN, (2, YELLOW), (5, RED)),
    "temperature_c": steps(GREEN, (70, YELLOW), (85, RED)),
    "supply_v": NEUTRAL,
    "cpu_pct": steps(GREEN, (80, YELLOW), (95, RED)),
    "memory_pct": steps(GREEN, (80, YELLOW), (95, RED)),
    "disk_pct": steps(GREEN, (80, YELLOW), (95, RED)),
    "sinr_db": steps(RED, (0, YELLOW), (13, GREEN)),
    "reboots": steps(GREEN, (2, YELLOW), (5, RED)),
    "lag_s": steps(GREEN, (10, YELLOW), (60, RED)),
    "overdue_s": steps(GREEN, (60, YELLOW), (600, RED)),
    "retries": steps(GREEN, (1, YELLOW), (100, RED)),
    "dropped_at_broker": steps(GREEN, (1, RED)),
    "disk_free_pct": steps(RED, (10, YELLOW), (20, GREEN)),
    "backlog_bytes": steps(GREEN, (16_777_216, YELLOW), (268_435_456, RED)),
    "up": steps(RED, (1, GREEN)),
    "state": steps(RED, (1, YELLOW), (2, GREEN), (3, BLUE)),
}

PLAIN = frozenset({"lat", "lon", "detail", "type", "name"})
"""Neither added up nor coloured."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as people see it."""

    key: str
    title: str
    unit: str
    steps: list[Step]
    mappings: Mappings
    decimals: int | None


def column(key: str, texts: Texts) -> Column:
    """How a column is shown.

    Raises:
        MissingText: it has no name in this language.
    """
    return Column(
        key,
        texts.word(f"column_{key}"),
        unit(key),
        STEPS.get(key, NEUTRAL),
        _mappings(key, texts),
        1 if unit(key) in {"percent", "dBm", "dB", "celsius", "volt", "cps"} else None,
    )


@cache
def unit(key: str) -> str:
    """Grafana's name of a column's unit."""
    if key in COMPUTED:
        return COMPUTED[key]
    return UNITS.get(_catalogue_units().get(key, ""), "short")


@cache
def _catalogue_units() -> Mapping[str, str]:
    raw = {
        metric.key: metric.unit for kind in REPORTING_KINDS for metric in catalogue.metrics(kind)
    }
    return raw | {field.key: field.unit for table in TABLES for field in table.fields}


def _mappings(key: str, texts: Texts) -> Mappings:
    if key == "state":
        return states(texts)
    if key == "up":
        return yes_no(texts)
    if key == "access_technology":
        return technologies(texts)
    return []
