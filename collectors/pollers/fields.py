"""JSON of a feed taken apart without trusting it: what is unfit is named, the rest stays."""

import json
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from ausguck.catalogue import wire
from ausguck.model import Kind
from collectors.decode.moments import epoch_ms
from collectors.pollers.model import Fault, File, Head, Unfit, Unreadable
from collectors.redact import redact_value

T = TypeVar("T")
Decoder = msgspec.json.Decoder

MAX_SHOWN: Final = 48
_SHOWN_BYTES: Final = 512
_BOM: Final = b"\xef\xbb\xbf"
_NULL: Final = b"null"
_EXACT: Final = 1 << 53
_NUMBER_STARTS: Final = tuple(b"-0123456789"[i : i + 1] for i in range(11))
_OBJECT: Final = Decoder(dict[str, msgspec.Raw])

ANY_TEXT: Final = Decoder(str)
WORD: Final = Decoder(Annotated[str, Meta(max_length=64)])
ID: Final = Decoder(
    Annotated[str, Meta(max_length=256)] | Annotated[int, Meta(ge=0, le=wire.MAX_INT)]
)
FLAG: Final = Decoder(bool | Annotated[int, Meta(ge=0, le=1)])
MOMENT: Final = Decoder(int | float | Annotated[datetime, Meta(tz=True)])
TTL: Final = Decoder(Annotated[float, Meta(ge=0)])
LAT: Final = Decoder(Annotated[float, Meta(ge=-90, le=90)])
LON: Final = Decoder(Annotated[float, Meta(ge=-180, le=180)])
OBJECTS: Final = Decoder(list[msgspec.Raw])


def of_catalogue(key: str) -> Decoder[Any]:
    """What the catalogue accepts under a station's key, so that no range is kept twice."""
    return Decoder(wire.value_type(Kind.STATION, key))


class Fields:
    """The keys of one object, each decoded when it is asked for; what is unfit is collected."""

    def __init__(self, file: File, raw: bytes | msgspec.Raw, station: str = "") -> None:
        self.file = file
        self.station = station
        self.unfit: list[Unfit] = []
        self._fields = _object(raw)

    @property
    def is_object(self) -> bool:
        """Whether it is an object at all."""
        return self._fields is not None

    def keys(self) -> list[str]:
        """The keys, in order."""
        return list(self._fields or ())

    def raw(self, key: str) -> bytes | None:
        """A value as it was written; None where it is missing or null."""
        found = (self._fields or {}).get(key)
        if found is None or bytes(found) == _NULL:
            return None
        return bytes(found)

    def value(self, key: str, decoder: "Decoder[T]") -> T | None:
        """A value, or None where it is missing, null or unfit."""
        raw = self.raw(key)
        if raw is None:
            return None
        try:
            return decoder.decode(raw)
        except (ValueError, RecursionError):
            is_number = raw.startswith(_NUMBER_STARTS) and decoder not in {ANY_TEXT, WORD, OBJECTS}
            self.fault(key, Fault.OUT_OF_RANGE if is_number else Fault.WRONG_TYPE)
            return None

    def first(self, keys: tuple[str, ...], decoder: "Decoder[T]") -> T | None:
        """The value of the first of these keys that is there."""
        for key in keys:
            if self.raw(key) is not None:
                return self.value(key, decoder)
        return None

    def flag(self, key: str) -> bool | None:
        """A flag: true and false, or 1 and 0 as in GBFS 1.0."""
        found = self.value(key, FLAG)
        return None if found is None else bool(found)

    def moment_ms(self, key: str) -> int | None:
        """A time: RFC 3339 with offset as in GBFS 3.0, else POSIX seconds."""
        found = self.value(key, MOMENT)
        if isinstance(found, datetime):
            return epoch_ms(found)
        if found is None:
            return None
        # More than a float holds exactly is no time of anything.
        if not abs(found) < _EXACT:
            self.fault(key, Fault.OUT_OF_RANGE)
            return None
        return int(found * 1000)

    def identifier(self, key: str) -> str | None:
        """An id; some publishers write numbers."""
        found = self.value(key, ID)
        return None if found is None or found == "" else str(found)

    def fault(self, key: str, fault: Fault) -> None:
        """Note that a key is unfit."""
        raw = (self._fields or {}).get(key)
        shown = "" if raw is None else shorten(redact_value(key, bytes(raw)[:_SHOWN_BYTES]))
        self.unfit.append(Unfit(self.file, self.station, key, fault, shown))


def shorten(text: str) -> str:
    """The beginning of a text, for a line of the log."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def opened(file: File, body: bytes) -> tuple[Head, Fields]:
    """A file's head, and its `data`.

    Raises:
        Unreadable: it is not JSON, or not of the shape of a GBFS file.
    """
    body = body.removeprefix(_BOM)
    fields = Fields(file, body)
    if not fields.is_object and (cured := _without_nan(body)) is not None:
        # One station's NaN must not cost all the others.
        fields = Fields(file, cured)
        fields.fault("NaN", Fault.NOT_A_NUMBER)
    if not fields.is_object:
        raise Unreadable(file, _why_not(body))
    within = fields.raw("data")
    data = Fields(file, within or b"")
    if not data.is_object:
        found = "none" if within is None else shorten(redact_value("data", within[:_SHOWN_BYTES]))
        raise Unreadable(file, f"data: found {found}, expected an object")
    head = Head(
        last_updated_ms=fields.moment_ms("last_updated"),
        ttl_s=fields.value("ttl", TTL),
        version=fields.value("version", WORD),
        unfit=(),
    )
    for key, fault in (("last_updated", Fault.NO_TIME), ("ttl", Fault.NO_TTL)):
        if fields.raw(key) is None:
            fields.fault(key, fault)
    return msgspec.structs.replace(head, unfit=tuple(fields.unfit)), data


def _object(raw: bytes | msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    try:
        return _OBJECT.decode(raw)
    except (ValueError, RecursionError):
        return None


def _without_nan(body: bytes) -> bytes | None:
    """The same with null for NaN and Infinity, which are no JSON; None if that is no cure."""
    try:
        return json.dumps(json.loads(body, parse_constant=lambda _: None)).encode()
    except (ValueError, RecursionError):
        return None


def _why_not(body: bytes) -> str:
    start = body.lstrip()[:1]
    if not start:
        return "found an empty file, expected a JSON object"
    if start == b"<":
        return "found HTML or XML, expected a JSON object"
    try:
        msgspec.json.decode(body)
    except RecursionError:
        return "found JSON that is nested too deep"
    except ValueError as error:
        return f"not JSON, perhaps cut off: {shorten(str(error))} ({len(body)} bytes)"
    return "found JSON of another type, expected an object"
