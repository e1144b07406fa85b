"""Keys and people together, over the desk's file; used by commands and the running process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ausguck.desk.access_keys import KeysDesk
from ausguck.desk.engine import both_engines
from ausguck.desk.people import PeopleDesk
from ausguck.errors import ConfigError
from ausguck.settings.rules import is_loopback
from ausguck.settings.tree import Settings


class AccessDesk(KeysDesk, PeopleDesk):
    """`ausguck.desk.access_port.Access` on SQLite."""


@contextmanager
def open_access(path: Path) -> Iterator[AccessDesk]:
    """Keys and people in the desk's file, which is made if it is not there.

    Raises:
        StoreError: the file is not a desk of this version.
    """
    with both_engines(path) as (reader, writer):
        yield AccessDesk(reader, writer)


def require_keys(settings: Settings, desk: AccessDesk, now_ms: int) -> None:
    """Make sure before the start that somebody can come in where strangers can knock.

    Raises:
        ConfigError: people beyond this machine reach us, and no key holds.
    """
    api = settings.api
    if is_loopback(api.host) or api.is_guarded or desk.has_live_key(now_ms):
        return
    raise ConfigError(
        "api.host",
        f"{api.host!r}, and no key that holds",
        "a first key, made by `ausguck keys add NAME --scope admin`",
    )
