"""What a test expects of a workflow, and what it says when that is not so."""

from __future__ import annotations

from datetime import datetime

from ..outcome import InstanceStatus
from ..timing import to_moment
from ..waking import deadline_of
from .doubles import counted
from .showing import described, shown_path

__all__ = ["Expecting"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import EllipsisType
    from typing import Any, NoReturn

    from ..instance import Instance
    from ..timing import Moment
    from ..waitstate import WaitState
    from .world import World

_ENDS = (InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED)


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
            for record in self.history
            if record["event"] == "task" and record["status"] == "completed"
        ]

    @property
    def history(self) -> list[dict[str, Any]]:
        """The records of the history, oldest first, as ``wfepy history --json`` has them."""
        return [dict(record) for record in self._world.store.history(self._workflow, self.id)]

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

        Of a task with ``each=``, each of these is about one of its items.

        :param on: for a signal of this name
        :param until: until this moment, or for so long from now; for a task that failed, that it is tried again then
        :param deadline: that it times out at this moment, or in so long from now
        :param reason: with this in its reason
        """
        __tracebackhide__ = True
        instance = self.instance
        waits, retries = _standing(instance, task)
        if not waits and not (retries and until is not None):
            self._fail(task, "waits")
        if on is not None and not any(on in wait.signals for wait in waits):
            self._fail(task, f'waits for a signal "{on}"')
        if reason is not None and not any(reason in wait.reason for wait in waits):
            self._fail(task, f"waits with {reason!r} in its reason")
        now = self._world.clock.now
        if until is not None and _as_text(until, now) not in [*retries, *(wait.until for wait in waits)]:
            self._fail(task, f"waits until {_shown_moment(until, now)}")
        if deadline is not None and _as_text(deadline, now) != deadline_of(instance, task):
            self._fail(task, f"times out at {_shown_moment(deadline, now)}")

    def assert_path(self, *tasks: str | EllipsisType) -> None:
        """Expect that exactly these tasks were done so far, in this order; ``...`` stands for any others."""
        __tracebackhide__ = True
        path = self.path
        if not _matches(list(tasks), path):
            told = [f"expected path: {shown_path(tasks)}", *_parting(list(tasks), path)]
            for name in tasks:
                if isinstance(name, str) and name not in path:
                    self._fail(name, "is done", *told)
            self._fail("", "", *told)

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

    def assert_reminded(self, task: str, times: int | None = None) -> None:
        """Expect that a task was reminded that it waits.

        :param times: how often, in all passes of its loop; by default at least once
        """
        __tracebackhide__ = True
        moments = [
            each["at"] for each in self.history if each["event"] == "reminder" and each["task"] == task
        ]
        if (times is None and not moments) or (times is not None and len(moments) != times):
            expected = "was reminded" if times is None else f"was reminded {counted(times)}"
            reminders = ", ".join(f"{each[:19]}Z" for each in moments) or "none"
            self._fail(task, expected, f"reminders so far: {reminders}")

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
        lines = list(more)
        if expected:
            self._state(names[0])  # which says that there is no such task
            lines.insert(0, f"expected that {names[0]} {expected}")
        # What was expected is the first line: the summary of pytest, an IDE and a CI job show no other.
        lines += [
            f"{self._workflow}/{instance.id} is {instance.status.replace('_', ' ')}",
            f"path so far: {shown_path(self.path)}",
        ]
        for name in [each for each in names if each][:3]:
            lines += self.why(name).split("\n")
        raise AssertionError("\n".join(lines))

    def describe(self) -> str:
        """Return what a failed test shows: the graph with the state of each task, and what else there is to know."""
        try:
            return described(self)
        except Exception as error:  # noqa: BLE001  # the report of a failed test must not be the next failure
            return f"this cannot be shown: {type(error).__name__}: {error}\n"


def _standing(instance: Instance, task: str) -> tuple[list[WaitState], list[str]]:
    """Return the waits of a task, or of its items, and when it or one of them is tried again."""
    items = instance.items.get(task)
    if items is not None and items.open:
        return list(items.waits.values()), list(items.retry_at.values())
    wait, retry = instance.waits.get(task), instance.retry_at.get(task)
    return [] if wait is None else [wait], [] if retry is None else [retry]


def _shown_moment(moment: Moment, now: datetime) -> str:
    found = f"{to_moment(moment, now):%Y-%m-%d %H:%M:%S}Z"
    is_date = isinstance(moment, datetime) or (isinstance(moment, str) and "-" in moment)
    return found if is_date else f"{found}, {moment} from now"


def _as_text(moment: Moment, now: datetime) -> str:
    from ..clock import format_time

    return format_time(to_moment(moment, now))


def _parting(wanted: list[Any], found: list[str]) -> list[str]:
    """Return where a path is another one than was wanted, if that is before the first ellipsis and not at once."""
    for place, (each, task) in enumerate(zip(wanted, found, strict=False)):
        if each is not ... and each == task:
            continue
        if each is ... or not place:
            return []
        return [f"they part after {wanted[place - 1]}: {each} was expected, {task} is done"]
    return []


def _matches(wanted: list[Any], found: list[str]) -> bool:
    """Return whether ``found`` is ``wanted``, where an ellipsis stands for any number of names."""
    if not wanted:
        return not found
    if wanted[0] is ...:
        return any(_matches(wanted[1:], found[skip:]) for skip in range(len(found) + 1))
    return bool(found) and found[0] == wanted[0] and _matches(wanted[1:], found[1:])
