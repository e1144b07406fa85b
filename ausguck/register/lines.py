"""What a line was called at a moment, when devices still call it as before."""

from ausguck.register.register import Register
from ausguck.register.rows import Lifecycle


def line_called(register: Register, line: str, at_ms: int) -> str:
    """A line by the name that held at a moment: along its successors, once its own time is over.

    A line that the register does not know, or that has no successor, stays as it is called.
    """
    return line_names(register, line, at_ms)[-1]


def line_names(register: Register, line: str, at_ms: int) -> list[str]:
    """The names of a line, from the one given to the one that held at a moment."""
    names = [line]
    while (following := _successor(register, names[-1], at_ms)) is not None:
        if following in names:
            break
        names.append(following)
    return names


def _successor(register: Register, line: str, at_ms: int) -> str | None:
    begun = [row for row in register.lines.of(line) if row.valid_from_ms <= at_ms]
    if not begun:
        return None
    is_there = begun[-1].holds_at(at_ms) and begun[-1].lifecycle is not Lifecycle.RETIRED
    return None if is_there else begun[-1].successor
