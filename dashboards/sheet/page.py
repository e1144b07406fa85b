"""A dashboard as one page that needs nothing else: what each panel says, asks, and was answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from dashboards.macros import MINUTE_MS, Range, duration_ms, interval_ms
from dashboards.palette import GREY
from dashboards.panels import Json
from dashboards.questions import Asker
from dashboards.sheet import charts
from dashboards.sheet.asking import Answered, Cell, Series
from dashboards.sheet.charts import LEFT, LINES, WIDE_LEFT, Axis, Line
from dashboards.sheet.values import Look, clock, look
from dashboards.words import Language, Texts

SHOWN_ROWS = 15


@dataclass(frozen=True, slots=True)
class Sheet:
    """A dashboard with the answers to everything it asks."""

    board: Json
    answered: Sequence[Answered]
    shown: Range
    language: Language

    def look(self, panel: Json, column: str) -> Look:
        """How a column looks to those who read this page."""
        return look(panel, column, self.language)


def page(sheet: Sheet) -> str:
    """The whole page as HTML."""
    board = sheet.board
    texts = Texts(sheet.language, "sheet")
    style = (files("dashboards.sheet") / "sheet.css").read_text(encoding="utf-8")
    zone = board["timezone"]
    span = f"{clock(sheet.shown.from_ms, zone)} … {clock(sheet.shown.to_ms, zone)} ({zone})"
    parts = [
        f'<!doctype html><html lang="{sheet.language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(board['title'])}</title><style>{style}</style></head><body>",
        f"<header><h1>{escape(board['title'])}</h1><p>{escape(board['description'])}</p>",
        f"<p class=quiet>{escape(span)}<br>{escape(texts.word('note'))}</p></header>",
        _asked_apart(sheet, texts),
        *_sections(sheet, texts),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _asked_apart(sheet: Sheet, texts: Texts) -> str:
    rows = (
        f"<tr><td>{escape(texts.word(str(one.question.asker)))}<td>{escape(one.question.title)}"
        f"<td>{sum(len(s.values) for s in one.series)}<td>{one.took_ms:.0f} ms"
        f"<td><code>{escape(one.asked)}</code></tr>"
        for one in sheet.answered
        if one.question.asker is not Asker.PANEL
    )
    head = "".join(f"<th>{escape(texts.word(key))}" for key in ("asker", "name", "rows", "took"))
    return (
        f"<details class=apart><summary>{escape(texts.word('apart'))}</summary><div class=wide>"
        f"<table><tr>{head}<th>InfluxQL</tr>{''.join(rows)}</table></div></details>"
    )


def _sections(sheet: Sheet, texts: Texts) -> Iterator[str]:
    is_open = False
    for panel in sheet.board["panels"]:
        if panel["type"] == "row":
            if is_open:
                yield "</section>"
            is_open = True
            yield f"<h2>{escape(panel['title'])}</h2><section>"
            for inner in panel["panels"]:
                yield _panel(inner, sheet, texts)
        else:
            yield _panel(panel, sheet, texts)
    if is_open:
        yield "</section>"


def _panel(panel: Json, sheet: Sheet, texts: Texts) -> str:
    width = panel["gridPos"]["w"]
    answered = [one for one in sheet.answered if one.question.number == panel["id"]]
    if panel["type"] == "text":
        body = _prose(panel["options"]["content"].strip())
        return f'<article style="--w:{width}"><h3>{escape(panel["title"])}</h3>{body}</article>'
    series = [one for each in answered for one in each.series]
    if any(row for one in series for row in one.values):
        body = _DRAWN[panel["type"]](panel, answered, sheet)
    else:
        body = f"<p class=nothing>{escape(texts.word('nothing'))}</p>"
    asked = "".join(
        f"<dt>{one.question.ref} · {one.took_ms:.0f} ms · {len(one.series)} {texts.word('series')}"
        f" · {escape(one.question.source)}<dd><code>{escape(one.asked)}</code>"
        for one in answered
    )
    return (
        f'<article style="--w:{width}" class="{panel["type"]}"><h3>{escape(panel["title"])}</h3>'
        f"{body}<details><summary>{escape(texts.word('about'))}</summary>"
        f"{_prose(panel['description'])}<dl>{asked}</dl></details></article>"
    )


def _stat(panel: Json, answered: Sequence[Answered], sheet: Sheet) -> str:
    found = []
    (series,) = answered[0].series
    columns = list(series.columns)
    for index in range(1, len(columns)):
        values = [row[index] for row in series.values if row[index] is not None]
        one = sheet.look(panel, columns[index])
        value = values[-1] if values else None
        colour = one.colour(value) or GREY
        name = f"<small>{escape(one.title)}</small>" if len(columns) > 2 else ""  # noqa: PLR2004 - time and one more
        found.append(
            f'<p class=number style="border-color:{colour}">{escape(one.text(value))}{name}</p>'
        )
    return f"<div class=numbers>{''.join(found)}</div>"


def _table(panel: Json, answered: Sequence[Answered], sheet: Sheet) -> str:
    rows = _flat(answered[0].series)
    hidden: set[str] = set()
    limit = SHOWN_ROWS
    for one in panel["transformations"]:
        options = one["options"]
        if one["id"] == "organize":
            hidden = {"time"} if options["excludeByName"].get("Time") else set()
            order = {name.lower(): at for name, at in options["indexByName"].items()}
            rows = [dict(sorted(row.items(), key=lambda item: order[item[0]])) for row in rows]
        if one["id"] == "sortBy":
            rows = _sorted(rows, options["sort"][0])
        if one["id"] == "limit":
            limit = min(limit, options["limitField"])
    names = [name for name in rows[0] if name not in hidden]
    looks = {name: sheet.look(panel, "Time" if name == "time" else name) for name in names}
    head = "".join(f"<th>{escape(looks[name].title)}" for name in names)
    body = "".join(
        f"<tr>{''.join(_cell(looks[n], n, row[n], sheet) for n in names)}</tr>"
        for row in rows[:limit]
    )
    more = f"<p class=quiet>… {len(rows)}</p>" if len(rows) > limit else ""
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>{more}"


def _cell(of: Look, name: str, value: Cell, sheet: Sheet) -> str:
    if name == "time" and isinstance(value, int | float):
        return f"<td>{clock(value, sheet.board['timezone'])}"
    colour = of.colour(value)
    dot = f'<span class="swatch" style="background:{colour}"></span>' if colour else ""
    kind = "" if isinstance(value, str) or value is None else " class=n"
    return f"<td{kind}>{dot}{escape(of.text(value))}"


def _lines(panel: Json, answered: Sequence[Answered], sheet: Sheet) -> str:
    below = _matching(panel, "custom.transform", "negative-Y")
    right = _matching(panel, "custom.axisPlacement", "right")
    found = [
        Line(
            name,
            [(at, _value(value)) for at, value in points],
            sheet.look(panel, column),
            column in below,
        )
        for one in answered
        for name, column, points in _named(one, panel)
    ]
    axis = _axis(panel, sheet)
    bars = panel["fieldConfig"]["defaults"]["custom"]["drawStyle"] == "bars"
    left = [line for line in found if line.look.title not in {look(panel, r).title for r in right}]
    other = [line for line in found if line not in left]
    drawn = [charts.lines(group, axis, bars=bars) for group in (left, other) if group]
    names = [
        charts.legend({line.name: LINES[at % len(LINES)] for at, line in enumerate(group)})
        for group in (left, other)
        if group
    ]
    return "".join(name + chart for name, chart in zip(names, drawn, strict=True))


def _states(panel: Json, answered: Sequence[Answered], sheet: Sheet) -> str:
    rows = [(name, points) for one in answered for name, _, points in _named(one, panel)]
    of = sheet.look(panel, "")
    words = {str(one["text"]): str(one["color"]) for one in of.mappings.values()}
    return charts.legend(words) + charts.bands(rows, of, _axis(panel, sheet))


def _map(panel: Json, answered: Sequence[Answered], sheet: Sheet) -> str:
    layers, routes = [], []
    for one, layer in zip(answered, panel["options"]["layers"], strict=True):
        style = layer["config"]["style"]
        column = style["color"]["field"]
        of = sheet.look(panel, column)
        label = style.get("text", {}).get("field")
        spots = []
        for row in _flat(one.series):
            if row["lat"] is None or row["lon"] is None:
                continue
            name = next((row[tag] for tag in ("bus_id", "station_id") if tag in row), "")
            said = row[label] if label else name
            colour = of.colour(row[column]) or GREY
            spots.append((_number(row["lat"]), _number(row["lon"]), colour, str(said)))
        layers.append(spots)
        routes.append(layer["type"] == "route")
    names = [layer["name"] for layer in panel["options"]["layers"]]
    counted = ", ".join(f"{n}: {len(spots)}" for n, spots in zip(names, layers, strict=True))
    drawn = charts.places(layers, routes, panel["gridPos"]["w"])
    return f"<p class=quiet>{escape(counted)}</p>{drawn}"


_DRAWN = {
    "stat": _stat,
    "table": _table,
    "timeseries": _lines,
    "state-timeline": _states,
    "geomap": _map,
}


def _flat(series: Sequence[Series]) -> list[dict[str, Cell]]:
    """Rows with the tags as columns, as Grafana joins them for a table."""
    return [
        {"time": row[0], **one.tags, **dict(zip(one.columns[1:], row[1:], strict=True))}
        for one in series
        for row in one.values
    ]


def _sorted(rows: list[dict[str, Cell]], by: Mapping[str, object]) -> list[dict[str, Cell]]:
    field = str(by["field"])
    known = [row for row in rows if row[field] is not None]
    known.sort(key=lambda row: _number(row[field]), reverse=bool(by["desc"]))
    return known + [row for row in rows if row[field] is None]


def _named(one: Answered, panel: Json) -> Iterator[tuple[str, str, list[tuple[float, Cell]]]]:
    """Each line of an answer: its name, its column and its points."""
    for series in one.series:
        for index, column in enumerate(series.columns[1:], start=1):
            tag = one.question.alias.removeprefix("$tag_")
            name = series.tags.get(tag) or look(panel, column).title
            yield name, column, [(_number(row[0]), row[index]) for row in series.values]


def _axis(panel: Json, sheet: Sheet) -> Axis:
    since = panel.get("timeFrom")
    own = sheet.shown if since is None else sheet.shown.newest(since)
    least = duration_ms(panel["interval"]) if panel.get("interval") else MINUTE_MS
    return Axis(
        own.from_ms,
        own.to_ms,
        sheet.board["timezone"],
        interval_ms(own, panel["maxDataPoints"], least),
        panel["gridPos"]["w"],
        WIDE_LEFT if panel["type"] == "state-timeline" else LEFT,
    )


def _matching(panel: Json, key: str, value: str) -> set[str]:
    return {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == key and one["value"] == value
    }


def _prose(markdown: str) -> str:
    """The little Markdown that our texts have: paragraphs, lists, bold, italics, code."""
    found = escape(markdown)
    for mark, tag in (("**", "b"), ("`", "code"), ("*", "i")):
        pieces = found.split(mark)
        found = "".join(
            f"<{tag}>{piece}</{tag}>" if at % 2 else piece for at, piece in enumerate(pieces)
        )
    return "".join(_paragraph(one) for one in found.split("\n\n"))


def _paragraph(text: str) -> str:
    if not text.startswith("- "):
        return f"<p>{text}</p>"
    items = text.removeprefix("- ").split("\n- ")
    return f"<ul>{''.join(f'<li>{item}' for item in items)}</ul>"


def _number(value: Cell) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _value(value: Cell) -> float | None:
    return float(value) if isinstance(value, int | float) else None
