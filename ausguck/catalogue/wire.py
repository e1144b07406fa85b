"""What devices may write: msgspec types made from the catalogue, so that no range is kept twice.

`telemetry(kind)` is the fast path's struct. It leaves out the patterns, because a regular
expression costs more than the rest of the message; `texts(kind)` names what must be looked at
besides. `value_type(kind, key)` is the whole grammar of one value.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta

from ausguck import catalogue
from ausguck.catalogue.metric import Metric
from ausguck.model import Kind

MAX_INT: Final = 2**63 - 1
MAX_BOOT_ID: Final = 16
BOOT_ID: Final = r"^[A-Za-z0-9_:-]{1,16}$"
VEHICLE_TYPES: Final = "vehicle_types_available"
MAX_VEHICLE_TYPES: Final = 16
MAX_VEHICLES: Final = 1_000
REPORTING_KINDS: Final = (Kind.BUS, Kind.STATION)


def whole(pattern: str) -> str:
    r"""A catalogue pattern that matches the whole text: ASCII, and no newline before the end."""
    return rf"(?a)\A(?:{pattern.removeprefix('^').removesuffix('$')})\Z"


Moment = int | Annotated[datetime, Meta(tz=True)]
Sequence = Annotated[int, Meta(ge=0, le=MAX_INT)]
VehicleTypes = Annotated[
    dict[
        Annotated[str, Meta(pattern=whole("[a-z0-9_.-]{1,32}"))],
        Annotated[int, Meta(ge=0, le=MAX_VEHICLES)],
    ],
    Meta(max_length=MAX_VEHICLE_TYPES),
]
EventType = Annotated[str, Meta(pattern=whole("[a-z0-9_.-]{1,64}"))]


class Telemetry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What each element of telemetry begins with; the catalogue's keys follow."""

    observed_at: Moment | None = None
    boot_id: Annotated[str, Meta(max_length=MAX_BOOT_ID)] | None = None
    seq: Sequence | None = None


HEAD_KEYS: Final = Telemetry.__struct_fields__
HEAD: Final = len(HEAD_KEYS)
_HEAD_TYPES: Final[dict[str, Any]] = {
    "observed_at": Moment | None,
    "boot_id": Annotated[str, Meta(pattern=whole(BOOT_ID))] | None,
    "seq": Sequence | None,
}


def _bound(limit: float | None, value_type: type) -> float | None:
    # A constraint on an integer must be one, or it is compared as a float and loses digits.
    return limit if limit is None or value_type is float else int(limit)


def _type(metric: Metric, *, with_pattern: bool) -> Any:  # noqa: ANN401 - a type made at run time
    if metric.key == VEHICLE_TYPES:
        return VehicleTypes
    if metric.choices:
        return Literal[metric.choices]
    constraints = {
        "ge": _bound(metric.minimum, metric.type),
        "le": _bound(metric.maximum, metric.type),
        "max_length": metric.max_length,
        "pattern": whole(metric.pattern) if metric.pattern and with_pattern else None,
    }
    given: dict[str, Any] = {
        name: limit for name, limit in constraints.items() if limit is not None
    }
    return Annotated[metric.type, Meta(**given)] if given else metric.type


@cache
def telemetry(kind: Kind) -> type[Telemetry]:
    """The struct of one element; `astuple(element)[HEAD:]` are a reading's values.

    The exception is `vehicle_types_available`, an object on the wire: see `vehicle_types_text`.
    """
    struct = msgspec.defstruct(
        f"{kind.capitalize()}Telemetry",
        [
            (metric.key, _type(metric, with_pattern=False) | None, None)
            for metric in catalogue.metrics(kind)
        ],
        bases=(Telemetry,),
        module=__name__,
        frozen=True,
        forbid_unknown_fields=True,
        gc=False,
    )
    return cast("type[Telemetry]", struct)


@cache
def value_type(kind: Kind, key: str) -> Any:  # noqa: ANN401 - a type made at run time
    """The type of one value, its pattern included; `None` stands for unknown."""
    if key in _HEAD_TYPES:
        return _HEAD_TYPES[key]
    return _type(catalogue.by_key(kind)[key], with_pattern=True) | None


@cache
def texts(kind: Kind) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """Index in a reading's values and pattern of each text that the struct leaves unchecked."""
    return tuple(
        (index, re.compile(whole(metric.pattern)))
        for index, metric in enumerate(catalogue.metrics(kind))
        if metric.pattern is not None
    )


@cache
def known_keys(kind: Kind) -> frozenset[str]:
    """Every key an element of this kind may have."""
    return frozenset((*HEAD_KEYS, *catalogue.keys(kind)))


ALL_KEYS: Final = frozenset().union(*(known_keys(kind) for kind in REPORTING_KINDS))


def accepts(key: str, value: object) -> bool:
    """Whether a known key may have this value, for any kind of asset."""
    for kind in REPORTING_KINDS:
        if key in known_keys(kind):
            try:
                msgspec.convert(value, value_type(kind, key))
            except (ValueError, OverflowError):
                continue
            return True
    return False


def vehicle_types_text(types: Mapping[str, int]) -> str:
    """Bikes by type as it is kept: compact JSON, sorted by type."""
    return msgspec.json.encode(types, order="sorted").decode()
