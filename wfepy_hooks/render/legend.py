"""What a legend explains: of each picture only what occurs in it."""

from __future__ import annotations

from .look import LOOKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .groups import Group
    from .model import Diagram

_JOINS = {
    "sync": "runs when all branches are decided and one came",
    "all": "runs when all branches came",
    "any": "runs at the first branch that comes",
}
_ARROWS = {
    "taken": "taken",
    "passed": "not taken",
    "open": "not decided yet",
    "loop": "starts the loop over",
}


def states(diagram: Diagram) -> list[str]:
    """Return the states that occur."""
    found = {node.state for node in diagram.nodes}
    return [state for state in LOOKS if state in found]


def joins(diagram: Diagram) -> dict[str, str]:
    """Return what each of the join rules that occur means."""
    rules = dict.fromkeys(node.join for node in diagram.nodes if node.join)
    return {f"join: {rule}": _JOINS.get(rule, f"runs when {rule} branches came") for rule in rules}


def arrows(diagram: Diagram) -> dict[str, str]:
    """Return what each of the kinds of arrows that occur means: ``taken``, ``passed``, ``open``, ``loop``."""
    edges = [edge for node in diagram.nodes for edge in node.edges]
    has_decisions = any(edge.taken is not None for edge in edges)
    kinds = {"taken": True, "passed": False, "open": None}
    found = {
        kind for kind, taken in kinds.items() if has_decisions and any(edge.taken is taken for edge in edges)
    }
    if any(edge.is_loop for edge in edges):
        found.add("loop")
    return {kind: words for kind, words in _ARROWS.items() if kind in found}


def borders(diagram: Diagram) -> dict[str, str]:
    """Return what each of the kinds of borders that occur means: ``bold``, ``label``, ``region``."""
    found = {}
    if any(node.is_start or node.is_end for node in diagram.nodes):
        found["bold"] = "start or end point"
    groups = list(_all(diagram.groups))
    if any(not group.is_loop for group in groups):
        found["label"] = "tasks with a label"
    if any(group.is_loop for group in groups):
        found["region"] = "tasks that repeat together"
    return found


def _all(groups: tuple[Group, ...]) -> Iterator[Group]:
    for group in groups:
        yield group
        yield from _all(group.groups)
