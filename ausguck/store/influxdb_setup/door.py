"""The one module that knows influxdb-client: a server is asked in our words, and errors are ours.

Importing it takes half a second, so only the command that prepares a server does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import msgspec
from influxdb_client import (
    Authorization,
    BucketRetentionRules,
    BucketsService,
    DBRPCreate,
    DBRPsService,
    HealthService,
    InfluxDBClient,
    PatchBucketRequest,
    PatchRetentionRule,
    Permission,
    PermissionResource,
    PingService,
    PostBucketRequest,
    SetupService,
    WriteService,
)
from influxdb_client.rest import ApiException
from pydantic import SecretStr
from urllib3.exceptions import HTTPError

from ausguck.errors import StoreError, StoreUnavailable
from ausguck.store.influxdb_setup.found import Action, FoundBucket, FoundToken, Mapping
from ausguck.store.influxdb_setup.wanted import WantedBucket

STORE = "influxdb"
AUTOGEN = "autogen"
UNKNOWN_TOKEN = "unauthorized access"  # noqa: S105 - the server's words, not a token


class _Problem(msgspec.Struct):
    message: str = ""


class Server:
    """An InfluxDB 2, asked with one token."""

    def __init__(self, url: str, token: SecretStr, timeout_s: float) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._client = InfluxDBClient(
            url, token=token.get_secret_value(), timeout=round(timeout_s * 1000)
        )
        self._api = self._client.api_client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def another(self, token: SecretStr) -> "Server":
        """The same server, asked with another token."""
        return Server(self.url, token, self._timeout_s)

    def version(self) -> str:
        """What the server says it is, such as `v2.7.12`; empty when it does not say.

        Raises:
            StoreUnavailable: nothing answers.
        """
        with self._asking("ask what it is"):
            try:
                _, _, headers = PingService(self._api).get_ping_with_http_info()
            except ApiException as error:
                headers = error.headers or {}
            if found := str(headers.get("X-Influxdb-Version") or ""):
                return found
            try:
                return str(HealthService(self._api).get_health().version or "")
            except (ApiException, AttributeError, TypeError, ValueError):
                return ""  # another server's answer is not in this client's words

    def is_set_up(self) -> bool:
        """Whether it has its first user and organisation."""
        with self._asking("ask whether it is set up"):
            return not SetupService(self._api).get_setup().allowed

    def organisation(self, name: str) -> str | None:
        """Its id; None when there is none of that name, or none that the token may see."""
        with self._asking(f"look for the organisation {name!r}"):
            try:
                found = self._client.organizations_api().find_organizations(org=name)
            except ApiException as error:
                if error.status == 404:  # noqa: PLR2004 - how 2.x says that there is none
                    return None
                raise
            return next((str(one.id) for one in found or () if one.name == name), None)

    def make_organisation(self, name: str) -> str:
        """Make it; returns its id."""
        with self._asking(f"make the organisation {name!r}"):
            return str(self._client.organizations_api().create_organization(name=name).id)

    def bucket(self, org_id: str, name: str) -> FoundBucket | None:
        """A bucket of the organisation; None when there is none of that name."""
        with self._asking(f"look for the bucket {name!r}"):
            try:
                found = BucketsService(self._api).get_buckets(org_id=org_id, name=name).buckets
            except ApiException as error:
                if error.status == 404:  # noqa: PLR2004 - as above
                    return None
                raise
            return next((_bucket(one) for one in found if one.name == name), None)

    def make_bucket(self, org_id: str, wanted: WantedBucket) -> str:
        """Make a bucket; returns its id."""
        rule = BucketRetentionRules(
            every_seconds=wanted.kept_s, shard_group_duration_seconds=wanted.shard_s
        )
        request = PostBucketRequest(org_id=org_id, name=wanted.name, retention_rules=[rule])
        with self._asking(f"make the bucket {wanted.name!r}"):
            return str(BucketsService(self._api).post_buckets(post_bucket_request=request).id)

    def correct_bucket(self, bucket_id: str, wanted: WantedBucket) -> None:
        """Keep what a bucket holds for as long as wanted; its next shards are of that length."""
        rule = PatchRetentionRule(
            every_seconds=wanted.kept_s, shard_group_duration_seconds=wanted.shard_s
        )
        request = PatchBucketRequest(retention_rules=[rule])
        with self._asking(f"change the bucket {wanted.name!r}"):
            BucketsService(self._api).patch_buckets_id(bucket_id, request)

    def mappings(self, org_id: str, database: str) -> tuple[Mapping, ...]:
        """The buckets that a database's name stands for."""
        with self._asking(f"look for the mapping of {database!r}"):
            found = DBRPsService(self._api).get_dbr_ps(org_id=org_id, db=database).content
            return tuple(
                Mapping(
                    str(one.id),
                    str(one.bucket_id),
                    str(one.retention_policy),
                    bool(one.default),
                    bool(one.virtual),
                )
                for one in found or ()
            )

    def make_mapping(self, org_id: str, bucket_id: str, database: str) -> None:
        """Have InfluxQL know a bucket by a database's name."""
        request = DBRPCreate(
            org_id=org_id,
            bucket_id=bucket_id,
            database=database,
            retention_policy=AUTOGEN,
            default=True,
        )
        with self._asking(f"map the database {database!r} to its bucket"):
            DBRPsService(self._api).post_dbrp(request)

    def tokens(self, org_id: str, description: str) -> tuple[FoundToken, ...]:
        """The organisation's tokens of that description."""
        with self._asking("list tokens"):
            found = self._client.authorizations_api().find_authorizations(org_id=org_id)
            return tuple(_token(one) for one in found or () if one.description == description)

    def issue(
        self, org_id: str, description: str, rights: frozenset[tuple[Action, str]]
    ) -> SecretStr:
        """Make a token that may do just that."""
        permissions = [
            Permission(action, PermissionResource("buckets", id=bucket_id, org_id=org_id))
            for action, bucket_id in sorted(rights)
        ]
        request = Authorization(org_id=org_id, permissions=permissions)
        request.description = description
        with self._asking(f"make the token {description!r}"):
            made = self._client.authorizations_api().create_authorization(authorization=request)
            return SecretStr(str(made.token))

    def revoke(self, token_id: str) -> None:
        """Make a token worthless."""
        with self._asking("delete a token"):
            self._client.authorizations_api().delete_authorization(token_id)

    def is_known(self) -> bool:
        """Whether our own token is one of this server's."""
        try:
            BucketsService(self._api).get_buckets(limit=1)
        except ApiException as error:
            return _message(error) != UNKNOWN_TOKEN
        except HTTPError as error:
            raise self._down(error) from None
        return True

    def is_readable(self, bucket_id: str) -> bool:
        """Whether our own token may read a bucket."""
        with self._asking("look for a bucket"):
            try:
                return bool(BucketsService(self._api).get_buckets(id=bucket_id).buckets)
            except ApiException as error:
                if error.status == 404:  # noqa: PLR2004 - it is not there for this token
                    return False
                raise

    def is_writable(self, org_id: str, bucket_id: str) -> bool:
        """Whether our own token may write to a bucket; writes nothing."""
        with self._asking("write"):
            try:
                WriteService(self._api).post_write(org_id, bucket_id, "\n")
            except ApiException as error:
                if error.status == 403:  # noqa: PLR2004 - Forbidden
                    return False
                raise
            return True

    @contextmanager
    def _asking(self, deed: str) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            raise _refused(error, deed) from None
        except HTTPError as error:
            raise self._down(error) from None

    def _down(self, error: HTTPError) -> StoreUnavailable:
        # The words behind the colon; before it stands the object with its place in memory.
        words = str(error).rpartition(": ")[2]
        return StoreUnavailable(
            STORE,
            f"nothing answers at {self.url} ({words}); start the server, or set "
            "store.influxdb.url to where it answers",
        )


def _refused(error: ApiException, deed: str) -> StoreError:
    """What the server did not let us do, and what would help; from its words, never its headers."""
    words = _message(error)
    if words == UNKNOWN_TOKEN:
        return StoreError(
            STORE,
            "found a token in INFLUX_TOKEN that this server does not know, expected its operator "
            "token or an all-access token: `influx auth list` shows them",
        )
    if error.status in {401, 403}:
        return StoreError(
            STORE,
            f"the token in INFLUX_TOKEN may not {deed} ({words}), expected the operator token or "
            "an all-access token of the organisation: `influx auth create --all-access`",
        )
    if not error.status:  # TLS, as this client tells it
        return StoreError(STORE, f"no sound connection: {words}")
    return StoreError(STORE, f"the server refused to {deed}: HTTP {error.status}, {words}")


def _message(error: ApiException) -> str:
    """The `message` of the answer, else its status's words."""
    reason = " ".join(str(error.reason or "no reason given").split())
    try:
        return msgspec.json.decode(error.body or "", type=_Problem).message or reason
    except msgspec.DecodeError:
        return reason


def _bucket(found: Any) -> FoundBucket:  # noqa: ANN401 - the client's class is untyped
    rule = next(iter(found.retention_rules or ()), None)
    if rule is None:
        return FoundBucket(str(found.id), 0, 0)
    return FoundBucket(
        str(found.id), int(rule.every_seconds or 0), int(rule.shard_group_duration_seconds or 0)
    )


def _token(found: Any) -> FoundToken:  # noqa: ANN401 - as above
    permissions = found.permissions or ()
    has_others = any(one.resource.type != "buckets" or not one.resource.id for one in permissions)
    rights = frozenset((Action(one.action), str(one.resource.id)) for one in permissions)
    return FoundToken(
        str(found.id),
        found.status == "active",
        None if has_others else rights,
        SecretStr(found.token) if found.token else None,
    )
