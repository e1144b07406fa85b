"""Which device told a boot id."""

import pytest

from ausguck.register.boots import device_mark, is_another_device, own_boot_id
from ausguck.register.register import Register
from ausguck.register.rows import Fitting, Tables


@pytest.mark.parametrize(
    ("boot_id", "own", "mark"),
    [
        (None, None, ""),
        ("b1", "b1", ""),
        ("b1#k3", "b1", "k3"),
        ("#k3", None, "k3"),
    ],
)
def test_a_mark_stands_behind_what_the_device_told(
    boot_id: str | None, own: str | None, mark: str
) -> None:
    assert (own_boot_id(boot_id), device_mark(boot_id)) == (own, mark)


def test_the_mark_is_the_registers() -> None:
    fittings = (
        Fitting(id="S1", asset="bus/1", valid_to_ms=50_000),
        Fitting(id="S2", asset="bus/1", valid_from_ms=50_000),
    )
    register = Register(Tables(fittings=fittings))
    before = "b1" + register.boot_mark("bus/1", 49_999)
    after = "b1" + register.boot_mark("bus/1", 50_000)
    assert is_another_device(before, after)
    assert not is_another_device(after, "b2" + register.boot_mark("bus/1", 60_000))
    assert own_boot_id(before) == own_boot_id(after) == "b1"
