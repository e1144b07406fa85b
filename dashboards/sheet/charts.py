"""Small pictures of an answer as SVG: lines, bars, bands of states, places."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dashboards.palette import GREY
from dashboards.sheet.asking import Cell
from dashboards.sheet.values import Look, clock

HEIGHT = 190
LEFT, WIDE_LEFT, RIGHT, TOP, BOTTOM = 62, 130, 22, 8, 22
COLUMN = 52
LEAST_WIDTH = 760
MAP_COLUMNS = 16
SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 86_400)
# Lines are told apart by these, then by dashes; states keep the palette's colours.
LINES = ("#3274D9", "#B07AA1", "#4B9E8F", "#C2714F", "#6B6ECF", "#8C6D31", "#5F5F5F")
TICKS = 4
HOURS = (1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24, 48)

Points = Sequence[tuple[float, float | None]]
Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart, and how its values look."""

    name: str
    points: Points
    look: Look
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """The shown time, in milliseconds, and the place's time zone."""

    from_ms: int
    to_ms: int
    timezone: str
    interval_ms: int
    columns: int
    left: int = LEFT

    @property
    def width(self) -> int:
        """Of the whole picture: as a panel's own, so that all letters are of one size."""
        return max(8, self.columns) * COLUMN

    def x(self, at_ms: float) -> float:
        """Where a moment is drawn."""
        share = (at_ms - self.from_ms) / max(1, self.to_ms - self.from_ms)
        return self.left + share * (self.width - self.left - RIGHT)

    def labels(self, height: float) -> Iterator[str]:
        """Round hours of the place along the lower edge."""
        hours = (self.to_ms - self.from_ms) / 3_600_000
        step = next((one for one in HOURS if hours / one <= TICKS * 2), HOURS[-1]) * 3_600_000
        at = math.ceil(self.from_ms / step) * step
        while at <= self.to_ms:
            x = self.x(at)
            ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"'
            yield f'<line class="grid" {ends}/>'
            text = clock(at, self.timezone, with_day=False)
            yield f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">{text}</text>'
            at += step


def lines(of: Sequence[Line], axis: Axis, *, bars: bool = False) -> str:
    """Lines over time, or bars on the same axis; a gap in the values is a gap in the line."""
    drawn = [_turned(line) for line in of]
    values = [value for line in drawn for _, value in line.points if value is not None]
    look = drawn[0].look
    low, high, step = _span(values, look.unit)

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [*axis.labels(HEIGHT)]
    for tick in range(round((high - low) / step) + 1):
        value = low + step * tick
        at = y(value)
        ends = f'x1="{LEFT}" x2="{axis.width - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"'
        parts.append(f'<line class="grid" {ends}/>')
        shown = escape(look.text(abs(value) if any(line.is_below for line in of) else value))
        parts.append(f'<text x="{LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">{shown}</text>')
    width = max(1.5, axis.x(axis.from_ms + axis.interval_ms) - LEFT - 0.5)
    for number, line in enumerate(drawn):
        colour = LINES[number % len(LINES)]
        if bars:
            parts.extend(_bars(line, axis, y(max(low, 0)), y, (colour, width)))
        else:
            dash = ' stroke-dasharray="5 3"' if number >= len(LINES) else ""
            parts.extend(
                f'<polyline points="{stretch}" stroke="{colour}"{dash}/>'
                for stretch in _stretches(line.points, axis, y)
            )
    return _svg(axis.width, HEIGHT, parts)


def bands(of: Sequence[tuple[str, Sequence[tuple[float, Cell]]]], look: Look, axis: Axis) -> str:
    """A row of coloured stretches for each name; nothing is drawn where nothing is known."""
    row = 24
    height = TOP + row * len(of) + BOTTOM
    parts = [*axis.labels(height)]
    for index, (name, points) in enumerate(of):
        top = TOP + index * row
        parts.append(
            f'<text x="{axis.left - 5}" y="{top + 15}" text-anchor="end">{escape(name[:20])}</text>'
        )
        for begin, end, value in _runs(points, axis.to_ms):
            colour = look.colour(value) or GREY
            x, wide = axis.x(begin), max(0.8, axis.x(end) - axis.x(begin))
            title = escape(f"{name} {look.text(value)} {clock(begin, axis.timezone)}")
            parts.append(
                f'<rect x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{row - 5}" '
                f'fill="{colour}"><title>{title}</title></rect>'
            )
    return _svg(axis.width, height, parts)


def places(
    of: Sequence[Sequence[tuple[float, float, str, str]]], routes: Sequence[bool], columns: int
) -> str:
    """Dots at latitude and longitude with colour and label; of a route a line as well."""
    width, height = min(columns, MAP_COLUMNS) * COLUMN, 460
    spots = [spot for layer in of for spot in layer]
    lats, lons = [spot[0] for spot in spots], [spot[1] for spot in spots]
    narrow = math.cos(math.radians(sum(lats) / len(lats)))
    wide, tall = (max(lons) - min(lons)) * narrow, max(lats) - min(lats)
    scale = min((width - 80) / (wide or 1e-4), (height - 60) / (tall or 1e-4))
    middle = (max(lons) + min(lons)) / 2, (max(lats) + min(lats)) / 2

    def spot(lat: float, lon: float) -> tuple[float, float]:
        x = width / 2 + (lon - middle[0]) * narrow * scale
        return x, height / 2 - (lat - middle[1]) * scale

    parts = [f'<rect x="0" y="0" width="{width}" height="{height}" class="land"/>']
    for layer, is_route in zip(of, routes, strict=True):
        if is_route:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (spot(a, b) for a, b, _, _ in layer))
            parts.append(f'<polyline points="{points}" stroke="{GREY}"/>')
        for lat, lon, colour, label in layer:
            x, y = spot(lat, lon)
            size = 3 if is_route else 7
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}">'
                f"<title>{escape(label)}</title></circle>"
            )
            if not is_route:
                parts.append(f'<text x="{x + 9:.1f}" y="{y + 4:.1f}">{escape(label)}</text>')
    return _svg(width, height, parts, 0)


def legend(of: Mapping[str, str]) -> str:
    """Names with their colours."""
    items = (
        f'<li><span class="swatch" style="background:{colour}"></span>{escape(name)}</li>'
        for name, colour in of.items()
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _svg(width: float, height: float, parts: Sequence[str], least: int = LEAST_WIDTH) -> str:
    least = min(int(width), least)
    drawn = f'<svg viewBox="0 0 {width} {height}" style="min-width:{least}px" role="img">'
    return f'<div class="wide">{drawn}{"".join(parts)}</svg></div>'


def _turned(line: Line) -> Line:
    if not line.is_below:
        return line
    points = [(at, None if value is None else -value) for at, value in line.points]
    return Line(line.name, points, line.look, line.is_below)


def _span(values: Sequence[float], unit: str) -> tuple[float, float, float]:
    """Lowest and highest round number of an axis, and the step between its lines."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if unit not in {"dBm", "dB", "celsius"}:
        low, high = min(low, 0.0), max(high, 0.0)
    rough = (high - low) / TICKS or 1.0
    size = 10 ** math.floor(math.log10(rough))
    step = size * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * size >= rough)
    if unit == "s":
        step = next((nice for nice in SECONDS if nice >= rough), step)
    low = math.floor(low / step) * step
    return low, max(low + step, math.ceil(high / step) * step), step


def _bars(
    line: Line, axis: Axis, ground: float, y: Scale, shape: tuple[str, float]
) -> Iterator[str]:
    colour, width = shape
    for at, value in line.points:
        if value:
            top = y(value)
            yield (
                f'<rect x="{axis.x(at):.1f}" y="{min(top, ground):.1f}" width="{width:.1f}" '
                f'height="{abs(ground - top):.1f}" fill="{colour}"/>'
            )


def _stretches(points: Points, axis: Axis, y: Scale) -> Iterator[str]:
    stretch: list[str] = []
    for at, value in points:
        if value is None:
            if stretch:
                yield " ".join(stretch)
            stretch = []
        else:
            stretch.append(f"{axis.x(at):.1f},{y(value):.1f}")
    if stretch:
        yield " ".join(stretch if len(stretch) > 1 else [*stretch, *stretch])


def _runs(
    points: Sequence[tuple[float, Cell]], until: float
) -> Iterator[tuple[float, float, Cell]]:
    """Stretches of one value; each ends where the next point is."""
    begin: float | None = None
    current: Cell = None
    for at, value in points:
        if begin is not None and value != current:
            if current is not None:
                yield begin, at, current
            begin = None
        if begin is None:
            begin, current = at, value
    if begin is not None and current is not None:
        yield begin, until, current
