from __future__ import annotations

import types
from typing import Any

import pytest

from wfepy_hooks import outcome
from wfepy_hooks.task import end_point, followed_by, join_point, start_point, task
from wfepy_hooks.utils import render_graph
from wfepy_hooks.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TaskState = outcome.TaskState


@pytest.fixture
def workflow() -> Workflow:
    @task()
    @start_point()
    @followed_by("left")
    @followed_by("right", lambda context: context.right)
    def start(context: Any) -> bool:
        return True

    @task(labels=["a", "b"])
    @followed_by("end")
    def left(context: Any) -> bool:
        return True

    @task()
    @followed_by("end")
    def right(context: Any) -> bool:
        return True

    @task()
    @join_point()
    @end_point()
    def end(context: Any) -> bool:
        return True

    module = types.ModuleType("drawn")
    vars(module).update(start=start, left=left, right=right, end=end)
    workflow = Workflow()
    workflow.load_tasks(module)
    return workflow


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to draw in where only the source is written."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return tmp_path


def source_of(workflow: Workflow, folder: Path, state: Any = None) -> str:
    with pytest.raises(RuntimeError, match="install Graphviz"):
        render_graph(workflow, str(folder / "graph"), state=state)
    return (folder / "graph").read_text(encoding="utf-8")


@pytest.mark.outside
def test_it_writes_the_source_and_a_png(
    workflow: Workflow, tmp_path: Path, require: Callable[..., None]
) -> None:
    require("dot")
    render_graph(workflow, str(tmp_path / "graph"))
    assert (tmp_path / "graph").read_text(encoding="utf-8").startswith('digraph "drawn" {')
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["graph", "graph.png"]


@pytest.mark.outside
def test_the_format_is_the_ending(workflow: Workflow, tmp_path: Path, require: Callable[..., None]) -> None:
    require("dot")
    render_graph(workflow, tmp_path / "graph", "svg")
    assert b"</svg>" in (tmp_path / "graph.svg").read_bytes()


def test_labels_are_in_the_text_of_a_task(workflow: Workflow, without_dot: Path) -> None:
    assert r'label="left\n{a,b}"' in source_of(workflow, without_dot)


def coloured(source: str) -> dict[str, str]:
    """Return the first sign of each node's text where it has a state, by task."""
    found = {}
    for name in ("start", "left", "right", "end"):
        line = next(each for each in source.splitlines() if each.startswith(f'  "{name}" ['))
        label = line.partition('label="')[2]
        if not label.startswith(name):
            found[name] = label[0]
    return found


def test_without_a_state_nothing_is_coloured(workflow: Workflow, without_dot: Path) -> None:
    assert coloured(source_of(workflow, without_dot)) == {}


@pytest.mark.parametrize(
    "state",
    [
        ["left"],
        ("left",),
        {"left"},
        {"left": TaskState.NEW},
        {"left": TaskState.READY},
        {"left": object()},
        [("left", TaskState.NEW)],
        iter([("left", TaskState.READY)]),
    ],
)
def test_a_state_may_be_given_in_several_ways(workflow: Workflow, without_dot: Path, state: Any) -> None:
    assert coloured(source_of(workflow, without_dot, state)) == {"left": "▸"}


def test_states_of_a_runner_are_told_apart(workflow: Workflow, without_dot: Path) -> None:
    state = [
        ("start", TaskState.COMPLETE),
        ("left", TaskState.WAITING),
        ("right", TaskState.CANCELED),
        ("end", TaskState.BLOCKED),
    ]
    source = source_of(workflow, without_dot, state)
    assert coloured(source) == {"start": "✓", "left": "…", "right": "\N{EN DASH}"}
    assert r"left\n{a,b}\nwaiting" in source


def test_a_join_is_skipped_only_if_no_branch_came(workflow: Workflow, without_dot: Path) -> None:
    state = [("end", TaskState.BLOCKED), ("end", TaskState.CANCELED)]
    assert coloured(source_of(workflow, without_dot, state)) == {}
    state = [("end", TaskState.CANCELED), ("end", TaskState.READY)]
    assert coloured(source_of(workflow, without_dot, state)) == {"end": "▸"}
