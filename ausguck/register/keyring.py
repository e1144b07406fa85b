"""Who may speak MQTT to us: credentials as the listener asks for them; never changed.

A device's secret is 128 random bits that we made, so one SHA-256 keeps it: there is nothing to
guess that a slow hash would slow down (docs/adr/0016). People's passwords are another matter.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ausguck.register.rows import DeviceState

EVERYTHING: Final = "*"
BARRED: Final = frozenset({DeviceState.STOLEN, DeviceState.RETIRED})
"""States in which a device gets no entry, whatever it shows."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """One secret of a user; up to two of a user hold at once, while one replaces the other.

    `user` is a device's serial, or the name of a gateway. A device speaks for itself and for
    what it is fitted to; a gateway for `speaks_for`: assets such as `bus/0123`, or `*`.
    """

    id: int
    user: str
    secret_sha256: bytes
    created_at_ms: int
    speaks_for: tuple[str, ...] = ()
    is_gateway: bool = False
    is_operator: bool = False
    """May send to devices' `cmd` topics."""
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    last_used_at_ms: int | None = None
    note: str = ""

    def holds_at(self, at_ms: int) -> bool:
        """Whether it opens the door at a moment.

        One that was revoked never does: whoever revoked it may have had another clock than we.
        """
        if self.revoked_at_ms is not None:
            return False
        return self.expires_at_ms is None or at_ms < self.expires_at_ms


def digest(secret: bytes) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret).digest()


class Keyring:
    """All credentials of a site at one revision.

    `denied_before_ms` says of a user which client certificates are refused: those that were
    made before. `states` are the devices' states when it was loaded; at `due_ms` the next of
    them changes, by a date that was given before.
    """

    def __init__(
        self,
        credentials: Iterable[Credential] = (),
        denied_before_ms: Mapping[str, int] | None = None,
        states: Mapping[str, DeviceState] | None = None,
        revision: int = 0,
        due_ms: int | None = None,
    ) -> None:
        self.revision = revision
        self.due_ms = due_ms
        self._by_user: dict[str, list[Credential]] = {}
        for credential in credentials:
            self._by_user.setdefault(credential.user, []).append(credential)
        self._denied_before_ms = dict(denied_before_ms or {})
        self._states = dict(states or {})

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    @property
    def knows_anybody(self) -> bool:
        """Whether there is a credential or a device."""
        return bool(self._by_user or self._states)

    def of(self, user: str) -> Sequence[Credential]:
        """Every credential of a user, also those that are over."""
        return self._by_user.get(user, ())

    def is_barred(self, user: str) -> bool:
        """Whether it is a device that was reported stolen, or is retired."""
        return self._states.get(user) in BARRED

    def is_device(self, user: str) -> bool:
        """Whether it is the serial of a registered device."""
        return user in self._states

    def denies_certificate(self, user: str, not_before_ms: int) -> bool:
        """Whether a client certificate of that name and beginning was revoked."""
        denied_ms = self._denied_before_ms.get(user)
        return denied_ms is not None and not_before_ms < denied_ms

    def opens(self, user: str, secret: bytes, at_ms: int) -> Credential | None:
        """The credential that this secret is, if it holds; takes microseconds."""
        if self.is_barred(user):
            return None
        shown = digest(secret)
        for credential in self.of(user):
            if hmac.compare_digest(credential.secret_sha256, shown) and credential.holds_at(at_ms):
                return credential
        return None

    def holds(self, credential_id: int, user: str, at_ms: int) -> bool:
        """Whether a credential that opened the door before still would."""
        return not self.is_barred(user) and any(
            one.id == credential_id and one.holds_at(at_ms) for one in self.of(user)
        )
