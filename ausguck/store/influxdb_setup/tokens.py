"""One token a role: kept while it works, made anew where it does not, and no second one left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from ausguck.catalogue.state import Bucket
from ausguck.store.influxdb_setup.door import Server
from ausguck.store.influxdb_setup.files import TokenFiles
from ausguck.store.influxdb_setup.found import Action, FoundToken
from ausguck.store.influxdb_setup.steps import Change, Step
from ausguck.store.influxdb_setup.wanted import RIGHTS, Role


@dataclass(frozen=True, slots=True)
class Issuer:
    """Gives each role one token, and takes back those that nobody has a file of."""

    server: Server
    org_id: str
    buckets: Mapping[Bucket, str]
    """The id of each."""
    files: TokenFiles

    def token(self, role: Role, name: str) -> Iterator[Step]:
        """See to a role's token, which is called `name` on the server."""
        held = self.files.read(role)
        listed = self.server.tokens(self.org_id, name)
        path = str(self.files.path(role))
        kept = None if held is None else self._kept(role, name, held, listed)
        if kept is None:
            # First the file, then the old ones: whatever interrupts us, the next run finds
            # at worst one too many.
            issued = self.server.issue(self.org_id, name, self._rights(role))
            self.files.write(role, issued)
            yield Step("token", role, Change.MADE, path)
        elif self.files.close_to_others(role):
            yield Step("token", role, Change.CORRECTED, f"{path}; others could read it")
        else:
            yield Step("token", role, Change.KEPT, path)
        old = [one for one in listed if one is not kept]
        for one in old:
            self.server.revoke(one.id)
        if old:
            yield Step("token", role, Change.REMOVED, f"{len(old)} older called {name!r}")

    def _rights(self, role: Role) -> frozenset[tuple[Action, str]]:
        rights = RIGHTS[role]
        return frozenset(
            (action, self.buckets[bucket]) for action in rights.actions for bucket in rights.buckets
        )

    def _kept(
        self, role: Role, name: str, held: SecretStr, listed: Sequence[FoundToken]
    ) -> FoundToken | None:
        """Which of the listed is in the file, if it is one, still works and may just that."""
        rights = self._rights(role)
        fitting = [one for one in listed if one.is_active and one.rights == rights]
        same = [one for one in fitting if one.token == held]
        if same:
            return same[0]
        hidden = [one for one in fitting if one.token is None]
        # Where the server shows no tokens, one is told from another only by what it may do.
        if len(hidden) == 1 and self._may_just_that(name, held, rights):
            return hidden[0]
        return None

    def _may_just_that(
        self, name: str, held: SecretStr, rights: frozenset[tuple[Action, str]]
    ) -> bool:
        with self.server.another(held) as other:
            return (
                other.is_known()
                and not other.tokens(self.org_id, name)  # who sees any may do more
                and all(
                    other.is_readable(bucket) is ((Action.READ, bucket) in rights)
                    and other.is_writable(self.org_id, bucket) is ((Action.WRITE, bucket) in rights)
                    for bucket in self.buckets.values()
                )
            )
