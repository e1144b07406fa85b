"""Each asset's newest word on sleep, as far as this process has been told."""

from collections.abc import Iterable, Mapping

from ausguck.model import AssetId, Event

STATUS = "status"
READY = "ready"
SLEEPING = "sleeping"


class Statuses:
    """Remembers one status an asset: the last by which it said that it is awake or sleeps.

    A connection that ends, by a will or a goodbye, wakes nobody.
    """

    def __init__(self) -> None:
        self._newest: dict[AssetId, Event] = {}

    @property
    def newest(self) -> Mapping[AssetId, Event]:
        """The newest such status of each asset that told one."""
        return self._newest

    def note(self, events: Iterable[Event]) -> None:
        """Take in events, in any order and as often as they come."""
        for event in events:
            if event.type != STATUS or event.detail not in {READY, SLEEPING}:
                continue
            known = self._newest.get(event.asset)
            if known is None or event.observed_at_ms >= known.observed_at_ms:
                self._newest[event.asset] = event
