"""The few things the journal asks of a disk, so that tests can hand it one that fails."""

import os
from pathlib import Path
from typing import NamedTuple, Protocol

NEW_FILE_MODE = 0o640


class Space(NamedTuple):
    """How large the disk is and how much of it is free to us."""

    total: int
    free: int


class File(Protocol):
    """A segment that is being written; every call may raise OSError."""

    def write(self, content: bytes) -> None:
        """Put all of it behind what is there."""
        ...

    def sync(self) -> None:
        """Return once everything written is on the medium."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Disk(Protocol):
    """File operations; every call may raise OSError, and reading may come from any thread."""

    def make_directory(self, path: Path) -> None:
        """Make a directory that outlasts a power cut, if it is not there."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Return once the directory's entries are on the medium."""
        ...

    def names(self, directory: Path) -> list[str]:
        """The names of the files in a directory."""
        ...

    def create(self, path: Path) -> File:
        """Make a file that must not exist yet."""
        ...

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset; fewer only at the end of the file."""
        ...

    def size(self, path: Path) -> int:
        """The length of a file."""
        ...

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file and return once what is left is on the medium."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def space(self, directory: Path) -> Space:
        """The room on the disk a directory is on."""
        ...


class OsFile:
    """A file opened for appending."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, NEW_FILE_MODE)

    def write(self, content: bytes) -> None:
        """Put all of it behind what is there."""
        left = memoryview(content)
        while left:
            left = left[os.write(self._fd, left) :]

    def sync(self) -> None:
        """Return once everything written is on the medium."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


class OsDisk:
    """The machine's own disk."""

    def make_directory(self, path: Path) -> None:
        """Make a directory that outlasts a power cut, if it is not there."""
        if not path.is_dir():
            path.mkdir(parents=True, mode=0o750)
            self.sync_directory(path.parent)

    def sync_directory(self, path: Path) -> None:
        """Return once the directory's entries are on the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def names(self, directory: Path) -> list[str]:
        """The names of the files in a directory."""
        return [path.name for path in directory.iterdir()]

    def create(self, path: Path) -> File:
        """Make a file that must not exist yet."""
        return OsFile(path)

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset; fewer only at the end of the file."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = os.pread(descriptor, size, offset)
            if len(found) == size:
                return found
            parts = [found]
            while found:
                offset += len(found)
                size -= len(found)
                found = os.pread(descriptor, size, offset)
                parts.append(found)
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def size(self, path: Path) -> int:
        """The length of a file."""
        return path.stat().st_size

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file and return once what is left is on the medium."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            if os.fstat(descriptor).st_size != size:
                os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def space(self, directory: Path) -> Space:
        """The room on the disk a directory is on."""
        found = os.statvfs(directory)
        return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
