"""The running process sees every change soon, whoever made it, and outlives a desk that is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ausguck.clock import ManualClock
from ausguck.desk.engine import reading_engine, writing_engine
from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.register.directory import Directory
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Device, DeviceState, Line
from ausguck.roles.registering import RETRY_S, USED_MS, Registering
from ausguck.settings import tree
from tests.register.offers import dated, offer
from tests.roles.turns import until

WHO = "command line"
SETTINGS = tree.Register(poll_ms=250)


@dataclass
class Hands:
    """A clock with those who sleep by it."""

    clock: ManualClock = field(default_factory=ManualClock)
    sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.clock.monotonic_s() + seconds, waking))
        await waking

    def wind(self, milliseconds: int) -> None:
        self.clock.advance_ms(milliseconds)
        due = [one for one in self.sleepers if one[0] <= self.clock.monotonic_s()]
        self.sleepers = [one for one in self.sleepers if one not in due]
        for _, waking in due:
            if not waking.done():
                waking.set_result(None)


class Flaky(SqliteRegistry):
    """A desk that is away when told so."""

    is_away = False
    is_writable = True

    def revision(self) -> int:
        self._answer()
        return super().revision()

    def used(self, times: Sequence[tuple[int, int]]) -> None:
        self._answer(is_there=self.is_writable)
        super().used(times)

    def _answer(self, *, is_there: bool = True) -> None:
        if self.is_away or not is_there:
            raise StoreUnavailable("desk", "database is locked")


@dataclass
class House:
    """The role at work, with all that it is told and tells."""

    desk: Flaky
    hands: Hands
    directory: Directory
    role: Registering
    fitted: list[Sequence[str]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)

    async def on_fitted(self, serials: Sequence[str]) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.fitted.append(sorted(serials))

    async def tick(self, milliseconds: int = SETTINGS.poll_ms) -> None:
        """Let it look once, to the end."""
        before = len(self.hands.sleepers)
        self.hands.wind(milliseconds)
        await until(lambda: len(self.hands.sleepers) >= before)


@asynccontextmanager
async def house(path: Path) -> AsyncIterator[House]:
    hands, directory = Hands(), Directory()
    with ExitStack() as stack:
        writer = writing_engine(path / "desk.sqlite")
        stack.callback(writer.dispose)
        reader = reading_engine(path / "desk.sqlite")
        stack.callback(reader.dispose)
        desk = Flaky(reader, writer, "kiel")
        told = offer(
            assets=[Asset(id="bus/1"), Asset(id="bus/2")],
            devices=[Device(id="S1"), Device(id="S2")],
        )
        desk.apply(desk.diff(told, 0), WHO, 0)
        desk.swap("bus/1", None, "S1", at_ms=5, who=WHO, now_ms=5)

        async def tell(serials: Sequence[str]) -> None:
            await one.on_fitted(serials)

        role = Registering(desk, directory, hands.clock, SETTINGS, tell, hands.sleep)
        one = House(desk, hands, directory, role)
        directory.on_change(lambda: one.changes.append(directory.register.revision))
        await role.load()
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            running = group.create_task(role.run())
            await until(lambda: bool(hands.sleepers) and bool(one.fitted))
            yield one
            running.cancel()


def play(path: Path, scene: Callable[[House], Awaitable[None]]) -> None:
    async def staged() -> None:
        async with house(path) as one:
            await scene(one)

    asyncio.run(staged())


def test_what_is_there_is_known_before_anybody_knocks(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        assert one.directory.register.assets.ids() == ["bus/1", "bus/2"]
        assert one.directory.register.site == "kiel"
        assert one.changes == [2]
        assert one.fitted == [["S1"]]
        assert (one.role.stats.revision, one.role.stats.loads, one.role.stats.told) == (2, 1, 1)

    play(tmp_path, scene)


def test_each_change_is_taken_once(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        await one.tick()
        assert one.changes == [2]
        told = offer(lines=[Line(id="11")])
        with open_registry(tmp_path / "desk.sqlite") as command:
            command.apply(command.diff(told, 0), WHO, 0)
        await one.tick()
        await one.tick()
        assert one.changes == [2, 3]
        assert one.directory.register.lines.ids() == ["11"]
        assert one.role.stats.last_load_at_ms == one.hands.clock.now_ms() - SETTINGS.poll_ms

    play(tmp_path, scene)


def test_a_revoked_credential_is_over_at_the_next_look(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        now_ms = one.hands.clock.now_ms()
        wanted = Credential(id=0, user="S1", secret_sha256=b"", created_at_ms=0)
        issued = one.desk.issue(wanted, WHO, now_ms)
        secret = issued.secret.encode()
        await one.tick()
        register = one.directory.register
        assert one.directory.keyring.opens("S1", secret, now_ms + 500) is not None

        one.desk.revoke("S1", WHO, now_ms + 500)
        await one.tick()

        assert one.directory.keyring.opens("S1", secret, now_ms + 500) is None
        assert one.directory.register is register, "no need to load what did not change"

    play(tmp_path, scene)


def test_a_device_that_is_retired_from_a_date_on_is_barred_then(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        begins_ms = one.hands.clock.now_ms() + 2 * SETTINGS.poll_ms
        over = Device(id="S2", state=DeviceState.RETIRED, valid_from_ms=begins_ms)
        told = offer(devices=[dated(over)], adds_only=True)
        one.desk.apply(one.desk.diff(told, 0), WHO, 0)
        await one.tick()
        assert not one.directory.keyring.is_barred("S2")
        await one.tick()
        assert one.directory.keyring.is_barred("S2")

    play(tmp_path, scene)


def test_a_desk_that_is_away_is_asked_again(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        one.desk.is_away = True
        one.desk.set_device(Device(id="S3"), WHO, 0)
        await one.tick()
        await one.tick()
        stats = one.role.stats
        assert (stats.failures, stats.loads) == (2, 1)
        assert stats.last_error == "store desk: database is locked"

        one.desk.is_away = False
        await one.tick()

        assert one.directory.keyring.is_device("S3")
        assert one.role.stats == replace(stats, failures=2, last_error=None)

    play(tmp_path, scene)


def test_one_who_cannot_take_a_change_keeps_it_from_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(one: House) -> None:
        after: list[int] = []

        def fail() -> None:
            raise ValueError("no such bus")

        one.directory.on_change(fail)
        one.directory.on_change(lambda: after.append(one.directory.register.revision))
        one.desk.set_device(Device(id="S3"), WHO, 0)
        await one.tick()
        assert after == [3]
        assert one.directory.keyring.is_device("S3")
        assert (one.directory.failures, one.role.stats.failures) == (1, 0)
        assert one.role.stats.revision == 3

    play(tmp_path, scene)
    assert "a listener could not take the register's change" in caplog.text
    assert "no such bus" in caplog.text


class Refusing(Directory):
    """One that cannot take what it is given, the first time after the start."""

    refusals = 0

    def replace(self, register: Register, keyring: Keyring) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ValueError("not now")
        super().replace(register, keyring)


def test_what_could_not_be_taken_is_taken_at_the_next_look(tmp_path: Path) -> None:
    async def scene(registry: SqliteRegistry) -> None:
        directory = Refusing()
        role = Registering(registry, directory, ManualClock(), SETTINGS)
        await role.load()
        directory.refusals = 1
        registry.set_device(Device(id="S3"), WHO, 0)
        with pytest.raises(ValueError, match="not now"):
            await role.load()
        assert (role.stats.revision, role.stats.loads) == (0, 1)
        await role.load()
        assert directory.keyring.is_device("S3")
        assert (role.stats.revision, role.stats.loads) == (registry.revision(), 2)

    with open_registry(tmp_path / "desk.sqlite") as registry:
        asyncio.run(scene(registry))


def test_it_is_said_what_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(one: House) -> None:
        one.role.note_used(1, 70)
        one.desk.is_writable = False
        await one.tick(USED_MS)
        await one.tick()
        assert one.role.stats.failures == 1
        assert one.role.stats.last_error is None, "it was read"
        one.desk.is_writable = True
        await one.tick(USED_MS)
        assert (one.role.stats.failures, one.role.stats.uses_written) == (1, 1)

    play(tmp_path, scene)
    (said,) = (row.message for row in caplog.records if row.name == "ausguck.roles.registering")
    assert said.startswith("when credentials were last used cannot be written")
    assert "cannot be read" not in caplog.text


def test_who_waits_for_fittings_is_told_of_each_new_one(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        one.desk.swap("bus/2", None, "S2", at_ms=9, who=WHO, now_ms=9)
        await one.tick()
        await until(lambda: len(one.fitted) == 2)
        one.desk.set_device(Device(id="S2", model="b"), WHO, 10)
        await one.tick()
        assert one.fitted == [["S1"], ["S2"]]

    play(tmp_path, scene)


def test_who_could_not_be_told_is_told_again(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        one.refusals.append(StoreError("journal", "full"))
        one.desk.swap("bus/2", None, "S2", at_ms=9, who=WHO, now_ms=9)
        one.hands.wind(SETTINGS.poll_ms)
        await until(lambda: one.role.stats.tell_failures == 1)
        await until(lambda: len(one.hands.sleepers) == 2)

        one.hands.wind(int(RETRY_S * 1000))

        await until(lambda: one.fitted == [["S1"], ["S2"]])
        assert one.role.stats.told == 2

    play(tmp_path, scene)


def test_last_uses_are_written_once_a_minute_and_at_the_end(tmp_path: Path) -> None:
    async def scene(one: House) -> None:
        wanted = Credential(id=0, user="S1", secret_sha256=b"", created_at_ms=0)
        key = one.desk.issue(wanted, WHO, 0).credential.id
        one.role.note_used(key, 70)
        one.role.note_used(key, 60)
        await one.tick()
        assert one.role.stats.uses_written == 0

        one.desk.is_away = True
        await one.tick(USED_MS)
        assert one.role.stats.uses_written == 0
        one.desk.is_away = False
        await one.tick(USED_MS)
        assert one.role.stats.uses_written == 1
        one.role.note_used(key, 90)

    play(tmp_path, scene)
    with open_registry(tmp_path / "desk.sqlite") as registry:
        (credential,) = registry.load(0)[1].of("S1")
        assert credential.last_used_at_ms == 90
