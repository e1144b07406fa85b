import re
from pathlib import Path

import pytest

from ausguck.errors import ConfigError
from ausguck.settings.fields import Shape, entries
from ausguck.settings.load import load

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())
NUMBER = re.compile(r"\[\d+\]")
VARIABLE = re.compile(r" \(AUSGUCK_\w+\)$")


def environ_of(case: Path) -> dict[str, str]:
    path = case / "env"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def expected_of(name: str) -> str:
    return (CASES / name / "expected.err").read_text(encoding="utf-8").rstrip("\n")


def key_and_found(line: str) -> tuple[str, str]:
    key, _, rest = line.partition(": found ")
    found, _, _ = rest.rpartition(", expected ")
    return VARIABLE.sub("", NUMBER.sub("[]", key)), found


FINDINGS = [key_and_found(line) for name in NAMES for line in expected_of(name).splitlines()]


def test_there_are_cases() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_by_key_found_and_expected(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / name)

    with pytest.raises(ConfigError) as caught:
        load(Path("ausguck.toml"), environ_of(CASES / name))

    assert str(caught.value) == expected_of(name)


@pytest.mark.parametrize("key", entries())
def test_every_key_has_a_case_in_which_its_value_is_wrong(key: str) -> None:
    assert key in {found_key for found_key, found in FINDINGS if found != "nothing"}


@pytest.mark.parametrize(
    "key", [entry.key for entry in entries().values() if entry.is_required and "." in entry.key]
)
def test_every_required_key_has_a_case_in_which_it_is_missing(key: str) -> None:
    assert (key, "nothing") in FINDINGS


@pytest.mark.parametrize(
    ("key", "side"),
    [
        (entry.key, side)
        for entry in entries().values()
        for side in ("least", "most")
        if entry.shape is Shape.VALUE and getattr(entry, side) is not None
    ],
)
def test_every_bound_has_a_case_just_past_it(key: str, side: str) -> None:
    entry = entries()[key]
    past = {
        float(found.split(" ", 1)[0])
        for found_key, found in FINDINGS
        if found_key == key and found.endswith(("(integer)", "(number)"))
    }

    bound = entry.least if side == "least" else entry.most
    assert bound is not None
    assert any(value <= bound if side == "least" else value >= bound for value in past)


def test_a_secret_is_in_no_message() -> None:
    for name in NAMES:
        text = (CASES / name / "ausguck.toml").read_text(encoding="utf-8")
        if "geheim" in text or "geheim" in str(environ_of(CASES / name)):
            assert "geheim" not in expected_of(name)


def test_the_cases_hold_secrets_to_hide() -> None:
    texts = [(CASES / name / "ausguck.toml").read_text(encoding="utf-8") for name in NAMES]

    assert any("geheim" in text for text in texts)
