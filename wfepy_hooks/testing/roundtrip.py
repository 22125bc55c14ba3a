"""What a test does around each task: it checks that nothing of an instance is lost when it is saved and loaded."""

from __future__ import annotations

import json

from .. import state
from ..errors import CodecError
from ..markers import hookimpl
from ..outcome import TaskStatus

__all__ = ["NoEnd", "NotKept", "RoundTrip"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..config import Config
    from ..instance import Instance
    from ..outcome import TaskResult
    from ..registry import Registry
    from ..task import Task
    from ..workflow import Workflow
    from .world import World


class NoEnd(KeyboardInterrupt):
    """A tick goes on and on. It is stopped as a person would stop it: what was done is saved."""


class NotKept(AssertionError):
    """What is saved of an instance does not come back as it was."""


class RoundTrip:
    """The plugin of a test: it gives the store, loads the workflow, puts the doubles in place, and saves and loads the
    instance after each task, as if the next one ran in another process.

    :ivar is_strict: whether it does the last of these
    :ivar errors: what was lost since the last tick
    """

    def __init__(self, world: World, is_strict: bool) -> None:
        self.is_strict = is_strict
        self.errors: list[NotKept] = []
        self._world = world
        #: How often each task was called in this tick.
        self._calls: dict[tuple[str, str, str], int] = {}

    def begin_tick(self) -> None:
        """Forget how often tasks were called in the last tick."""
        self._calls.clear()

    @hookimpl
    def wfepy_register(self, registry: Registry) -> None:
        registry.add("store", "testing", lambda config: self._world.store)

    @hookimpl(tryfirst=True)
    def wfepy_load_workflows(self, config: Config, path: str) -> Workflow | None:
        found = self._world.load(path)
        if found is not None:
            found._graph = found._wanted = found._has_modes = None
        return found

    @hookimpl
    def wfepy_workflow_loaded(self, workflow: Workflow) -> None:
        for name, double in self._world.doubles.get(workflow.name, {}).items():
            workflow.tasks[name] = double.stand_for(workflow.tasks[name])
        workflow._wanted = workflow._has_modes = None

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        self._count(instance, task)
        if self.is_strict and result.status != TaskStatus.SKIPPED:
            try:
                self._save_and_load(instance, task)
            except CodecError as error:
                self.errors.append(NotKept(f"after {task.name}: {error}"))

    def _count(self, instance: Instance, task: Task) -> None:
        key = (instance.workflow.name, instance.id, task.name)
        self._calls[key] = count = self._calls.get(key, 0) + 1
        if count > self._world.recipe.passes:
            raise NoEnd(
                f"a tick of {key[0]}/{key[1]} does not end: {task.name} was called {count} times in it; where that "
                f"is meant, allow it by workflow_runner(..., passes={count * 2 // 1000 * 1000 or 1000})"
            )

    def _save_and_load(self, instance: Instance, task: Task) -> None:
        workflow, codec = instance.workflow, self._world.project.codec(instance.workflow.name)
        encoded = codec.encode(instance.context)
        written = state.to_document(instance, encoded)
        read = json.loads(json.dumps(written))
        restored = state.restore(read, [], workflow, codec, f"{workflow.name}/{instance.id}").instance
        again = state.to_document(restored, codec.encode(restored.context))
        if again != written:
            keys = sorted(key for key in written if written[key] != again.get(key))
            self.errors.append(NotKept(f"after {task.name}, this is not as it was saved: {', '.join(keys)}"))
        lost = _lost(instance.context, restored.context)
        if lost:
            self.errors.append(NotKept(f"after {task.name}, {lost}"))
        if not workflow.has_modes:  # the tasks that run beside this one have the old one
            instance.context = restored.context


def _lost(before: Any, after: Any) -> str:
    """Return what of a context did not come back; empty if everything did."""
    if type(before) is not type(after):
        return f"the context was a {type(before).__name__} and comes back as a {type(after).__name__}"
    if not isinstance(before, dict):
        return ""
    for key, value in before.items():
        found = after.get(key)
        kind: Any = type(value)
        # An object without __eq__ equals nothing but itself, and NaN not even that.
        if kind.__eq__ is not object.__eq__ and value == value and found != value:
            return f"context[{key!r}] was {value!r} and comes back as {found!r}"
    return ""
