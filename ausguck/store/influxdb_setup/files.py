"""Where tokens are kept: one file each, for its owner's eyes only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from ausguck.errors import ConfigError
from ausguck.store.influxdb_setup.wanted import Role

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700


class TokenFiles:
    """A folder of tokens, made when the first is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, role: Role) -> Path:
        """Where a role's token is."""
        return self._folder / role

    def read(self, role: Role) -> SecretStr | None:
        """A role's token; None when there is no file, or nothing in it that could be one.

        Raises:
            ConfigError: the file cannot be read.
        """
        with self._usable():
            try:
                text = self.path(role).read_text(encoding="ascii", errors="replace").strip()
            except FileNotFoundError:
                return None
        return SecretStr(text) if text.isascii() and text.isprintable() and text else None

    def write(self, role: Role, token: SecretStr) -> None:
        """Put a token in place of the one before, whole or not at all.

        Raises:
            ConfigError: the folder cannot be made or written to.
        """
        beside = self._folder / f".{role}.{os.getpid()}"
        with self._usable():
            self._folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
            beside.unlink(missing_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                file.write(f"{token.get_secret_value()}\n")
                file.flush()
                os.fsync(descriptor)
            beside.replace(self.path(role))
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def close_to_others(self, role: Role) -> bool:
        """Take a file from others' eyes; whether they could have read it."""
        with self._usable():
            if self.path(role).stat().st_mode & 0o777 == OWNER_ONLY:
                return False
            self.path(role).chmod(OWNER_ONLY)
            return True

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(
                "--tokens-dir",
                f"{str(self._folder)!r} ({error.strerror})",
                "a directory of this user's own to write to",
            ) from error
