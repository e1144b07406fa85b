"""What a source offers beside what others told: its own things anew, theirs as they are."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from ausguck.importing.making import Scene, versions
from ausguck.register.change import Given
from ausguck.register.rows import Row
from ausguck.topics import MAX_NAME

COMMANDS: Final = ("device ", "devices ", "swap ")
"""What the names of changes begin with that `ausguck devices` makes."""


def of_source(scene: Scene, table: str) -> dict[str, Row]:
    """The things that a source knows at the moment of the import, by its own names for them."""
    return {
        row.external_ids[scene.source]: row
        for row in versions(scene.register, table).all_at(scene.now_ms)
        if scene.source in row.external_ids
    }


def with_others(scene: Scene, table: str, given: Iterable[Given]) -> list[Given]:
    """A whole table: what the source gives, and what it never knew, version by version.

    What the source knew and gives no more is in neither, and so over.
    """
    told = list(given)
    names = {one.row.id for one in told}
    known = versions(scene.register, table)
    for name in known.ids():
        rows = known.of(name)
        if name not in names and all(scene.source not in row.external_ids for row in rows):
            told += [Given(row, is_dated=True, place="register") for row in rows]
    return told


def foreign(scene: Scene, tables: Collection[str]) -> dict[str, frozenset[str]]:
    """The things of each table that are over only when somebody else says so.

    That is what others told of and the source never did, and what a feed still calls its own. Of
    what nobody is known to have told, a source that has the whole table decides.
    """
    found: dict[str, set[str]] = {}
    for table in tables:
        known = versions(scene.register, table)
        found[table] = {name for name in known.ids() if _others(scene, table, known.of(name)[-1])}
    return {table: frozenset(names) for table, names in found.items() if names}


def foreign_notes(
    scene: Scene, names: Mapping[str, frozenset[str]], given: Mapping[str, Iterable[Given]]
) -> Iterator[str]:
    """What stays though the source does not name it, and who told of it."""
    for table, some in names.items():
        staying = some - {one.row.id for one in given[table]}
        rows = (versions(scene.register, table).at(name, scene.now_ms) for name in staying)
        told = Counter(
            ", ".join(sorted(_others(scene, table, row))) for row in rows if row is not None
        )
        for source, count in sorted(told.items()):
            yield f"{table}: {count} came from {source}, and stay though they are not in it"


def _others(scene: Scene, table: str, row: Row) -> set[str]:
    """Whose a thing is, beside or instead of the source's; none where the source decides."""
    told = scene.origins.get((table, row.id), frozenset())
    others = told - {scene.source}
    if scene.source in told:
        others &= row.external_ids.keys()
    return {"`ausguck devices`" if one.startswith(COMMANDS) else one for one in others}


def fitting_name(text: str) -> str:
    """A text as an id may be: its spaces single, its length bearable."""
    return " ".join(text.split())[:MAX_NAME].strip()
