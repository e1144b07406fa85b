"""How many files this process may have open, and how many connections that leaves room for."""

import logging
import resource

from ausguck.settings.tree import Listener

KEPT = 256
"""For the journal, the store, the desk, the page's visitors, and devices to be told no."""

log = logging.getLogger(__name__)


def allow_many_files() -> int:
    """Raise the limit as far as we may without being root; returns it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def within(files: int, listener: Listener) -> Listener:
    """The listener's settings, with no more connections than so many files have room for.

    Without a file left the journal cannot begin its next segment; it would pause intake, and
    paused connections are not seen to end.
    """
    if files == resource.RLIM_INFINITY:
        return listener
    most = max(1, files - KEPT)
    if most >= listener.max_connections:
        return listener
    # Somebody who asked for so many is told; the default is only as much as the machine gives.
    asked = "max_connections" in listener.model_fields_set
    log.log(
        logging.WARNING if asked else logging.INFO,
        "listener.max_connections is %d, but this process may open only %d files: %d connections",
        listener.max_connections,
        files,
        most,
    )
    return listener.model_copy(update={"max_connections": most})
