"""One execution of a workflow: who it is, what is decided in it, and what its tasks wait for."""

from __future__ import annotations

from .context import Context
from .marking import Marking
from .outcome import InstanceStatus
from .waitstate import WaitState

__all__ = ["Instance", "WaitState"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from .items import ItemsState
    from .outcome import Wait
    from .signals import Signal
    from .stash import Stash
    from .task import Task
    from .workflow import Workflow


class Instance:
    """One execution of a workflow.

    :ivar workflow: the workflow
    :ivar id: its name among the instances of the workflow
    :ivar uid: 12 hex digits that no other instance has, not even a later one of the same id
    :ivar context: the user's object that every task gets
    :ivar created: when it began, ISO 8601 in UTC
    :ivar marking: what is decided
    :ivar failures: how often each task has failed in this generation
    :ivar errors: the last error of each such task, as one line of text
    :ivar waits: the tasks that answered that they are not done yet
    :ivar retry_at: when each failed task is tried again that has to wait for that, ISO 8601 in UTC
    :ivar deadlines: when the tasks time out whose decorator says so; those that were tried
    :ivar items: the tasks that run once for each item, and what came of the items
    :ivar signals: what was delivered to it and no task has taken yet, oldest first
    :ivar paused: since when, by whom and why it does not run, or ``None``
    :ivar parent: the instance and the task that wait for its end, or ``None``
    :ivar scheduled: ``due``, the moment for which the schedule has begun it, and ``missed``, how many moments before
        that were passed over since the one before; or ``None``, if somebody else has begun it
    :ivar seq: number of the last history record
    :ivar event_id: in a hook that tells of something recorded: the id of that event, the same each time it is told,
        also after a crash; empty otherwise, and where nothing is saved
    """

    def __init__(
        self,
        workflow: Workflow,
        context: Any = None,
        *,
        id: str = "default",
        uid: str = "",
        created: str = "",
    ) -> None:
        self.workflow = workflow
        self.context = Context() if context is None else context
        self.id = id
        self.uid = uid or _new_uid()
        self.created = created
        self.marking = Marking(workflow.graph)
        self.failures: dict[str, int] = {}
        self.errors: dict[str, str] = {}
        self.waits: dict[str, WaitState] = {}
        self.retry_at: dict[str, str] = {}
        self.deadlines: dict[str, str] = {}
        self.items: dict[str, ItemsState] = {}
        self.signals: list[Signal] = []
        self.paused: dict[str, str] | None = None
        self.parent: dict[str, str] | None = None
        self.scheduled: dict[str, Any] | None = None
        self.seq = 0
        self.event_id = ""
        self.ended: str | None = None
        #: Runs a task: the innermost implementation of ``wfepy_run_task``. Set by the runner.
        self.run_task: Callable[[Task, int], bool | Wait] | None = None
        self._stash: Stash | None = None

    def __repr__(self) -> str:
        return f"<Instance {self.workflow.name}/{self.id}, {self.status}>"

    @property
    def status(self) -> str:
        """One of :class:`.InstanceStatus`."""
        return self.ended or self.marking.state

    @property
    def is_running(self) -> bool:
        """Whether some task may still run."""
        return self.status == InstanceStatus.RUNNING

    @property
    def due(self) -> datetime | None:
        """The moment for which the schedule has begun it, in UTC; ``None`` if somebody else has begun it."""
        if self.scheduled is None:
            return None
        from .clock import parse_time  # lazily: only for instances of a schedule

        return parse_time(self.scheduled["due"])

    @property
    def stash(self) -> Stash:
        """What plugins keep on this instance for the time of one process, each under a key of its own."""
        if self._stash is None:
            from .stash import Stash  # lazily: few plugins keep anything

            self._stash = Stash()
        return self._stash

    def generation(self, task: Task | str) -> int:
        """Return how often the loops around ``task`` have repeated."""
        name = task if isinstance(task, str) else task.name
        return self.marking.generation[self.marking.graph.index[name]]

    def idempotency_key(self, task: Task | str) -> str:
        """Return a text that is the same for every attempt of ``task`` in this generation, and for no other.

        A task that was in flight when the process died runs again. Given this key, a service that it calls can
        tell that it has seen the call already.
        """
        name = task if isinstance(task, str) else task.name
        return f"{self.workflow.name}/{self.id}/{self.uid}/{name}/{self.generation(name)}"

    def why(self, task: Task | str) -> str:
        """Explain the state of ``task`` from what is decided: what it waits for, or what skipped it.

        :raises LookupError: if there is no such task
        """
        from .why import explain  # lazily: a plain tick explains nothing

        return explain(self, task if isinstance(task, str) else task.name)

    def why_ended(self) -> str:
        """Explain in one line why it has failed or came to a dead end; empty where nothing went wrong."""
        from .why import explain_end  # lazily, as above

        return explain_end(self)

    def forget_attempts(self, name: str) -> None:
        """Drop what is known of earlier attempts of a task: it is decided, or starts over."""
        for kept in (self.failures, self.errors, self.waits, self.retry_at, self.deadlines, self.items):
            kept.pop(name, None)

    @property
    def remembers_attempts(self) -> bool:
        """Whether there is anything for :meth:`forget_attempts` to drop."""
        return bool(
            self.failures or self.waits or self.errors or self.retry_at or self.deadlines or self.items
        )


def _new_uid() -> str:
    from os import urandom

    return urandom(6).hex()
