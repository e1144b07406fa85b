"""Latest readings in pages, the same for every kind of asset; the routes only dress them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api import etag
from api.access.caller import Admitted
from api.access.sight import Sight
from api.problems import ApiProblem, Kind
from api.registered import Registered, Roll
from ausguck.clock import Clock, iso_utc
from ausguck.desk.port import Desk
from ausguck.model import AssetId, Inventory, Reading
from ausguck.model import Kind as AssetKind
from ausguck.register.directory import Directory
from ausguck.register.rows import BEGINNING_MS
from ausguck.store.port import Store

NAME = r"^[A-Za-z0-9_-]{1,64}$"
ASSET = r"^(bus|station)/[A-Za-z0-9_-]{1,64}$"
LIMIT_DEFAULT = 200
LIMIT_MAX = 1000
_NEVER = "it never reported here, or not for so long that its readings are past retention."

Name = Annotated[str, Path(pattern=NAME, description="id as in topics", examples=["0123"])]


class PageParameters(BaseModel):
    """Which page of a list in order of id."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(
        default=None, pattern=NAME, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="how many at most")


PageQuery = Annotated[PageParameters, Query()]


@dataclass(frozen=True, slots=True)
class Page:
    """Readings in order of id, the cursor of the next page, and the tag of this one."""

    readings: Sequence[Reading]
    known: Sequence[Registered]
    next_cursor: str | None
    tag: str


@dataclass(frozen=True, slots=True)
class One:
    """One asset's newest reading with its device, and the tag of both."""

    reading: Reading
    known: Registered
    inventory: Inventory | None
    reported_serial: str | None
    tag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Answers what is known of the assets of one site, as far as it is for whom asks."""

    store: Store
    desk: Desk
    site: str
    clock: Clock
    directory: Directory
    roll: Roll

    def sight(self, asking: Admitted) -> Sight:
        """What somebody gets to see just now."""
        return Sight(asking, self.directory.register, self.clock.now_ms())

    async def page(self, kind: AssetKind, parameters: PageParameters, asking: Admitted) -> Page:
        """A page of newest readings."""
        sight = self.sight(asking)
        rows = sight.of(await self.store.latest(kind))
        after, limit = parameters.cursor, parameters.limit
        behind = [row for row in rows if after is None or row.asset.name > after]
        behind.sort(key=lambda row: row.asset.name)
        shown = behind[:limit]
        following = shown[-1].asset.name if len(behind) > limit else None
        known = [self.roll.of(row.asset, sight.now_ms) for row in shown]
        tag = etag.of_readings(shown, following, known, sight.tag())
        return Page(shown, known, following, tag)

    async def one(self, kind: AssetKind, name: str, asking: Admitted) -> One:
        """One asset.

        Raises:
            ApiProblem: nothing is held of it, or it is not for whom asks; the two look alike.
        """
        sight = self.sight(asking)
        rows = sight.of(await self.store.latest(kind, name))
        if not rows:
            raise unheard(sight, AssetId(self.site, kind, name))
        asset = AssetId(self.site, kind, name)
        inventory = await run_in_threadpool(self.desk.inventory, asset)
        known = self.roll.of(asset, sight.now_ms)
        reported_serial = self.roll.reported_serial(asset, inventory)
        tag = etag.of_readings(rows, inventory, known, reported_serial, sight.tag())
        return One(rows[0], known, inventory, reported_serial, tag)


def unheard(sight: Sight, asset: AssetId) -> ApiProblem:
    """The problem of an asset of which no reading is held, in the words its viewer may read."""
    if not (sight.sees(asset) and sight.register.is_registered(asset, sight.now_ms)):
        return unknown(asset.kind, asset.name)
    name = str(asset)
    since_ms = sight.register.assets.of(name)[0].valid_from_ms
    since = "" if since_ms == BEGINNING_MS else f" since {iso_utc(since_ms)}"
    fitting = sight.register.fitted(name, sight.now_ms)
    device = "no device" if fitting is None else f"device {fitting.id}"
    return ApiProblem(
        Kind.NOT_FOUND,
        f"{name} is registered{since}, with {device}, and no reading of it is held: {_NEVER}",
    )


def unknown(kind: AssetKind, name: str) -> ApiProblem:
    """The problem of an asset of which nothing is known, or nothing for whom asks."""
    return ApiProblem(
        Kind.NOT_FOUND,
        f"No reading of {kind}/{name} is held: {_NEVER} /api/v1/{kind.value}"
        f"{'es' if kind is AssetKind.BUS else 's'} lists those that did.",
    )
