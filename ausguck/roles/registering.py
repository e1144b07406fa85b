"""Keeps the running process's directory as the register is in the desk, whoever changed it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ausguck.clock import Clock
from ausguck.register.directory import Directory
from ausguck.register.keyring import Keyring
from ausguck.register.port import Registry
from ausguck.register.register import Register
from ausguck.register.rows import Fitting
from ausguck.roles.ticks import Sleep, ticks
from ausguck.settings import tree

OnFitted = Callable[[Sequence[str]], Awaitable[None]]

USED_MS: Final = 60_000
"""How often it is written when credentials were last used."""
RETRY_S: Final = 10.0
"""How long one waits who could not be told of fittings."""
_UNREAD: Final = "the register cannot be read and will be asked again"
_UNWRITTEN: Final = "when credentials were last used cannot be written and will be tried again"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RegisteringStats:
    """What health says of it; `last_error` is why the register could not be read, until it can.

    `failures` counts what was not written as well.
    """

    revision: int = 0
    loads: int = 0
    last_load_at_ms: int | None = None
    failures: int = 0
    last_error: str | None = None
    told: int = 0
    tell_failures: int = 0
    uses_written: int = 0


async def tell_nobody(serials: Sequence[str]) -> None:
    """For where nobody waits for devices to be fitted."""
    del serials


class Registering:
    """Looks for new revisions, loads what changed, and has the directory take it.

    `on_fitted` is told the serials of which a fitting became known, after the start of all there
    are. It may take its time, and is told again until it does not raise.
    """

    def __init__(
        self,
        registry: Registry,
        directory: Directory,
        clock: Clock,
        settings: tree.Register,
        on_fitted: OnFitted = tell_nobody,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.stats = RegisteringStats()
        self._registry = registry
        self._directory = directory
        self._clock = clock
        self._settings = settings
        self._on_fitted = on_fitted
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._known: tuple[Register, Keyring] | None = None
        self._untold: dict[str, None] = {}
        self._to_tell = asyncio.Event()
        self._used: dict[int, int] = {}
        self._failing: dict[str, str] = {}
        self._write_due_ms = clock.now_ms() + USED_MS

    def note_used(self, credential_id: int, at_ms: int) -> None:
        """Remember when a credential opened the door; written once a minute and at the end."""
        self._used[credential_id] = max(at_ms, self._used.get(credential_id, at_ms))

    async def load(self) -> None:
        """Have the directory take what is there, before anybody may knock.

        Raises:
            StoreError: the desk cannot be read.
        """
        # One at a time, or an older state could be taken after a newer one.
        async with self._turn:
            await self._load()

    async def _load(self) -> None:
        now_ms = self._clock.now_ms()
        revision = await asyncio.to_thread(self._registry.revision)
        known = self._known
        if known is not None and revision == self.stats.revision and not _is_due(known[1], now_ms):
            return
        found = await asyncio.to_thread(self._registry.load, now_ms, known)
        if known is not None and found[0] is known[0] and found[1] is known[1]:
            self.stats.revision = revision
            return
        if known is None or found[0] is not known[0]:
            self._untold |= await asyncio.to_thread(_newly_fitted, found[0], known and known[0])
        self._directory.replace(*found)
        # Not before: what nobody could take is loaded again at the next look.
        self._known = found
        self.stats.revision = revision
        self.stats.loads += 1
        self.stats.last_load_at_ms = now_ms
        if self._untold:
            self._to_tell.set()

    async def run(self) -> None:
        """Look at every tick, for ever; the desk's errors are counted and it is asked again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="tell of fittings")
            try:
                async for _ in ticks(self._settings.poll_ms, self._clock, self._sleep):
                    await self._look()
            finally:
                await self._attempt(self._write_used, _UNWRITTEN)

    async def _look(self) -> None:
        await self._attempt(self.load, _UNREAD)
        if self._clock.now_ms() >= self._write_due_ms:
            self._write_due_ms = self._clock.now_ms() + USED_MS
            await self._attempt(self._write_used, _UNWRITTEN)

    async def _attempt(self, step: Callable[[], Awaitable[None]], failed: str) -> None:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - the loop's mouth: counted, told, tried again
            self.stats.failures += 1
            if failed not in self._failing:
                log.warning("%s: %s", failed, error)
            self._failing[failed] = str(error)
        else:
            self._failing.pop(failed, None)
        self.stats.last_error = self._failing.get(_UNREAD)

    async def _write_used(self) -> None:
        times, self._used = self._used, {}
        if not times:
            return
        try:
            await asyncio.to_thread(self._registry.used, tuple(times.items()))
        except BaseException:
            for credential_id, at_ms in times.items():
                self.note_used(credential_id, at_ms)
            raise
        self.stats.uses_written += len(times)

    async def _tell(self) -> None:
        while True:
            await self._to_tell.wait()
            self._to_tell.clear()
            serials, self._untold = self._untold, {}
            try:
                await self._on_fitted(tuple(serials))
            except Exception as error:  # noqa: BLE001 - the loop's mouth, as above
                self.stats.tell_failures += 1
                log.warning("devices that were fitted could not be told of: %s", error)
                self._untold = serials | self._untold
                self._to_tell.set()
                await self._sleep(RETRY_S)
            else:
                self.stats.told += len(serials)


def _is_due(keyring: Keyring, now_ms: int) -> bool:
    return keyring.due_ms is not None and now_ms >= keyring.due_ms


def _newly_fitted(register: Register, before: Register | None) -> dict[str, None]:
    if before is not None and register.tables.fittings is before.tables.fittings:
        return {}
    old = set() if before is None else {_fitted(one) for one in before.tables.fittings}
    return {one.id: None for one in register.tables.fittings if _fitted(one) not in old}


def _fitted(fitting: Fitting) -> tuple[str, str, int]:
    return fitting.id, fitting.asset, fitting.valid_from_ms
