"""The door to keys, sessions, people and duties; `ausguck.desk.access` is behind it.

Every call is short, made in one transaction, and may be made from any thread and any process.
Each change is written to the audit log with it, and raises the register's revision.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ausguck.desk.access_book import Page
from ausguck.desk.access_rows import IssuedKey, Key, NewKey, Session
from ausguck.desk.people_duty import Plan
from ausguck.desk.people_rows import Duty, Person, Team
from ausguck.errors import AusguckError
from ausguck.register.port import AuditRow


class AccessRefused(AusguckError):  # noqa: N818 - the name says the state, not the class
    """A change of keys or people cannot be made; says each reason on a line of its own."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


class AccessUnknown(AccessRefused):
    """There is no such key, person, team or duty."""


class Leaving(msgspec.Struct, frozen=True):
    """What somebody's leaving comes to, in words."""

    person: str
    ended: tuple[str, ...] = ()
    handed_over: tuple[str, ...] = ()
    to: str | None = None


class Keys(Protocol):
    """API keys and the sessions made with them."""

    def key(self, prefix: str) -> Key | None:
        """The key with this visible part, also one that is over."""
        ...

    def all_keys(self) -> Sequence[Key]:
        """Every key there is or was, by name, the oldest first."""
        ...

    def has_live_key(self, now_ms: int) -> bool:
        """Whether anybody could come in."""
        ...

    def add_key(self, new: NewKey, who: str, now_ms: int) -> IssuedKey:
        """Make a key.

        Raises:
            AccessRefused: a key of this name holds, or its person has left.
            AccessUnknown: its person is not known.
        """
        ...

    def rotate_key(
        self, name: str, *, old_until_ms: int, expires_at_ms: int | None, who: str, now_ms: int
    ) -> IssuedKey:
        """Make another key like the one of this name, which holds until `old_until_ms`.

        Raises:
            AccessRefused: two of the name hold already.
            AccessUnknown: none does.
        """
        ...

    def end_keys(self, name: str, who: str, now_ms: int, prefix: str | None = None) -> int:
        """End all live keys of a name, or the one with this prefix, with their sessions."""
        ...

    def begin_session(self, key: Key, now_ms: int) -> str:
        """The id of a new session, which is kept nowhere; ends what is over or too many."""
        ...

    def session(self, secret: str, now_ms: int) -> Session | None:
        """The session with this id, if it and its key hold."""
        ...

    def write_down(self, page: Page, now_ms: int) -> None:
        """Note when keys and sessions were used, so that these last from then, and refusals."""
        ...

    def end_session(self, secret: str) -> None:
        """Forget a session, if there is one."""
        ...


class People(Protocol):
    """People, teams and the duty plan."""

    def people(self) -> Sequence[Person]:
        """Everybody by name, also who left."""
        ...

    def person(self, name: str) -> Person | None:
        """One of them, or None."""
        ...

    def set_person(self, person: Person, who: str, now_ms: int) -> Person:
        """Add somebody, or change what is known of them; `teams` are whole.

        Raises:
            AccessRefused: they have left.
            AccessUnknown: a team is not known.
        """
        ...

    def leave(
        self, name: str, to: str | None, *, who: str, now_ms: int, dry_run: bool = False
    ) -> Leaving:
        """End somebody's keys and sessions, and hand over what is open to `to`.

        Raises:
            AccessRefused: something would be left to nobody; says what, and nothing was done.
            AccessUnknown: one of the two is not known.
        """
        ...

    def teams(self) -> Sequence[Team]:
        """All teams by name."""
        ...

    def set_team(self, team: Team, who: str, now_ms: int) -> Team:
        """Add a team, or change it; `members` are whole.

        Raises:
            AccessRefused: somebody named has left, or the team would be its own deputy.
            AccessUnknown: somebody named is not known.
        """
        ...

    def duties(self, from_ms: int, to_ms: int, team: str | None = None) -> Sequence[Duty]:
        """Duties that run at some time of [from_ms, to_ms), by beginning."""
        ...

    def plan(self, from_ms: int, to_ms: int) -> Plan:
        """All teams and the duties of a stretch, to be asked by `on_duty` and `gaps`."""
        ...

    def add_duties(self, duties: Sequence[Duty], who: str, now_ms: int) -> int:
        """Plan duties, those that are planned already left out; returns how many were new.

        Raises:
            AccessRefused: one of them ends before it begins, or is of somebody who left.
            AccessUnknown: a team or a person is not known.
        """
        ...

    def remove_duty(self, duty_id: int, who: str, now_ms: int) -> None:
        """Take a duty off the plan; one that runs ends now.

        Raises:
            AccessUnknown: there is none of this id, or it is over.
        """
        ...


class Access(Keys, People, Protocol):
    """Both, with the audit log that is the register's, too."""

    def audit(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[AuditRow]:
        """The audit log, the newest first."""
        ...

    def note(self, who: str, action: str, object_: str, detail: str, now_ms: int) -> None:
        """Add to the audit log, which is never changed."""
        ...
