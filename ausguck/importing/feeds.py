"""A GTFS feed as a zip or a folder: which tables it has, and how to open each of them safely.

Nothing is unpacked: a table is opened by its own name and read as a stream. So a path in a zip
that leads elsewhere leads nowhere, and a zip bomb is refused by the sizes that it claims, beyond
which nothing is read.
"""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from ausguck.importing.faults import Faults, WrongInput, quoted
from ausguck.register.change import Fault

KNOWN: Final = frozenset(
    f"{name}.txt"
    for name in (
        "agency",
        "calendar",
        "calendar_dates",
        "fare_attributes",
        "feed_info",
        "frequencies",
        "routes",
        "shapes",
        "stop_times",
        "stops",
        "trips",
    )
)
"""Tables by which a feed is known to be one."""
MAX_FILES: Final = 10_000
MAX_TABLE_BYTES: Final = 4 * 1024**3
MAX_RATIO: Final = 200
SMALL_BYTES: Final = 16 * 1024**2
_ENCRYPTED: Final = 0x1

Progress = Callable[[str, int, int], None]
"""Told how far the reading of a table is: its name, bytes read, bytes in all."""


def _silent(_name: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a feed."""

    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Feed:
    """The tables of a feed by name, and what was found wrong with them so far."""

    name: str
    tables: Mapping[str, Table]
    faults: Faults = field(default_factory=Faults)
    progress: Progress = _silent

    def has(self, name: str) -> bool:
        """Whether there is such a table, `routes.txt`."""
        return name in self.tables


def is_feed(path: Path) -> bool:
    """Whether it looks like a GTFS feed: a zip, or a folder with such tables or with one zip."""
    if path.is_dir():
        return any((path / name).is_file() for name in KNOWN) or _zip_in(path) is not None
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


@contextmanager
def open_feed(path: Path, progress: Progress = _silent) -> Iterator[Feed]:
    """Open a zip, a folder of tables, or a folder with a zip in it.

    Raises:
        WrongInput: it is no feed, or none that is safe to read.
    """
    if path.is_dir():
        tables = _in_folder(path)
        inner = _zip_in(path)
        if tables or inner is None:
            yield Feed(path.name, _checked(path.name, tables), progress=progress)
            return
        path = inner
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            found = getattr(error, "strerror", None) or "a file that is no zip"
            raise _wrong(path.name, found.lower(), "a GTFS feed as a zip or a folder") from None
        yield Feed(path.name, _checked(path.name, _in_zip(path.name, archive)), progress=progress)


def _in_folder(path: Path) -> dict[str, Table]:
    return {
        each.name: Table(each.stat().st_size, lambda each=each: each.open("rb"))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        for each in sorted(path.glob("*.txt"))
        if each.is_file()
    }


def _zip_in(path: Path) -> Path | None:
    zips = [each for each in path.glob("*.zip") if each.is_file()]
    return zips[0] if len(zips) == 1 else None


def _in_zip(name: str, archive: zipfile.ZipFile) -> dict[str, Table]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_FILES:
        raise _wrong(name, f"{len(infos)} files", f"at most {MAX_FILES}")
    found: dict[str, Table] = {}
    for info in infos:
        path = PurePosixPath(info.filename)
        is_ours = path.name in KNOWN and len(path.parts) <= 2 and ".." not in path.parts  # noqa: PLR2004 - folder and file
        if not is_ours or path.is_absolute() or path.parts[0] == "__MACOSX":
            continue
        if path.name in found:
            raise _wrong(f"{name}/{path.name}", "it twice", "each table once")
        _fear(f"{name}/{path.name}", info)
        found[path.name] = Table(info.file_size, lambda info=info: _stream(archive, info))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    inner = [info.filename for info in infos if info.filename.lower().endswith(".zip")]
    if not found and inner:
        raise _wrong(name, f"{quoted(inner[0])} in it", "the tables themselves; unpack it first")
    return found


def _fear(place: str, info: zipfile.ZipInfo) -> None:
    """Refuse what would not end well."""
    if info.flag_bits & _ENCRYPTED:
        raise _wrong(place, "an encrypted file", "one without a password")
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > MAX_TABLE_BYTES or (info.file_size > SMALL_BYTES and ratio > MAX_RATIO):
        found = f"{info.file_size} bytes packed into {info.compress_size}"
        raise _wrong(place, found, f"at most 4 GiB, and at most {MAX_RATIO} times what is packed")


def _stream(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return io.BufferedReader(archive.open(info), 262_144)  # type: ignore[type-var]  # it reads as a raw file does


def _checked(name: str, tables: dict[str, Table]) -> dict[str, Table]:
    if KNOWN.isdisjoint(tables):
        raise _wrong(name, "no table of GTFS", "agency.txt, routes.txt, trips.txt, …")
    return tables


def _wrong(place: str, found: str, expected: str) -> WrongInput:
    return WrongInput([Fault(place, "feed", found, expected)])
