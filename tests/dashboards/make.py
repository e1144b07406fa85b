"""`python -m tests.dashboards.make DIR`: the sheets of docs/dashboards, from a simulated week."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from dashboards.sheet.asking import Influx as Asked
from dashboards.sheet.writing import sheets
from dashboards.words import Language
from tests.dashboards.week import END_MS, fill
from tests.influx import Influx

BUS = "0101"


def main(folder: Path) -> None:
    """Start an InfluxDB, write the week into it, and the sheets from it."""
    with TemporaryDirectory() as directory, Influx(Path(directory)) as server:
        week = fill(server)
        headers = {"Authorization": f"Token {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
            asked = Asked(client, week.prefix)
            # Asked twice, so that the times are not those of a server that has just started.
            sheets(asked, END_MS, {"bus": BUS}, (Language.EN,))
            pages = sheets(asked, END_MS, {"bus": BUS}, tuple(Language))
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
