"""Each rule passes what we generate, and finds the one fault that is planted for it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.files import boards
from dashboards.lint import RULES, faults
from dashboards.words import Language

Boards = list[dict[str, Any]]
OURS: Boards = [board for language in Language for board in boards(language).values()]


def panel(found: Boards, kind: str) -> dict[str, Any]:
    """The first panel of a kind on the first dashboard."""
    one: dict[str, Any] = next(each for each in found[0]["panels"] if each["type"] == kind)
    return one


SITE = '"site" =~ /^${site:regex}$/'


def query(text: str) -> Callable[[Boards], None]:
    def plant(found: Boards) -> None:
        panel(found, "stat")["targets"][0]["query"] = text.replace("SITE", SITE)

    return plant


def double_uid(found: Boards) -> None:
    found[1]["uid"] = found[0]["uid"]


def double_title(found: Boards) -> None:
    found[1]["title"] = found[0]["title"]


def double_id(found: Boards) -> None:
    found[0]["panels"][1]["id"] = found[0]["panels"][2]["id"]


def overlap(found: Boards) -> None:
    found[0]["panels"][2]["gridPos"]["x"] -= 1


def dead_type(found: Boards) -> None:
    panel(found, "timeseries")["type"] = "graph"


def old_key(found: Boards) -> None:
    panel(found, "table")["span"] = 4


def editable(found: Boards) -> None:
    found[0]["editable"] = True


def old_schema(found: Boards) -> None:
    found[0]["schemaVersion"] = 12


def hasty(found: Boards) -> None:
    found[0]["refresh"] = "1s"


def silent(found: Boards) -> None:
    panel(found, "stat")["description"] = "Some buses."


def double_panel_title(found: Boards) -> None:
    found[0]["panels"][1]["title"] = found[0]["panels"][2]["title"]


def odd_unit(found: Boards) -> None:
    panel(found, "stat")["fieldConfig"]["defaults"]["unit"] = "percents"


def falling(found: Boards) -> None:
    panel(found, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"].reverse()


def odd_colour(found: Boards) -> None:
    panel(found, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] = "lime"


def wordless(found: Boards) -> None:
    mappings = [{"type": "value", "options": {"0": {"color": "#E02F44", "index": 0}}}]
    panel(found, "stat")["fieldConfig"]["defaults"]["mappings"] = mappings


def lost_link(found: Boards) -> None:
    url = "/d/bus-fleet?${__url_time_range}"
    panel(found, "stat")["links"] = [{"title": "x", "url": url, "targetBlank": False}]


def lost_variable(found: Boards) -> None:
    url = "/d/bus-one?var-buss=1&${__url_time_range}"
    panel(found, "stat")["links"] = [{"title": "x", "url": url, "targetBlank": False}]


def no_target(found: Boards) -> None:
    panel(found, "stat")["targets"] = []


def odd_source(found: Boards) -> None:
    panel(found, "stat")["targets"][0]["datasource"]["uid"] = "influx-all"


def named_source(found: Boards) -> None:
    panel(found, "stat")["datasource"] = "InfluxDB"


def not_raw(found: Boards) -> None:
    panel(found, "stat")["targets"][0]["rawQuery"] = False


def stale_variable(found: Boards) -> None:
    found[0]["templating"]["list"][0]["refresh"] = 0


def coarse(found: Boards) -> None:
    panel(found, "timeseries")["maxDataPoints"] = 100


PLANTED: dict[str, list[Callable[[Boards], None]]] = {
    "uids_are_unique": [double_uid],
    "titles_are_unique": [double_title],
    "panel_ids_are_unique": [double_id],
    "panels_lie_on_the_grid": [overlap],
    "panels_are_of_today": [dead_type],
    "nothing_is_left_over": [old_key],
    "boards_are_not_edited_by_hand": [editable],
    "boards_are_of_our_version": [old_schema],
    "boards_have_a_time": [hasty],
    "panels_say_what_they_show": [silent],
    "titles_of_panels_are_unique": [double_panel_title],
    "units_are_known": [odd_unit],
    "thresholds_rise": [falling],
    "colours_are_ours": [odd_colour],
    "colours_have_words": [wordless],
    "links_lead_somewhere": [lost_link, lost_variable],
    "panels_ask_something": [no_target],
    "sources_are_provisioned": [odd_source, named_source],
    "queries_are_raw": [not_raw],
    "queries_are_bounded": [query('SELECT last("clients") FROM "fleet" WHERE SITE')],
    "queries_are_of_one_site": [query('SELECT last("clients") FROM "fleet" WHERE $timeFilter')],
    "queries_ask_what_there_is": [
        query('SELECT last("wifi") FROM "fleet" WHERE SITE AND $timeFilter'),
        query('SELECT last("lat") FROM "bus_place" WHERE SITE AND $timeFilter'),
        query('SELECT last("clients") FROM "fleets" WHERE SITE AND $timeFilter'),
    ],
    "queries_are_of_influxdb_2": [
        query('SELECT last("clients") INTO "x" FROM "fleet" WHERE SITE AND $timeFilter'),
        query('SELECT last("clients") FROM "fleet" WHERE SITE AND $timeFilter; SHOW DATABASES'),
    ],
    "variables_are_declared": [
        query('SELECT last("clients") FROM "fleet" WHERE SITE AND $timeFilter AND $line')
    ],
    "variables_are_formatted": [
        query('SELECT last("clients") FROM "fleet" WHERE "site" = \'$site\' AND $timeFilter')
    ],
    "variables_are_fresh": [stale_variable],
    "charts_are_fine_enough": [coarse],
}
CASES = [
    pytest.param(rule, plant, id=f"{rule}-{number}")
    for rule, plants in PLANTED.items()
    for number, plant in enumerate(plants)
]


def test_what_we_generate_has_no_fault() -> None:
    assert faults(OURS) == []


def test_every_rule_has_a_fault_planted() -> None:
    assert set(PLANTED) == set(RULES)


@pytest.mark.parametrize(("rule", "plant"), CASES)
def test_a_planted_fault_is_found(rule: str, plant: Callable[[Boards], None]) -> None:
    found = copy.deepcopy(OURS)
    plant(found)

    assert list(RULES[rule](found))
    assert any(line.endswith(f"({rule})") for line in faults(found))
