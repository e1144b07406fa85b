"""What the broker dropped, counted from its own counter over restarts of either side."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.clock import ManualClock
from collectors.subscriber.losses import Losses, increase
from collectors.subscriber.stats import SubscriberStats
from tests.subscriber.living import settings

NOW_MS = 1_800_000_000_000


class Start:
    """One start of ours beside the session's marker of a folder."""

    def __init__(self, marker: Path | None, at_ms: int = NOW_MS, port: int = 1883) -> None:
        self.clock = ManualClock(at_ms)
        self.stats = SubscriberStats()
        self.losses = Losses(marker, settings(port), self.stats, self.clock)

    def told(self, *figures: int) -> tuple[int | None, int, int | None]:
        for figure in figures:
            assert self.losses.told(b"%d" % figure)
        return self.stats.dropped_at_broker, self.stats.dropped, self.stats.dropped_at_ms


@pytest.fixture(name="marker")
def beside(tmp_path: Path) -> Path:
    return tmp_path / "subscriber.session"


def test_the_first_figure_ever_adds_nothing(marker: Path) -> None:
    assert Start(marker).told(4711) == (4711, 0, None)
    assert Start(marker).told(4711) == (4711, 0, None)


def test_what_was_dropped_while_we_were_away_is_counted_once(marker: Path) -> None:
    Start(marker).told(3)

    assert Start(marker, NOW_MS + 1000).told(1303) == (1303, 1300, NOW_MS + 1000)
    assert Start(marker, NOW_MS + 2000).told(1303) == (1303, 0, NOW_MS + 1000)
    assert Start(marker, NOW_MS + 3000).told(1304, 1304) == (1304, 1, NOW_MS + 3000)


def test_a_broker_that_was_started_anew_counts_from_0(marker: Path) -> None:
    Start(marker).told(3)

    assert Start(marker).told(1303, 0, 12) == (12, 1312, NOW_MS)
    assert Start(marker).told(5) == (5, 5, NOW_MS)


def test_before_the_broker_speaks_its_figure_is_unknown(marker: Path) -> None:
    Start(marker).told(3, 5)
    start = Start(marker, NOW_MS + 1000)

    assert start.told() == (None, 0, NOW_MS)


def test_another_broker_is_another_counter(marker: Path) -> None:
    Start(marker).told(3)

    assert Start(marker, port=1884).told(1303) == (1303, 0, None)


@pytest.mark.parametrize("payload", [b"", b"-1", b"1.5", b"lots", b"9" * 19, "٣".encode()])
def test_what_is_no_number_is_not_taken(marker: Path, payload: bytes) -> None:
    start = Start(marker)

    assert not start.losses.told(payload)
    assert start.told() == (None, 0, None)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"broker":1}', b"\xff"])
def test_a_damaged_file_is_as_none(marker: Path, content: bytes) -> None:
    marker.with_suffix(".dropped").write_bytes(content)

    assert Start(marker).told(7, 8) == (8, 1, NOW_MS)
    assert Start(marker).told(9) == (9, 1, NOW_MS)


def test_the_file_is_written_only_when_the_figure_changes(marker: Path) -> None:
    start = Start(marker)
    start.told(7)
    path = marker.with_suffix(".dropped")
    path.unlink()
    start.told(7, 7)

    assert not path.exists()
    start.told(8)
    assert [each.name for each in marker.parent.iterdir()] == [path.name]


def test_where_nothing_can_be_written_it_still_counts(marker: Path) -> None:
    (marker.parent / "subscriber.dropped.new").mkdir()
    start = Start(marker)

    assert start.told(3, 10) == (10, 7, NOW_MS)


def test_without_a_file_it_counts_since_the_start() -> None:
    assert Start(None).told(3, 10) == (10, 7, NOW_MS)


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=5), min_size=1, max_size=5))
def test_every_loss_that_is_told_is_counted(lives: list[list[int]]) -> None:
    """The broker's lives, each a list of what it drops between two figures."""
    last, counted, dropped = 0, 0, 0
    for life in lives:
        figure = 0
        counted += increase(last, figure)  # as it is told right after the start
        last = figure
        for some in life:
            figure += some
            dropped += some
            counted += increase(last, figure)
            last = figure

    assert counted == dropped
