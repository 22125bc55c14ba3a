"""WfEpy's ``wfepy.utils``, name for name."""

from __future__ import annotations

from .outcome import TaskState

__all__ = ["render_graph"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from .workflow import Workflow

    States: TypeAlias = "Mapping[str, object] | Iterable[str] | Iterable[tuple[str, TaskState]]"

_STATES = {
    TaskState.NEW: "ready",
    TaskState.READY: "ready",
    TaskState.WAITING: "waiting",
    TaskState.BLOCKED: "pending",
    TaskState.COMPLETE: "done",
    TaskState.CANCELED: "skipped",
}


def render_graph(
    workflow: Workflow, output: str | os.PathLike[str], format: str = "png", state: States | None = None
) -> None:
    """Draw ``workflow``: write the DOT source to ``output`` and the picture to ``output.format``.

    :param format: what Graphviz can write: ``png``, ``svg``, ``pdf``, ...
    :param state: tasks to colour: :attr:`.Runner.state`, names, or a dict of states by name
    :raises PictureError: Graphviz is missing or failed; the source is written nevertheless
    """
    import os

    from .render import diagram, to_dot, write_picture

    drawn = diagram(workflow, states=_states_by_name(state), root=os.getcwd())
    write_picture(to_dot(drawn), output, format)


def _states_by_name(state: States | None) -> dict[str, str]:
    """Return a state of :mod:`.render.look` by task name; a bare name is a task that is being worked on."""
    if state is None:
        return {}
    pairs = state.items() if hasattr(state, "items") else state
    found: dict[str, str] = {}
    for pair in pairs:
        name, value = (pair, TaskState.READY) if isinstance(pair, str) else pair
        shown = _STATES.get(value, "ready") if isinstance(value, TaskState) else "ready"
        # A join that WfEpy lists once per branch is skipped only if no branch came.
        if shown != "skipped" or name not in found:
            found[name] = shown
    return found
