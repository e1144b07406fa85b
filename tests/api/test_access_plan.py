"""What planners never get of a bus, by a list that is written out: a class could be forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck import catalogue
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_rows import NewKey
from ausguck.model import Kind, Scalar
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Fitting, Tables
from ausguck.settings.tree import Api, Scope, Settings
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS, SITE, reading

NEVER = (
    "clients",
    "clients_guest",
    "clients_staff",
    "clients_2g4",
    "clients_5g",
    "guest_down_bytes_total",
    "guest_up_bytes_total",
    "wan_rx_bytes_total",
    "wan_tx_bytes_total",
    "sim1_bytes_total",
    "sim2_bytes_total",
    "cell_id",
    "lat",
    "lon",
    "speed_mps",
    "heading_deg",
    "satellites",
    "hdop",
    "ignition",
    "trip_id",
)
VALUES: dict[type[Scalar], Scalar] = {bool: True, int: 1, float: 1.5, str: "5"}
FULL = {metric.key: VALUES[metric.type] for metric in catalogue.metrics(Kind.BUS)}
ASSETS = ("bus/0101", "device/SN1")


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessDesk]:
    path: Path = tmp_path_factory.mktemp("plan") / "desk.sqlite"
    with open_access(path) as desk:
        yield desk


@pytest.fixture(scope="module")
def city(access: AccessDesk) -> City:
    made = populated(settings=Settings(api=Api(anonymous=())), access=access)
    fitted = Fitting(id="SN1", asset="bus/0101", valid_from_ms=0)
    made.directory.replace(Register(Tables(fittings=(fitted,)), SITE, revision=1), Keyring())
    made.store.readings[0] = reading(Kind.BUS, "0101", NOW_MS - 3_000, **FULL)
    return made


@pytest.fixture(scope="module", params=[("plan",), ("plan", "admin"), ("view",)])
def scopes(request: pytest.FixtureRequest) -> tuple[Scope, ...]:
    found: tuple[Scope, ...] = request.param
    return found


@pytest.fixture(scope="module")
def headers(access: AccessDesk, scopes: tuple[Scope, ...]) -> dict[str, str]:
    new = NewKey(name="-".join(scopes), scopes=scopes)
    return {"Authorization": f"Bearer {access.add_key(new, 'test', NOW_MS).secret}"}


def test_buses_come_without_them(
    city: City, headers: dict[str, str], scopes: tuple[Scope, ...]
) -> None:
    one = city.ask("GET", "/api/v1/buses/0101", headers=headers).json()
    listed = city.ask("GET", "/api/v1/buses", headers=headers).json()["items"]

    wanted = set(FULL) - (set() if "view" in scopes else set(NEVER))
    assert set(one["values"]) == wanted
    assert set(listed[0]["values"]) == wanted
    assert "rsrp_dbm" in wanted


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize("key", NEVER)
def test_no_history_of_them_is_told(
    city: City, headers: dict[str, str], scopes: tuple[Scope, ...], key: str, asset: str
) -> None:
    for asked in (key, f"rsrp_dbm,{key}"):
        for every in ("", "&every=1d"):
            path = f"/api/v1/readings?asset={asset}&metric={asked}{every}"
            answer = city.ask("GET", path, headers=headers)
            assert (answer.status_code == 403) is ("view" not in scopes), answer.text


def test_a_new_metric_is_decided_on() -> None:
    """Whoever adds a key says here whether planners get it."""
    free = set(FULL) - set(NEVER)
    assert free == {
        *("rtt_ms", "loss_pct", "rsrp_dbm", "rsrq_db", "sinr_db", "rssi_dbm"),
        *("access_technology", "operator", "sim_slot", "is_roaming", "line"),
        *("supply_v", "temperature_c", "cpu_pct", "memory_pct", "disk_pct", "uptime_s"),
        "portal_ok_pct",
    }
