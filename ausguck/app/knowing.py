"""Who is out there, as the running process knows it: register, credentials, keys and people."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ausguck.app.refitting import Refitting
from ausguck.app.retry import JournalRetry
from ausguck.clock import Clock
from ausguck.commissioning.watching import Watching
from ausguck.desk.access import AccessDesk, open_access, require_keys
from ausguck.desk.access_book import Book
from ausguck.desk.desk import SqliteDesk
from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.journal.journal import Journal
from ausguck.register.directory import Directory
from ausguck.roles.booking import Booking
from ausguck.roles.registering import Registering
from ausguck.settings.tree import Settings
from collectors.decode.decoder import Decoder


@dataclass(frozen=True, slots=True)
class Kept:
    """What is open of it in the desk's file."""

    registry: SqliteRegistry
    access: AccessDesk
    directory: Directory = field(default_factory=Directory)
    watching: Watching = field(default_factory=Watching)
    book: Book = field(default_factory=Book)


@dataclass(frozen=True, slots=True)
class Knowing:
    """What follows it while the process runs."""

    kept: Kept
    registering: Registering
    refitting: Refitting
    retry: JournalRetry
    booking: Booking


def opened_kept(stack: AsyncExitStack, settings: Settings, clock: Clock, desk_file: Path) -> Kept:
    """Open the register and the keys.

    Raises:
        ConfigError: strangers may knock, and nobody has a key.
    """
    registry = stack.enter_context(open_registry(desk_file, settings.site.id))
    access = stack.enter_context(open_access(desk_file))
    require_keys(settings, access, clock.now_ms())
    return Kept(registry, access)


async def knowing(
    settings: Settings,
    clock: Clock,
    kept: Kept,
    desk: SqliteDesk,
    journal: Journal,
    decoder: Decoder,
) -> Knowing:
    """Load what is known, before anybody may knock, and prepare to follow it."""
    retry = JournalRetry(journal, desk)
    refitting = Refitting(settings.site.id, desk, retry, decoder, kept.directory)
    registering = Registering(
        kept.registry, kept.directory, clock, settings.register, refitting.fitted
    )
    await registering.load()
    booking = Booking(kept.book, kept.access.write_down, clock)
    return Knowing(kept, registering, refitting, retry, booking)
