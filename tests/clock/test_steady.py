from ausguck.clock import ManualClock
from ausguck.steady import SteadyClock


def test_follows_the_machine_in_small_steps() -> None:
    machine = ManualClock()
    steady = SteadyClock(machine)
    machine.advance_ms(1_000)
    machine.jump_to_ms(machine.now_ms() + 1_500)

    assert steady.now_ms() == machine.now_ms()
    assert steady.jumped_ms == 0


def test_a_jump_of_a_year_is_waited_out() -> None:
    machine = ManualClock()
    steady = SteadyClock(machine)
    year_ms = 365 * 86_400_000
    before_ms = steady.now_ms()
    machine.jump_to_ms(machine.now_ms() + year_ms)
    machine.advance_ms(10_000)

    assert steady.now_ms() == before_ms + 10_000
    assert steady.jumped_ms == year_ms
    assert steady.jumps == 1


def test_a_jump_back_to_the_truth_leaves_no_trace() -> None:
    machine = ManualClock()
    steady = SteadyClock(machine)
    before_ms = steady.now_ms()
    machine.jump_to_ms(before_ms - 3_600_000)
    steady.now_ms()
    machine.jump_to_ms(before_ms)
    machine.advance_ms(5_000)

    assert steady.now_ms() == before_ms + 5_000
    assert steady.jumped_ms == 0


def test_a_clock_that_stands_by_its_jump_is_believed() -> None:
    machine = ManualClock()
    steady = SteadyClock(machine, stand_by_ms=300_000)
    machine.jump_to_ms(machine.now_ms() + 86_400_000)
    steady.now_ms()
    machine.advance_ms(300_000)

    assert steady.now_ms() == machine.now_ms()


def test_a_clock_that_jumps_about_is_not_believed() -> None:
    machine = ManualClock()
    steady = SteadyClock(machine, stand_by_ms=300_000)
    before_ms = steady.now_ms()
    for step in range(1, 5):
        machine.jump_to_ms(machine.now_ms() + step * 3_600_000)
        steady.now_ms()
        machine.advance_ms(299_000)
    assert steady.now_ms() == before_ms + 4 * 299_000
    assert steady.jumps == 4
