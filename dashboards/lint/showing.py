"""Rules on what people see: words, units, colours, links."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

from dashboards.columns import COMPUTED, UNITS
from dashboards.lint.fault import Boards, Fault, each_panel, found, uid
from dashboards.palette import COLOURS
from dashboards.words import ACT, GOOD

KNOWN_UNITS = frozenset({*UNITS.values(), *COMPUTED.values(), "short"})
_RANGE = "${__url_time_range}"


def panels_say_what_they_show(boards: Boards) -> Iterator[Fault]:
    """A title, and a description that says what is good and what to do."""
    for board, panel, where in each_panel(boards, with_data=True):
        if not panel.get("title"):
            yield Fault(uid(board), where, "has no title")
        description = panel.get("description", "")
        if not any(
            f"**{GOOD[language]}:**" in description and f"**{ACT[language]}:**" in description
            for language in GOOD
        ):
            yield Fault(uid(board), where, "does not say what is good and what to do")


def titles_of_panels_are_unique(boards: Boards) -> Iterator[Fault]:
    """Two panels of one title on a dashboard cannot be told apart in talk."""
    for board in boards:
        seen: set[str] = set()
        for _, panel, where in each_panel([board]):
            if panel["title"] in seen:
                yield Fault(uid(board), where, "is the title of another panel too")
            seen.add(panel["title"])


def units_are_known(boards: Boards) -> Iterator[Fault]:
    """A unit on every panel with data, and only ones that Grafana has."""
    for board, panel, where in each_panel(boards, with_data=True):
        units = list(found(panel.get("fieldConfig", {}), "unit"))
        if not units:
            yield Fault(uid(board), where, "has no unit")
        for unit in units:
            if unit not in KNOWN_UNITS:
                yield Fault(uid(board), where, f"has the unit {unit!r}")


def thresholds_rise(boards: Boards) -> Iterator[Fault]:
    """From null upwards; an empty list of steps makes tables of Grafana 11 fail."""
    for board, panel, where in each_panel(boards, with_data=True):
        for thresholds in found(panel.get("fieldConfig", {}), "thresholds"):
            values = [step.get("value") for step in thresholds["steps"]]
            if not values or values[0] is not None or None in values[1:]:
                yield Fault(uid(board), where, "its first threshold is not null")
            elif values[1:] != sorted(set(values[1:])):
                yield Fault(uid(board), where, f"its thresholds do not rise: {values}")


def colours_are_ours(boards: Boards) -> Iterator[Fault]:
    """Only the palette's colours, so that one colour means one thing."""
    for board in boards:
        for key in ("color", "fixed", "fixedColor", "iconColor"):
            for colour in found(board, key):
                name = colour.get("fixedColor") if isinstance(colour, dict) else colour
                if isinstance(name, str) and name not in COLOURS and not name.startswith("img/"):
                    yield Fault(uid(board), key, f"has the colour {name!r}")


def colours_have_words(boards: Boards) -> Iterator[Fault]:
    """A mapped value has a text beside its colour: not everybody tells red from green."""
    for board, panel, where in each_panel(boards, with_data=True):
        for mappings in found(panel.get("fieldConfig", {}), "mappings"):
            for mapping in mappings:
                for value, shown in mapping["options"].items():
                    if not shown.get("text"):
                        yield Fault(uid(board), where, f"has no text for {value}")


def links_lead_somewhere(boards: Boards) -> Iterator[Fault]:
    """To a dashboard of the set, in the same language, with variables it has, keeping the range."""
    by_uid = {uid(board): board for board in boards}
    for board, panel, where in each_panel(boards):
        for links in found(panel, "links"):
            for link in links:
                for what in _wrong(link["url"], by_uid, board["tags"]):
                    yield Fault(uid(board), where, f"link {link['url']}: {what}")


def _wrong(url: str, by_uid: dict[str, dict[str, object]], tags: list[str]) -> Iterator[str]:
    parts = urlsplit(url.replace(_RANGE, "range=1"))
    goal = by_uid.get(parts.path.removeprefix("/d/"))
    if not parts.path.startswith("/d/") or goal is None:
        yield "there is no such dashboard"
        return
    if goal["tags"] != tags:
        yield "leads into another language"
    if _RANGE not in url:
        yield "does not keep the range"
    templating = goal["templating"]
    variables = list(found(templating, "name")) if isinstance(templating, dict) else []
    for name in parse_qs(parts.query):
        if name.startswith("var-") and name.removeprefix("var-") not in variables:
            yield f"there is no variable {name.removeprefix('var-')!r}"


RULES: tuple[Callable[[Boards], Iterator[Fault]], ...] = (
    panels_say_what_they_show,
    titles_of_panels_are_unique,
    units_are_known,
    thresholds_rise,
    colours_are_ours,
    colours_have_words,
    links_lead_somewhere,
)
