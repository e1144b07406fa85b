"""`/api/v1/readings`: an asset's metrics over time, gaps kept as gaps."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec.structs import replace
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.access.caller import Asking
from api.access.sight import Sight
from api.answers.series import ReadingsAnswer, readings_answer
from api.assets import unheard, unknown
from api.history import Part, joined, parts_of
from api.problems import ApiProblem, wrong
from api.problems import Kind as ProblemKind
from api.reply import CORE, answer
from api.span import EARLIEST_MS, LATEST_MS, span
from api.times import EXPECTED, epoch_ms
from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.clock import Clock
from ausguck.model import AssetId, Kind
from ausguck.register.directory import Directory
from ausguck.register.versions import AsOf
from ausguck.settings.tree import Site
from ausguck.store.port import Every, SeriesQuery, Store

METRICS_MAX = 16
ASSET = r"^(bus|station|device)/[A-Za-z0-9_-]{1,64}$"
KEYS = tuple(dict.fromkeys((*catalogue.keys(Kind.BUS), *catalogue.keys(Kind.STATION))))


def _metrics(text: str) -> str:
    names = text.split(",")
    strange = next((name for name in names if name not in KEYS), None)
    if strange is not None or len(names) > METRICS_MAX:
        raise ValueError(f"1 to {METRICS_MAX} catalogue keys with commas between")
    return text


def _time(text: str) -> str:
    epoch_ms(text)
    return text


Time = Annotated[str, AfterValidator(_time)]


class ReadingsParameters(BaseModel):
    """Whose, what, when, how finely."""

    model_config = ConfigDict(extra="forbid")

    asset: str = Field(
        pattern=ASSET,
        description="whose; of a `device/<serial>`, what it told of the assets it was fitted to",
        examples=["bus/0123"],
    )
    metric: Annotated[str, AfterValidator(_metrics)] = Field(
        description="catalogue keys with commas between; they must be of the asset's kind",
        json_schema_extra={
            "type": "array",
            "items": {"type": "string", "enum": list(KEYS)},
            "minItems": 1,
            "maxItems": METRICS_MAX,
            "example": ["clients", "rsrp_dbm"],
        },
    )
    from_: Time | None = Field(
        default=None,
        alias="from",
        description=f"{EXPECTED}; default: an hour before `to`",
        json_schema_extra={"format": "date-time"},
    )
    to: Time | None = Field(
        default=None,
        description="as `from`, and after it; default: now",
        json_schema_extra={"format": "date-time"},
    )
    every: Every | None = Field(
        default=None,
        description="width of a window; without it each reading is a point. At most 2 days "
        "without it, 7 with 1m, 31 with 5m, 92 with 15m, 400 with 1h, 3660 with 1d",
    )
    as_of: AsOf = Field(
        default=AsOf.NOW,
        description="`now`: with what was told under the ids that the asset had before, by the "
        "register; `then`: under this id alone. A device is always told of as it was fitted then",
    )


def router(store: Store, clock: Clock, site: Site, directory: Directory) -> APIRouter:
    """The route over the store's series."""
    routes = APIRouter(tags=["readings"])

    @routes.get(
        "/readings",
        response_model=ReadingsAnswer,
        openapi_extra=CORE,
        summary="Metrics of one asset over time",
    )
    async def readings(
        parameters: Annotated[ReadingsParameters, Query()], asking: Asking
    ) -> Response:
        """A window in which nothing was observed has samples 0 and value null.

        A counter's increase between two ids of an asset is not known, and is not counted.
        """
        register, now_ms = directory.register, clock.now_ms()
        sight = Sight(asking, register, now_ms)
        kinds = _kinds(sight, site, parameters)  # first of all: who may not see it learns nothing
        metrics = {key: metric for kind in kinds for key, metric in catalogue.by_key(kind).items()}
        query = _query(parameters, site, metrics, now_ms)
        _check_metrics(sight, query, kinds)
        parts = _parts(sight, query, parameters.as_of)
        found = [await store.series(_of_part(query, part)) for part in parts]
        series = joined(query, {key: one.shape for key, one in metrics.items()}, found)
        if not any(point.samples for one in series for point in one.points):
            await _check_known(store, sight, query.asset, parts)
        told_by = [] if [part.asset for part in parts] == [query.asset] else parts
        return answer(readings_answer(query, series, metrics, told_by))

    return routes


def _kinds(sight: Sight, site: Site, parameters: ReadingsParameters) -> Sequence[Kind]:
    """What an asset is, or what those are that a device was fitted to, the newest first."""
    kind_name, _, name = parameters.asset.partition("/")
    asset = AssetId(site.id, Kind(kind_name), name)
    if asset.kind is not Kind.DEVICE:
        if not sight.sees(asset):
            raise unknown(asset.kind, asset.name)
        return (asset.kind,)
    ever = parts_of(sight.register, asset, parameters.as_of, EARLIEST_MS, LATEST_MS)
    found = [part.asset.kind for part in reversed(ever) if sight.sees(part.asset)]
    if not found:  # in the same words for a device of which there is nothing, and of others
        raise ApiProblem(
            ProblemKind.NOT_FOUND,
            f"No fitting of {parameters.asset} is known, so nothing can be said of it. "
            "`ausguck devices` records where a device is.",
        )
    return tuple(dict.fromkeys(found))


def _parts(sight: Sight, query: SeriesQuery, as_of: AsOf) -> list[Part]:
    """Whom to ask for which time; what an asset was called before is for whom sees the asset."""
    asset = query.asset
    parts = parts_of(sight.register, asset, as_of, query.from_ms, query.to_ms, now_ms=sight.now_ms)
    if asset.kind is Kind.DEVICE:
        return [part for part in parts if sight.sees(part.asset)]
    return parts


def _of_part(query: SeriesQuery, part: Part) -> SeriesQuery:
    known = catalogue.by_key(part.asset.kind)
    return replace(
        query,
        asset=part.asset,
        from_ms=part.from_ms,
        to_ms=part.to_ms,
        metrics=tuple(metric for metric in query.metrics if metric in known),
    )


async def _check_known(store: Store, sight: Sight, asset: AssetId, parts: Sequence[Part]) -> None:
    """Refuse an asset that never told anything."""
    if asset.kind is Kind.DEVICE:
        return
    for one in dict.fromkeys([asset, *(part.asset for part in parts)]):
        if await store.latest(one.kind, one.name):
            return
    raise unheard(sight, asset)


def _check_metrics(sight: Sight, query: SeriesQuery, kinds: Sequence[Kind]) -> None:
    """Refuse what is not for whom asks."""
    for kind in kinds:
        hidden = sight.hidden(kind)
        found = [metric for metric in query.metrics if metric in hidden]
        if found:
            raise ApiProblem(
                ProblemKind.FORBIDDEN,
                f"query.metric: {', '.join(found)} of a {kind.value} is not for "
                f"{sight.asking.caller.who}; docs/reference/access.md says what is for whom",
            )


def _query(
    parameters: ReadingsParameters, site: Site, known: Mapping[str, Metric], now_ms: int
) -> SeriesQuery:
    """The parameters as the store takes them."""
    kind_name, name = parameters.asset.split("/")
    kind = Kind(kind_name)
    metrics = tuple(dict.fromkeys(parameters.metric.split(",")))
    strange = next((key for key in metrics if key not in known), None)
    if strange is not None:
        expected = f"keys that a {kind} has: {', '.join(known)}"
        raise wrong("query.metric", strange, expected, ProblemKind.RANGE)
    stretch = span(
        None if parameters.from_ is None else epoch_ms(parameters.from_),
        None if parameters.to is None else epoch_ms(parameters.to),
        parameters.every,
        now_ms,
    )
    return SeriesQuery(
        asset=AssetId(site.id, kind, name),
        metrics=metrics,
        from_ms=stretch.from_ms,
        to_ms=stretch.to_ms,
        every=parameters.every,
        timezone=site.timezone,
    )
