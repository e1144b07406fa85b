"""What a line is called at a moment."""

import pytest

from ausguck.register.lines import line_called
from ausguck.register.register import Register
from ausguck.register.rows import Lifecycle, Line, Tables

LINES = (
    Line(id="11", valid_to_ms=100, successor="12"),
    Line(id="12", valid_from_ms=100, valid_to_ms=200, successor="13"),
    Line(id="13", valid_from_ms=200),
    Line(id="20", valid_to_ms=100),
    Line(id="30", lifecycle=Lifecycle.RETIRED, valid_from_ms=100, successor="13"),
    Line(id="40", valid_to_ms=100, successor="41"),
    Line(id="41", valid_to_ms=100, successor="40"),
    Line(id="50", successor="13"),
    Line(id="60", valid_to_ms=100, successor="61"),
    Line(id="61", valid_from_ms=100, valid_to_ms=200, successor="62"),
    Line(id="61", valid_from_ms=200),
    Line(id="62", valid_from_ms=200),
)


@pytest.mark.parametrize(
    ("line", "at_ms", "called"),
    [
        ("11", 99, "11"),
        ("11", 100, "12"),
        ("11", 200, "13"),
        ("12", 50, "12"),
        ("20", 100, "20"),
        ("30", 99, "30"),
        ("30", 100, "13"),
        ("40", 100, "40"),
        ("60", 150, "61"),
        ("60", 250, "62"),
        ("61", 250, "61"),
        ("50", 100, "50"),
        ("N7", 100, "N7"),
    ],
)
def test_a_line_goes_on_under_its_successor(line: str, at_ms: int, called: str) -> None:
    assert line_called(Register(Tables(lines=LINES)), line, at_ms) == called
