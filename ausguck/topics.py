"""The grammar of topics: `v1/<site>/<kind>/<id>/<message>`, parsed once and remembered."""

import hashlib
import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from ausguck.errors import TopicError
from ausguck.model import Kind

VERSION = "v1"
LEVELS = 5
REMEMBERED = 65_536
MAX_NAME: Final = 64
NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_NAME}}}", re.ASCII)
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]|_(?=x)", re.ASCII)
_CUT_DIGITS: Final = 16


class Message(StrEnum):
    """What a topic's last level says the payload is."""

    TELEMETRY = "telemetry"
    STATUS = "status"
    INVENTORY = "inventory"
    EVENT = "event"
    CMD = "cmd"


KINDS = {kind.value: kind for kind in Kind}
MESSAGES = {message.value: message for message in Message}


class Topic(NamedTuple):
    """A topic of the native format, taken apart."""

    site: str
    kind: Kind
    asset_id: str
    message: Message

    def __str__(self) -> str:
        """The topic as it goes over the wire."""
        return f"{VERSION}/{self.site}/{self.kind}/{self.asset_id}/{self.message}"


@lru_cache(maxsize=REMEMBERED)
def parse(topic: str) -> Topic:
    """Take a topic apart.

    Raises:
        TopicError: it is not of our grammar; the message says which level.
    """
    levels = topic.split("/")
    if len(levels) != LEVELS:
        raise TopicError("levels", str(len(levels)), "v1/<site>/<kind>/<id>/<message>")
    version, site, kind, asset_id, message = levels
    if version != VERSION:
        raise TopicError("level 1", repr(version), repr(VERSION))
    for level, name in (("level 2", site), ("level 4", asset_id)):
        if not NAME.fullmatch(name):
            raise TopicError(level, repr(name), "1 to 64 of A-Z a-z 0-9 _ -")
    if kind not in KINDS:
        raise TopicError("level 3", repr(kind), f"one of {', '.join(KINDS)}")
    if message not in MESSAGES:
        raise TopicError("level 5", repr(message), f"one of {', '.join(MESSAGES)}")
    return Topic(site, KINDS[kind], asset_id, MESSAGES[message])


def foreign_name(
    foreign_id: str, foreign: re.Pattern[str] = _FOREIGN, longest: int = MAX_NAME
) -> str:
    """An id that somebody else gave, in our grammar: readable, stable, and never two alike.

    An id that is of our grammar stays as it is. In any other, each `foreign` character becomes
    `_x<hex>_`, its code point; so does a `_` that stands before an `x`, which is why no escaped
    id equals another's plain one. What is then too long is cut, and ends in `_xx` and 16
    hexadecimal digits of the SHA-256 of the whole id. `Kiel Hbf` is `Kiel_x20_Hbf`.
    """
    name = foreign.sub(lambda match: f"_x{ord(match[0]):x}_", foreign_id)
    if len(name) <= longest:
        return name
    # Lone surrogates cannot come out of JSON here, but a hash must never be what fails.
    digest = hashlib.sha256(foreign_id.encode(errors="surrogatepass")).hexdigest()[:_CUT_DIGITS]
    end = f"_xx{digest}"
    return name[: longest - len(end)] + end
