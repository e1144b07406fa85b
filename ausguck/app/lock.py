"""One process owns a data directory at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ausguck.errors import ConfigError, DataDirectoryInUse

OWNER_ONLY = 0o077


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Own the directory for the length of the block; the kernel lets go when we are killed.

    Raises:
        ConfigError: it cannot be made or written to.
        DataDirectoryInUse: another process owns it.
    """
    # What is kept is nobody's business but the user's that runs us.
    os.umask(OWNER_ONLY)
    with _lock_file(data_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirectoryInUse(str(data_dir)) from None
        yield


def _lock_file(data_dir: Path) -> TextIO:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return (data_dir / "lock").open("w", encoding="ascii")
    except OSError as error:
        found = f"{str(data_dir)!r} ({error.strerror})"
        raise ConfigError("site.data_dir", found, "a directory to write to") from error
