"""What history stores of statuses reaches those who watch, and nothing else changes."""

import asyncio

import pytest

from ausguck.errors import StoreUnavailable
from ausguck.fleet.statuses import Statuses
from ausguck.model import Batch, Outcome, Position
from ausguck.roles.noting import Noting
from ausguck.settings.tree import Retention
from ausguck.store.port import RefusalSink
from tests.store.fake import FakeStore, Shelf
from tests.store.makers import BUS, Refused, at, batch, event, reading


class Away:
    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        raise StoreUnavailable("scripted", f"away at {position} with {len(batch.events)} {refuse}")


def test_statuses_are_noted_behind_the_store() -> None:
    statuses = Statuses()
    store = FakeStore(Shelf(), Retention())
    members = batch(reading({"clients": 1}), events=[event("sleeping"), event("x", event_type="y")])

    outcome = asyncio.run(Noting(store, statuses).write(members, at(1), Refused()))

    assert outcome == Outcome(3, 0, [])
    assert {asset: seen.detail for asset, seen in statuses.newest.items()} == {BUS: "sleeping"}


def test_what_was_not_stored_is_not_noted() -> None:
    statuses = Statuses()

    with pytest.raises(StoreUnavailable):
        asyncio.run(Noting(Away(), statuses).write(batch(events=[event()]), at(1), Refused()))

    assert not statuses.newest
