"""Every generated file: what it is called and what is in it, and which are not current."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dashboards.bus_one import bus_one
from dashboards.ops_now import ops_now
from dashboards.panels import Board, Json, board
from dashboards.pipeline import pipeline
from dashboards.provisioning import Grafana, provisioning
from dashboards.words import Language, Texts

GENERATED = Path(__file__).parent / "generated"
BOARDS: Mapping[str, Callable[[Texts], Board]] = {
    "ops-now": ops_now,
    "bus-one": bus_one,
    "pipeline": pipeline,
}


def boards(language: Language) -> Mapping[str, Json]:
    """Each dashboard of a language by name, as JSON."""
    return {
        name: board(make(Texts(language, name)), Texts(language, name))
        for name, make in BOARDS.items()
    }


def generated(languages: tuple[Language, ...], grafana: Grafana) -> Mapping[str, str]:
    """Every file by its path below the folder they are written to."""
    found = {
        f"{language}/{name}.json": json.dumps(one, indent=2, sort_keys=True, ensure_ascii=False)
        + "\n"
        for language in languages
        for name, one in boards(language).items()
    }
    return {**found, **provisioning(languages, grafana)}


def stale(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The files that are missing, are not what would be written now, or do not belong."""
    differing = [name for name, text in files.items() if _text(folder / name) != text]
    return sorted({*differing, *_strays(folder, files)})


def write(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write what is not current, remove what does not belong, and return their names."""
    names = stale(folder, files)
    for name in names:
        path = folder / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()
    return names


def _strays(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Files of ours from before: only in folders that we write, and only of our kinds."""
    for parent in {Path(name).parent for name in files}:
        for path in (folder / parent).glob("*"):
            name = path.relative_to(folder).as_posix()
            if path.suffix in {".json", ".yaml"} and name not in files:
                yield name


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
