"""What a rule finds, and the ways through a dashboard that rules share."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dashboards.panels import Json
from dashboards.questions import panels

Boards = Sequence[Json]
WITHOUT_DATA = frozenset({"row", "text"})


class Fault(NamedTuple):
    """Where something is wrong, and what."""

    board: str
    where: str
    what: str

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.board}, {self.where}: {self.what}"


def each_panel(boards: Boards, *, with_data: bool = False) -> Iterator[tuple[Json, Json, str]]:
    """Every panel with its dashboard, and what to call it."""
    for board in boards:
        for panel in panels(board):
            if not (with_data and panel["type"] in WITHOUT_DATA):
                yield board, panel, f"panel {panel.get('title') or panel.get('id')!r}"


def uid(board: Json) -> str:
    """A dashboard's uid, by which it is named in faults."""
    return str(board.get("uid"))


def found(value: Any, key: str) -> Iterator[Any]:  # noqa: ANN401 - JSON of any shape
    """Every value that a key has, however deep; of an override's properties those of that id."""
    if isinstance(value, Mapping):
        if value.get("id") == key and "value" in value:
            yield value["value"]
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from found(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, key)
