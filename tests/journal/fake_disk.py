"""A disk that knows what would outlast a power cut, and can be told to fail."""

import errno
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ausguck.journal.disk import Space

Survivors = Callable[[Path, int], int]
"""How many of so many unsynced bytes of a file are there after the cut."""

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
INPUT_OUTPUT = OSError(errno.EIO, "Input/output error")


@dataclass
class Inode:
    content: bytearray = field(default_factory=bytearray)
    synced: int = 0  # so many bytes outlast a power cut
    is_stale: bool = False  # a sync failed: nothing more of it will get there
    is_named: bool = False  # its directory was synced since it was made


class FakeFile:
    def __init__(self, disk: "FakeDisk", inode: Inode) -> None:
        self._disk = disk
        self._inode = inode

    def write(self, content: bytes) -> None:
        self._disk.calls["write"] += 1
        error = self._disk.next_error("write")
        self._inode.content += content[: len(content) // 2] if error else content
        if error:
            raise error

    def sync(self) -> None:
        self._disk.calls["sync"] += 1
        if error := self._disk.next_error("sync"):
            self._inode.is_stale = True
            raise error
        if not self._inode.is_stale:
            self._inode.synced = len(self._inode.content)

    def close(self) -> None:
        self._disk.calls["close"] += 1


class FakeDisk:
    def __init__(self, inodes: dict[Path, Inode] | None = None) -> None:
        self.inodes = inodes or {}
        self.room = Space(1 << 40, 1 << 39)
        self.calls: Counter[str] = Counter()
        self.errors: dict[str, list[OSError]] = {}

    def next_error(self, call: str) -> OSError | None:
        waiting = self.errors.get(call)
        return waiting.pop(0) if waiting else None

    def fail(self, call: str, *errors: OSError) -> None:
        self.errors.setdefault(call, []).extend(errors)

    def after_power_cut(self, survivors: Survivors) -> "FakeDisk":
        """The disk as it is found afterwards; the present one may be used no more."""
        left: dict[Path, Inode] = {}
        for path, inode in self.inodes.items():
            unsynced = len(inode.content) - inode.synced
            kept = inode.synced + survivors(path, unsynced)
            if inode.is_named or kept:
                content = inode.content[:kept]
                left[path] = Inode(bytearray(content), len(content), is_named=True)
        return FakeDisk(left)

    def after_kill(self) -> "FakeDisk":
        """The disk as the next process finds it: all is there, though not all is safe."""
        return FakeDisk(
            {
                path: replace(inode, content=bytearray(inode.content))
                for path, inode in self.inodes.items()
            }
        )

    def make_directory(self, path: Path) -> None:
        self.calls[f"make {path.name}"] += 1

    def sync_directory(self, path: Path) -> None:
        self.calls["sync_directory"] += 1
        if error := self.next_error("sync_directory"):
            raise error
        for name, inode in self.inodes.items():
            inode.is_named = inode.is_named or name.parent == path

    def names(self, directory: Path) -> list[str]:
        return [path.name for path in self.inodes if path.parent == directory]

    def create(self, path: Path) -> FakeFile:
        if error := self.next_error("create"):
            raise error
        if path in self.inodes:
            raise FileExistsError(errno.EEXIST, "File exists")
        self.inodes[path] = Inode()
        return FakeFile(self, self.inodes[path])

    def read(self, path: Path, offset: int, size: int) -> bytes:
        return bytes(self._inode(path).content[offset : offset + size])

    def size(self, path: Path) -> int:
        return len(self._inode(path).content)

    def truncate(self, path: Path, size: int) -> None:
        inode = self._inode(path)
        del inode.content[size:]
        inode.synced = len(inode.content)

    def remove(self, path: Path) -> None:
        self._inode(path)
        del self.inodes[path]

    def space(self, directory: Path) -> Space:
        self.calls[f"space {directory.name}"] += 1
        return self.room

    def _inode(self, path: Path) -> Inode:
        if path not in self.inodes:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return self.inodes[path]
