"""Three tasks in a chain, for SpiffWorkflow. The first one waits until there is a file named "go"."""

from __future__ import annotations

import os
from typing import Any

from SpiffWorkflow.specs import Simple, WorkflowSpec  # type: ignore[import-not-found]  # in its own environment
from SpiffWorkflow.util.task import TaskState  # type: ignore[import-not-found]  # in its own environment


class Nothing(Simple):  # type: ignore[misc]  # SpiffWorkflow has no types
    def _run_hook(self, my_task: Any) -> bool:
        return True

    @classmethod
    def deserialize(cls, serializer: Any, wf_spec: Any, s_state: Any) -> Any:
        # Without this the serializer makes a plain Simple of it.
        return serializer.deserialize_task_spec(wf_spec, s_state, cls(wf_spec, s_state["name"]))


class First(Nothing):
    def _update_hook(self, my_task: Any) -> bool:
        super()._update_hook(my_task)
        if os.path.exists("go"):
            return True
        my_task._set_state(TaskState.WAITING)
        return False


def three() -> WorkflowSpec:
    spec = WorkflowSpec(name="three", addstart=True)
    first, second, third = First(spec, "first"), Nothing(spec, "second"), Nothing(spec, "third")
    spec.start.connect(first)
    first.connect(second)
    second.connect(third)
    return spec
