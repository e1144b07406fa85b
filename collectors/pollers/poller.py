"""One bike feed watched: asked when it is time, and what is news put into the journal."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from ausguck.clock import Clock
from ausguck.errors import JournalError
from ausguck.journal.port import Appender
from ausguck.model import AssetId, Kind
from ausguck.register.directory import Directory
from ausguck.register.register import Register
from ausguck.settings.partners import Gbfs
from ausguck.settings.tree import Retention, Site
from collectors.decode.moments import Windows
from collectors.pollers import addresses, documents, timing
from collectors.pollers.fetch import (
    NONE_HELD,
    Failed,
    Fetches,
    Fresh,
    OpensDoor,
    Same,
    Validators,
    open_door,
)
from collectors.pollers.memory import Memory, News, possible
from collectors.pollers.model import (
    SUB_FILES,
    Discovery,
    Fault,
    File,
    Head,
    Information,
    Statuses,
    Unfit,
    Unreadable,
)
from collectors.pollers.names import Claims
from collectors.pollers.naming import Naming
from collectors.pollers.outbox import Outbox
from collectors.pollers.stats import FeedStats
from collectors.pollers.timing import Turn

HELD_REPORT_MS: Final = 600_000
ROUNDS: Final = 3
LEAST_WAIT_S: Final = 0.05
MAX_LOGGED: Final = 5

log = logging.getLogger(__name__)


class World(msgspec.Struct, frozen=True):
    """What is around a poller: waiting, chance, the way to feeds, other feeds, the register.

    Pollers of one site share one world, so that no two of them speak of one station.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    open_door: OpensDoor = open_door
    claims: Claims = msgspec.field(default_factory=Claims)
    directory: Directory = msgspec.field(default_factory=Directory)


class _Held(msgspec.Struct):
    """One file as it was last read."""

    address: str
    turn: Turn = msgspec.field(default_factory=Turn)
    validators: Validators = NONE_HELD
    head: Head | None = None
    unfit: frozenset[tuple[str, str, Fault]] = frozenset()


class GbfsPoller:
    """Watches one feed; `run` it in a task group."""

    def __init__(
        self,
        feed: Gbfs,
        site: Site,
        retention: Retention,
        journal: Appender,
        clock: Clock,
        world: World | None = None,
    ) -> None:
        self.stats = FeedStats(feed.name, clock.now_ms())
        self._feed = feed
        self._clock = clock
        self._world = world or World()
        self._naming = Naming(site.id, feed.name, feed.prefix or "", self._world.claims)
        self._windows = Windows.of(retention)
        self._forget()
        self._outbox = Outbox(journal, clock, self.stats)
        self._not_before_s = 0.0
        self._reported: frozenset[str] = frozenset()

    def heard(self) -> Mapping[AssetId, int]:
        """Until when the feed speaks for each known station in it; a feed has no other sign.

        That is its last answer, but not past the time to which the answer itself was good: what
        a cache goes on giving out is no sign of life.
        """
        at_ms = self.stats.vouched_ms
        if at_ms is None:
            return {}
        site = self._naming.site
        return {AssetId(site, Kind.STATION, name): at_ms for name in self._memory.reporting}

    async def run(self) -> None:
        """Ask, journal and wait, until cancelled."""
        broken = 0
        while True:
            try:
                async with self._world.open_door(self._feed) as door:
                    while True:
                        await self._world.sleep(await self.poll(door))
            except Exception as error:  # one feed must not end the process
                broken += 1
                self.stats.polls["feed", "broken"] += 1
                self._trouble(f"broken off: {type(error).__name__}: {error}")
                log.exception("feed %s: unforeseen", self._feed.name)
                self._forget()
            interval_s = self._feed.interval_s
            await self._world.sleep(
                timing.wait_after_failure(interval_s, broken, self._world.random)
            )

    def _forget(self) -> None:
        """Begin anew: what may have been noted as sent and was not is sent once more."""
        self._memory = Memory(self._naming, self._windows)
        self._files = {File.DISCOVERY: _Held(addresses.absolute(self._feed.address))}

    async def poll(self, door: Fetches) -> float:
        """Do what is due and return the seconds until something is again."""
        await self._outbox.has_room()
        await self._flush()
        for _ in range(ROUNDS):
            due = [file for file in File if self._is_due(file)]
            if not due:
                break
            for file in due:
                if self._is_due(file):
                    await self._read(file, door)
                    await self._flush()
        self._report_held()
        now_s = self._clock.monotonic_s()
        next_s = max(self._not_before_s, min(held.turn.due_s for held in self._files.values()))
        return max(LEAST_WAIT_S, next_s - now_s)

    async def _flush(self) -> None:
        try:
            await self._outbox.flush()
        except JournalError as error:
            self._trouble(str(error))

    def _is_due(self, file: File) -> bool:
        now_s = self._clock.monotonic_s()
        held = self._files.get(file)
        return held is not None and now_s >= max(held.turn.due_s, self._not_before_s)

    async def _read(self, file: File, door: Fetches) -> None:
        held = self._files[file]
        held.turn.asked(self._clock.monotonic_s())
        answer = await door.fetch(held.address, held.validators)
        if isinstance(answer, Same) and held.head is None:
            answer = Failed("http_304", "answers 304 to a first question")
        if isinstance(answer, Failed):
            self._failed(file, answer)
            return
        outcome = "unchanged"
        if isinstance(answer, Fresh):
            try:
                outcome = await self._take(file, answer)
            except Unreadable as error:
                self._failed(file, Failed("unreadable", error.reason))
                return
        elif file is File.INFORMATION:
            self._memory.asked()
        self._succeeded(file, outcome)

    def _succeeded(self, file: File, outcome: str) -> None:
        self.stats.polls[file.value, outcome] += 1
        held = self._files[file]
        now_ms = self._clock.now_ms()
        held.turn.failures = 0
        head = held.head or Head()
        age_s = None
        if head.last_updated_ms is not None:
            age_s = (now_ms - head.last_updated_ms) / 1000
        is_live = file is File.STATUS
        wait_s = timing.wait_after_success(
            self._feed.interval_s, head.ttl_s, age_s, is_live=is_live
        )
        held.turn.due_s = self._clock.monotonic_s() + wait_s
        if is_live:
            self.stats.last_success_at_ms = now_ms
        if not any(other.turn.failures for other in self._files.values()):
            if self.stats.last_error is not None:
                log.info("feed %s: well again", self._feed.name)
            self.stats.last_error = None

    def _failed(self, file: File, failure: Failed) -> None:
        self.stats.polls[file.value, failure.reason] += 1
        self._trouble(f"{file}: {failure.detail}")
        turn = self._files[file].turn
        turn.failures += 1
        now_s = self._clock.monotonic_s()
        interval_s = self._feed.interval_s
        turn.due_s = now_s + timing.wait_after_failure(
            interval_s, turn.failures, self._world.random
        )
        asked_s = timing.retry_after_s(failure.retry_after, self._clock.now_ms())
        if asked_s is not None:
            # Whoever asks for a rest means all that comes from us.
            self._not_before_s = max(self._not_before_s, now_s + asked_s)
        if failure.is_gone and file in SUB_FILES:
            # It may have moved, which only the list of files can tell.
            self._files[File.DISCOVERY].turn.hurry(now_s, interval_s)

    def _trouble(self, words: str) -> None:
        if words != self.stats.last_error:
            log.warning("feed %s: %s", self._feed.name, words)
        self.stats.last_error = words

    # What was read

    async def _take(self, file: File, fresh: Fresh) -> str:
        held = self._files[file]
        unfit: Sequence[Unfit]
        if file is File.DISCOVERY:
            found = documents.discovery(fresh.body, held.address, self._feed.language)
            self._discovered(found)
            head, unfit = found.head, found.head.unfit
        elif file is File.SYSTEM:
            system = documents.system(fresh.body)
            self.stats.system_id, self.stats.timezone = system.system_id, system.timezone
            head, unfit = system.head, system.head.unfit
        else:
            # In a thread, for a large file takes longer than a device may wait for us.
            now_ms, register = self._clock.now_ms(), self._world.directory.register
            told, news = await asyncio.to_thread(self._compare, file, fresh.body, now_ms, register)
            if news.is_old_copy:
                return "old_copy"
            self._outbox.put(news.messages)
            self._note(told, news, now_ms)
            head, unfit = told.head, news.unfit
        held.head, held.validators = head, fresh.validators
        self._count_unfit(file, unfit)
        return "ok"

    def _compare(
        self, file: File, body: bytes, now_ms: int, register: Register
    ) -> tuple[Information | Statuses, News]:
        if file is File.INFORMATION:
            information = documents.information(body, self._feed.language)
            head = possible(information.head, file, now_ms, self._windows)
            information = msgspec.structs.replace(information, head=head)
            return information, self._memory.learn(information, now_ms, register)
        statuses = documents.statuses(body)
        head = possible(statuses.head, file, now_ms, self._windows)
        statuses = msgspec.structs.replace(statuses, head=head)
        return statuses, self._memory.take(statuses, now_ms, register)

    def _note(self, told: Information | Statuses, news: News, now_ms: int) -> None:
        stats = self.stats
        stats.known, stats.unknown = self._memory.known, self._memory.held
        if isinstance(told, Statuses):
            stats.stations = len(told.stations)
            stats.last_updated_ms, stats.ttl_s = told.head.last_updated_ms, told.head.ttl_s
        if news.is_unasked or news.is_renamed:
            held = self._files[File.INFORMATION]
            held.turn.hurry(self._clock.monotonic_s(), self._feed.interval_s)
            if news.is_renamed:  # what is in it has other names now, though it be the same file
                held.validators = NONE_HELD
        if news.messages:
            stats.last_changed_at_ms = now_ms

    def _discovered(self, found: Discovery) -> None:
        self.stats.version = found.head.version or "1.0"
        self.stats.language = found.language
        for file, address in found.addresses.items():
            held = self._files.get(file)
            if held is None:
                self._files[file] = _Held(address)
            elif held.address != address:
                log.info("feed %s: %s is now elsewhere", self._feed.name, file)
                held.address, held.validators = address, NONE_HELD
                held.turn.failures = 0
                held.turn.hurry(self._clock.monotonic_s(), 0.0)
        for file in [f for f in SUB_FILES if f in self._files and f not in found.addresses]:
            del self._files[file]

    def _count_unfit(self, file: File, unfit: Sequence[Unfit]) -> None:
        held = self._files[file]
        fresh = {one.what: one for one in unfit if one.what not in held.unfit}
        held.unfit = frozenset(one.what for one in unfit)
        for one in fresh.values():
            self.stats.unfit[one.fault.value] += 1
        for one in list(fresh.values())[:MAX_LOGGED]:
            log.warning("feed %s: left out: %s", self._feed.name, one)
        if len(fresh) > MAX_LOGGED:
            log.warning("feed %s: and %d more", self._feed.name, len(fresh) - MAX_LOGGED)
        stations = {station for other in self._files.values() for station, _, _ in other.unfit}
        self.stats.unfit_stations = len(stations - {""})

    def _report_held(self) -> None:
        long_held = self._memory.held_since(self._clock.now_ms() - HELD_REPORT_MS)
        self.stats.unknown_for_long = len(long_held)
        fresh = frozenset(long_held) - self._reported
        self._reported = frozenset(long_held)
        if fresh:
            named = ", ".join(repr(name) for name in sorted(fresh)[:MAX_LOGGED])
            log.warning(
                "feed %s: %d stations have a status and are not in station_information: %s%s",
                self._feed.name,
                len(long_held),
                named,
                ", ..." if len(fresh) > MAX_LOGGED else "",
            )
