"""Where imports are tested: Kiel, at one moment, with a register or none."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from ausguck.importing.faults import Faults, WrongInput
from ausguck.importing.feeds import Feed, open_feed
from ausguck.importing.folder import Imported, read_folder
from ausguck.importing.making import Scene
from ausguck.register.change import Offer
from ausguck.register.diff import after, diff
from ausguck.register.register import Register
from ausguck.register.rows import Tables

KIEL = ZoneInfo("Europe/Berlin")
NOW_MS = 1_780_000_000_000
DAY_MS = 86_400_000


def scene(known: Tables | None = None, source: str = "csv", now_ms: int = NOW_MS) -> Scene:
    return Scene(Register(known), KIEL, now_ms, source)


def folder(known: Tables | None = None, **bodies: str | bytes) -> Imported:
    """Files by their names, with `_csv` or `_toml` for the ending."""
    named = {
        name.replace("_csv", ".csv").replace("_toml", ".toml"): (
            body.encode() if isinstance(body, str) else body
        )
        for name, body in bodies.items()
    }
    return read_folder(named, scene(known), Faults())


def wrong(known: Tables | None = None, **bodies: str | bytes) -> list[str]:
    """The faults of files, as people read them."""
    try:
        folder(known, **bodies)
    except WrongInput as found:
        return str(found).splitlines()
    return []


def applied(known: Tables, offer: Offer, now_ms: int = NOW_MS) -> Tables:
    return after(known, diff(known, offer, now_ms).changes)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


@contextmanager
def feed_of(directory: Path, files: Mapping[str, str | bytes]) -> Iterator[Feed]:
    path = directory / "feed.zip"
    path.write_bytes(zipped(files))
    with open_feed(path) as feed:
        yield feed
