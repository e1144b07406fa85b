"""The page of Grafana's dashboards: what each panel shows, what is good, what to do."""

from collections.abc import Iterator

from ausguck.docs.markdown import code, page, table
from dashboards.files import boards
from dashboards.influxql import MEASUREMENTS, SOURCES
from dashboards.lint import RULES
from dashboards.panels import Json
from dashboards.provisioning import PLANNERS
from dashboards.questions import panels
from dashboards.words import ACT, GOOD, Language

EN = Language.EN


def dashboards() -> str:
    """Every dashboard, its panels, the data sources and the rules."""
    return page(
        "Dashboards",
        "`dashboards`",
        "What `ausguck dashboards build` writes for Grafana, in English and in German (whose "
        "uids end in `-de`). [Use your Grafana](../how-to/use-your-grafana.md) says how it gets "
        "there. Every query has been asked of a real InfluxDB that holds a simulated week: "
        "[its table of times](../dashboards/queries.md), and a sheet for each dashboard with "
        "the answers, in `docs/dashboards`. Nobody has opened them in a real Grafana yet: they "
        "are held against Grafana's own types and the rules below.",
        *(_board(board) for board in boards(EN).values()),
        "## Data sources",
        table(
            ("uid", "bucket", "token", "measurements"),
            (
                (
                    code(uid),
                    code(bucket),
                    "planner" if uid in PLANNERS else "reader",
                    ", ".join(code(m.name) for m in MEASUREMENTS.values() if m.bucket is bucket)
                    or "rollups, once they are there",
                )
                for bucket, uid in SOURCES.items()
            ),
        ),
        "## Rules",
        "What `build` refuses to write, and the tests plant one fault of each:",
        table(("rule", "what it wants"), sorted(_rules())),
    )


def _board(board: Json) -> str:
    variables = ", ".join(code(one["name"]) for one in board["templating"]["list"])
    shown = f"{board['time']['from']} to now, every {board['refresh']}"
    head = (
        f"## {board['title']}\n\n{board['description']} uid {code(board['uid'])}; shows {shown}; "
        f"variables {variables}."
    )
    rows = (
        (panel["title"], *_said(panel["description"]), ", ".join(_asked(panel)))
        for panel in panels(board)
        if panel["type"] != "text"
    )
    return f"{head}\n\n{table(('panel', 'shows', 'good', 'what to do', 'asks'), rows)}"


def _said(description: str) -> tuple[str, str, str]:
    shows, good, act = description.split("\n\n")
    return (
        shows,
        good.removeprefix(f"**{GOOD[EN]}:** "),
        act.removeprefix(f"**{ACT[EN]}:** "),
    )


def _asked(panel: Json) -> Iterator[str]:
    for target in panel["targets"]:
        name = target["query"].rpartition('FROM "')[2].partition('"')[0]
        yield code(name)


def _rules() -> Iterator[tuple[str, str]]:
    for name, rule in RULES.items():
        yield name.replace("_", " "), (rule.__doc__ or "").strip()
