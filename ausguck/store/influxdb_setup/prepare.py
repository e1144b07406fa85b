"""Makes an InfluxDB what we need it to be, step by step, and says each; twice changes nothing."""

from collections.abc import Callable, Iterator, Sequence

from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreError
from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Retention
from ausguck.store.influxdb_setup.door import AUTOGEN, STORE, Server
from ausguck.store.influxdb_setup.files import TokenFiles
from ausguck.store.influxdb_setup.found import FoundBucket
from ausguck.store.influxdb_setup.steps import Change, Shortening, Step
from ausguck.store.influxdb_setup.tokens import Issuer
from ausguck.store.influxdb_setup.wanted import (
    Role,
    WantedBucket,
    buckets,
    description,
    is_shorter,
    span,
)

SUPPORTED = "2"


MayShorten = Callable[[Sequence[Shortening]], bool]


def prepare(
    server: Server,
    settings: Influxdb,
    retention: Retention,
    files: TokenFiles,
    may_shorten: MayShorten,
) -> Iterator[Step]:
    """Make ready what is missing or differs; each step is done when it is yielded.

    `may_shorten` is asked, before anything changes, where readings would be removed.

    Raises:
        StoreUnavailable: the server does not answer.
        StoreError: it is not ours to prepare, or the token may not; says what to do.
        ConfigError: a token's file cannot be written.
    """
    yield Step("server", server.url, Change.KEPT, f"InfluxDB {usable_version(server)}")
    wanted = buckets(settings.bucket_prefix, retention)
    org_id = server.organisation(settings.org)
    before = {} if org_id is None else _found(server, org_id, wanted)
    _ask_first(wanted, before, may_shorten)
    if org_id is None:
        org_id = server.make_organisation(settings.org)
        yield Step("organisation", settings.org, Change.MADE, "")
    else:
        yield Step("organisation", settings.org, Change.KEPT, "")
    ids: dict[Bucket, str] = {}
    for one in wanted:
        ids[one.bucket], step = _bucket(server, org_id, one, before.get(one.name))
        yield step
    for one in wanted:
        yield _mapping(server, org_id, ids[one.bucket], one.name)
    issuer = Issuer(server, org_id, ids, files)
    for role in Role:
        yield from issuer.token(role, description(role, settings.bucket_prefix))


def usable_version(server: Server) -> str:
    """The version of an InfluxDB 2 that has been set up.

    Raises:
        StoreError: it is something else, or not set up yet.
    """
    version = server.version()
    if version.lstrip("v").split(".")[0] != SUPPORTED:
        found = f"InfluxDB {version}" if version else "a server that does not say its version"
        raise StoreError(
            STORE,
            f"found {found} at {server.url}, expected InfluxDB 2: set store.influxdb.url to one, "
            "or keep history in the embedded store (store.kind = 'duckdb')",
        )
    if not server.is_set_up():
        raise StoreError(
            STORE,
            f"InfluxDB {version} at {server.url} is not set up yet: `influx setup` makes its "
            "first user, organisation and operator token",
        )
    return version


def _found(server: Server, org_id: str, wanted: Sequence[WantedBucket]) -> dict[str, FoundBucket]:
    looked_up = ((one.name, server.bucket(org_id, one.name)) for one in wanted)
    return {name: found for name, found in looked_up if found is not None}


def _ask_first(
    wanted: Sequence[WantedBucket], before: dict[str, FoundBucket], may_shorten: MayShorten
) -> None:
    shorter = [
        Shortening(one.name, span(before[one.name].kept_s), span(one.kept_s))
        for one in wanted
        if one.name in before and is_shorter(before[one.name], one)
    ]
    if shorter and not may_shorten(shorter):
        first = shorter[0]
        raise StoreError(
            STORE,
            f"nothing was changed: the bucket {first.name!r} is kept {first.found} and would be "
            f"kept {first.wanted}, which removes what is older; change [retention], set "
            "store.influxdb.bucket_prefix if the bucket is somebody else's, or say --yes",
        )


def _bucket(
    server: Server, org_id: str, wanted: WantedBucket, found: FoundBucket | None
) -> tuple[str, Step]:
    kept = f"kept {span(wanted.kept_s)}, shards of {span(wanted.shard_s)}"
    if found is None:
        made = server.make_bucket(org_id, wanted)
        return made, Step("bucket", wanted.name, Change.MADE, kept)
    if (found.kept_s, found.shard_s) == (wanted.kept_s, wanted.shard_s):
        return found.id, Step("bucket", wanted.name, Change.KEPT, kept)
    server.correct_bucket(found.id, wanted)
    detail = f"{kept}; was kept {span(found.kept_s)}, shards of {span(found.shard_s)}"
    return found.id, Step("bucket", wanted.name, Change.CORRECTED, detail)


def _mapping(server: Server, org_id: str, bucket_id: str, name: str) -> Step:
    """Have InfluxQL know a bucket by a database's name.

    The server's own mappings will not do: older ones have none, and 2.7 looks for them among
    the first hundred buckets only, so that SHOW MEASUREMENTS of a later one is empty.
    """
    explicit = [one for one in server.mappings(org_id, name) if not one.is_virtual]
    if any(one.bucket_id == bucket_id and one.is_default for one in explicit):
        return Step("mapping", name, Change.KEPT, "")
    for one in explicit:
        if one.retention_policy == AUTOGEN or one.is_default:
            raise StoreError(
                STORE,
                f"found that the database {name!r} stands for the bucket {one.bucket_id}, "
                f"expected {bucket_id}: `influx v1 dbrp delete --id {one.id}`, then again",
            )
    server.make_mapping(org_id, bucket_id, name)
    return Step("mapping", name, Change.MADE, f"retention policy {AUTOGEN}, default")
