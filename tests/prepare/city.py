"""A real server as one test prepares it, and what its tokens can do when they try."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Retention
from ausguck.store.influxdb_setup.door import Server
from ausguck.store.influxdb_setup.files import TokenFiles
from ausguck.store.influxdb_setup.found import FoundToken
from ausguck.store.influxdb_setup.prepare import prepare
from ausguck.store.influxdb_setup.steps import Change, Shortening, Step
from ausguck.store.influxdb_setup.wanted import Role
from tests.influx import Influx

DAY_S = 86_400
PAGE = 100


def never(_shorter: Sequence[Shortening]) -> bool:
    raise AssertionError("nothing is to be shortened")


class Secretive(Server):
    """As newer servers are, which keep only hashes of their tokens."""

    def tokens(self, org_id: str, description: str) -> tuple[FoundToken, ...]:
        return tuple(replace(one, token=None) for one in super().tokens(org_id, description))


@dataclass(frozen=True)
class City:
    """One test's buckets on the server that all share, and the folder of its tokens."""

    influx: Influx
    folder: Path
    prefix: str

    @property
    def org(self) -> str:
        return self.influx.org

    def prepare(
        self,
        retention: Retention | None = None,
        *,
        may_shorten: Callable[[Sequence[Shortening]], bool] = never,
        server: Server | None = None,
        org: str | None = None,
    ) -> list[Step]:
        with server or self.server(self.influx.token) as asked:
            settings = Influxdb(url=self.influx.url, org=org or self.org, bucket_prefix=self.prefix)
            files = TokenFiles(self.folder)
            return list(prepare(asked, settings, retention or Retention(), files, may_shorten))

    def server(self, token: str) -> Server:
        return Server(self.influx.url, SecretStr(token), 10.0)

    def secretive(self) -> Server:
        return Secretive(self.influx.url, SecretStr(self.influx.token), 10.0)

    def token(self, role: Role) -> str:
        return (self.folder / role).read_text(encoding="ascii").strip()

    def client(self, token: str | None = None) -> httpx.Client:
        return httpx.Client(
            base_url=self.influx.url,
            headers={"Authorization": f"Token {token or self.influx.token}"},
        )

    def name(self, bucket: str) -> str:
        return f"{self.prefix}{bucket}"

    def org_id(self) -> str:
        with self.client() as client:
            found = client.get("/api/v2/orgs", params={"org": self.org}).json()["orgs"]
        return str(found[0]["id"])

    def buckets(self) -> dict[str, tuple[int, int]]:
        """Of this test alone: how long each is kept, and its shards, in seconds."""
        with self.client() as client:
            return {
                one["name"].removeprefix(self.prefix): (
                    one["retentionRules"][0]["everySeconds"],
                    one["retentionRules"][0]["shardGroupDurationSeconds"],
                )
                for one in self._listed_buckets(client)
            }

    def _listed_buckets(self, client: httpx.Client) -> Iterator[dict[str, Any]]:
        for offset in count(0, PAGE):
            found = client.get(
                "/api/v2/buckets", params={"org": self.org, "limit": PAGE, "offset": offset}
            ).json()["buckets"]
            yield from (one for one in found if one["name"].startswith(self.prefix))
            if len(found) < PAGE:
                return

    def make_bucket(self, bucket: str, kept_s: int, shard_s: int) -> str:
        rule = {"type": "expire", "everySeconds": kept_s, "shardGroupDurationSeconds": shard_s}
        body = {"orgID": self.org_id(), "name": self.name(bucket), "retentionRules": [rule]}
        with self.client() as client:
            made = client.post("/api/v2/buckets", json=body).raise_for_status()
        return str(made.json()["id"])

    def delete_bucket(self, bucket: str) -> None:
        with self.client() as client:
            name = {"org": self.org, "name": self.name(bucket)}
            found = client.get("/api/v2/buckets", params=name).json()["buckets"][0]["id"]
            client.delete(f"/api/v2/buckets/{found}").raise_for_status()

    def listed(self, role: Role) -> list[str]:
        """The ids of the tokens that are called after a role of this test."""
        with self.client() as client:
            found = client.get("/api/v2/authorizations", params={"org": self.org}).json()
        return [
            one["id"]
            for one in found["authorizations"]
            if one["description"] == f"ausguck {role} {self.prefix}"
        ]

    def may_write(self, token: str, bucket: str) -> bool:
        with self.client(token) as client:
            answer = client.post(
                "/api/v2/write",
                params={"org": self.org, "bucket": self.name(bucket)},
                content=b"hotspot,bus_id=0123 clients=5i",
            )
        return answer.is_success

    def may_read(self, token: str, bucket: str) -> bool:
        """Whether it gets any answer but that there is no such database."""
        with self.client(token) as client:
            answer = client.post(
                "/query", params={"db": self.name(bucket)}, data={"q": "SELECT * FROM hotspot"}
            )
        if answer.status_code == 401:
            return False
        result = answer.json()["results"][0]
        assert ("error" in result) is (self.shows(token, bucket) == [])
        return "error" not in result

    def shows(self, token: str, bucket: str) -> list[str]:
        """The names of measurements that it is told."""
        with self.client(token) as client:
            answer = client.post(
                "/query", params={"db": self.name(bucket)}, data={"q": "SHOW MEASUREMENTS"}
            )
        series = answer.json()["results"][0].get("series", [])
        return [row[0] for one in series for row in one["values"]]

    def clear(self) -> None:
        """Leave the shared server as it was: past a hundred buckets it is not the same."""
        with self.client() as client:
            for bucket_id in [one["id"] for one in self._listed_buckets(client)]:
                client.delete(f"/api/v2/buckets/{bucket_id}").raise_for_status()

    def fill(self) -> None:
        """A point in every bucket, written by whoever may everything."""
        for bucket in self.buckets():
            assert self.may_write(self.influx.token, bucket)


def changes(steps: Sequence[Step]) -> set[tuple[str, Change]]:
    """What was changed, by kind and name."""
    return {
        (f"{step.kind} {step.name}", step.change)
        for step in steps
        if step.change is not Change.KEPT
    }
