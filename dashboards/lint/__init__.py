"""What must hold for every dashboard, as pure rules over its JSON.

A rule looks at all dashboards at once, since links lead from one to another.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from dashboards.lint import asking, building, showing
from dashboards.lint.fault import Boards, Fault

__all__ = ["RULES", "Boards", "Fault", "faults"]

RULES: Mapping[str, Callable[[Boards], Iterator[Fault]]] = {
    rule.__name__: rule for rule in (*building.RULES, *showing.RULES, *asking.RULES)
}


def faults(boards: Boards) -> Sequence[str]:
    """Every fault of every rule, one line each."""
    return [f"{fault} ({name})" for name, rule in RULES.items() for fault in rule(boards)]
