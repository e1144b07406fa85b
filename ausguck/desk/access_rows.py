"""Who may do what: keys and sessions as rows, and what a key looks like; pure.

A key is `ak_`, eight characters that may be shown, `_`, and 256 random bits. Of the bits only
a SHA-256 is kept: there is nothing to guess that a slow hash would slow down (docs/adr/0018).
"""

import hashlib
import hmac
import re
import secrets
from typing import Final, NamedTuple, get_args

import msgspec

from ausguck.model import Kind
from ausguck.settings.tree import Scope

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
PREFIX_LENGTH: Final = 8
SECRET_BYTES: Final = 32
SHAPE: Final = re.compile(r"ak_([A-Za-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
LIVE_MAX: Final = 2
"""So many keys of one name hold at once, while one replaces the other."""

SESSION_MS: Final = 12 * 3_600_000
"""So long after its last use a session is over."""
SESSION_WHOLE_MS: Final = 7 * 86_400_000
"""So long after its beginning a session is over, however it is used."""
SESSIONS_MAX: Final = 20
"""So many sessions of one key there are at once; then the oldest ends for another."""

NOBODY: Final = hashlib.sha256(b"").digest()
"""What a key is compared with where there is none of its prefix, so that it takes as long."""


class Narrowing(msgspec.Struct, frozen=True):
    """To what a key is narrowed; an empty part narrows nothing."""

    sites: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    zones: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it keeps anything of this site from the key."""
        return bool(self.kinds or self.zones)


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is asked for.

    `person` answers for it. A personal key ends when the person leaves; with `is_service` a
    program uses it, and somebody else can take it over.
    """

    name: str
    scopes: tuple[Scope, ...]
    narrowing: Narrowing = Narrowing()
    person: str | None = None
    is_service: bool = False
    expires_at_ms: int | None = None


class Key(NewKey, frozen=True, kw_only=True):
    """A key as it is kept."""

    id: int
    prefix: str
    sha256: bytes
    created_at_ms: int
    last_used_at_ms: int | None = None
    revoked_at_ms: int | None = None

    def __repr__(self) -> str:
        """Without the hash."""
        return f"Key({self.name!r}, {self.prefix!r})"

    @property
    def who(self) -> str:
        """As whom it acts: its person, or itself where it is a program's."""
        return self.name if self.is_service or self.person is None else self.person

    def holds_at(self, at_ms: int) -> bool:
        """Whether it opens anything at a moment."""
        ends = (self.expires_at_ms, self.revoked_at_ms)
        return all(end is None or at_ms < end for end in ends)


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key with what is shown once and kept nowhere."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"IssuedKey({self.key.name!r})"


class Session(msgspec.Struct, frozen=True):
    """A browser that was shown a key; it lasts while used and the key holds, a week at most."""

    key: Key
    expires_at_ms: int
    touched_at_ms: int


class Secret(NamedTuple):
    """A secret, and what is kept of it."""

    text: str
    prefix: str
    sha256: bytes


def new_key() -> Secret:
    """A key nobody has seen."""
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
    text = f"ak_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return Secret(text, prefix, digest(text))


def new_session() -> Secret:
    """A session's id."""
    text = secrets.token_urlsafe(SECRET_BYTES)
    return Secret(text, "", digest(text))


def digest(text: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode()).digest()


def prefix_of(text: str) -> str | None:
    """The part of a key that may be shown, or None where it is no key."""
    found = SHAPE.fullmatch(text)
    return None if found is None else found.group(1)


def is_it(key: Key | None, text: str, at_ms: int) -> bool:
    """Whether a secret is this key, and the key holds; takes as long where there is no key."""
    kept = NOBODY if key is None else key.sha256
    is_same = hmac.compare_digest(kept, digest(text))
    return is_same and key is not None and key.holds_at(at_ms)
