"""What a line was called at a moment, when devices still call it as before."""

from collections.abc import Sequence

from ausguck.register.register import Register


def line_called(register: Register, line: str, at_ms: int) -> str:
    """A line by the name that held at a moment: along its successors, once its own time is over.

    A line that the register does not know, or that has no successor, stays as it is called.
    """
    return line_names(register, line, at_ms)[-1]


def line_names(register: Register, line: str, at_ms: int) -> Sequence[str]:
    """The names of a line, from the one given to the one that held at a moment."""
    return register.lines.names(line, at_ms)
