"""The rarer messages: status, event and inventory."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ausguck.catalogue import wire
from ausguck.journal.port import Flag, Record
from ausguck.model import AssetId, Event, Inventory, Kind, Reason
from collectors.decode import digest, moments
from collectors.decode.fields import WHITE_SPACE, Fields, take_apart
from collectors.decode.letters import Drop, Refused, example, name
from collectors.decode.moments import Verdict, Windows
from collectors.decode.telemetry import What
from collectors.redact import redact_text

Whose = Callable[[int], AssetId]
"""The asset that a notice of some time is about; raises `Refused` where there is none."""
STATUS: Final = "status"
STATES: Final = ("ready", "sleeping", "disconnected", "lost")
BARE_WORDS: Final = {b"online": "ready", b"offline": "lost"}
MAX_DETAIL: Final = 256
_MAX_NAME: Final = 64
_MAX_SIMS: Final = 8

MAX_PLACE_NAME: Final = 128
MAX_CAPACITY: Final = wire.MAX_VEHICLES

_TEXT: Final = Annotated[str, Meta(max_length=_MAX_NAME)] | None
_INVENTORY: Final[dict[str, Any]] = {
    "model": _TEXT,
    "firmware": _TEXT,
    "serial": _TEXT,
    "profile": _TEXT,
    "sim_count": Annotated[int, Meta(ge=0, le=_MAX_SIMS)] | None,
}
# A bus has no place of its own: where it is tells of its driver, and is telemetry.
_PLACE: Final[dict[str, Any]] = {
    "name": Annotated[str, Meta(max_length=MAX_PLACE_NAME)] | None,
    "lat": Annotated[float, Meta(ge=-90, le=90)] | None,
    "lon": Annotated[float, Meta(ge=-180, le=180)] | None,
    "capacity": Annotated[int, Meta(ge=0, le=MAX_CAPACITY)] | None,
}
_KEYS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.BUS: tuple(_INVENTORY),
    Kind.STATION: (*_INVENTORY, *_PLACE),
}
_TEXTS: Final = ("detail", "model", "firmware", "serial", "profile", "name")
_COUNTS: Final = ("sim_count", "capacity")
_NUMBER_STARTS: Final = b"-0123456789"
_ABSENT: Final = msgspec.Raw(b"null")
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    key: msgspec.json.Decoder(of_type)
    for key, of_type in {
        "observed_at": wire.value_type(Kind.BUS, "observed_at"),
        "state": Literal[STATES],
        "type": wire.EventType,
        "detail": Annotated[str, Meta(max_length=MAX_DETAIL)] | None,
        **_INVENTORY,
        **_PLACE,
    }.items()
}


def status(record: Record, whose: Whose, windows: Windows) -> tuple[Event, list[What]]:
    """The event of a status, a will or a bare word.

    Raises:
        Refused: it names no state we know, is too old, or is nobody's.
    """
    payload = record.payload.strip(WHITE_SPACE)
    state = BARE_WORDS.get(payload)
    fields: Fields = {}
    if state is None:
        fields = take_apart(payload)
        state = _state(fields)
    observed_at_ms, dropped = _time(record, fields, windows)
    return (
        _event(record, whose(observed_at_ms), observed_at_ms, STATUS, state),
        dropped + _unknown(fields, {"state", "observed_at"}),
    )


def event(record: Record, whose: Whose, windows: Windows) -> tuple[Event, list[What]]:
    """The event a device names.

    Raises:
        Refused: it has no type by the grammar, is too old, or is nobody's.
    """
    fields = take_apart(record.payload)
    observed_at_ms, dropped = _time(record, fields, windows)
    detail = _value(fields, "detail", dropped)
    found = _event(
        record,
        whose(observed_at_ms),
        observed_at_ms,
        _event_type(fields),
        redact_text(detail or "", "detail"),
    )
    return found, dropped + _unknown(fields, {"type", "detail", "observed_at"})


def inventory(record: Record, whose: Whose, windows: Windows) -> tuple[Inventory, list[What]]:
    """What a device says it is, or a feed says of a station.

    Raises:
        Refused: nothing of it is what an inventory holds, it is too old, or nobody's.
    """
    fields = take_apart(record.payload)
    observed_at_ms, dropped = _time(record, fields, windows)
    asset = whose(observed_at_ms)
    keys = _KEYS[asset.kind]
    values = {key: _value(fields, key, dropped) for key in keys}
    _check_place(values, dropped)
    if all(value is None for value in values.values()):
        expected = ", ".join(keys)
        raise Refused(Reason.EMPTY, f"found nothing of an inventory, expected any of {expected}")
    cleaned: dict[str, Any] = {
        key: redact_text(value, key) if isinstance(value, str) else value
        for key, value in values.items()
    }
    found = Inventory(asset=asset, observed_at_ms=observed_at_ms, **cleaned)
    return found, dropped + _unknown(fields, {*keys, "observed_at"})


def _check_place(values: dict[str, Any], dropped: list[What]) -> None:
    """Leave out a position that cannot be."""
    lat, lon = values.get("lat"), values.get("lon")
    if (lat is None) is (lon is None) and not lat == lon == 0:
        return
    reason = Drop.NO_FIX if lat == lon == 0 else Drop.HALF_A_POSITION
    for key in ("lat", "lon"):
        if values[key] is not None:
            dropped.append((key, reason, f"{values[key]:g}"))
            values[key] = None


def _event(
    record: Record, asset: AssetId, observed_at_ms: int, event_type: str, detail: str
) -> Event:
    return Event(
        asset=asset,
        observed_at_ms=observed_at_ms,
        received_at_ms=record.received_at_ms,
        type=event_type,
        detail=detail,
        digest=digest.of_identity(record.payload),
    )


def _state(fields: Fields) -> str:
    raw = fields.get("state", _ABSENT)
    try:
        found: str = _DECODERS["state"].decode(raw)
    except ValueError:
        detail = f"state: found {example(bytes(raw))}, expected one of {', '.join(STATES)}"
        raise Refused(Reason.UNDECODABLE, detail) from None
    return found


def _event_type(fields: Fields) -> str:
    raw = fields.get("type", _ABSENT)
    try:
        found: str = _DECODERS["type"].decode(raw)
    except ValueError:
        found = ""
    # A status is told on its own topic, and a type is no place for an address.
    if found in {"", STATUS} or redact_text(found, "type") != found:
        detail = f"type: found {example(bytes(raw))}, expected 1 to 64 of a-z 0-9 _ . - but status"
        raise Refused(Reason.UNDECODABLE, detail)
    return found


def _time(record: Record, fields: Fields, windows: Windows) -> tuple[int, list[What]]:
    """When it happened: its own time if that can be, else when we heard of it."""
    dropped: list[What] = []
    moment = _value(fields, "observed_at", dropped)
    # Whoever wrote a will could not know when it would be sent.
    if moment is None or record.flags & Flag.WILL:
        return record.received_at_ms, dropped
    observed_at_ms = moments.epoch_ms(moment)
    verdict = moments.judge(observed_at_ms, record.received_at_ms, windows)
    if verdict is Verdict.TOO_OLD:
        shown = example(bytes(fields["observed_at"]))
        raise Refused(Reason.TOO_OLD, f"observed_at: found {shown}, too old when received")
    return (
        observed_at_ms if verdict is Verdict.SOUND else record.received_at_ms,
        dropped,
    )


def _value(fields: Fields, key: str, dropped: list[What]) -> Any:  # noqa: ANN401 - by key
    if key not in fields:
        return None
    try:
        return _DECODERS[key].decode(fields[key])
    except ValueError:
        raw = bytes(fields[key])
        dropped.append((key, _reason(key, raw), example(raw, key)))
        return None


def _reason(key: str, raw: bytes) -> Drop:
    if raw.startswith(b'"'):
        return Drop.TOO_LONG if key in _TEXTS else Drop.WRONG_TYPE
    if key in {"lat", "lon"} and raw[:1] in _NUMBER_STARTS:
        return Drop.OUT_OF_RANGE
    return Drop.OUT_OF_RANGE if key in _COUNTS and raw.lstrip(b"-").isdigit() else Drop.WRONG_TYPE


def _unknown(fields: Fields, known: set[str]) -> list[What]:
    return [
        (name(key), Drop.UNKNOWN_KEY, example(bytes(raw), key))
        for key, raw in fields.items()
        if key not in known
    ]
