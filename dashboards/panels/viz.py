"""Any panel in Grafana's shape of today, and what takes off what Grafana has left behind.

grafanalib 0.7.1 is finished software: what it writes for tables, gauges, stats and maps is of
Grafana years ago. So those panels are our `Viz`, and `modernise` drops the rest.
"""

import json
from typing import Any, Final

from grafanalib import core

Json = dict[str, Any]
_LEGACY: Final = frozenset(
    {
        *("span", "minSpan", "height", "error", "editable", "cacheTimeout", "maxPerRow"),
        *("repeatDirection", "measurement", "auto", "auto_min", "auto_count"),
        *("useTags", "tagsQuery", "tagValuesQuery", "time_options"),
    }
)
_LEGACY_BOARD: Final = frozenset(
    {"__inputs", "rows", "hideControls", "sharedCrosshair", "style", "gnetId", "id"}
)
_ROW: Final = frozenset({"id", "type", "title", "collapsed", "gridPos", "panels"})


class Viz(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """Any kind of panel in the shape that Grafana has today."""

    def __init__(self, kind: str, options: Json, field_config: Json, **common: Any) -> None:  # noqa: ANN401 - as grafanalib takes it
        super().__init__(**common)
        self._kind = kind
        self._options = options
        self._field_config = field_config

    def to_json_data(self) -> Json:
        """The panel as grafanalib's encoder takes it."""
        found: Json = self.panel_json({"type": self._kind, "options": self._options})
        found["fieldConfig"] = self._field_config
        return found


class _Encoder(json.JSONEncoder):
    def default(self, o: object) -> Any:  # noqa: ANN401 - grafanalib has no types
        as_json = getattr(o, "to_json_data", None)
        return super().default(o) if as_json is None else as_json()


def modernise(board: Any) -> Json:  # noqa: ANN401 - grafanalib has no types
    """A grafanalib dashboard as JSON without what Grafana no longer knows."""
    plain = json.loads(json.dumps(board, cls=_Encoder))
    found: Json = _clean({k: v for k, v in plain.items() if k not in _LEGACY_BOARD})
    found["editable"] = False
    found["panels"] = [_panel(panel) for panel in found["panels"]]
    return found


def _panel(panel: Json) -> Json:
    if panel["type"] == "row":
        row = {key: value for key, value in panel.items() if key in _ROW}
        return row | {"panels": [_panel(inner) for inner in row.get("panels", ())]}
    legend = panel.get("options", {}).get("legend")
    if legend is not None:
        legend.setdefault("showLegend", legend["displayMode"] != "hidden")
        legend.setdefault("calcs", [])
    return panel


def _clean(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, dict):
        return {
            key: _clean(inner)
            for key, inner in value.items()
            if key not in _LEGACY and (inner is not None or key == "value")
        }
    return [_clean(inner) for inner in value] if isinstance(value, list) else value
