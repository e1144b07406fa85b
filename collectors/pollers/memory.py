"""What a feed told before, and so what of its newest files is news; pure but for its memory."""

from typing import Final

import msgspec

from ausguck.model import Kind
from ausguck.register.register import Register
from ausguck.topics import Message, Topic
from collectors.decode.moments import Verdict, Windows, judge
from collectors.pollers.model import (
    Counts,
    Fault,
    File,
    Head,
    Information,
    Station,
    Status,
    Statuses,
    Unfit,
)
from collectors.pollers.names import MAX_NAME
from collectors.pollers.naming import Named, Naming

MAX_HELD: Final = 10_000
MAX_STATES: Final = 512
BACK_MS: Final = 600_000
"""A status file older than the last by less than this is an old copy from some cache."""

_encode: Final = msgspec.json.Encoder().encode


class Outgoing(msgspec.Struct, frozen=True):
    """One message for the journal."""

    message: Message
    topic: bytes
    payload: bytes


class News(msgspec.Struct):
    """What a file brought: messages to journal, and what was left out of it."""

    messages: list[Outgoing] = msgspec.field(default_factory=list)
    unfit: list[Unfit] = msgspec.field(default_factory=list)
    is_old_copy: bool = False
    is_unasked: bool = False
    """Whether there are unknown stations for which the information was not read again yet."""
    is_renamed: bool = False
    """Whether there are such as the information named, when the register called them otherwise."""


class _Telemetry(Counts, frozen=True, omit_defaults=True, kw_only=True):
    observed_at: int = 0
    boot_id: str | None = None


class _Inventory(msgspec.Struct, frozen=True, omit_defaults=True):
    observed_at: int | None = None
    name: str | None = None
    lat: float | None = None
    lon: float | None = None
    capacity: int | None = None
    serial: str | None = None


class _Sent(msgspec.Struct):
    observed_at_ms: int
    counts: Counts
    states: set[int]
    again: int = 0


class _Held(msgspec.Struct):
    status: Status
    last_updated_ms: int | None
    since_ms: int
    is_asked: bool = False


class Memory:
    """The stations of one feed: which are known, what was sent of each, what waits.

    Everything is kept by a station's name in topics, whatever the feed calls it at the time.
    """

    def __init__(self, naming: Naming, windows: Windows) -> None:
        self._naming = naming
        self._windows = windows
        self._taken: frozenset[str] = frozenset()
        self._informed: frozenset[str] = frozenset()
        self._known: dict[str, _Inventory] = {}
        self._sent: dict[str, _Sent] = {}
        self._held: dict[str, _Held] = {}
        self._last_updated_ms: int | None = None
        self._listed: frozenset[str] = frozenset()

    @property
    def known(self) -> int:
        """Stations whose information was read."""
        return len(self._known)

    @property
    def reporting(self) -> frozenset[str]:
        """The known stations that the newest status names."""
        return self._listed & self._known.keys()

    @property
    def held(self) -> int:
        """Stations that have a status and no information."""
        return len(self._held)

    def held_since(self, before_ms: int) -> list[str]:
        """The feed's ids of those held since before a moment."""
        held_before = [held for held in self._held.values() if held.since_ms <= before_ms]
        return [held.status.station_id for held in held_before]

    def learn(
        self, information: Information, now_ms: int, register: Register | None = None
    ) -> News:
        """Take in station_information: inventories that changed, and statuses that waited."""
        news = News(unfit=[*information.head.unfit, *information.unfit])
        at_ms = information.head.last_updated_ms
        is_sound = at_ms is not None and judge(at_ms, now_ms, self._windows) is Verdict.SOUND
        listed: dict[str, _Inventory] = {}
        for station, named in self._granted(information, now_ms, register, news):
            name = named.name
            inventory = _inventory(station, named)
            listed[name] = inventory
            if self._known.get(name) != inventory and inventory != _Inventory():
                # Without a time of its own it has that of receipt, which is when we learned it.
                told = msgspec.structs.replace(inventory, observed_at=at_ms if is_sound else None)
                news.messages.append(self._outgoing(name, Message.INVENTORY, told))
        # A station that its information forgets for a while goes on being what it was.
        for name in self._listed & self._known.keys():
            listed.setdefault(name, self._known[name])
        self._known = listed
        self._sent = {name: sent for name, sent in self._sent.items() if name in listed}
        for name in self._taken & self._held.keys():
            del self._held[name]
        for name in [name for name in self._held if name in listed]:
            held = self._held.pop(name)
            self._tell(name, held.status, held.last_updated_ms, now_ms, news)
        self.asked()
        return news

    def _granted(
        self, information: Information, now_ms: int, register: Register | None, news: News
    ) -> list[tuple[Station, Named]]:
        """The stations that are ours to tell of, each with its name."""
        self._informed = frozenset(station.station_id for station in information.stations)
        naming = self._naming
        names = naming.names(self._informed, register or Register(), now_ms)
        granted: list[tuple[Station, Named]] = []
        taken: list[str] = []
        for station in information.stations:
            station_id = station.station_id
            named, fault = names.get(station_id), Fault.STATION_TWICE
            if named is not None:
                if naming.claims.grants(named.name, naming.feed):
                    granted.append((station, named))
                    continue
                taken.append(named.name)
                fault = Fault.ID_OF_ANOTHER_FEED
            news.unfit.append(Unfit(File.INFORMATION, station_id, "station_id", fault))
        self._taken = frozenset(taken)
        return granted

    def asked(self) -> None:
        """The information was read again, and is what it was."""
        for held in self._held.values():
            held.is_asked = True

    def take(self, statuses: Statuses, now_ms: int, register: Register | None = None) -> News:
        """Take in station_status: what changed, in the order of the file."""
        news = News(unfit=[*statuses.head.unfit, *statuses.unfit])
        last_updated_ms = statuses.head.last_updated_ms
        if self._is_old_copy(last_updated_ms, now_ms):
            return News(is_old_copy=True)
        station_ids = [status.station_id for status in statuses.stations]
        names = self._naming.names(station_ids, register or Register(), now_ms)
        self._listed = frozenset(named.name for named in names.values())
        for status in statuses.stations:
            named = names.get(status.station_id)
            if named is None:
                news.unfit.append(_unfit(status, Fault.STATION_TWICE, "station_id"))
            elif named.name in self._known:
                self._tell(named.name, status, last_updated_ms, now_ms, news)
            elif named.name not in self._taken:
                self._hold(named.name, status, last_updated_ms, now_ms, news)
        for name, held in list(self._held.items()):
            named = names.get(held.status.station_id)
            if named is not None and named.name != name:  # it waits under another name now
                del self._held[name]
        news.is_unasked = any(not held.is_asked for held in self._held.values())
        news.is_renamed = any(
            held.status.station_id in self._informed for held in self._held.values()
        )
        return news

    def _is_old_copy(self, last_updated_ms: int | None, now_ms: int) -> bool:
        if last_updated_ms is None:
            return False
        last_ms, self._last_updated_ms = self._last_updated_ms, last_updated_ms
        if last_ms is None or judge(last_ms, now_ms, self._windows) is not Verdict.SOUND:
            return False
        if 0 < last_ms - last_updated_ms < BACK_MS:
            self._last_updated_ms = last_ms
            return True
        return False

    def _hold(
        self, name: str, status: Status, last_updated_ms: int | None, now_ms: int, news: News
    ) -> None:
        held = self._held.get(name)
        if held is not None:
            held.status, held.last_updated_ms = status, last_updated_ms
        elif len(self._held) >= MAX_HELD:
            news.unfit.append(_unfit(status, Fault.HELD_NO_ROOM))
        else:
            self._held[name] = _Held(status, last_updated_ms, now_ms)

    def _tell(
        self, name: str, status: Status, last_updated_ms: int | None, now_ms: int, news: News
    ) -> None:
        """Send a status that is news, under the time at which it was so and no other."""
        observed_at_ms, fault = self._observed(status, last_updated_ms, now_ms)
        if fault is not None:
            news.unfit.append(_unfit(status, fault))
        sent = self._sent.get(name)
        if observed_at_ms is None or (
            sent is not None
            and sent.counts == status.counts
            # The file's own time moves though nobody says that the station was heard from.
            and (fault is not None or sent.observed_at_ms == observed_at_ms)
        ):
            return
        boot_id = self._remember(name, status, observed_at_ms, sent)
        counts = msgspec.structs.asdict(status.counts)
        told = _Telemetry(observed_at=observed_at_ms, boot_id=boot_id, **counts)
        news.messages.append(self._outgoing(name, Message.TELEMETRY, told))

    def _observed(
        self, status: Status, last_updated_ms: int | None, now_ms: int
    ) -> tuple[int | None, Fault | None]:
        """When the station was so (None: it cannot be told), and what is wrong about that."""
        reported_ms = status.last_reported_ms
        fault = Fault.NO_TIME
        if reported_ms is not None:
            verdict = judge(reported_ms, now_ms, self._windows)
            if verdict is Verdict.SOUND:
                return reported_ms, None
            if verdict is Verdict.TOO_OLD:
                return None, Fault.TOO_OLD
            fault = Fault.TIME_IMPOSSIBLE
        if last_updated_ms is not None:
            verdict = judge(last_updated_ms, now_ms, self._windows)
            if verdict is Verdict.SOUND:
                return last_updated_ms, fault
        # Under our own time the same status would be another reading after each restart.
        return None, Fault.HELD_NO_TIME

    def _remember(
        self, name: str, status: Status, observed_at_ms: int, sent: _Sent | None
    ) -> str | None:
        """Note what is sent; the mark that tells a state from the same one of the same moment.

        A station that goes from A to B and back to A under one `last_reported` has sent three
        readings. The third would be taken for the first, were it not for the mark.
        """
        state = hash(_encode(status.counts))
        if sent is None or sent.observed_at_ms != observed_at_ms:
            again = 0
            self._sent[name] = _Sent(observed_at_ms, status.counts, {state})
        else:
            is_back = state in sent.states or len(sent.states) >= MAX_STATES
            again = sent.again + 1 if is_back else 0
            sent.again += is_back
            sent.counts = status.counts
            if not is_back:
                sent.states.add(state)
        return f"again-{again}" if again else None

    def _outgoing(self, name: str, message: Message, content: _Telemetry | _Inventory) -> Outgoing:
        topic = Topic(self._naming.site, Kind.STATION, name, message)
        return Outgoing(message, str(topic).encode(), _encode(content))


def possible(head: Head, file: File, now_ms: int, windows: Windows) -> Head:
    """A file's head, without a `last_updated` that cannot be."""
    at_ms = head.last_updated_ms
    if at_ms is None or judge(at_ms, now_ms, windows) is not Verdict.IMPOSSIBLE:
        return head
    unfit = Unfit(file, "", "last_updated", Fault.TIME_IMPOSSIBLE, f"{at_ms} ms")
    return msgspec.structs.replace(head, last_updated_ms=None, unfit=(*head.unfit, unfit))


def _inventory(station: Station, named: Named) -> _Inventory:
    name, is_registered = named  # the register keeps the feed's own id itself
    is_escaped = name != station.station_id and len(station.station_id) <= MAX_NAME
    return _Inventory(
        name=station.name,
        lat=station.lat,
        lon=station.lon,
        capacity=station.capacity,
        serial=station.station_id if is_escaped and not is_registered else None,
    )


def _unfit(status: Status, fault: Fault, key: str = "last_reported") -> Unfit:
    return Unfit(File.STATUS, status.station_id, key, fault)
