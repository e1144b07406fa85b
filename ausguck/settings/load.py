"""From a file and the environment to the one tree of settings, or every mistake at once.

Order of search: the path given, `AUSGUCK_CONFIG`, `./ausguck.toml`, then the system's file;
with none of them the defaults hold. Variables stand over the file.
"""

import ssl
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from ausguck.errors import ConfigError, ConfigErrors
from ausguck.settings import environment
from ausguck.settings.mistakes import mistakes
from ausguck.settings.rules import Machine, broken
from ausguck.settings.tree import Settings, Tls

SEARCHED = (Path("ausguck.toml"), Path("/etc/ausguck/ausguck.toml"))

Table = dict[str, object]


class _Draft(NamedTuple):
    """The sections that are sound by themselves, and what is wrong with the others."""

    settings: Settings
    sound: tuple[str, ...]
    errors: list[ConfigError]


def load(
    path: Path | None, environ: Mapping[str, str], *, made_later: Container[str] = ()
) -> Settings:
    """The settings of this process.

    `made_later` are keys that a command is about to satisfy: they may not fit the rest yet.

    Raises:
        ConfigError: a setting is wrong; `ConfigErrors` when several are, each on a line.
    """
    variables = environment.read(environ)
    table = _merged(_file(path, environ), variables.values)
    draft = _validated(table, variables.names)
    errors = [
        *variables.errors,
        *draft.errors,
        *(
            error
            for error in broken(draft.settings, MACHINE, draft.sound)
            if error.key not in made_later
        ),
    ]
    if len(errors) > 1:
        raise ConfigErrors(errors)
    if errors:
        raise errors[0]
    return draft.settings


def found_at(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file that `load` reads, or None when the defaults hold."""
    if path is not None:
        return path
    if named := environ.get(environment.CONFIG):
        return Path(named)
    return next((candidate for candidate in SEARCHED if candidate.is_file()), None)


def _file(path: Path | None, environ: Mapping[str, str]) -> Table:
    chosen = found_at(path, environ)
    if chosen is None:
        return {}
    key = "--config" if path is not None else environment.CONFIG
    if chosen in SEARCHED:
        key = "settings"
    if reason := _unreadable(chosen):
        raise ConfigError(key, f"{str(chosen)!r}, {reason}", "a TOML file that can be read")
    try:
        return tomllib.loads(chosen.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        found = f"byte {error.start} that is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = f"a syntax error: {error}"
    raise ConfigError(str(chosen), found, "TOML")


def _merged(table: Table, values: Mapping[str, object]) -> Table:
    """The file's table with the variables' values written over it."""
    for key, value in values.items():
        *path, name = key.split(".")
        inner: object = table
        for step in path:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner
        if isinstance(inner, dict):
            inner[name] = value
    return table


def _validated(table: Table, names: Mapping[str, str]) -> _Draft:
    try:
        return _Draft(Settings.model_validate(table), tuple(Settings.model_fields), [])
    except ValidationError as error:
        wrong = {detail["loc"][0] for detail in error.errors()}
        sound = {name: part for name, part in table.items() if name not in wrong}
        settings = Settings.model_validate(sound)
        still = tuple(name for name in Settings.model_fields if name not in wrong)
        return _Draft(settings, still, mistakes(error, names))


def _unreadable(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return (error.strerror or "unreadable").lower()
    return None


def _mismatch(tls: Tls) -> str | None:
    """Why the machine's TLS library does not take the files, or None when it does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except (ssl.SSLError, ValueError):
        return "files that do not belong together"
    if tls.client_ca:
        try:
            context.load_verify_locations(tls.client_ca)
        except (ssl.SSLError, ValueError):
            return f"{str(tls.client_ca)!r} without a certificate"
    return None


def _is_blocked(path: Path) -> bool:
    nearest = next(each for each in (path, *path.absolute().parents) if each.exists())
    return not nearest.is_dir()


MACHINE = Machine(unreadable=_unreadable, mismatch=_mismatch, is_blocked=_is_blocked)
