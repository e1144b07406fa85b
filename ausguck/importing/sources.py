"""Whatever people point at, read by its kind: a folder of ours, a GTFS feed, a GBFS file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ausguck.importing import folder, gbfs, stations
from ausguck.importing.faults import Faults, WrongInput
from ausguck.importing.feeds import Progress, is_feed, open_feed
from ausguck.importing.folder import Imported
from ausguck.importing.making import Scene
from ausguck.importing.routes import SOURCE, read_gtfs, timetable_of
from ausguck.importing.timetable import Timetable
from ausguck.register.change import Fault


class Kind(StrEnum):
    """What a source is."""

    CSV = "csv"
    GTFS = "gtfs"
    GBFS = "gbfs"


@dataclass(frozen=True, slots=True)
class Bike:
    """What the settings say of a bike feed; its name is the source of its ids."""

    name: str = "gbfs"
    prefix: str = ""
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a source is to be read; `timetable` is a GTFS feed that a plan of duties refers to."""

    bike: Bike
    progress: Progress
    timetable: Path | None = None
    adds_only: bool = False


def kind_of(path: Path) -> Kind:
    """What a path looks like.

    Raises:
        WrongInput: nothing that we know.
    """
    if path.suffix == ".json" or (path / gbfs.INFORMATION).is_file():
        return Kind.GBFS
    if folder.is_folder(path):
        return Kind.CSV
    if path.exists() and is_feed(path):
        return Kind.GTFS
    found = "a folder or file of no kind that we know" if path.exists() else "nothing"
    expected = (
        "a folder with files such as assets.csv, a GTFS feed (zip or folder), "
        f"or a GBFS {gbfs.INFORMATION}"
    )
    raise WrongInput([Fault(str(path), "path", found, expected)])


def read(path: Path, kind: Kind, scene: Scene, manner: Manner) -> Imported:
    """What a source offers.

    Raises:
        WrongInput: anything in it is wrong; says all of it.
    """
    if not path.exists():
        raise WrongInput([Fault(str(path), "path", "nothing", "a folder or a file")])
    match kind:
        case Kind.GTFS:
            with open_feed(path, manner.progress) as feed:
                return read_gtfs(feed, replace(scene, source=SOURCE), adds_only=manner.adds_only)
        case Kind.GBFS:
            return _bikes(path, replace(scene, source=manner.bike.name), manner)
        case Kind.CSV:
            return _folder(path, scene, manner)


def _folder(path: Path, scene: Scene, manner: Manner) -> Imported:
    faults = Faults()
    bodies = folder.files(path, faults)
    with _timetable(manner, scene) as timetable:
        return folder.read_folder(bodies, scene, faults, timetable, adds_only=manner.adds_only)


@contextmanager
def _timetable(manner: Manner, scene: Scene) -> Iterator[Timetable | None]:
    if manner.timetable is None:
        yield None
        return
    with open_feed(manner.timetable, manner.progress) as feed:
        timetable = timetable_of(feed, scene)
        feed.faults.stop_if_any()
        yield timetable


def _bikes(path: Path, scene: Scene, manner: Manner) -> Imported:
    faults = Faults()
    notes: list[str] = []
    information = path / gbfs.INFORMATION if path.is_dir() else path
    regions = information.with_name(gbfs.REGIONS)
    language = manner.bike.language
    found = gbfs.stations(information.name, information.read_bytes(), language, faults, notes)
    names = (
        gbfs.regions(regions.name, regions.read_bytes(), language, faults)
        if regions.is_file()
        else {}
    )
    faults.stop_if_any()
    made = stations.offered(found, names, scene, manner.bike.prefix, adds_only=manner.adds_only)
    return Imported(made.offer, [*notes, *made.notes])
