"""Files that hold secrets or are made from them: their modes, and that none is written over.

Containers run as users of their own, so what they read belongs to a group that they are given
(`SECRETS_GID`), and is below a directory that nobody but its owner may enter on this machine.
"""

import fcntl
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600
GROUP_READS = 0o640
DEVICE_SECRET_BYTES = 16  # 128 bits
SECRET_BYTES = 32


class DeployError(Exception):
    """Something that the person at the keyboard has to decide or mend; one line."""


def device_secret() -> str:
    """A password for a device: 128 random bits."""
    return secrets.token_hex(DEVICE_SECRET_BYTES)


def secret() -> str:
    """A password or token of a server."""
    return secrets.token_hex(SECRET_BYTES)


class Safe:
    """A directory of secrets, and the group that containers read them by."""

    def __init__(self, directory: Path, gid: int) -> None:
        self.directory = directory
        self.gid = gid

    def folder(self, name: str) -> Path:
        """A directory below, which the group may enter."""
        path = self.directory / name
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, -1, self.gid)
        path.chmod(0o750)
        return path

    def write(self, path: Path, text: str, mode: int = GROUP_READS) -> None:
        """Write a file as a whole or not at all; it never had a wider mode than this."""
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.own(new, mode)
        new.replace(path)

    def write_once(self, path: Path, text: str, mode: int = GROUP_READS) -> bool:
        """The same, unless the file is there; says whether it was written."""
        if path.exists():
            return False
        self.write(path, text, mode)
        return True

    def own(self, path: Path, mode: int) -> None:
        """Give a file to the group where the group may read it, and set its mode."""
        os.chown(path, -1, self.gid if mode == GROUP_READS else -1)
        path.chmod(mode)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the directory, as long as everyone asks."""
        path = self.directory / ".lock"
        with path.open("a", encoding="utf-8") as file:
            path.chmod(OWNER_ONLY)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def make_private(directory: Path) -> None:
    """Make the directory with nobody but us in it, where git would not commit it.

    Raises:
        DeployError: it is in a git repository that does not ignore it.
    """
    place = directory.absolute()
    refuse_tracked(place)
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)


def refuse_tracked(place: Path) -> None:
    """Refuse a directory whose files git would commit."""
    repository = next((each for each in place.parents if (each / ".git").exists()), None)
    if (place / ".git").exists():
        repository = place
    if repository is None:
        return
    asked = ["git", "-C", str(repository), "check-ignore", "--quiet", str(place / "secret")]
    try:
        done = subprocess.run(asked, check=False, capture_output=True)  # noqa: S603 - no shell
        is_ignored = done.returncode == 0
    except FileNotFoundError:
        is_ignored = False
    if not is_ignored:
        raise DeployError(
            f"{place} is in the git repository {repository} and not ignored there: secrets would "
            "be committed. Take deploy/secrets, or a directory outside."
        )
