"""The reference of state holds every column, and the explanation leads to it."""

from pathlib import Path

import pytest

from ausguck.catalogue.state import TABLES, Field, State, StateTable
from ausguck.docs.pages import PAGES

ROOT = Path(__file__).parents[2]
PAGE = "docs/reference/state.md"


@pytest.mark.parametrize("of", TABLES, ids=lambda of: of.measurement.value)
def test_every_column_is_in_the_reference(of: StateTable) -> None:
    text = PAGES[PAGE]()
    start = text.index(f"## `{of.measurement}`")
    section = text[start:].split("\n## ", 2)[0]

    def is_told(field: Field) -> bool:
        return f"| `{field.key}` |" in section and field.help in section

    assert all(is_told(field) for field in of.fields)
    assert all(f"`{tag}`" in section for tag in of.tags)
    assert of.help in section


def test_every_state_is_in_the_reference() -> None:
    assert all(f"| `{int(state)}` | {state.name} |" in PAGES[PAGE]() for state in State)


def test_the_explanation_leads_to_the_reference() -> None:
    text = (ROOT / "docs/explanation/state-of-the-minute.md").read_text(encoding="utf-8")

    assert "(../reference/state.md)" in text
