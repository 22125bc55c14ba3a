"""What a test expects of a workflow, and what it says when that is not so."""

from __future__ import annotations

from ..outcome import InstanceStatus
from ..timing import to_moment
from ..waking import deadline_of
from ..why import wait_terms

__all__ = ["Expecting"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from types import EllipsisType
    from typing import Any, NoReturn

    from ..instance import Instance
    from ..timing import Moment
    from .world import World

_ENDS = (InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED)
#: So much of a context is shown.
_MOST = 1000


class Expecting:
    """The assertions of a :class:`.WorkflowRunner`; their messages say why a task is where it is."""

    _world: World
    _workflow: str

    @property
    def id(self) -> str:
        """The id of the instance."""
        raise NotImplementedError

    @property
    def instance(self) -> Instance:
        """The instance as it is saved."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """The workflow and the instance."""
        return f"{self._workflow}/{self.id}"

    @property
    def status(self) -> str:
        """``running``, ``finished``, ``dead_end``, ``failed`` or ``cancelled``."""
        return str(self.instance.status)

    @property
    def path(self) -> list[str]:
        """The names of the tasks that are done, in the order in which they were; as often as loops repeat them."""
        return [
            record["task"]
            for record in self._world.store.history(self._workflow, self.id)
            if record["event"] == "task" and record["status"] == "completed"
        ]

    @property
    def waiting(self) -> dict[str, str]:
        """The tasks that wait, and what for."""
        return {name: wait.reason for name, wait in self.instance.waits.items()}

    def why(self, task: str) -> str:
        """Explain the state of a task, as ``wfepy why`` does.

        :raises LookupError: if there is no such task
        """
        __tracebackhide__ = True
        if task not in self.instance.workflow.tasks:
            self._no_task(task)
        return self.instance.why(task)

    # --- assertions ----------------------------------------------------------------------------------

    def assert_waiting(
        self,
        task: str,
        *,
        on: str | None = None,
        until: Moment | None = None,
        deadline: Moment | None = None,
        reason: str | None = None,
    ) -> None:
        """Expect that a task waits.

        :param on: for a signal of this name
        :param until: until this moment, or for so long from now; for a task that failed, that it is tried again then
        :param deadline: that it times out at this moment, or in so long from now
        :param reason: with this in its reason
        """
        __tracebackhide__ = True
        instance = self.instance
        wait, retry = instance.waits.get(task), instance.retry_at.get(task)
        if wait is None and not (retry and until is not None):
            self._fail(task, "waits")
        if on is not None and (wait is None or on not in wait.signals):
            self._fail(task, f'waits for a signal "{on}"')
        if reason is not None and (wait is None or reason not in wait.reason):
            self._fail(task, f"waits with {reason!r} in its reason")
        if until is not None:
            moment = to_moment(until, self._world.clock.now)
            if _as_text(moment) != (retry or (wait.until if wait is not None else "")):
                self._fail(task, f"waits until {_shown_moment(moment)}")
        if deadline is not None:
            moment = to_moment(deadline, self._world.clock.now)
            if _as_text(moment) != deadline_of(instance, task):
                self._fail(task, f"times out at {_shown_moment(moment)}")

    def assert_path(self, *tasks: str | EllipsisType) -> None:
        """Expect that exactly these tasks were done so far, in this order; ``...`` stands for any others."""
        __tracebackhide__ = True
        if not _matches(list(tasks), self.path):
            expected = " -> ".join("..." if each is ... else each for each in tasks)
            missing = [each for each in tasks if isinstance(each, str) and each not in self.path]
            for name in missing[:1]:
                self._fail(name, "is done", f"expected path: {expected}")
            self._fail("", "", f"expected path: {expected}")

    def assert_skipped(self, *tasks: str) -> None:
        """Expect that these tasks were skipped: that no way led to them."""
        __tracebackhide__ = True
        for task in tasks:
            if self._state(task) != "skipped":
                self._fail(task, "was skipped")

    def assert_done(self, *tasks: str) -> None:
        """Expect that these tasks are done, in whatever order."""
        __tracebackhide__ = True
        for task in tasks:
            if self._state(task) != "done":
                self._fail(task, "is done")

    def assert_finished(self) -> None:
        """Expect that the instance has ended at an end point."""
        __tracebackhide__ = True
        self.assert_ended(InstanceStatus.FINISHED)

    def assert_ended(self, status: str) -> None:
        """Expect that the instance has ended in this way: ``finished``, ``dead_end``, ``failed`` or ``cancelled``.

        :raises ValueError: if there is no such way
        """
        __tracebackhide__ = True
        instance = self.instance
        if status not in _ENDS:
            raise ValueError(f"an instance ends as one of {', '.join(_ENDS)}, not {status!r}")
        if instance.status != status:
            stuck = [*instance.waits, *instance.failures, *self._failed(instance)]
            ends = [name for name in instance.workflow.end_points if self._state(name) != "done"]
            tasks = list(dict.fromkeys(stuck)) or ends
            self._fail(tasks, "", f"expected status: {status.replace('_', ' ')}")

    # --- what is said --------------------------------------------------------------------------------

    def _no_task(self, task: str) -> NoReturn:
        __tracebackhide__ = True
        from ..suggest import did_you_mean  # lazily: only for an error

        tasks = self._world.project.workflow(self._workflow).tasks
        hint = did_you_mean(task, tasks) or f"there are {', '.join(tasks)}"
        raise LookupError(f'there is no task "{task}" in {self._workflow}; {hint}')

    def _state(self, task: str) -> str:
        __tracebackhide__ = True
        from ..marking import STATUS_WORDS

        instance = self.instance
        index = instance.workflow.graph.index
        if task not in index:
            self._no_task(task)
        return STATUS_WORDS[instance.marking.status[index[task]]]

    @staticmethod
    def _failed(instance: Instance) -> list[str]:
        names = instance.marking.graph.names
        return [name for number, name in enumerate(names) if instance.marking.is_unhandled(number)]

    def _fail(self, tasks: str | list[str], expected: str, *more: str) -> NoReturn:
        """Raise what says what was expected of a task, and why it is otherwise."""
        __tracebackhide__ = True
        instance = self.instance
        names = [tasks] if isinstance(tasks, str) else tasks
        lines = [f"{self._workflow}/{instance.id} is {instance.status.replace('_', ' ')}"]
        if expected:
            self._state(names[0])  # which says that there is no such task
            lines.append(f"expected that {names[0]} {expected}")
        lines += [*more, f"path so far: {' -> '.join(self.path) or 'nothing is done'}"]
        for name in [each for each in names if each][:3]:
            lines += self.why(name).split("\n")
        raise AssertionError("\n".join(lines))

    def describe(self) -> str:
        """Return what a failed test shows: the graph with the state of each task, and what else there is to know."""
        try:
            return self._described()
        except Exception as error:  # noqa: BLE001  # the report of a failed test must not be the next failure
            return f"this cannot be shown: {type(error).__name__}: {error}\n"

    def _described(self) -> str:
        from ..errors import InstanceNotFound
        from ..render import diagram, to_text

        world = self._world
        try:
            instance = self.instance
        except InstanceNotFound:
            graph = diagram(world.project.workflow(self._workflow), name=self._workflow)
            return f"{to_text(graph)}no instance has begun\n{self._about(None)}"
        drawn = to_text(diagram(instance.workflow, instance=instance, name=self._workflow))
        return f"{drawn}{self._about(instance)}"

    def _about(self, instance: Instance | None) -> str:
        world = self._world
        lines = [f"time: {world.clock.now:%Y-%m-%d %H:%M:%S}Z"]
        if instance is not None:
            lines.append(f"path: {' -> '.join(self.path) or 'nothing is done'}")
            for name, wait in instance.waits.items():
                deadline = deadline_of(instance, name)
                terms = [*wait_terms(wait), *([f"times out at {deadline[:19]}Z"] if deadline else [])]
                if terms:
                    lines.append(f"{name} waits {', '.join(terms)}")
            lines += [f"signal not taken: {each!r}" for each in instance.signals]
            lines.append(f"context: {_shown(instance.context)}")
        doubles = world.doubles.get(self._workflow, {}).values()
        lines += [f"{each.task} is a double, called {each.times}" for each in doubles]
        return "\n".join(lines) + "\n"


def _shown_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _as_text(moment: datetime) -> str:
    from ..clock import format_time

    return format_time(moment)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST else f"{text[:_MOST]}..."


def _matches(wanted: list[Any], found: list[str]) -> bool:
    """Return whether ``found`` is ``wanted``, where an ellipsis stands for any number of names."""
    if not wanted:
        return not found
    if wanted[0] is ...:
        return any(_matches(wanted[1:], found[skip:]) for skip in range(len(found) + 1))
    return bool(found) and found[0] == wanted[0] and _matches(wanted[1:], found[1:])
