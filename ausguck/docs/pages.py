"""The table of what is generated: file, and the function that writes it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ausguck.docs.access import access
from ausguck.docs.catalogue import metrics
from ausguck.docs.commands import commands
from ausguck.docs.crash_points import crash_points
from ausguck.docs.dashboards import dashboards
from ausguck.docs.deadletters import deadletters
from ausguck.docs.example import example
from ausguck.docs.figures import figures
from ausguck.docs.http import http
from ausguck.docs.journal import journal
from ausguck.docs.register import register
from ausguck.docs.scenarios import scenarios
from ausguck.docs.settings import settings
from ausguck.docs.state import state
from ausguck.docs.topics import wire_topics

PAGES: Mapping[str, Callable[[], str]] = {
    "ausguck.example.toml": example,
    "docs/reference/settings.md": settings,
    "docs/reference/catalogue.md": metrics,
    "docs/reference/state.md": state,
    "docs/reference/topics.md": wire_topics,
    "docs/reference/metrics.md": figures,
    "docs/reference/cli.md": commands,
    "docs/reference/http.md": http,
    "docs/reference/access.md": access,
    "docs/reference/deadletters.md": deadletters,
    "docs/reference/journal.md": journal,
    "docs/reference/register.md": register,
    "docs/reference/dashboards.md": dashboards,
    "docs/reference/scenarios.md": scenarios,
    "docs/reference/crash-points.md": crash_points,
}


def stale(root: Path) -> list[str]:
    """The files that are not what would be written now."""
    return [name for name, write in PAGES.items() if _text(root / name) != write()]


def refresh(root: Path) -> list[str]:
    """Write what is not current and return its names."""
    names = stale(root)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGES[name](), encoding="utf-8")
    return names


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
