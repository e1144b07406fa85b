"""What the library's files expect is what a play of them is labelled with."""

import msgspec
import pytest

from simulators.scenario.expected import Actor, Cause, TruthLabel
from simulators.scenario.labels import EVERY_ASSET
from simulators.scenario.load import library, load, read
from simulators.scenario.scaled import scaled
from simulators.scenario.scenario import Scenario
from simulators.scenario.way import What
from tests.simulators.scenes import FRAME, QUIET, played, scenario_of


@pytest.fixture(scope="module", params=library())
def whole(request: pytest.FixtureRequest) -> tuple[Scenario, tuple[TruthLabel, ...]]:
    """A scenario of the library with all its assets, speaking seldom, and its labels."""
    scenario = load(request.param)
    play, _ = played(scaled(scenario, 2000, 2000, slower=12.0))
    return scenario, play.labels()


@pytest.mark.slow
def test_the_librarys_truth_is_what_its_file_expects(
    whole: tuple[Scenario, tuple[TruthLabel, ...]],
) -> None:
    scenario, labels = whole
    calls = [label for label in labels if label.should_call]

    assert labels
    assert len({label.incident_key for label in calls}) == sum(
        expected.incidents for expected in scenario.expected if isinstance(expected.incidents, int)
    )
    for expected in scenario.expected:
        theirs = [label for label in calls if label.cause is expected.cause]
        assert bool(theirs) is expected.should_call
        assert {label.actor for label in theirs} <= {expected.actor}
        named = {name for name in expected.names if name.startswith(("bus/", "station/"))}
        assert named <= {label.asset for label in theirs}
        if expected.cause in (Cause.CARRIER_DOWN, Cause.DEPOT_POWER):
            assert len(theirs) >= 5, "fewer are no group"
    quiet = [label for label in labels if not label.should_call]
    assert {label.actor for label in quiet} <= {Actor.NOBODY}
    assert all(label.incident_key == "" for label in quiet)


def test_a_label_is_one_line_of_json() -> None:
    play, _ = played(scenario_of("silent"))
    (label,) = play.labels()
    line = msgspec.json.encode(label)

    assert b"\n" not in line
    assert msgspec.json.decode(line, type=TruthLabel) == label


def test_an_expectation_of_no_fault_stands_for_every_asset() -> None:
    text = FRAME + QUIET.replace('fault = "f"\n', "")
    play, found = played(read("calm", text.encode()))

    assert [label.asset for label in play.labels()] == [EVERY_ASSET]
    assert {each.what for each in found} == {What.MESSAGE}
