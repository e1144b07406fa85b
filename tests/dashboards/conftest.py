from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dashboards.week import Week
    from tests.influx import Influx


@pytest.fixture(scope="session")
def week(influx: "Influx") -> "Week":
    """The simulated week, once for all tests."""
    from tests.dashboards.week import fill  # noqa: PLC0415 - only where there is a server

    return fill(influx)
