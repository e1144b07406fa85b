"""Whoever may not see a device cannot tell it from one that never was."""

from pathlib import Path

import pytest

from ausguck.desk.access import open_access
from ausguck.desk.access_rows import Narrowing, NewKey
from ausguck.model import Kind
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Fitting, Tables
from ausguck.settings.tree import Api, Settings
from tests.api.city import populated
from tests.api.fakes import NOW_MS, SITE


@pytest.mark.parametrize("metric", ["clients", "num_docks_available", "clients,rtt_ms"])
def test_a_device_of_others_is_as_one_that_never_was(tmp_path: Path, metric: str) -> None:
    with open_access(tmp_path / "desk.sqlite") as access:
        city = populated(settings=Settings(api=Api(anonymous=())), access=access)
        fitted = Fitting(id="SN1", asset="bus/0101", valid_from_ms=0)
        city.directory.replace(Register(Tables(fittings=(fitted,)), SITE, revision=1), Keyring())

        def asked(serial: str, kind: Kind) -> tuple[int, str]:
            narrowing = Narrowing(kinds=(kind,))
            new = NewKey(name=f"{serial}-{kind}", scopes=("view",), narrowing=narrowing)
            secret = access.add_key(new, "test", NOW_MS).secret
            response = city.ask(
                "GET",
                "/api/v1/readings",
                params={"asset": f"device/{serial}", "metric": metric},
                headers={"Authorization": f"Bearer {secret}"},
            )
            return response.status_code, response.text.replace(serial, "SN…")

        mine = asked("SN1", Kind.BUS)
        others = asked("SN1", Kind.STATION)
        nobodys = asked("SN2", Kind.STATION)
    assert others == nobodys
    assert (others[0], mine[0]) == (404, 400 if metric.startswith("num") else 200)
