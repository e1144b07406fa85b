"""What a source offers beside what others told: its own things anew, theirs as they are."""

from collections.abc import Iterable

from ausguck.importing.making import Scene, versions
from ausguck.register.change import Given
from ausguck.register.rows import Row
from ausguck.topics import MAX_NAME


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


def fitting_name(text: str) -> str:
    """A text as an id may be: its spaces single, its length bearable."""
    return " ".join(text.split())[:MAX_NAME].strip()
