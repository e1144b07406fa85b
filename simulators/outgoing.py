"""What a device is about to say: one message, its bytes, and the identity of each reading."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec

from ausguck.model import Scalar

Value = Scalar | Mapping[str, int]
Element = Mapping[str, Value]

ASSET_LEVELS = slice(2, 4)


class Identity(NamedTuple):
    """By what a receiver tells one reading from another.

    `asset` is `bus/0123`; `digest` is the SHA-256, in hex, of the element's own bytes.
    `observed_at_ms` is `None` where a recording's time was sent as it was found.
    """

    asset: str
    observed_at_ms: int | None
    boot_id: str | None
    seq: int | None
    digest: str


@dataclass(frozen=True)
class Outgoing:
    """One MQTT message: a single element, or an array of them (a backlog).

    `at_connect` marks what a device says anew on every connection: status and inventory.
    `raw` is sent instead of the elements by a device that cannot write: nothing can be read
    of it, so it has no identities.
    """

    topic: str
    elements: tuple[Element, ...]
    is_array: bool = False
    qos: Literal[0, 1, 2] = 1
    retain: bool = False
    at_connect: bool = False
    raw: bytes | None = None

    @cached_property
    def encoded(self) -> tuple[bytes, ...]:
        """Each element as JSON without white space, keys in the order they were given."""
        return tuple(msgspec.json.encode(element) for element in self.elements)

    @property
    def payload(self) -> bytes:
        """The bytes that go over the wire."""
        if self.raw is not None:
            return self.raw
        if self.is_array:
            return b"[" + b",".join(self.encoded) + b"]"
        return self.encoded[0]

    @property
    def asset(self) -> str:
        """The asset it is about, `bus/0123`, read off the topic."""
        return "/".join(self.topic.split("/")[ASSET_LEVELS])

    def identities(self) -> tuple[Identity, ...]:
        """One for each element, in order."""
        asset = self.asset
        return tuple(
            Identity(
                asset,
                _whole(element.get("observed_at")),
                _text(element.get("boot_id")),
                _whole(element.get("seq")),
                hashlib.sha256(encoded).hexdigest(),
            )
            for element, encoded in zip(self.elements, self.encoded, strict=True)
        )

    def observed_again(self, now_ms: int) -> "Outgoing":
        """The same message with another time, as a device repeats its status."""
        elements = tuple({**element, "observed_at": now_ms} for element in self.elements)
        return Outgoing(self.topic, elements, self.is_array, self.qos, self.retain, self.at_connect)


def _whole(value: Value | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None
