"""What DuckDB can do to us, and what the adapter makes of it."""

import asyncio
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import duckdb
import msgspec
import pytest

from ausguck import catalogue
from ausguck.errors import DataDirectoryInUse, StoreError, StoreUnavailable
from ausguck.model import Books, Kind, Outcome, Position, Reason
from ausguck.probe import CrashPoint, Probe, ignore
from ausguck.settings import tree
from ausguck.store.duckdb.adapter import DuckdbStore, open_duckdb
from tests.store.makers import NOON_MS, Refused, ask, at, batch, event, reading, values

DEADLINE_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "history.duckdb"


def opened(
    path: Path, *, probe: Probe = ignore, idle_s: float = 3600.0
) -> AbstractAsyncContextManager[DuckdbStore]:
    return open_duckdb(path, tree.Store(), tree.Retention(), probe=probe, idle_s=idle_s)


async def put(store: DuckdbStore, n: int) -> Outcome:
    members = batch(reading({"clients": n}, seq=n, at_ms=NOON_MS + n))
    return await store.write(members, at(n), Refused())


async def leave_behind(path: Path, writes: int) -> tuple[bytes, bytes]:
    """The file and its log, as a process that was killed after its last commit leaves them."""
    async with opened(path) as store:
        await put(store, 1)
        await store.checkpoint()
        for n in range(2, writes + 1):
            await put(store, n)
        return files(path)


def files(path: Path) -> tuple[bytes, bytes]:
    return path.read_bytes(), path.with_name(path.name + ".wal").read_bytes()


def laid_out(path: Path, file: bytes, log: bytes) -> Path:
    path.parent.mkdir()
    path.write_bytes(file)
    path.with_name(path.name + ".wal").write_bytes(log)
    return path


def test_what_a_killed_process_committed_is_there(path: Path) -> None:
    async def play() -> None:
        found = await leave_behind(path, 6)
        async with opened(laid_out(path.parent / "b" / path.name, *found)) as store:
            assert await store.position() == at(6)
            assert len(await ask(store, "clients", 0, NOON_MS + 9)) == 6

    asyncio.run(play())


def test_a_torn_end_of_the_log_costs_the_last_transaction_alone(path: Path) -> None:
    async def play() -> None:
        file, log = await leave_behind(path, 6)
        async with opened(laid_out(path.parent / "b" / path.name, file, log[:-20])) as store:
            assert await store.position() == at(5)
            assert (await store.books()).stored == 5
            assert await put(store, 6) == Outcome(1, 0, ())

    asyncio.run(play())


def test_a_damaged_log_takes_position_books_and_rows_back_together(path: Path) -> None:
    writes = 12

    async def play() -> None:
        file, log = await leave_behind(path, writes)
        set_aside = 0
        for part in range(1, 8):
            place = len(log) * part // 8
            damaged = log[:place] + bytes([log[place] ^ 1]) + log[place + 1 :]
            copy = laid_out(path.parent / str(part) / path.name, file, damaged)
            async with opened(copy) as store:
                position = await store.position()
                assert position is not None
                assert (await store.books()).stored == position.offset
                known = await ask(store, "clients", 0, NOON_MS + 99)
                assert values(known) == list(range(1, position.offset + 1))
                for name in (await store.stats()).wals_set_aside:
                    set_aside += 1
                    assert (copy.parent / name).read_bytes() == damaged
                    assert position == at(1)
                for n in range(position.offset + 1, writes + 1):
                    assert await put(store, n) == Outcome(1, 0, ())
        assert set_aside

    asyncio.run(play())


def test_after_a_fatal_error_the_database_is_opened_anew(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            await put(store, 1)
            with duckdb.connect(str(path)) as other:
                other.execute("SET GLOBAL debug_checkpoint_abort = 'before_header'")
            await store.checkpoint()
            stats = await store.stats()
            assert (stats.reopened, stats.checkpoint_failures) == (1, 1)
            assert await store.position() == at(1)
            assert await put(store, 2) == Outcome(1, 0, ())
            assert values(await ask(store, "clients", 0, NOON_MS + 9)) == [1, 2]

    asyncio.run(play())


def test_a_reader_that_finds_the_database_dead_has_it_opened_anew(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            await put(store, 1)
            with duckdb.connect(str(path)) as other:
                other.execute("SET GLOBAL debug_checkpoint_abort = 'before_header'")
                with pytest.raises(duckdb.FatalException):
                    other.execute("CHECKPOINT")
            with pytest.raises(StoreUnavailable):
                await ask(store, "clients", 0, NOON_MS + 9)
            assert values(await ask(store, "clients", 0, NOON_MS + 9)) == [1]
            assert await put(store, 2) == Outcome(1, 0, ())

    asyncio.run(play())


def test_a_write_that_fails_changes_nothing_and_may_be_repeated(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            await put(store, 1)
            with duckdb.connect(str(path)) as other:
                other.execute("BEGIN")
                other.execute("UPDATE cursor SET stored = 77")
                with pytest.raises(StoreUnavailable):
                    await put(store, 2)
                other.execute("ROLLBACK")
            assert await store.position() == at(1)
            assert await store.books() == Books(1, 0, 0)
            (latest,) = await store.latest(Kind.BUS)
            assert latest.seq == 1
            assert await put(store, 2) == Outcome(1, 0, ())
            assert (await store.stats()).failures == 1

    asyncio.run(play())


class Killed(BaseException):
    """Stands for the end of the process."""


class KillAt:
    def __init__(self, point: CrashPoint) -> None:
        self.point: CrashPoint | None = point

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.point = None
            raise Killed


@pytest.mark.parametrize(
    ("point", "kept"),
    [(CrashPoint.STORE_BEFORE_COMMIT, False), (CrashPoint.STORE_AFTER_COMMIT, True)],
)
def test_a_batch_is_written_wholly_or_not_at_all(
    path: Path, point: CrashPoint, *, kept: bool
) -> None:
    members = msgspec.structs.replace(
        batch(reading({"clients": 1, "lat": 54.0}), events=[event()], dead_lettered=3), decoded=5
    )

    async def play() -> None:
        async with opened(path, probe=KillAt(point)) as store:
            with pytest.raises(Killed):
                await store.write(members, at(1), Refused())
        async with opened(path) as store:
            assert await store.position() == (at(1) if kept else None)
            assert values(await ask(store, "lat", 0, NOON_MS + 1)) == ([54.0] if kept else [])
            outcome = await store.write(members, at(1), Refused())
            assert outcome == (Outcome(0, 2, ()) if kept else Outcome(2, 0, ()))
            assert await store.books() == Books(2, 0, 3, 5)

    asyncio.run(play())


def test_what_no_column_takes_is_refused_and_the_rest_is_kept(path: Path) -> None:
    place = catalogue.keys(Kind.BUS).index("clients")
    good = reading({"clients": 1}, seq=1)
    wrong_type = msgspec.structs.replace(
        reading(seq=2), values=(*good.values[:place], "many", *good.values[place + 1 :])
    )
    too_large = reading({"clients": 10**6}, seq=3)
    lone_surrogate = reading({"line": "\ud800"}, seq=4)
    too_few = msgspec.structs.replace(reading(seq=5), values=(1,))
    unresolved = msgspec.structs.replace(good, asset=good.asset._replace(kind=Kind.DEVICE))
    conflict = reading({"clients": 2}, seq=1)
    fine = event()
    odd = event("\ud800", event_type="door")

    async def play() -> None:
        async with opened(path) as store:
            refused = Refused()
            members = (wrong_type, good, too_large, lone_surrogate, too_few, unresolved, conflict)
            outcome = await store.write(
                batch(*members, events=[odd, fine], dead_lettered=0), at(1), refused
            )
            assert (outcome.stored, outcome.duplicates) == (2, 0)
            found = {refusal.index: refusal.reason for refusal in refused.refusals}
            rejected = dict.fromkeys([0, 2, 3, 4, 5, 7], Reason.REJECTED)
            assert found == {**rejected, 6: Reason.CONFLICT}
            details = {refusal.index: refusal.detail for refusal in refused.refusals}
            assert details[0] == "bus/0123: a value of clients does not fit SMALLINT"
            assert await store.books() == Books(2, 0, 7)
            assert values(await ask(store, "clients", 0, NOON_MS + 1)) == [1]
            assert len(await store.events(good.asset, 0, NOON_MS + 1)) == 1

    asyncio.run(play())


def test_a_file_older_than_a_metric_is_widened(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            await put(store, 1)
        with duckdb.connect(str(path)) as other:
            other.execute("ALTER TABLE hotspot DROP COLUMN portal_ok_pct")
        async with opened(path) as store:
            new = reading({"portal_ok_pct": 99.0}, seq=2, at_ms=NOON_MS + 2)
            await store.write(batch(new), at(2), Refused())
            assert values(await ask(store, "portal_ok_pct", 0, NOON_MS + 9)) == [99.0]
            assert len(await ask(store, "clients", 0, NOON_MS + 9)) == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("ALTER TABLE hotspot ALTER clients TYPE VARCHAR", "hotspot.clients is VARCHAR"),
        ("UPDATE cursor SET format = 99", "format 99"),
    ],
)
def test_a_file_of_another_shape_is_refused(path: Path, statement: str, found: str) -> None:
    async def play() -> None:
        async with opened(path):
            pass
        with duckdb.connect(str(path)) as other:
            other.execute(statement)
        with pytest.raises(StoreError, match=found):
            async with opened(path):
                pass

    asyncio.run(play())


def test_a_second_process_is_told_who_is_in_the_way(path: Path) -> None:
    path.parent.mkdir()
    program = (
        f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    )

    async def play() -> None:
        with pytest.raises(DataDirectoryInUse):
            async with opened(path):
                pass

    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            asyncio.run(play())
        finally:
            process.communicate(b"\n")


def test_quiet_moves_the_log_into_the_file(path: Path) -> None:
    async def play() -> None:
        async with opened(path, idle_s=0.0) as store, asyncio.timeout(DEADLINE_S):
            await put(store, 1)
            while not (await store.stats()).checkpoints:
                pass
            assert (await store.stats()).wal_bytes == 0

    asyncio.run(play())


def test_newer_readings_are_new_without_asking(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            for n in range(1, 6):
                await put(store, n)
            assert (await store.stats()).checked == 0
            members = batch(reading({"clients": 3}, seq=3, at_ms=NOON_MS + 3))
            await store.write(members, at(9), Refused())
            stats = await store.stats()
            assert (stats.checked, stats.commits) == (1, 6)
            assert dict(stats.rows)["hotspot"] == 5

    asyncio.run(play())


def test_questions_are_answered_while_it_writes(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store, asyncio.TaskGroup() as tasks:
            for n in range(1, 11):
                tasks.create_task(put(store, n))
                tasks.create_task(ask(store, "clients", 0, NOON_MS + n))
                tasks.create_task(store.stats())

    asyncio.run(play())


def test_a_new_epoch_of_the_journal_goes_on_behind_the_old(path: Path) -> None:
    async def play() -> None:
        async with opened(path) as store:
            await put(store, 500)
            members = batch(reading(seq=1, at_ms=NOON_MS + 900))
            assert await store.write(members, Position(2, 0, 0), Refused()) == Outcome(1, 0, ())

    asyncio.run(play())
