"""Rules on how a dashboard is put together."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

from dashboards.lint.fault import Boards, Fault, each_panel, uid
from dashboards.panels import Json

COLUMNS = 24
LONGEST_UID = 40
SCHEMA_VERSION = 39
FASTEST_S = 10
PANEL_TYPES = frozenset(
    {"stat", "table", "timeseries", "state-timeline", "geomap", "text", "row", "barchart"}
)
LEGACY = frozenset(
    {"rows", "style", "hideControls", "sharedCrosshair", "gnetId", "__inputs", "span", "height"}
)


def uids_are_unique(boards: Boards) -> Iterator[Fault]:
    """A uid is the address: at most 40 characters, and no two alike."""
    counted = Counter(uid(board) for board in boards)
    for name, count in counted.items():
        if count > 1:
            yield Fault(name, "uid", f"{count} dashboards have it")
        if not 0 < len(name) <= LONGEST_UID or name == "None":
            yield Fault(name, "uid", f"expected 1 to {LONGEST_UID} characters")


def titles_are_unique(boards: Boards) -> Iterator[Fault]:
    """Grafana refuses a second dashboard of the same title in a folder."""
    titles = Counter(board.get("title") for board in boards)
    for board in boards:
        if titles[board.get("title")] > 1 or not board.get("title"):
            yield Fault(uid(board), "title", f"{board.get('title')!r} is not the only one")


def panel_ids_are_unique(boards: Boards) -> Iterator[Fault]:
    """Links and alerts know a panel by its id."""
    for board in boards:
        ids = Counter(panel.get("id") for panel in _all(board))
        for number, count in ids.items():
            if count > 1 or not isinstance(number, int):
                yield Fault(uid(board), "panels", f"{count} have the id {number}")


def panels_lie_on_the_grid(boards: Boards) -> Iterator[Fault]:
    """Inside the 24 columns, and no two over each other."""
    for board in boards:
        for panel in _all(board):
            at = panel["gridPos"]
            if at["x"] < 0 or at["w"] < 1 or at["h"] < 1 or at["x"] + at["w"] > COLUMNS:
                yield Fault(uid(board), f"panel {panel['title']!r}", f"is off the grid: {at}")
        for group in _layers(board):
            for one, other in combinations(group, 2):
                if _overlap(one["gridPos"], other["gridPos"]):
                    what = f"lies over {other['title']!r}"
                    yield Fault(uid(board), f"panel {one['title']!r}", what)


def panels_are_of_today(boards: Boards) -> Iterator[Fault]:
    """No kind of panel that Grafana has dropped, and none that nobody has looked at."""
    for board, panel, where in each_panel(boards):
        if panel["type"] not in PANEL_TYPES:
            yield Fault(uid(board), where, f"is of type {panel['type']!r}")


def nothing_is_left_over(boards: Boards) -> Iterator[Fault]:
    """No key of old Grafanas, which would start a migration or be dropped."""
    for board in boards:
        for key in sorted(LEGACY & set(board)):
            yield Fault(uid(board), "dashboard", f"has the old key {key!r}")
    for board, panel, where in each_panel(boards):
        for key in sorted(LEGACY & set(panel)):
            yield Fault(uid(board), where, f"has the old key {key!r}")


def boards_are_not_edited_by_hand(boards: Boards) -> Iterator[Fault]:
    """What is generated is not editable: a change made in the browser would be lost."""
    for board in boards:
        if board.get("editable") is not False:
            yield Fault(uid(board), "editable", "expected false")


def boards_are_of_our_version(boards: Boards) -> Iterator[Fault]:
    """The schema we write; an older number would make Grafana migrate what is new already."""
    for board in boards:
        if board.get("schemaVersion") != SCHEMA_VERSION:
            yield Fault(uid(board), "schemaVersion", f"expected {SCHEMA_VERSION}")


def boards_have_a_time(boards: Boards) -> Iterator[Fault]:
    """A range, a time zone, and a refresh that is not faster than the data."""
    for board in boards:
        if not str(board.get("time", {}).get("from", "")).startswith("now-"):
            yield Fault(uid(board), "time", "expected a range up to now")
        if not board.get("timezone"):
            yield Fault(uid(board), "timezone", "expected one")
        if _seconds(str(board.get("refresh", ""))) < FASTEST_S:
            yield Fault(uid(board), "refresh", f"faster than {FASTEST_S} s, or none")


def _seconds(refresh: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600}
    if not refresh or refresh[-1] not in units or not refresh[:-1].isdigit():
        return 0
    return int(refresh[:-1]) * units[refresh[-1]]


def _all(board: Json) -> Iterator[Json]:
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def _layers(board: Json) -> Iterator[list[Json]]:
    """What is on the screen together; a folded row's panels are so only when it is open."""
    yield board["panels"]
    for panel in board["panels"]:
        yield panel.get("panels", [])


def _overlap(one: Json, other: Json) -> bool:
    return bool(
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


RULES: tuple[Callable[[Boards], Iterator[Fault]], ...] = (
    uids_are_unique,
    titles_are_unique,
    panel_ids_are_unique,
    panels_lie_on_the_grid,
    panels_are_of_today,
    nothing_is_left_over,
    boards_are_not_edited_by_hand,
    boards_are_of_our_version,
    boards_have_a_time,
)
