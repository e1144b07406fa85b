"""The register and keyring of the running process: whoever holds it sees each new revision."""

import logging
from collections.abc import Callable

from ausguck.register.keyring import Keyring
from ausguck.register.register import Register

OnChange = Callable[[], None]

log = logging.getLogger(__name__)


class Directory:
    """What is known now; used on the event loop alone.

    `register` and `keyring` are replaced as wholes, so that one who took either keeps a state
    that fits together. Listeners are called after each change, in the order they asked; one that
    raises is counted in `failures`, and the others are told all the same.
    """

    def __init__(self, register: Register | None = None, keyring: Keyring | None = None) -> None:
        # Not by their length: a keyring of devices that have no secret yet has none.
        self.register = Register() if register is None else register
        self.keyring = Keyring() if keyring is None else keyring
        self.failures = 0
        self._listeners: list[OnChange] = []

    def on_change(self, listener: OnChange) -> None:
        """Have it called after each change."""
        self._listeners.append(listener)

    def replace(self, register: Register, keyring: Keyring) -> None:
        """Take a new state and tell everybody."""
        self.register = register
        self.keyring = keyring
        for listener in self._listeners:
            try:
                listener()
            except Exception:
                self.failures += 1
                log.exception("a listener could not take the register's change")
