import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("ausguck", "collectors", "api", "simulators")
ROOT_ERROR = "AusguckError"
STANDARD_ERRORS = frozenset({"Exception", "BaseException", "ValueError", "RuntimeError", "OSError"})
BINARY = frozenset({".gz", ".png", ".parquet", ".zip", ".pb", ".rda"})

# Put together from parts, so that this file is not its own finding.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
    )
)
DEVELOPER_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w")


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = [ROOT / name for name in listed if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def name_of(base: ast.expr) -> str:
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def classes() -> dict[str, set[str]]:
    """The bases of each class by name; classes of one name in two rooms are taken together."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name] |= {name_of(base) for base in node.bases}
    return dict(found)


def ancestors(name: str, bases: dict[str, set[str]]) -> set[str]:
    direct = bases.get(name, set())
    return direct.union(*(ancestors(base, bases) for base in direct))


def test_there_are_modules_and_texts() -> None:
    assert modules()
    assert texts()


def test_all_errors_share_the_root() -> None:
    bases = classes()
    strays = [
        name
        for name in bases
        if name != ROOT_ERROR
        and ancestors(name, bases) & STANDARD_ERRORS
        and ROOT_ERROR not in ancestors(name, bases)
    ]

    assert strays == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_in_one_sentence_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = docstring.split("\n\n", 1)[0]

    assert re.fullmatch(r"\S.{14,}[.?]", " ".join(first.split()))


def test_no_file_names_a_package_registry() -> None:
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        named = [registry for registry in REGISTRIES if registry in text]
        assert named == [], path.relative_to(ROOT)


def test_no_file_holds_a_path_of_a_developers_machine() -> None:
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert DEVELOPER_PATH.search(text) is None, path.relative_to(ROOT)


def test_the_lock_holds_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_locked_package_has_its_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.findall(r"^[\w.-]+==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)

    assert packages
    assert all("--hash=sha256:" in package for package in packages)
