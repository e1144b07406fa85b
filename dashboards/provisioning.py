"""What Grafana reads at its start: the data sources, and where the dashboards lie.

Tokens stay in files of their own, which Grafana reads itself (`$__file{...}`): none is written
here. Everybody who may open dashboards reads by the reader's token; the rollups without
vehicles are read by the planners' own token, which can read nothing else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ausguck.catalogue.state import Bucket
from dashboards.influxql import SOURCES, Source
from dashboards.words import Language

NOTE = "# Written by `ausguck dashboards build`; change what it is written from.\n"
TITLES: Mapping[Source, str] = {
    Source.TELEMETRY: "Ausguck",
    Source.POSITION: "Ausguck positions",
    Source.STATION: "Ausguck stations",
    Source.ROLLUP: "Ausguck planning",
    Source.ROLLUP_DAY: "Ausguck planning by day",
}
PLANNERS = frozenset({Source.ROLLUP, Source.ROLLUP_DAY})
SPACING: Mapping[Source, str] = {Source.ROLLUP: "1h", Source.ROLLUP_DAY: "1d"}
FOLDERS: Mapping[Language, str] = {Language.EN: "Ausguck", Language.DE: "Ausguck (deutsch)"}
FOLDED = {Language.EN: "ausguck", Language.DE: "ausguck-de"}

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class Grafana:
    """How a Grafana reaches InfluxDB and finds its files."""

    influx_url: str = "http://influxdb:8086"
    bucket_prefix: str = ""
    reader_token: str = "/tokens/reader"  # noqa: S105 - a path, not a token
    planner_token: str = "/tokens/planner"  # noqa: S105 - as above
    dashboards: str = "/var/lib/ausguck/dashboards"


def provisioning(languages: Sequence[Language], grafana: Grafana) -> Mapping[str, str]:
    """The provisioning files by path."""
    sources: dict[str, Value] = {
        "apiVersion": 1,
        "prune": True,
        "datasources": [_source(bucket, uid, grafana) for bucket, uid in SOURCES.items()],
    }
    providers: dict[str, Value] = {
        "apiVersion": 1,
        "providers": [_provider(language, grafana) for language in languages],
    }
    return {
        "provisioning/datasources/ausguck.yaml": yaml(sources),
        "provisioning/dashboards/ausguck.yaml": yaml(providers),
    }


def _source(bucket: Bucket, uid: Source, grafana: Grafana) -> Value:
    token = grafana.planner_token if uid in PLANNERS else grafana.reader_token
    return {
        "name": TITLES[uid],
        "uid": str(uid),
        "type": "influxdb",
        "access": "proxy",
        "url": grafana.influx_url,
        "isDefault": uid is Source.TELEMETRY,
        "editable": False,
        "jsonData": {
            "version": "InfluxQL",
            "dbName": f"{grafana.bucket_prefix}{bucket}",
            "httpMode": "POST",
            "httpHeaderName1": "Authorization",
            "timeInterval": SPACING.get(uid, "1m"),
            "timeout": 30,
            "maxSeries": 2000,
        },
        "secureJsonData": {"httpHeaderValue1": f"Token $__file{{{token}}}"},
    }


def _provider(language: Language, grafana: Grafana) -> Value:
    return {
        "name": FOLDED[language],
        "orgId": 1,
        "folder": FOLDERS[language],
        "folderUid": FOLDED[language],
        "type": "file",
        "disableDeletion": False,
        "updateIntervalSeconds": 60,
        "allowUiUpdates": False,
        "options": {
            "path": f"{grafana.dashboards}/{language}",
            "foldersFromFilesStructure": False,
        },
    }


def yaml(document: Mapping[str, Value]) -> str:
    """A document as YAML; texts are quoted as in JSON, which YAML reads alike."""
    return NOTE + "\n".join(_lines(document)) + "\n"


def _lines(value: Mapping[str, Value], indent: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(inner, f"{indent}  ")
        elif isinstance(inner, Sequence) and not isinstance(inner, str):
            yield f"{indent}{key}:"
            yield from _items(inner, f"{indent}  ")
        else:
            yield f"{indent}{key}: {json.dumps(inner, ensure_ascii=False)}"


def _items(items: Sequence[Value], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping):
            first, *others = _lines(item, f"{indent}  ")
            yield f"{indent}- {first.strip()}"
            yield from others
        else:
            yield f"{indent}- {json.dumps(item, ensure_ascii=False)}"
