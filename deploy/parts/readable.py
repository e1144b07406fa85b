"""What Compose mounts of the checkout: whether containers, whose users are others, may read it.

A checkout that was made under umask 027 or 077 is its owner's alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path

MOUNTED = ("dashboards/generated", "deploy/alertmanager")
"""The folders of docker-compose.yml's bind mounts that are in the repository."""

_ENTER, _READ = 0o005, 0o004


def closed(root: Path) -> list[str]:
    """The mounted folders in which something is not for others to read."""
    return [name for name in MOUNTED if any(_unreadable(root / name))]


def advice(root: Path) -> str:
    """What to do about it, or nothing."""
    names = closed(root)
    if not names:
        return ""
    folders = " ".join(str(root / name) for name in names)
    return (
        f"others may not read all of {', '.join(names)}, and containers run as other users "
        f"(was it checked out under umask 027 or 077?): chmod -R go+rX {folders}"
    )


def _unreadable(folder: Path) -> Iterator[Path]:
    for at, _, names in os.walk(folder):
        if Path(at).stat().st_mode & _ENTER != _ENTER:
            yield Path(at)
        yield from (
            path for path in (Path(at) / name for name in names) if not path.stat().st_mode & _READ
        )
