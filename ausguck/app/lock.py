"""One process owns a data directory at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ausguck.errors import DataDirectoryInUse


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Own the directory for the length of the block; the kernel lets go when we are killed.

    Raises:
        DataDirectoryInUse: another process owns it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirectoryInUse(str(data_dir)) from None
        yield
