"""The slow path for one value: whether it may stay, and if not, why not."""

from functools import cache
from typing import Any, Final

import msgspec

from ausguck.catalogue import wire
from ausguck.catalogue.metric import Metric
from ausguck.errors import AusguckError
from ausguck.model import Kind, Scalar
from collectors.decode.letters import Drop

_NUMBER_STARTS: Final = b"-0123456789"


class Dropped(AusguckError):  # noqa: N818 - the name says what became of it
    """A value is left out, and why; never leaves this room."""

    def __init__(self, reason: Drop) -> None:
        self.reason = reason
        super().__init__(reason)


@cache
def _decoder(kind: Kind, key: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wire.value_type(kind, key))


def head_value(kind: Kind, key: str, raw: msgspec.Raw) -> Any:  # noqa: ANN401 - its type is `key`'s
    """The value of `observed_at`, `boot_id` or `seq`.

    Raises:
        Dropped: it is not of that key's type and range.
    """
    try:
        return _decoder(kind, key).decode(raw)
    except ValueError:
        raise Dropped(_reason_of_head(key, bytes(raw))) from None


def metric_value(kind: Kind, metric: Metric, raw: msgspec.Raw) -> Scalar | None:
    """The value of a catalogue key, as it is kept.

    Raises:
        Dropped: it is not of the metric's type, range, choices or pattern.
    """
    try:
        value = _decoder(kind, metric.key).decode(raw)
    except ValueError:
        raise Dropped(_reason(metric, bytes(raw))) from None
    if isinstance(value, dict):
        return wire.vehicle_types_text(value)
    return value  # type: ignore[no-any-return]  # made from the catalogue at run time


def _plain(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except ValueError:
        return None  # a number that no float can hold


def _reason_of_head(key: str, raw: bytes) -> Drop:
    value = _plain(raw)
    if key == "seq" and raw[:1] in _NUMBER_STARTS and not isinstance(value, float):
        return Drop.OUT_OF_RANGE
    if key == "boot_id" and isinstance(value, str):
        return Drop.TOO_LONG if len(value) > wire.MAX_BOOT_ID else Drop.PATTERN
    return Drop.WRONG_TYPE


def _reason(metric: Metric, raw: bytes) -> Drop:
    value = _plain(raw)
    if metric.key == wire.VEHICLE_TYPES:
        return Drop.OUT_OF_RANGE if isinstance(value, dict) else Drop.WRONG_TYPE
    if metric.type is str:
        return _reason_of_text(metric, value)
    if metric.type is bool or raw[:1] not in _NUMBER_STARTS:
        return Drop.WRONG_TYPE
    if metric.type is int and isinstance(value, float):
        return Drop.WRONG_TYPE
    return Drop.SENTINEL if value in metric.sentinels else Drop.OUT_OF_RANGE


def _reason_of_text(metric: Metric, value: object) -> Drop:
    if not isinstance(value, str):
        return Drop.WRONG_TYPE
    if metric.choices:
        return Drop.NOT_A_CHOICE
    if metric.max_length is not None and len(value) > metric.max_length:
        return Drop.TOO_LONG
    return Drop.PATTERN
