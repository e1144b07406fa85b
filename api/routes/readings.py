"""`/api/v1/readings`: an asset's metrics over time, gaps kept as gaps."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.access.caller import Asking
from api.access.sight import Sight
from api.answers.series import ReadingsAnswer, readings_answer
from api.assets import unknown
from api.problems import ApiProblem, wrong
from api.problems import Kind as ProblemKind
from api.reply import CORE, answer
from api.span import span
from api.times import EXPECTED, epoch_ms
from ausguck import catalogue
from ausguck.clock import Clock
from ausguck.model import AssetId, Kind
from ausguck.register.directory import Directory
from ausguck.settings.tree import Site
from ausguck.store.port import Every, SeriesQuery, Store

METRICS_MAX = 16
ASSET = r"^(bus|station)/[A-Za-z0-9_-]{1,64}$"
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

    asset: str = Field(pattern=ASSET, description="whose", examples=["bus/0123"])
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
        """A window in which nothing was observed has samples 0 and value null."""
        query = _query(parameters, site, clock.now_ms())
        _check_sight(Sight(asking, directory.register, clock.now_ms()), query)
        found = await store.series(query)
        is_empty = not any(point.samples for series in found for point in series.points)
        if is_empty and not await store.latest(query.asset.kind, query.asset.name):
            raise unknown(query.asset.kind, query.asset.name)
        return answer(readings_answer(query, found, catalogue.by_key(query.asset.kind)))

    return routes


def _check_sight(sight: Sight, query: SeriesQuery) -> None:
    """Refuse what is not for whom asks."""
    kind, name = query.asset.kind, query.asset.name
    if not sight.sees(query.asset):
        raise unknown(kind, name)
    hidden = sight.hidden(kind)
    found = [metric for metric in query.metrics if metric in hidden]
    if found:
        raise ApiProblem(
            ProblemKind.FORBIDDEN,
            f"query.metric: {', '.join(found)} of a {kind.value} is not for "
            f"{sight.asking.caller.who}; docs/reference/access.md says what is for whom",
        )


def _query(parameters: ReadingsParameters, site: Site, now_ms: int) -> SeriesQuery:
    """The parameters as the store takes them."""
    kind_name, name = parameters.asset.split("/")
    kind = Kind(kind_name)
    metrics = tuple(dict.fromkeys(parameters.metric.split(",")))
    strange = next((key for key in metrics if key not in catalogue.by_key(kind)), None)
    if strange is not None:
        expected = f"keys that a {kind} has: {', '.join(catalogue.keys(kind))}"
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
