"""`/metrics`: the figures of the process as Prometheus text."""

from fastapi import APIRouter, Response

from api import metrics
from api.ports import MetricsSource
from api.problems import Problems


def router(source: MetricsSource, problems: Problems) -> APIRouter:
    """The route over the source of figures, with the API's own count of problems."""
    routes = APIRouter(tags=["metrics"])

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        summary="Figures of the process as Prometheus text",
    )
    async def metrics_now() -> Response:
        """Read at each scrape; nothing is counted twice."""
        own = [
            metrics.Sample(metrics.HTTP_REFUSALS, (kind.value,), count)
            for kind, count in sorted(problems.counts.items())
        ]
        text = metrics.exposition([*await source.samples(), *own])
        return Response(text, media_type=metrics.CONTENT_TYPE)

    return routes
