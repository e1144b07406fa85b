"""The colours, and what number or word has which: never a colour alone, always a text with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from ausguck.catalogue.state import State
from dashboards.words import Texts

GREEN = "#56A64B"
YELLOW = "#F2CC0C"
RED = "#E02F44"
GREY = "#8E8E8E"
BLUE = "#3274D9"
COLOURS = frozenset({GREEN, YELLOW, RED, GREY, BLUE})

STATE_COLOURS: Mapping[State, str] = {
    State.SILENT: RED,
    State.DEGRADED: YELLOW,
    State.OK: GREEN,
    State.PLANNED_OFF: BLUE,
}
STATE_WORDS: Mapping[State, str] = {
    State.SILENT: "state_silent",
    State.DEGRADED: "state_degraded",
    State.OK: "state_ok",
    State.PLANNED_OFF: "state_planned_off",
}
TECHNOLOGY_COLOURS = {
    "none": RED,
    "2g": YELLOW,
    "3g": YELLOW,
    "4g": GREEN,
    "5g_nsa": BLUE,
    "5g_sa": BLUE,
}

Step = dict[str, Any]
Mappings = list[dict[str, Any]]


def steps(first: str, *later: tuple[float, str]) -> list[Step]:
    """Thresholds: the first colour holds below all values, each other from its value on."""
    return [
        {"color": first, "value": None},
        *({"color": colour, "value": value} for value, colour in later),
    ]


NEUTRAL = steps(BLUE)


def states(texts: Texts) -> Mappings:
    """0 to 3 as words with their colours."""
    return _values((str(int(s)), texts.word(STATE_WORDS[s]), STATE_COLOURS[s]) for s in State)


def yes_no(texts: Texts) -> Mappings:
    """A part of ours that works, or does not."""
    return _values((("0", texts.word("down"), RED), ("1", texts.word("up"), GREEN)))


def technologies(texts: Texts) -> Mappings:
    """The radio technology by its usual name."""
    return _values(
        (key, texts.word(f"technology_{key}"), colour) for key, colour in TECHNOLOGY_COLOURS.items()
    )


def _values(entries: Iterable[tuple[str, str, str]]) -> Mappings:
    options = {
        value: {"text": text, "color": colour, "index": index}
        for index, (value, text, colour) in enumerate(entries)
    }
    return [{"type": "value", "options": options}]
