from pathlib import Path

from simulators.city import City, CityPlan, Oddities
from simulators.city.truth import Truth
from simulators.ledger import CountingLedger, FileLedger, Run, read_ledger
from simulators.outgoing import Element, Outgoing


def message(number: int, kind: str = "telemetry") -> Outgoing:
    element: Element = {"observed_at": number, "boot_id": "b", "seq": number}
    return Outgoing(f"v1/kiel/bus/0101/{kind}", (element,))


def test_what_was_written_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with FileLedger(path, Run("test", 123)) as ledger:
        first, second = ledger.sent(message(1)), ledger.sent(message(2))
        ledger.sent(message(3, "status"))
        ledger.acknowledged(second)
        during = read_ledger(path)
    content = read_ledger(path)

    assert during.acknowledged() == content.acknowledged(), "every line is out at once"
    assert (first, second) == (1, 2)
    assert content.runs == [Run("test", 123)]
    assert content.sent() == [*message(1).identities(), *message(2).identities()]
    assert content.acknowledged() == list(message(2).identities())
    assert content.sent("status") == list(message(3, "status").identities())
    assert content.unacknowledged() == 2


def test_a_second_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    for shift_ms in (1, 2):
        with FileLedger(path, Run("test", shift_ms)) as ledger:
            ledger.acknowledged(ledger.sent(message(shift_ms)))

    content = read_ledger(path)
    assert [run.shift_ms for run in content.runs] == [1, 2]
    assert [identity.seq for identity in content.acknowledged()] == [1, 2]


def test_a_ledger_cut_off_anywhere_never_says_more_than_was_noted(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with FileLedger(path, Run("test")) as ledger:
        for number in range(3):
            ledger.acknowledged(ledger.sent(message(number)))
    whole = path.read_bytes()
    everything = [identity for number in range(3) for identity in message(number).identities()]

    found = set()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        content = read_ledger(path)
        assert content.acknowledged() == everything[: len(content.acknowledged())]
        found.add(len(content.acknowledged()))
    assert found == {0, 1, 2, 3}


def test_a_run_after_a_cut_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with FileLedger(path, Run("test")) as ledger:
        ledger.acknowledged(ledger.sent(message(1)))
    path.write_bytes(path.read_bytes()[:-4])

    with FileLedger(path, Run("again")) as ledger:
        ledger.acknowledged(ledger.sent(message(2)))

    content = read_ledger(path)
    assert [run.what for run in content.runs] == ["test", "again"]
    assert [identity.seq for identity in content.acknowledged()] == [2]


def test_truth_is_kept_beside_what_was_sent(tmp_path: Path) -> None:
    path, truth = tmp_path / "ledger", list[Truth]()
    start_ms, end_ms = 1_772_434_800_000, 1_772_438_400_000
    city = City(
        CityPlan(buses=6, stations=3, oddities=Oddities.all(0.5)), start_ms, tell=truth.append
    )
    with FileLedger(path, Run("test")) as ledger:
        for said in city.advance(end_ms):
            ledger.sent(said)
        city.conclude(end_ms)
        for each in truth:
            ledger.told(each)

    content = read_ledger(path)
    assert content.truth == truth
    assert len({type(each) for each in truth}) >= 6
    assert content.sent()


def test_without_a_file_messages_are_only_numbered() -> None:
    ledger = CountingLedger()

    assert [ledger.sent(message(n)) for n in (5, 5)] == [1, 2]
