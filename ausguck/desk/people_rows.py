"""People, teams and who is on duty when, as rows."""

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works with this; kept after leaving, for the audit log names them."""

    name: str
    display: str = ""
    email: str | None = None
    phone: str | None = None
    languages: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    created_at_ms: int = 0
    left_at_ms: int | None = None

    @property
    def is_here(self) -> bool:
        """Whether they have not left."""
        return self.left_at_ms is None


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """People who answer for something together.

    Where nobody of the plan is on duty the deputy is asked, then the deputy team, then the lead.
    """

    name: str
    title: str = ""
    lead: str | None = None
    deputy: str | None = None
    deputy_team: str | None = None
    members: tuple[str, ...] = ()


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """That a person is on duty for a team within [from_ms, to_ms); a deputy comes second."""

    team: str
    person: str
    from_ms: int
    to_ms: int
    is_deputy: bool = False
    id: int = 0

    def holds_at(self, at_ms: int) -> bool:
        """Whether it runs at a moment."""
        return self.from_ms <= at_ms < self.to_ms
