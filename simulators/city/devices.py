"""Which devices there are, what each is like, and which of them is in which bus when."""

import random
from dataclasses import dataclass, fields
from datetime import date
from typing import NamedTuple
from zlib import crc32

from simulators.city.plan import CityPlan, Oddities
from simulators.city.radio import OPERATORS
from simulators.city.rhythm import local_time, service_ms

FIRST_BUS, FIRST_STATION = 101, 1001
STATION_MODEL, STATION_FIRMWARE = "SC-2", "2.4.1"
STATION_MARK, BUS_MARK, SPARE_MARK = "SC", "AG", "AS"
SWAP_HOURS = (9.0, 15.0)
DRIFT_S_PER_HOUR = (2.0, 20.0)
WHOLE = 1 << 32


class Model(NamedTuple):
    """What the maker says of a router."""

    name: str
    firmware: str


MODELS = (
    Model("RUTX50", "00.07.06.10"),
    Model("RUT956", "00.07.08.2"),
    Model("IBR1700", "7.23.40"),
)
COUNTS_IN_32_BITS = Model("RUT955", "00.06.09.5")
SAYS_NO_BOOT_ID = Model("TRB140", "00.02.06.1")


@dataclass(frozen=True, slots=True)
class Box:
    """One router, whatever bus it is in: its nature and its oddities, by seed and serial."""

    serial: str
    model: str
    firmware: str
    operators: tuple[str, str]
    """Of its two SIM cards."""
    reboots: bool = False
    counter_resets: bool = False
    wraps: bool = False
    sim_switches: bool = False
    clock_1970: bool = False
    clock_ahead: bool = False
    drift_s_per_hour: float = 0.0
    no_boot_id: bool = False
    silent_sleepers: bool = False


def box(plan: CityPlan, serial: str) -> Box:
    """The router of that serial number."""
    rng = random.Random(f"{plan.seed}/box/{serial}")  # noqa: S311 - a simulation
    model = rng.choice(MODELS)
    first, second = rng.sample(OPERATORS, 2)
    drift_s = rng.uniform(*DRIFT_S_PER_HOUR)
    odd = {field.name: has_oddity(plan, serial, field.name) for field in fields(Oddities)}
    del odd["spare_swaps"]
    if odd["wraps"]:
        model = COUNTS_IN_32_BITS
    elif odd["no_boot_id"]:
        model = SAYS_NO_BOOT_ID
    drifts = odd.pop("clock_drift")
    return Box(
        serial,
        model.name,
        model.firmware,
        (first, second),
        drift_s_per_hour=drift_s if drifts else 0.0,
        **odd,
    )


def has_oddity(plan: CityPlan, who: str, oddity: str) -> bool:
    """Whether a device (by serial) or a bus (by asset) has it."""
    drawn = crc32(f"{plan.seed}/{oddity}/{who}".encode()) / WHOLE
    return drawn < float(getattr(plan.oddities, oddity))


def bus_name(number: int) -> str:
    """What a bus is called in topics."""
    return f"{FIRST_BUS + number:04d}"


def station_name(number: int) -> str:
    """What a station is called in topics."""
    return str(FIRST_STATION + number)


def station_serial(plan: CityPlan, name: str) -> str:
    """The controller of a station, for all its life."""
    return _serial(plan.seed, STATION_MARK, f"station/{name}")


def serials(plan: CityPlan, bus: str) -> tuple[str, ...]:
    """The routers a bus ever has, by plan: one, or two that take turns."""
    first = _serial(plan.seed, BUS_MARK, f"bus/{bus}")
    if not has_oddity(plan, f"bus/{bus}", "spare_swaps"):
        return (first,)
    return first, _serial(plan.seed, SPARE_MARK, f"bus/{bus}")


class Tenure(NamedTuple):
    """That a router is in a bus until the next swap."""

    serial: str
    from_ms: int
    to_ms: int | None


def tenure(plan: CityPlan, bus: str, at_ms: int) -> Tenure:
    """Which router is in a bus at a moment, by plan; and from when until when."""
    found = serials(plan, bus)
    if len(found) == 1:
        return Tenure(found[0], 0, None)
    every = plan.swap_every_days
    offset = crc32(f"{plan.seed}/swap/{bus}".encode()) % every
    turn = (local_time(at_ms).date().toordinal() + offset) // every
    begins_ms = _swap_ms(plan, bus, turn)
    if begins_ms > at_ms:
        turn -= 1
        begins_ms = _swap_ms(plan, bus, turn)
    return Tenure(found[turn % 2], begins_ms, _swap_ms(plan, bus, turn + 1))


def _swap_ms(plan: CityPlan, bus: str, turn: int) -> int:
    """When a turn begins: around noon of its first day, to the minute."""
    seed = f"{plan.seed}/swap/{bus}"
    offset = crc32(seed.encode()) % plan.swap_every_days
    day = date.fromordinal(turn * plan.swap_every_days - offset)
    rng = random.Random(f"{seed}/{turn}")  # noqa: S311 - a simulation
    minutes = round(rng.uniform(*SWAP_HOURS) * 60)
    return service_ms(day, minutes)


def tenures(plan: CityPlan, bus: str, from_ms: int, to_ms: int) -> list[Tenure]:
    """Every router of a bus between two moments, in order."""
    found = [tenure(plan, bus, from_ms)]
    while (until_ms := found[-1].to_ms) is not None and until_ms < to_ms:
        found.append(tenure(plan, bus, until_ms))
    return found


def _serial(seed: int, mark: str, asset: str) -> str:
    return f"{mark}{crc32(f'{seed}/{mark}/{asset}'.encode()):08X}"
