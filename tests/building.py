"""Small workflows for tests, built without a file."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import wfepy_hooks as wfepy

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.testing import WorkflowRunner

    #: What the fixture ``begin`` is.
    Begin = Callable[..., WorkflowRunner]


class Build:
    """Builds a workflow of tasks that log their names in ``context["ran"]``."""

    def __init__(self) -> None:
        self.module = types.ModuleType("flow")

    def add(self, name: str, *marks: Any, does: Any = True) -> Build:
        def function(context: Any) -> Any:
            context.setdefault("ran", []).append(name)
            return does(context) if callable(does) else does

        function.__name__ = name
        made: Any = function
        for mark in reversed(marks):
            made = (wfepy.followed_by(mark) if isinstance(mark, str) else mark)(made)
        setattr(self.module, name, wfepy.task()(made))
        return self

    def workflow(self) -> wfepy.Workflow:
        workflow = wfepy.Workflow()
        workflow.load_tasks(self.module)
        workflow.check_graph()
        return workflow

    def runner(self, *args: Any, **kwargs: Any) -> wfepy.Runner:
        return self.workflow().create_runner(*args, **kwargs)


def flow(*tasks: wfepy.Task) -> types.ModuleType:
    """Return a module that consists of these tasks."""
    module = types.ModuleType("flow")
    vars(module).update({task.name: task for task in tasks})
    return module


START, END, JOIN = wfepy.start_point(), wfepy.end_point(), wfepy.join_point()


def two_branches(left: Any = True, right: Any = True) -> Build:
    build = Build().add("start", START, "left", "right").add("left", "end", does=left)
    return build.add("right", "end", does=right).add("end", JOIN, END)
