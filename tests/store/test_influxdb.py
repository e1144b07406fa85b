import pytest

from tests.influx import Influx
from tests.store.contract import StoreContract
from tests.store.influx_room import opening
from tests.store.room import OpenStore


@pytest.mark.influxdb
@pytest.mark.timeout(240)
class TestInfluxdbStore(StoreContract):
    @pytest.fixture
    def open_store(self, influx: Influx) -> OpenStore:
        return opening(influx)
