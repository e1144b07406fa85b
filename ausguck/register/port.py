"""The register's door to where it is kept; `ausguck.desk.registry` is behind it.

Every call is short, made in one transaction, and may be made from any thread and any process:
whoever changes something raises the revision, by which the running process notices.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ausguck.errors import AusguckError
from ausguck.register.change import Diff, Fault, Offer
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Device


class RegisterError(AusguckError):
    """A change cannot be made; says each fault on a line of its own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class Issued(msgspec.Struct, frozen=True):
    """A new credential with its secret, which is shown once and kept nowhere."""

    credential: Credential
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Issued({self.credential.user!r})"


class AuditRow(msgspec.Struct, frozen=True):
    """Who did what, to whom; `who` is a person, a key's name, or `command line`."""

    id: int
    at_ms: int
    who: str
    action: str
    object: str
    detail: str


class AppliedRow(msgspec.Struct, frozen=True):
    """A change that was applied, and can be undone."""

    id: int
    at_ms: int
    who: str
    source: str
    changes: int
    undone_at_ms: int | None


class Registry(Protocol):
    """The register where it is kept."""

    def revision(self) -> int:
        """A number that rises with each change of register, credentials, keys and people."""
        ...

    def load(
        self, now_ms: int, known: tuple[Register, Keyring] | None = None
    ) -> tuple[Register, Keyring]:
        """Register and keyring of one revision; assignments from 40 days ago on.

        `known` is what was loaded before: what has not changed since is taken over from it.
        """
        ...

    def diff(self, offer: Offer, now_ms: int) -> Diff:
        """What an offer would change.

        Raises:
            RegisterError: its rows contradict each other or what is there.
        """
        ...

    def apply(self, diff: Diff, who: str, now_ms: int) -> AppliedRow:
        """Make a change, unless what it goes out from has changed meanwhile.

        An empty one leaves nothing behind; what is returned has the id 0.

        Raises:
            RegisterError: it cannot be made; nothing was.
        """
        ...

    def undo(self, applied_id: int | None, who: str, now_ms: int) -> AppliedRow:
        """Take back a change; for None the last that was neither taken back nor takes back.

        Raises:
            RegisterError: something later was built on it.
        """
        ...

    def applied(self, *, limit: int = 100) -> Sequence[AppliedRow]:
        """Changes, the newest first."""
        ...

    def swap(
        self, asset: str, out: str | None, into: str, *, at_ms: int, who: str, now_ms: int
    ) -> AppliedRow:
        """Take one device out of an asset and fit another, at one moment, in one transaction.

        `out` None takes the asset as empty. The one taken out becomes `spare`, or stays in
        `repair`, `stolen` or `retired`; the one fitted becomes `fitted`.

        Raises:
            RegisterError: `out` is not in the asset, `into` is elsewhere or barred, or `at_ms`
                lies before the asset's last swap.
        """
        ...

    def set_device(self, device: Device, who: str, now_ms: int) -> AppliedRow:
        """Add a device, or change how it is from now on.

        A device that becomes stolen or retired is taken out of its asset, and its credentials
        and certificates are revoked with it. Whether it is `spare` or `fitted` is told by its
        fitting, whatever is given. Its times are ours to fill.

        Raises:
            RegisterError: what it names is not known, or its serial is none.
        """
        ...

    def issue(
        self, credential: Credential, who: str, now_ms: int, *, rotation_days: int = 14
    ) -> Issued:
        """Make a secret for a user; `id`, `secret_sha256` and `created_at_ms` are ours to fill.

        Where the user has one already, that one holds for `rotation_days` more, beside it.

        Raises:
            RegisterError: two credentials of the user hold already, or it is barred.
        """
        ...

    def revoke(self, user: str, who: str, now_ms: int, credential_id: int | None = None) -> int:
        """End one credential of a user, or all with the certificates; returns how many ended."""
        ...

    def used(self, times: Sequence[tuple[int, int]]) -> None:
        """Note when credentials (id, time) were last used; no new revision."""
        ...

    def audit(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[AuditRow]:
        """The audit log, the newest first."""
        ...

    def note(self, who: str, action: str, object_: str, detail: str, now_ms: int) -> None:
        """Add to the audit log, which is never changed."""
        ...
