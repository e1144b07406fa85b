"""Speed and silence, judged by arithmetic."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.listener.limits import Bucket, Wheel


def test_a_burst_is_free_and_debt_waits() -> None:
    bucket = Bucket(10, 0)
    assert bucket.take(10, 0, 5, 10) == 0
    assert bucket.take(5, 0, 5, 10) == 1.0
    assert bucket.take(0, 0.5, 5, 10) == 0.5
    assert bucket.take(0, 1.0, 5, 10) == 0
    assert bucket.take(11, 1000, 5, 10) == 0.2


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 5)), max_size=50))
def test_who_waits_as_told_never_exceeds_the_rate(steps: list[tuple[int, float]]) -> None:
    rate, burst = 10.0, 20.0
    bucket = Bucket(burst, 0)
    now = waited = 0.0
    for sent, (count, pause) in enumerate(steps):
        now += pause
        waited = bucket.take(count, now, rate, burst)
        now += waited
        total = sum(n for n, _pause in steps[: sent + 1])
        assert total <= burst + rate * now + 0.001


@given(st.lists(st.floats(0, 100), max_size=30), st.lists(st.floats(0, 20), max_size=30))
def test_the_wheel_gives_each_thing_back_once_and_not_too_early(
    dues: list[float], steps: list[float]
) -> None:
    wheel = Wheel[int](0)
    for index, due_s in enumerate(dues):
        wheel.put(index, due_s)
    now, given_back = 0.0, list[int]()
    for step in steps:
        now += step
        out = wheel.turn(now)
        assert all(dues[index] <= now for index in out)
        given_back += out
    late = [i for i, due_s in enumerate(dues) if due_s <= now - 1 and i not in given_back]
    assert not late
    assert len(set(given_back)) == len(given_back)
    assert len(wheel) == len(dues) - len(given_back)


def test_what_was_dropped_does_not_come() -> None:
    wheel = Wheel[str](0)
    slot = wheel.put("a", 5)
    wheel.drop("a", slot)
    wheel.drop("a", slot)
    assert wheel.turn(10) == []
