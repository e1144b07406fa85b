"""The table row by row: every route, every scope, every narrowing, against the real app."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
import pytest
from starlette.routing import BaseRoute

from api.access.table import NONE, OFFICE, TABLE, Entry, Part, Row, row_of, template_of
from ausguck import catalogue
from ausguck.catalogue import DataClass, Metric
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_rows import SCOPES, Narrowing, NewKey
from ausguck.desk.people_rows import Duty, Person, Team
from ausguck.desk.registry import open_registry
from ausguck.model import Kind
from ausguck.register.keyring import Keyring
from ausguck.register.port import Registry
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Tables, Zone
from ausguck.settings.tree import Api, Scope, Settings
from tests.api.city import City, populated
from tests.api.fakes import CHANGE, NOW_MS, SITE

CLOSED = Settings(api=Api(anonymous=()))
REGISTER = Register(
    Tables(
        zones=(Zone(id="west"), Zone(id="east")),
        assets=(
            Asset(id="bus/0101", zone="west"),
            Asset(id="bus/0102", zone="east"),
            Asset(id="station/s001", zone="west"),
            Asset(id="station/s002", zone="east"),
        ),
    ),
    site="kiel",
    revision=1,
)
NARROWINGS = {
    "whole": Narrowing(),
    "buses": Narrowing(kinds=(Kind.BUS,)),
    "stations": Narrowing(kinds=(Kind.STATION,)),
    "west": Narrowing(zones=("west",)),
    "west-buses": Narrowing(kinds=(Kind.BUS,), zones=("west",)),
    "nowhere": Narrowing(zones=("north",)),
}
SEEN = {
    "whole": {"bus/0101", "bus/0102", "bus/0103", "station/s001", "station/s002", "station/s003"},
    "buses": {"bus/0101", "bus/0102", "bus/0103"},
    "stations": {"station/s001", "station/s002", "station/s003"},
    "west": {"bus/0101", "station/s001"},
    "west-buses": {"bus/0101"},
    "nowhere": set(),
}
BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("POST", "/people"): {"name": "eve"},
    ("POST", "/people/{name}/leave"): {"dry_run": True, "to": "ben"},
    ("POST", "/teams"): {"name": "night"},
    ("POST", "/duties"): {
        "team": "day",
        "person": "ada",
        "begins_at": "2030-01-01T00:00:00Z",
        "ends_at": "2030-01-02T00:00:00Z",
    },
    ("POST", "/keys"): {"name": "another", "scopes": ["view"]},
}
PARTS = {
    "{name}": "0101",
    "{letter_id}": "3",
    "{duty_id}": "1",
    "{prefix}": "aaaaaaaa",
    "{table}": "assets",
    "{change_id}": "1",
    "{serial}": "SN1",
    "{kind}": "bus",
    "{event_id}": "party",
}
REFUSED = {401, 403}


@dataclass(frozen=True, slots=True)
class House:
    """Keys and the register in one file, and a secret for each scope and narrowing."""

    access: AccessDesk
    registry: Registry
    secrets: dict[tuple[Narrowing, tuple[Scope, ...]], str]
    one: City

    def city(self) -> City:
        """The city of this house, closed to whoever has no key."""
        self.one.directory.replace(REGISTER, Keyring())
        return self.one

    def key(self, narrowing: Narrowing, *scopes: Scope) -> str:
        """A key like that, made when it is first wanted."""
        wanted = (narrowing, scopes)
        if wanted not in self.secrets:
            name = f"key-{len(self.secrets)}"
            new = NewKey(name=name, scopes=scopes, narrowing=narrowing)
            self.secrets[wanted] = self.access.add_key(new, "test", NOW_MS).secret
        return self.secrets[wanted]

    def headers(self, narrowing: Narrowing, *scopes: Scope) -> dict[str, str]:
        """What goes with a request of it."""
        return {"Authorization": f"Bearer {self.key(narrowing, *scopes)}"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path = tmp_path_factory.mktemp("access") / "desk.sqlite"
    with open_access(path) as access, open_registry(path, SITE) as registry:
        access.set_team(Team(name="day", lead=None), "test", NOW_MS)
        ada = Person(name="ada", email="ada@city.example", phone="+49 431 5551", teams=("day",))
        access.set_person(ada, "test", NOW_MS)
        access.set_person(Person(name="ben"), "test", NOW_MS)
        city = populated(settings=CLOSED, access=access, registry=registry)
        yield House(access, registry, {}, city)


def statuses(city: City, row: Row, keys: Sequence[str]) -> list[int]:
    """What each of the keys is answered, over one client."""
    method, path, body = request_of(row)
    found = []

    async def say(client: httpx.AsyncClient) -> httpx.Response:
        for key in keys:
            headers = {**CHANGE, "Authorization": f"Bearer {key}"}
            answer = await client.request(method, path, headers=headers, json=body)
            found.append(answer.status_code)
        return answer

    city.talk(say)
    return found


def ask(city: City, row: Row, key: str | None) -> httpx.Response:
    """The row's route, with what it needs to be answered."""
    method, path, body = request_of(row)
    headers = dict(CHANGE)
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return city.ask(method, path, headers=headers, json=body)


def request_of(row: Row) -> tuple[str, str, dict[str, object] | None]:
    """Method, path and body of a request to a row's route."""
    path = row.path.replace("/web/*", "/web/main.js")
    for part, value in PARTS.items():
        path = path.replace(part, "s001" if "/stations/" in path and part == "{name}" else value)
    path = path.replace("/people/0101/", "/people/ada/")
    if path.endswith("/readings"):
        path += "?asset=station/s001&metric=num_vehicles_available"
    return row.method, path, BODIES.get((row.method, row.path.removeprefix("/api/v1")))


def routes_of(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and whole path, through routers that are included in routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            context = route.include_context  # type: ignore[attr-defined]  # FastAPI's own
            yield from routes_of(inner.routes, prefix + context.prefix)
            continue
        for method in sorted(getattr(route, "methods", None) or ()):
            yield method, prefix + str(getattr(route, "path", ""))


def every_route(city: City) -> set[tuple[str, str]]:
    found = {
        (method, template_of(path, path))
        for method, path in routes_of(list(city.app.routes))
        if method != "HEAD"
    }
    assert ("GET", "/api/v1/buses") in found
    assert ("DELETE", "/api/v1/deadletters/{letter_id}") in found
    return found


def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    found = every_route(house.city())

    assert [route for route in sorted(found) if row_of(*route) is None] == []
    rows = {(row.method, row.path) for row in TABLE if not row.path.endswith("*")}
    assert rows - found == set()
    assert len(rows) == len(TABLE) - 1


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.path}")
def test_a_row_is_kept_to_for_every_scope_and_narrowing(row: Row, house: House) -> None:
    city = house.city()
    nobody = ask(city, row, None)
    asks_nobody = row.entry in {Entry.OPEN, Entry.ANYONE}
    assert (nobody.status_code == 401) is not asks_nobody
    pairs = list(itertools.product(SCOPES, NARROWINGS))
    keys = [house.key(NARROWINGS[name], scope) for scope, name in pairs]
    for (scope, name), status in zip(pairs, statuses(city, row, keys), strict=True):
        may = asks_nobody or row.entry is Entry.KEY or scope in row.scopes
        whole_only = row.entry is Entry.SCOPE and not row.for_narrowed and name != "whole"
        is_refused = status in REFUSED
        assert is_refused is not (may and not whole_only), (scope, name, status)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NARROWINGS)
@pytest.mark.parametrize("kind", Kind.__members__.values())
def test_assets_outside_are_absent(scope: Scope, name: str, kind: Kind, house: House) -> None:
    if kind is Kind.DEVICE:
        return
    city = house.city()
    headers = house.headers(NARROWINGS[name], scope)
    path = "/api/v1/buses" if kind is Kind.BUS else "/api/v1/stations"
    if city.ask("GET", path, headers=headers).status_code == 403:
        assert (kind, scope) == (Kind.BUS, "admin")
        return
    wanted = sorted(asset for asset in SEEN[name] if asset.startswith(kind.value))

    listed = []
    cursor = None
    while True:
        query = "?limit=1" + (f"&cursor={cursor}" if cursor else "")
        page = city.ask("GET", path + query, headers=headers).json()
        listed += [f"{kind.value}/{item['id']}" for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed == wanted
    metric = "rsrp_dbm" if kind is Kind.BUS else "num_docks_available"
    for asset in sorted(one for one in SEEN["whole"] if one.startswith(kind.value)):
        expected = 200 if asset in SEEN[name] else 404
        one = city.ask("GET", f"{path}/{asset.partition('/')[2]}", headers=headers)
        series = city.ask("GET", f"/api/v1/readings?asset={asset}&metric={metric}", headers=headers)
        assert (one.status_code, series.status_code) == (expected, expected), asset


def test_what_is_hidden_looks_like_what_is_not(house: House) -> None:
    city = house.city()
    headers = house.headers(NARROWINGS["west"], "view")

    hidden = city.ask("GET", "/api/v1/buses/0102", headers=headers).text
    absent = city.ask("GET", "/api/v1/buses/9999", headers=headers).text

    assert hidden.replace("0102", "9999") == absent


@pytest.mark.parametrize(
    ("scopes", "classes"),
    [
        (("view",), set(DataClass)),
        (("operate",), set(DataClass)),
        (("plan",), {DataClass.TECHNICAL}),
        (("plan", "admin"), {DataClass.TECHNICAL}),
        (("plan", "view"), set(DataClass)),
    ],
)
def test_values_of_buses_go_by_their_class(
    scopes: tuple[Scope, ...], classes: set[DataClass], house: House
) -> None:
    city = house.city()
    headers = house.headers(Narrowing(), *scopes)
    known = catalogue.by_key(Kind.BUS)
    newest = city.store.readings[0]
    shown = {
        key
        for key, value in zip(catalogue.keys(Kind.BUS), newest.values, strict=True)
        if value is not None and class_of(known[key]) in classes
    }

    one = city.ask("GET", "/api/v1/buses/0101", headers=headers).json()
    page = city.ask("GET", "/api/v1/buses", headers=headers).json()

    assert set(one["values"]) == shown
    assert set(page["items"][0]["values"]) == shown
    for key, metric in known.items():
        answer = city.ask(
            "GET", f"/api/v1/readings?asset=bus/0101&metric=rsrp_dbm,{key}", headers=headers
        )
        assert (answer.status_code == 200) is (class_of(metric) in classes), key


def test_planners_never_get_a_bus_beside_its_usage(house: House) -> None:
    city = house.city()
    headers = {**house.headers(Narrowing(), "plan"), **CHANGE}
    usage = {
        key
        for key, metric in catalogue.by_key(Kind.BUS).items()
        if class_of(metric) is not DataClass.TECHNICAL
    }

    for row in TABLE:
        if row.method != "GET" or row.path.startswith(("/web", "/api/v1/openapi")):
            continue
        path = row.path.replace("{name}", "0101")
        for part, value in PARTS.items():
            path = path.replace(part, value)
        answer = city.ask("GET", path, headers=headers)
        if answer.headers["content-type"] != "application/json":
            continue
        assert not usage & keys_within(answer.json()), row.path


def class_of(metric: Metric) -> DataClass:
    """As which class it is shown."""
    return DataClass.EMPLOYEE_RELATED if metric.key == "cell_id" else metric.data_class


def keys_within(found: object) -> set[str]:
    if isinstance(found, dict):
        known = {key for key, value in found.items() if value is not None}
        return known.union(*map(keys_within, found.values()))
    if isinstance(found, list):
        return set().union(*map(keys_within, found))
    return set()


def test_stations_are_free_for_every_scope(house: House) -> None:
    city = house.city()
    answers = {
        city.ask(
            "GET",
            "/api/v1/stations",
            headers=house.headers(Narrowing(), scope),
        ).text
        for scope in SCOPES
    }

    assert len(answers) == 1
    assert "num_vehicles_available" in answers.pop()


@pytest.mark.parametrize("scope", [None, *SCOPES])
def test_health_is_a_word_for_strangers_and_planners(scope: Scope | None, house: House) -> None:
    city = house.city()
    row = row_of("GET", "/api/v1/health")
    assert row is not None
    key = None if scope is None else house.key(Narrowing(), scope)

    answer = ask(city, row, key).json()

    assert answer["status"] == "ok"
    assert (set(answer) == {"status"}) is (scope in {None, "plan"})


@pytest.mark.parametrize("scope", sorted(OFFICE))
@pytest.mark.parametrize("path", ["/api/v1/people", "/api/v1/duties/now"])
def test_how_to_reach_somebody_is_for_those_who_act(scope: Scope, path: str, house: House) -> None:
    city = house.city()
    duty = Duty(team="day", person="ada", from_ms=NOW_MS - 1000, to_ms=NOW_MS + 3_600_000)
    house.access.add_duties([duty], "test", NOW_MS)
    headers = house.headers(Narrowing(), scope)

    text = json.dumps(city.ask("GET", path, headers=headers).json())

    assert '"ada"' in text
    assert ("5551" in text, "city.example" in text) == ((scope != "view",) * 2)


def test_a_key_of_another_site_opens_nothing(house: House) -> None:
    city = house.city()
    key = house.key(Narrowing(sites=("hamburg",)), *SCOPES)

    for row in TABLE:
        answer = ask(city, row, key)
        assert (answer.status_code == 403) is (row.entry is not Entry.OPEN), row.path
    own = house.key(Narrowing(sites=("kiel", "hamburg")), "view")
    buses = row_of("GET", "/api/v1/buses")
    assert buses is not None
    assert ask(city, buses, own).status_code == 200


def test_a_tag_tells_nobody_of_what_another_sees(house: House) -> None:
    city = house.city()
    tags = set()
    asked: list[tuple[Scope, str]] = [("view", "whole"), ("plan", "whole"), ("view", "west")]
    for scope, name in asked:
        headers = house.headers(NARROWINGS[name], scope)
        answer = city.ask("GET", "/api/v1/buses/0101", headers=headers)
        tags.add(answer.headers["etag"])
        again = {**headers, "If-None-Match": answer.headers["etag"]}
        assert city.ask("GET", "/api/v1/buses/0101", headers=again).status_code == 304
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"] == "Authorization, Cookie"
    assert len(tags) == 3


def test_every_part_is_somebodys() -> None:
    named = {part for row in TABLE for part in row.parts}

    assert named == set(Part)
    for row in TABLE:
        for part, scopes in row.parts.items():
            assert scopes != NONE, part
            assert scopes <= row.scopes or row.entry is Entry.ANYONE
