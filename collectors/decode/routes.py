"""Where a topic leads: to elements, to a notice, or nowhere and why; one state of the register."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from ausguck import topics
from ausguck.errors import TopicError
from ausguck.journal.port import Record
from ausguck.model import AssetId, Event, Inventory, Kind, Reason
from ausguck.register.register import Register
from ausguck.topics import Message
from collectors.decode import notices
from collectors.decode.moments import FIRST_MS, Windows
from collectors.decode.notices import Whose
from collectors.decode.plain import PlainReader, plain_within
from collectors.decode.seats import ALWAYS_MS, Seats, seats
from collectors.decode.telemetry import Elements, What

Notice = Callable[[Record, Whose, Windows], tuple[Event | Inventory, list[What]]]
_NOTICES: Final[dict[Message, Notice]] = {
    Message.STATUS: notices.status,
    Message.EVENT: notices.event,
    Message.INVENTORY: notices.inventory,
}


class Route(NamedTuple):
    """Where a topic leads for one publisher.

    `plain` reads the elements that are in order, as those of `asset`. `seats` says whose the
    others are by their time; None where all are the asset's, whenever.
    """

    asset: AssetId
    plain: PlainReader | None
    publisher: str
    seats: Seats | None = None
    notice: Notice | None = None
    refusal: tuple[Reason, str] | None = None

    @property
    def is_telemetry(self) -> bool:
        """Whether it leads to elements, one or an array of them."""
        return self.notice is None and self.refusal is None

    def whose(self, at_ms: int) -> AssetId:
        """The asset that something of that time is about.

        Raises:
            Refused: there was none.
        """
        return self.asset if self.seats is None else self.seats.at(at_ms).asset


class Routes:
    """The routes of one site by one state of the register, found once each."""

    def __init__(self, site: str, elements: Mapping[Kind, Elements], register: Register) -> None:
        self._site = site
        self._elements = elements
        self._register = register
        self._route = lru_cache(maxsize=topics.REMEMBERED)(self._build)
        self.last: dict[str, Route] = {}
        """By topic the route of who spoke there last, for the hot path to look at first."""

    def find(self, topic: str, publisher: str) -> Route:
        """The route of a topic for a publisher; the last of that topic from now on."""
        route = self._route(topic, publisher)
        if len(self.last) >= topics.REMEMBERED:
            self.last.clear()
        self.last[topic] = route
        return route

    def _build(self, topic: str, publisher: str) -> Route:
        nobody = AssetId(self._site, Kind.DEVICE, "")
        try:
            parsed = topics.parse(topic)
        except TopicError as error:
            return Route(nobody, None, publisher, refusal=(Reason.GRAMMAR, str(error)))
        asset = AssetId(parsed.site, parsed.kind, parsed.asset_id)
        refusal = self._refusal(parsed)
        if refusal is not None:
            return Route(asset, None, publisher, refusal=refusal)
        whose = seats(self._register, asset, publisher)
        if parsed.message is not Message.TELEMETRY:
            return Route(asset, None, publisher, whose, _NOTICES[parsed.message])
        if whose is None:
            return Route(asset, self._elements[asset.kind].plain, publisher)
        usual = whose.usual
        if usual is None:
            return Route(asset, None, publisher, whose)
        seat, from_ms, to_ms = usual
        plain = self._elements[seat.asset.kind].plain
        is_since_ever = from_ms <= FIRST_MS and to_ms == ALWAYS_MS and not seat.mark
        if not is_since_ever:
            plain = plain_within(plain, from_ms, to_ms, seat.mark)
        return Route(seat.asset, plain, publisher, whose)

    def _refusal(self, topic: topics.Topic) -> tuple[Reason, str] | None:
        if topic.site != self._site:
            return Reason.IDENTITY, f"site: found {topic.site!r}, expected {self._site!r}"
        if topic.message is Message.CMD:
            return Reason.GRAMMAR, "cmd goes to a device and says nothing about it"
        return None
