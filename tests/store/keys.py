"""Each key column tells rows apart, and each value comes back as it was."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.model import (
    AssetId,
    Event,
    Kind,
    Outcome,
    Reading,
    Scalar,
)
from ausguck.store.port import SeriesQuery, Store
from tests.store.makers import (
    BUS,
    DAY_MS,
    NOON_MS,
    OTHER_BUS,
    STATION,
    Refused,
    ask,
    at,
    batch,
    event,
    reading,
)
from tests.store.room import OpenStore, Room, StoreFixtures, put, write


def _variants() -> list[tuple[str, Reading, Reading]]:
    """Pairs of readings that differ in one key column alone."""
    pairs: list[tuple[str, Reading, Reading]] = []
    for measurement, asset, known in (
        ("hotspot", BUS, {"clients": 1}),
        ("bus_position", BUS, {"lat": 54.0}),
        ("station", STATION, {"num_docks_available": 1}),
    ):
        base = reading(known, asset=asset, digest=1)
        bare = reading(known, asset=asset, seq=None, digest=1)
        changes: dict[str, tuple[Reading, dict[str, object]]] = {
            "site": (base, {"asset": asset._replace(site="ulm")}),
            f"{asset.kind}_id": (base, {"asset": asset._replace(name="0789")}),
            "observed_at": (base, {"observed_at_ms": NOON_MS + 1}),
            "boot_id": (base, {"boot_id": "b2"}),
            "boot_id_marked": (base, {"boot_id": "b1#t3sq0"}),
            "boot_id_mark_alone": (msgspec.structs.replace(base, boot_id=None), {"boot_id": "#t3"}),
            "boot_id_unknown": (base, {"boot_id": None}),
            "boot_id_empty": (msgspec.structs.replace(base, boot_id=None), {"boot_id": ""}),
            "seq": (base, {"seq": 2}),
            "seq_unknown": (base, {"seq": None}),
            "digest": (bare, {"digest": 2}),
        }
        pairs.extend(
            (f"{measurement}-{name}", one, msgspec.structs.replace(one, **change))
            for name, (one, change) in changes.items()
        )
    return pairs


VARIANTS = _variants()
KEYS_OF_EVENTS = {
    "site": event(asset=BUS._replace(site="ulm")),
    "kind": event(asset=BUS._replace(kind=Kind.STATION)),
    "object": event(asset=OTHER_BUS),
    "observed_at": event(at_ms=NOON_MS + 1),
    "type": event(event_type="tamper"),
    "digest": event(digest=8),
}


class KeyContract(StoreFixtures):
    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    @pytest.mark.parametrize(
        ("one", "two"), [v[1:] for v in VARIANTS], ids=[v[0] for v in VARIANTS]
    )
    def test_rows_that_differ_in_one_key_column_are_two(
        self, room: Room, one: Reading, two: Reading, *, together: bool
    ) -> None:
        (metric,) = [
            key
            for key, value in zip(catalogue.keys(one.asset.kind), one.values, strict=True)
            if value is not None
        ]

        async def play(store: Store) -> None:
            if together:
                assert await put(store, 1, one, two) == Outcome(2, 0, ())
            else:
                assert await put(store, 1, one) == Outcome(1, 0, ())
                assert await put(store, 2, two) == Outcome(1, 0, ())
            found = [
                point
                for asset in {one.asset, two.asset}
                for point in await ask(store, metric, NOON_MS, NOON_MS + 2, asset=asset)
            ]
            assert len(found) == 2
            assert await put(store, 3, two, one) == Outcome(0, 2, ())

        room.run(play)

    @pytest.mark.parametrize("other", KEYS_OF_EVENTS.values(), ids=KEYS_OF_EVENTS.keys())
    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    def test_events_that_differ_in_one_key_column_are_two(
        self, room: Room, other: Event, *, together: bool
    ) -> None:
        groups = [[event(), other]] if together else [[event()], [other]]

        async def play(store: Store) -> None:
            for number, group in enumerate(groups):
                await write(store, batch(events=group), at(number + 1), Refused())
            assert (await store.books()).stored == 2
            outcome = await write(store, batch(events=[other, event()]), at(9), Refused())
            assert outcome == Outcome(0, 2, ())
            found = [
                seen
                for asset in {BUS, other.asset}
                for seen in await store.events(asset, NOON_MS, NOON_MS + 2)
            ]
            assert len(found) == 2

        room.run(play)


def _scalars(metric: Metric) -> st.SearchStrategy[Scalar]:
    if metric.type is bool:
        return st.booleans()
    if metric.choices:
        return st.sampled_from(metric.choices)
    if metric.type is str:
        return st.text(st.characters(codec="utf-8"), max_size=16)
    low, high = metric.minimum, metric.maximum
    if metric.type is int:
        return st.integers(int(low or 0), 2**63 - 1 if high is None else int(high))
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def _readings(kind: Kind) -> st.SearchStrategy[Reading]:
    unsigned = st.integers(0, 2**63 - 1)
    return st.builds(
        Reading,
        st.builds(AssetId, st.just("kiel"), st.just(kind), st.sampled_from(["1", "2", "3"])),
        st.integers(NOON_MS, NOON_MS + 3 * DAY_MS),
        st.integers(NOON_MS, NOON_MS + 3 * DAY_MS),
        st.none() | st.text(st.characters(codec="utf-8"), max_size=16),
        st.none() | unsigned,
        unsigned,
        st.booleans(),
        st.tuples(*(st.none() | _scalars(metric) for metric in catalogue.metrics(kind))),
    )


class RoundTripContract:
    @hypothesis_settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(
        members=st.lists(
            _readings(Kind.BUS) | _readings(Kind.STATION),
            min_size=1,
            max_size=6,
            unique_by=lambda member: (member.asset, member.observed_at_ms),
        )
    )
    def test_what_was_written_is_what_is_read(
        self, open_store: OpenStore, members: list[Reading]
    ) -> None:
        newest: dict[AssetId, Reading] = {}
        for member in sorted(members, key=lambda member: member.observed_at_ms):
            newest[member.asset] = member

        async def fill(store: Store) -> None:
            await put(store, 1, *members)

        async def read(store: Store) -> None:
            for kind in (Kind.BUS, Kind.STATION):
                for last in await store.latest(kind):
                    assert last == newest.pop(last.asset)
            assert newest == {}
            for asset in {member.asset for member in members}:
                keys = catalogue.keys(asset.kind)
                found = await store.series(SeriesQuery(asset, keys, NOON_MS, NOON_MS + 4 * DAY_MS))
                for index, series in enumerate(found):
                    assert [(point.at_ms, point.value) for point in series.points] == [
                        (member.observed_at_ms, member.values[index])
                        for member in sorted(members, key=lambda member: member.observed_at_ms)
                        if member.asset == asset and member.values[index] is not None
                    ]

        with TemporaryDirectory() as path:
            Room(open_store, Path(path)).run(fill, read)
