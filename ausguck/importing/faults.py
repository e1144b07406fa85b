"""What is wrong with a source: gathered whole, the first of it shown, so that one run tells all."""

from collections.abc import Sequence
from typing import Final

from ausguck.register.change import Fault
from ausguck.register.port import RegisterError

SHOWN: Final = 50
LONGEST: Final = 60


class WrongInput(RegisterError):  # noqa: N818 - the name says what it is
    """A source cannot be imported; says the first faults, and how many more there are."""

    def __init__(self, faults: Sequence[Fault], more: int = 0) -> None:
        super().__init__(faults)
        self.more = more

    def __str__(self) -> str:
        """One line for each fault that is shown."""
        lines = list(map(str, self.faults))
        return "\n".join([*lines, f"and {self.more} more"] if self.more else lines)


class Faults:
    """Everything that was found wrong so far."""

    def __init__(self) -> None:
        self.shown: list[Fault] = []
        self.count = 0

    def add(self, place: str, key: str, found: str, expected: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(Fault(place, key, found, expected))

    def stop_if_any(self) -> None:
        """Go no further when something is wrong.

        Raises:
            WrongInput: something is.
        """
        if self.count:
            raise WrongInput(self.shown, self.count - len(self.shown))


def quoted(text: str) -> str:
    """A value as it was found, in quotes and of bearable length; `nothing` for an empty one."""
    if not text:
        return "nothing"
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def at_line(file: str, line: int) -> str:
    """A place as people look for it."""
    return f"{file}, line {line}"
