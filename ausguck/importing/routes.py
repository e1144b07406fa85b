"""A GTFS feed as lines and parties: what each route is called, who runs it, when it is out."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from msgspec.structs import replace

from ausguck.importing.faults import Faults, at_line, quoted
from ausguck.importing.feeds import Feed
from ausguck.importing.folder import Imported
from ausguck.importing.gtfs import gtfs_table
from ausguck.importing.gtfs_trips import read_timetable
from ausguck.importing.line_hours import line_hours
from ausguck.importing.making import Scene
from ausguck.importing.matching import fitting_name, of_source, with_others
from ausguck.importing.moments import local_day
from ausguck.importing.timetable import Timetable
from ausguck.register.change import Given, Offer
from ausguck.register.rows import Line, Party, Role, Row
from ausguck.settings.nearest import nearest

SOURCE: Final = "gtfs"


class Route(NamedTuple):
    """One route, and the line that it is."""

    place: str
    id: str
    line: str
    title: str
    party: str | None


def read_gtfs(feed: Feed, scene: Scene, *, adds_only: bool = False) -> Imported:
    """What a feed offers: its agencies as parties, its routes as lines with their hours.

    A route that is known keeps its line; if it is called otherwise now, the new line succeeds.

    Raises:
        WrongInput: anything in what is read is wrong; says all of it.
    """
    notes: list[str] = []
    parties = _parties(feed, scene)
    routes = _routes(feed, parties, notes)
    hours = _hours(feed, scene, {route.id: route.line for route in routes}, notes)
    feed.faults.stop_if_any()
    rows = {"lines": _lines(routes, scene, hours, notes)}
    if parties:
        rows["parties"] = list(parties.values())
    if not adds_only:
        rows = {table: with_others(scene, table, given) for table, given in rows.items()}
    return Imported(Offer(scene.source, rows, adds_only=adds_only), notes)


def timetable_of(feed: Feed, scene: Scene) -> Timetable:
    """A feed as a timetable for a plan of duties, with the lines called as in the register."""
    known = {name: row.id for name, row in of_source(replaced(scene), "lines").items()}
    names = {
        route: known.get(route) or fitting_name(short or route)
        for _, (route, short) in gtfs_table(
            feed, "routes.txt", ("route_id",), ("route_short_name",)
        )
    }
    return read_timetable(feed, scene.zone, names.get, SOURCE)


def replaced(scene: Scene) -> Scene:
    """The same scene as a GTFS feed sees it."""
    return Scene(scene.register, scene.zone, scene.now_ms, SOURCE)


def _parties(feed: Feed, scene: Scene) -> dict[str, Given]:
    """The agencies by their ids; one without an id goes by its name."""
    known = of_source(scene, "parties")
    found: dict[str, Given] = {}
    for line, (title, agency) in gtfs_table(feed, "agency.txt", ("agency_name",), ("agency_id",)):
        place = at_line("agency.txt", line)
        name = agency or title
        if name in found:
            feed.faults.add(place, "agency_id", f"{quoted(name)} again", "each agency once")
            continue
        base = known.get(name)
        if not isinstance(base, Party):
            own = scene.register.parties.at(fitting_name(name), scene.now_ms)
            base = own or Party(id=fitting_name(name), role=Role.BUS_COMPANY)
        row = replace(
            base,
            title=" ".join(title.split()),
            valid_to_ms=None,
            external_ids={**base.external_ids, scene.source: name},
        )
        found[name] = Given(row, is_dated=False, place=place)
    return found


def _routes(feed: Feed, parties: Mapping[str, Given], notes: list[str]) -> list[Route]:
    found: dict[str, Route] = {}
    taken: dict[str, str] = {}
    needs, may = ("route_id",), ("route_short_name", "route_long_name", "agency_id")
    if not feed.has("routes.txt"):
        feed.faults.add("routes.txt", "-", "no such file", "the routes, which GTFS requires")
    for line, (name, short, title, agency) in gtfs_table(feed, "routes.txt", needs, may):
        place = at_line("routes.txt", line)
        called = fitting_name(short or title)
        if name in found:
            feed.faults.add(place, "route_id", f"{quoted(name)} again", "each route once")
        elif not called:
            feed.faults.add(place, "route_short_name", "nothing", "a short or a long name")
        else:
            if called in taken:
                own = fitting_name(f"{called} ({name})")
                notes.append(f"{place}: line {called} is route {taken[called]} too; now {own!r}")
                called = own
            taken[called] = name
            party = _party(place, agency, parties, feed.faults)
            found[name] = Route(place, name, called, " ".join(title.split()), party)
    return list(found.values())


def _party(place: str, agency: str, parties: Mapping[str, Given], faults: Faults) -> str | None:
    if agency in parties:
        return parties[agency].row.id
    if not agency:
        return next(iter(parties.values())).row.id if len(parties) == 1 else None
    likely = nearest(agency, list(parties))
    expected = "an agency_id of agency.txt" + (f", such as {likely!r}" if likely else "")
    faults.add(place, "agency_id", quoted(agency), expected)
    return None


def _hours(
    feed: Feed, scene: Scene, lines: Mapping[str, str], notes: list[str]
) -> Mapping[str, str]:
    """When each line is out in this year and the next; nothing where the timetable is over."""
    if not (feed.has("trips.txt") and feed.has("stop_times.txt")):
        notes.append("no trips.txt or stop_times.txt: when lines are out stays unknown")
        return {}
    timetable = read_timetable(feed, scene.zone, lines.get, scene.source)
    bounds = timetable.bounds()
    today = local_day(scene.now_ms, scene.zone)
    if feed.faults.count or bounds is None:
        return {}
    # Whole years, so that the same feed says the same tomorrow.
    first = max(bounds[0], today.replace(month=1, day=1))
    last = min(bounds[1], date(today.year + 1, 12, 31))
    if last < today:
        notes.append(f"the timetable ends on {bounds[1]}: when lines are out stays unknown")
        return {}
    return line_hours(timetable, first, last)


def _lines(
    routes: list[Route], scene: Scene, hours: Mapping[str, str], notes: list[str]
) -> list[Given]:
    known = of_source(scene, "lines")
    called = {route.line for route in routes}
    found: list[Given] = []
    for route in routes:
        before = known.get(route.id)
        found.append(_line(route, before, scene, hours))
        if before is not None and before.id not in called:
            ended = replace(before, valid_to_ms=scene.now_ms, successor=route.line)
            notes.append(f"{route.place}: line {before.id} is called {route.line} from now on")
            found.append(Given(ended, is_dated=True, place=route.place))
    return found


def _line(route: Route, before: Row | None, scene: Scene, hours: Mapping[str, str]) -> Given:
    own = scene.register.lines.at(route.line, scene.now_ms)
    base = own or (before if isinstance(before, Line) else None) or Line(id=route.line)
    row = replace(
        base,
        id=route.line,
        title=route.title or base.title,
        party=route.party or base.party,
        service_hours=hours.get(route.line),
        valid_to_ms=None,
        successor=None,
        external_ids={**base.external_ids, scene.source: route.id},
    )
    return Given(row, is_dated=False, place=route.place)
