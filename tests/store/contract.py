"""What every store does, whatever is behind it: an adapter passes these tests unread.

A subclass gives the fixture `open_store`; called with a directory it opens the store that is
kept there, and called again, what was written is still in it.
"""

from tests.store.asking import EventContract, LatestContract, PruneContract
from tests.store.keys import KeyContract, RoundTripContract
from tests.store.states import StateContract
from tests.store.summing import CounterContract, SeriesContract
from tests.store.writing import WriteContract


class StoreContract(
    WriteContract,
    KeyContract,
    RoundTripContract,
    LatestContract,
    SeriesContract,
    CounterContract,
    EventContract,
    PruneContract,
    StateContract,
):
    """All of it."""
