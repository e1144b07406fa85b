"""No module over 400 lines, no function over 60: `python -m tests.lint.sizes`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

MODULE_LINES = 400
FUNCTION_LINES = 60
ROOMS = ("ausguck", "collectors", "api", "simulators", "dashboards", "deploy", "tests", "bench")


class Sizes(NamedTuple):
    """How long the modules are, and what is too long."""

    modules: dict[Path, int]
    complaints: list[str]


def measure(root: Path) -> Sizes:
    """Every module under the rooms of a repository."""
    modules: dict[Path, int] = {}
    complaints: list[str] = []
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        modules[name] = len(source.splitlines())
        if modules[name] > MODULE_LINES:
            complaints.append(f"{name}: {modules[name]} lines, at most {MODULE_LINES}")
        complaints += [
            f"{name}:{line}: {function} has {lines} lines, at most {FUNCTION_LINES}"
            for line, function, lines in functions(source)
            if lines > FUNCTION_LINES
        ]
    return Sizes(modules, complaints)


def functions(source: str) -> Iterator[tuple[int, str, int]]:
    """Each function's first line, name and number of lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.end_lineno or node.lineno
            yield node.lineno, node.name, last - node.lineno + 1


def main() -> int:
    """Say what is too long, or in one line that nothing is."""
    sizes = measure(Path())
    for complaint in sizes.complaints:
        sys.stderr.write(f"{complaint}\n")
    if sizes.complaints or not sizes.modules:
        return 1
    said = [lines for path, lines in sizes.modules.items() if path.name != "__init__.py"]
    longest = max(sizes.modules, key=lambda path: sizes.modules[path])
    sys.stdout.write(
        f"{len(sizes.modules)} modules, median {median(said):.0f} lines, "
        f"longest {sizes.modules[longest]} ({longest}).\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
