"""Who showed wrong keys is remembered by network, and never more of them than there is room."""

from hypothesis import given, settings
from hypothesis import strategies as st

from api.access.failures import KNOWN_MAX, WINDOW_S, Failures, network


@given(st.lists(st.tuples(st.integers(0, 2**32), st.floats(0, 5)), max_size=50))
@settings(max_examples=50, deadline=None)
def test_failures_have_room_for_so_many(asked: list[tuple[int, float]]) -> None:
    failures = Failures()
    now_s = 0.0
    for whose, later_s in asked:
        now_s += later_s
        assert 0 <= failures.add(str(whose), now_s) <= WINDOW_S
    for number in range(KNOWN_MAX):
        failures.add(f"x{number}", now_s)
    assert len(failures) == KNOWN_MAX


def test_an_ipv6_customer_is_one() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network("192.0.2.1") == "192.0.2.1"
    assert network("nonsense") == network("") == "unknown"
