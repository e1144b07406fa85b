"""Between history and the store: lets whoever watches know which statuses were stored."""

from ausguck.fleet.statuses import Statuses
from ausguck.model import Batch, Outcome, Position
from ausguck.roles.history import WritesHistory
from ausguck.store.port import RefusalSink


class Noting:
    """A store for history that remembers each asset's newest status on the way."""

    def __init__(self, store: WritesHistory, statuses: Statuses) -> None:
        self._store = store
        self._statuses = statuses

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """As `ausguck.store.port.Store` says."""
        outcome = await self._store.write(batch, position, refuse)
        self._statuses.note(batch.events)
        return outcome
