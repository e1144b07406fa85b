"""A clock, keys and a closed API for each test of the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck.clock import ManualClock
from ausguck.desk.access import AccessDesk, open_access
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS
from tests.api.gate_keys import CLOSED


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def access(tmp_path: Path) -> Iterator[AccessDesk]:
    with open_access(tmp_path / "desk.sqlite") as desk:
        yield desk


@pytest.fixture
def closed(access: AccessDesk, clock: ManualClock) -> City:
    return populated(clock, settings=CLOSED, access=access)
