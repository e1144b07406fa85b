"""How a value looks: words, unit and colour by a panel's own settings, as Grafana would."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.palette import BLUE
from dashboards.panels import Json
from dashboards.sheet.asking import Cell
from dashboards.words import Language

UNKNOWN = "\N{EN DASH}"
_THOUSAND = 1000
_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400
_BEHIND = {"percent": " %", "dBm": " dBm", "dB": " dB", "celsius": " °C", "volt": " V"}
_STEPS: Mapping[str, tuple[str, ...]] = {
    "decbytes": (" B", " kB", " MB", " GB", " TB"),
    "bps": (" b/s", " kb/s", " Mb/s", " Gb/s", " Tb/s"),
    "short": ("", " k", " M", " G", " T"),
    "cps": ("/s", " k/s", " M/s", " G/s", " T/s"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How one column looks."""

    title: str
    unit: str
    decimals: int | None
    steps: list[Json]
    mappings: Mapping[str, Json]
    is_coloured: bool
    language: Language = Language.EN

    def text(self, value: Cell) -> str:
        """The value with its unit, or the word that stands for it."""
        if value is None:
            return UNKNOWN
        mapped = self.mappings.get(_key(value))
        if mapped is not None:
            return str(mapped["text"])
        if isinstance(value, str):
            return value
        written = number(float(value), self.unit, self.decimals)
        return written.replace(".", ",") if self.language is Language.DE else written

    def colour(self, value: Cell) -> str | None:
        """Its colour, where it has one of its own."""
        mapped = self.mappings.get(_key(value))
        if mapped is not None:
            return str(mapped["color"])
        if not self.is_coloured or value is None or isinstance(value, str):
            return None
        return self.step(float(value))

    def step(self, value: float) -> str:
        """The colour of the highest threshold that is not over the value."""
        found = BLUE
        for step in self.steps:
            if step["value"] is None or value >= step["value"]:
                found = step["color"]
        return found


def look(panel: Json, column: str, language: Language = Language.EN) -> Look:
    """A column's look: the panel's defaults under the overrides for it."""
    config: Json = panel["fieldConfig"]
    settings: dict[str, Any] = dict(config["defaults"])
    for override in config["overrides"]:
        if override["matcher"]["options"] == column:
            settings |= {one["id"]: one["value"] for one in override["properties"]}
    steps = settings.get("thresholds", {}).get("steps", [])
    mappings = settings.get("mappings") or [{"options": {}}]
    return Look(
        settings.get("displayName") or column,
        settings.get("unit", "short"),
        settings.get("decimals"),
        steps,
        mappings[0]["options"],
        len(steps) > 1,
        language,
    )


def number(value: float, unit: str, decimals: int | None) -> str:
    """A number with its unit."""
    if unit == "s":
        return _seconds(value)
    if unit in _STEPS:
        names = _STEPS[unit]
        size = 0
        while abs(value) >= _THOUSAND and size < len(names) - 1:
            value, size = value / _THOUSAND, size + 1
        return f"{_plain(value, 1)}{names[size]}"
    if unit == "ms":
        return f"{_plain(value, 0)} ms"
    return f"{_plain(value, 3 if decimals is None else decimals)}{_BEHIND.get(unit, '')}"


def clock(at_ms: float, timezone: str, *, with_day: bool = True) -> str:
    """A moment of the place's own time."""
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(ZoneInfo(timezone))
    return moment.strftime("%Y-%m-%d %H:%M:%S" if with_day else "%H:%M")


def _seconds(value: float) -> str:
    if value < _MINUTE_S * 2:
        return f"{_plain(value, 1)} s"
    if value < _HOUR_S * 2:
        return f"{_plain(value / _MINUTE_S, 1)} min"
    if value < _DAY_S * 2:
        return f"{_plain(value / _HOUR_S, 1)} h"
    return f"{_plain(value / _DAY_S, 1)} d"


def _plain(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _key(value: Cell) -> str:
    return str(int(value)) if isinstance(value, bool | float) else str(value)
