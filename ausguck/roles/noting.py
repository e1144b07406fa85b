"""Between history and the store: lets whoever watches know what was stored."""

from ausguck.commissioning.watching import Watching
from ausguck.fleet.statuses import Statuses
from ausguck.model import Batch, Outcome, Position
from ausguck.roles.history import WritesHistory
from ausguck.store.port import RefusalSink


class Noting:
    """A store for history that remembers each asset's newest status on the way.

    `watching` sees what the assets say that are being set up.
    """

    def __init__(
        self, store: WritesHistory, statuses: Statuses, watching: Watching | None = None
    ) -> None:
        self._store = store
        self._statuses = statuses
        self._watching = watching or Watching()

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """As `ausguck.store.port.Store` says."""
        outcome = await self._store.write(batch, position, refuse)
        self._statuses.note(batch.events)
        self._watching.note(batch.readings)
        return outcome
