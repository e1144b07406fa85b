"""Readings under our receive time: what is remembered of boots, and that it does not grow."""

import msgspec
import pytest

from ausguck.model import Reading
from ausguck.store.judging import suspects
from tests.store.makers import reading


def suspect(seq: int, boot_id: str = "b1") -> Reading:
    return msgspec.structs.replace(reading(seq=seq, boot_id=boot_id), clock_suspect=True)


def test_a_boot_that_goes_on_is_not_doubted() -> None:
    known = suspects.doubt([suspect(1)], {}).reached
    doubts = suspects.doubt([suspect(2), suspect(3)], known)

    assert not doubts.doubtful
    assert list(doubts.reached.values()) == [3]


def test_where_nothing_is_suspect_nothing_is_copied() -> None:
    known = suspects.doubt([suspect(1)], {}).reached

    assert suspects.doubt([reading(seq=2)], known).reached is known


def test_a_device_that_invents_boots_costs_look_ups_and_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suspects, "MOST_BOOTS", 10)
    reached = suspects.doubt([], {}).reached
    for number in range(95):
        doubts = suspects.doubt([suspect(1, f"boot-{number}")], reached)
        reached = doubts.reached
        assert len(doubts.doubtful) == 1
        assert len(reached) <= 10

    assert suspects.doubt([suspect(2, "boot-94")], reached).doubtful == []
