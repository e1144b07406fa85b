"""What is exported imports to no difference, whatever it is; and into an empty register, whole."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings

from ausguck.importing.export import csv_files
from ausguck.importing.faults import Faults
from ausguck.importing.folder import read_folder
from ausguck.importing.making import Scene
from ausguck.register.change import Offer
from ausguck.register.diff import diff
from ausguck.register.register import Register
from ausguck.register.rows import ROW_TYPES, Tables
from tests.importing.registers import tables

NOW_MS = 1_790_000_000_000
KIEL = ZoneInfo("Europe/Berlin")


def offered(exported: Tables, known: Tables) -> Offer:
    bodies = {name: text.encode() for name, text in csv_files(exported).items()}
    return read_folder(bodies, Scene(Register(known), KIEL, NOW_MS), Faults()).offer


@settings(max_examples=25, deadline=None)
@given(tables())
def test_what_is_exported_imports_to_the_very_same_rows(made: Tables) -> None:
    for known in (made, Tables()):
        offer = offered(made, known)
        for table in ROW_TYPES:
            then = [one.row for one in offer.rows.get(table, ())]
            assert sorted(then, key=str) == sorted(getattr(made, table), key=str)
            assert all(one.is_dated for one in offer.rows.get(table, ()))


@settings(max_examples=25, deadline=None)
@given(tables())
def test_what_is_exported_imports_to_no_difference(made: Tables) -> None:
    assert diff(made, offered(made, made), NOW_MS).changes == []
