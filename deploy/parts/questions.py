"""What a dashboard's file asks Grafana, with its variables filled in; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Json = Mapping[str, object]

VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)|\[\[(\w+)(?::(\w+))?\]\]")
EVERYTHING = ".*"
MAX_POINTS = 500
INTERVAL_MS = 60_000


@dataclass(frozen=True)
class Question:
    """One query of one place, ready for `/api/ds/query`."""

    board: str
    place: str
    ref: str
    body: Mapping[str, object]


@dataclass(frozen=True)
class Asked:
    """A variable of a dashboard that is answered by a query."""

    name: str
    query: str
    uid: str
    is_all: bool


def variables(board: Json) -> Iterator[Asked]:
    """The variables that are queries, in the order in which they depend on each other."""
    for each in _tables(_table(board.get("templating")).get("list")):
        if each.get("type") == "query":
            query = each.get("query")
            text = query if isinstance(query, str) else str(_table(query).get("query"))
            chosen = _table(each.get("current")).get("value")
            is_all = chosen in (["$__all"], "$__all")
            yield Asked(str(each["name"]), text, _uid(each), is_all)


def settled(board: Json) -> dict[str, str]:
    """The values of the variables that need no query."""
    found: dict[str, str] = {}
    for each in _tables(_table(board.get("templating")).get("list")):
        if each.get("type") in {"custom", "constant", "textbox", "interval"}:
            value = _table(each.get("current")).get("value") or each.get("query") or ""
            first = value[0] if isinstance(value, list) and value else value
            found[str(each["name"])] = str(first).split(",")[0].strip()
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """A query with its variables' values; macros such as `$timeFilter` are the server's."""

    def value(place: re.Match[str]) -> str:
        name = place[1] or place[3] or place[4]
        if name not in values:
            return place[0]
        found, form = values[name], place[2] or place[5]
        return re.escape(found) if form == "regex" and found != EVERYTHING else found

    return VARIABLE.sub(value, text)


def about(asked: Asked, values: Mapping[str, str]) -> Json:
    """The body that asks for a variable's values."""
    target = {"query": asked.query, "rawQuery": True, "resultFormat": "table", "refId": "V"}
    return _body([_query(target, asked.uid, values)], "now-7d", "now")


def questions(name: str, board: Json, values: Mapping[str, str]) -> Iterator[Question]:
    """Each query of each panel and annotation."""
    time = _table(board.get("time"))
    start, end = str(time.get("from", "now-6h")), str(time.get("to", "now"))
    for panel in _panels(board):
        override = panel.get("timeFrom")
        begin = f"now-{override}" if override else start
        title = f"{panel.get('id')} {panel.get('title') or panel.get('type')}"
        for target in _tables(panel.get("targets")):
            yield _question((name, title), target, _uid(target) or _uid(panel), values, begin, end)
    for note in _tables(_table(board.get("annotations")).get("list")):
        target = _table(note.get("target"))
        if target.get("query"):
            title = f"annotation {note.get('name')}"
            yield _question((name, title), target, _uid(note), values, start, end)


def _question(
    where: tuple[str, str],
    target: Json,
    uid: str,
    values: Mapping[str, str],
    start: str,
    end: str,
) -> Question:
    query = _query(target, uid, values)
    return Question(where[0], where[1], str(query["refId"]), _body([query], start, end))


def _query(target: Json, uid: str, values: Mapping[str, str]) -> Json:
    return {
        **target,
        "refId": target.get("refId", "A"),
        "query": filled(str(target.get("query", "")), values),
        "datasource": {"type": "influxdb", "uid": uid},
        "intervalMs": INTERVAL_MS,
        "maxDataPoints": MAX_POINTS,
    }


def _body(queries: Sequence[Json], start: str, end: str) -> Json:
    return {"queries": list(queries), "from": start, "to": end}


def _panels(board: Json) -> Iterator[Json]:
    for panel in _tables(board.get("panels")):
        yield panel
        yield from _tables(panel.get("panels"))


def _uid(of: Json) -> str:
    return str(_table(of.get("datasource")).get("uid", ""))


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Result:
    """What came of a question."""

    question: Question
    status: str
    rows: int
    columns: tuple[str, ...]
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether it was refused; no rows may be right in a city that has just begun."""
        return self.status == "error"


def judged(question: Question, answer: Json) -> Result:
    """The answer of `/api/ds/query` to one question."""
    found = _table(_table(answer.get("results")).get(question.ref))
    if error := found.get("error") or answer.get("message"):
        return Result(question, "error", 0, (), str(error))
    frames = _tables(found.get("frames"))
    columns = tuple(
        str(field.get("name"))
        for frame in frames
        for field in _tables(_table(frame.get("schema")).get("fields"))
    )
    rows = sum(_rows(frame) for frame in frames)
    return Result(question, "ok" if rows else "empty", rows, tuple(dict.fromkeys(columns)))


def values_of(answer: Json) -> list[str]:
    """The values in the answer to `about`: of SHOW TAG VALUES the last column."""
    found: list[str] = []
    for frame in _tables(_table(_table(answer.get("results")).get("V")).get("frames")):
        columns = _table(frame.get("data")).get("values")
        if isinstance(columns, list) and columns and isinstance(columns[-1], list):
            found += [str(value) for value in columns[-1]]
    return found


def _rows(frame: Json) -> int:
    columns = _table(frame.get("data")).get("values")
    if not isinstance(columns, list) or not columns:
        return 0
    return max(len(column) for column in columns if isinstance(column, list))


def printed(results: Sequence[Result]) -> str:
    """A table to paste back, worst first within each dashboard as it stands."""
    heads = ("dashboard", "place", "ref", "result", "rows", "columns or reason")
    lines = [
        (
            each.question.board,
            each.question.place,
            each.question.ref,
            each.status,
            str(each.rows),
            (each.detail or ", ".join(each.columns)).replace("|", "/").replace("\n", " ")[:120],
        )
        for each in results
    ]
    rule = tuple("---" for _ in heads)
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, rule, *lines))
