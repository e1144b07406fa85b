"""docker-compose.yml as Compose reads it: variables filled in, merged, with what init makes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
PLACE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")

Table = Mapping[str, object]


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """With `${NAME}`, `${NAME:-default}`, `${NAME:?reason}` and `$$` as Compose takes them."""

    def value(place: re.Match[str]) -> str:
        if place[1]:
            return "$"
        found = variables.get(place[2], "")
        if not found and place[3] == "?":
            raise LookupError(place[4])
        return found or (place[4] if place[3] == "-" else "") or ""

    return PLACE.sub(value, text)


def composed(variables: Mapping[str, str], file: Path = FILE) -> Table:
    return cast("Table", yaml.safe_load(interpolated(file.read_text(encoding="utf-8"), variables)))


def table(value: object) -> Table:
    assert isinstance(value, dict)
    return cast("Table", value)


def items(value: object) -> list[object]:
    assert isinstance(value, list)
    return cast("list[object]", value)


def services(document: Table) -> dict[str, Table]:
    return {name: table(service) for name, service in table(document["services"]).items()}


def environment(service: Table) -> dict[str, str]:
    return {key: str(value) for key, value in table(service.get("environment", {})).items()}


def mounts(service: Table) -> Iterator[tuple[str, Path, str]]:
    """Kind, source and target of each volume."""
    for volume in items(service.get("volumes", [])):
        if isinstance(volume, str):
            source, target = volume.split(":")[:2]
            yield "volume", Path(source), target
        else:
            entry = table(volume)
            yield str(entry["type"]), Path(str(entry["source"])), str(entry["target"])


def on_this_machine(service: Table, path: str) -> Path:
    """Where a path of the container comes from."""
    for kind, source, target in mounts(service):
        if kind == "bind" and (path == target or path.startswith(f"{target}/")):
            return ROOT / source / path.removeprefix(target).lstrip("/")
    return Path(path)
