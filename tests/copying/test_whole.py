from pathlib import Path

import pytest

from tests.copying.contract import WholeContract
from tests.copying.sample import OpenWhole, opening_duckdb, opening_fake, opening_influxdb
from tests.influx import Influx


class TestWholeDuckdb(WholeContract):
    @pytest.fixture
    def open_whole(self, tmp_path: Path) -> OpenWhole:
        return opening_duckdb(tmp_path)


@pytest.mark.influxdb
class TestWholeInfluxdb(WholeContract):
    @pytest.fixture
    def open_whole(self, influx: Influx) -> OpenWhole:
        return opening_influxdb(influx)


class TestFakeWhole(WholeContract):
    @pytest.fixture
    def open_whole(self) -> OpenWhole:
        return opening_fake()
