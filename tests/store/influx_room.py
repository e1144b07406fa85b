"""Where a test has its InfluxDB store: buckets of its own on the real server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from ausguck.catalogue.state import Bucket
from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Retention
from ausguck.store.influxdb.adapter import open_influxdb
from ausguck.store.port import Store
from tests.influx import Influx, prefix
from tests.store.room import OpenStore

DAY_S = 86_400
USED = (Bucket.TELEMETRY, Bucket.POSITION, Bucket.STATION, Bucket.BOOKS)


class InfluxRoom:
    """Buckets that nothing else uses, and that keep everything for ever, but for `days`."""

    def __init__(self, server: Influx, days: Mapping[Bucket, int] | None = None) -> None:
        self.server = server
        self.prefix = prefix()
        with httpx.Client(base_url=server.url, headers=headers(server)) as client:
            orgs = client.get("/api/v2/orgs", params={"org": server.org}).raise_for_status()
            for bucket in USED:
                kept = (days or {}).get(bucket)
                wanted = {
                    "orgID": orgs.json()["orgs"][0]["id"],
                    "name": self.prefix + bucket.value,
                    "retentionRules": [{"everySeconds": kept * DAY_S}] if kept else [],
                }
                client.post("/api/v2/buckets", json=wanted).raise_for_status()

    def settings(self, **changes: object) -> Influxdb:
        """How the adapter finds them."""
        return Influxdb.model_validate(
            {
                "url": self.server.url,
                "org": self.server.org,
                "token": SecretStr(self.server.token),
                "bucket_prefix": self.prefix,
                **changes,
            }
        )


def headers(server: Influx) -> dict[str, str]:
    return {"Authorization": f"Token {server.token}"}


def opening(server: Influx) -> OpenStore:
    """A door to stores that are kept by directory, as the contract suite wants it."""
    rooms: dict[Path, InfluxRoom] = {}

    @asynccontextmanager
    async def open_store(path: Path) -> AsyncIterator[Store]:
        if path not in rooms:
            rooms[path] = InfluxRoom(server)
        async with open_influxdb(rooms[path].settings(), Retention()) as store:
            yield store

    return open_store
