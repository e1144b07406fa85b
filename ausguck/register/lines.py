"""What a line was called at a moment, when devices still call it as before."""

from ausguck.register.register import Register
from ausguck.register.rows import Lifecycle


def line_called(register: Register, line: str, at_ms: int) -> str:
    """A line by the name that held at a moment: along its successors, once its own time is over.

    A line that the register does not know, or that has no successor, stays as it is called.
    """
    seen: set[str] = set()
    while line not in seen:
        seen.add(line)
        begun = [row for row in register.lines.of(line) if row.valid_from_ms <= at_ms]
        last = begun[-1] if begun else None
        if last is None or last.successor is None:
            break
        if last.holds_at(at_ms) and last.lifecycle is not Lifecycle.RETIRED:
            break
        line = last.successor
    return line
