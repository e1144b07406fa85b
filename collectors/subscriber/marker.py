"""Remembers over a restart that we had a session at a broker, so that its loss is noticed."""

import logging
from pathlib import Path

from ausguck.settings.partners import Subscriber as Settings

log = logging.getLogger(__name__)


class Marker:
    """A small file that names the session; without a path nothing is remembered."""

    def __init__(self, path: Path | None, settings: Settings) -> None:
        self._path = path
        self._sign = f"{settings.client_id} at {settings.host}:{settings.port}\n".encode()

    def is_set(self) -> bool:
        """Whether there was a session of this name at this broker."""
        try:
            return self._path is not None and self._path.read_bytes() == self._sign
        except OSError:
            return False

    def set(self) -> None:
        """There is one now."""
        if self._path is None or self.is_set():
            return
        try:
            self._path.write_bytes(self._sign)
        except OSError as error:
            # A full disk must not keep us from connecting; only a loss later goes unnoticed.
            log.warning("subscriber: cannot write %s: %s", self._path.name, error.strerror)
