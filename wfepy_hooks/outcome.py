"""What a task may answer, and what came of it."""

from __future__ import annotations

import enum

from .waiting import Wait, sleep, start_child, wait

__all__ = [
    "GiveUp",
    "InstanceStatus",
    "RetryDecision",
    "TaskResult",
    "TaskState",
    "TaskStatus",
    "Wait",
    "sleep",
    "start_child",
    "wait",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .waitstate import WaitState


@enum.unique
class TaskState(enum.Enum):
    """State of a task in :attr:`.Runner.state`; the names and values of WfEpy.

    :cvar NEW: it may run, and has not been tried yet
    :cvar WAITING: its function returned ``False``
    :cvar BLOCKED: a join that waits for preceding tasks
    :cvar READY: it may run; an attempt failed before
    :cvar COMPLETE: it was executed, its transitions are not decided yet
    :cvar CANCELED: a transition to it was decided against
    """

    NEW = 1
    WAITING = 2
    BLOCKED = 6
    READY = 3
    COMPLETE = 4
    CANCELED = 5


class TaskStatus:
    """What came of one attempt: the values of :attr:`TaskResult.status`."""

    COMPLETED: Final = "completed"
    WAITING: Final = "waiting"
    RETRYING: Final = "retrying"
    FAILED: Final = "failed"
    TIMED_OUT: Final = "timed_out"
    SKIPPED: Final = "skipped"


class InstanceStatus:
    """The values of :attr:`.Instance.status`; all but ``RUNNING`` are ends."""

    RUNNING: Final = "running"
    FINISHED: Final = "finished"
    DEAD_END: Final = "dead_end"
    FAILED: Final = "failed"
    CANCELLED: Final = "cancelled"


class GiveUp(Exception):
    """Raised by a task: it failed for good, and trying again will not help."""


class TaskResult:
    """What came of one attempt, as the hook ``wfepy_task_finished`` gets it.

    :ivar status: one of :class:`TaskStatus`
    :ivar attempt: 1 for the first attempt of the task in this generation, 0 for a task that was skipped
    :ivar generation: how often the loop around the task had repeated
    :ivar changed: ``False`` only for a repeated poll: the task waited before, for the same reason
    :ivar reason: why it waits, was skipped or failed; may be empty
    :ivar error: what the task raised, or ``None``
    :ivar took: seconds that the attempt took
    :ivar wait: what a waiting task waits for, or ``None``
    :ivar retry_at: not before this moment is it tried again, ISO 8601 in UTC; empty: at the next tick
    :ivar event_id: the same for each delivery of this event, for deduplication; empty for a repeated poll
    """

    __slots__ = (
        *("attempt", "changed", "error", "event_id", "generation"),
        *("reason", "retry_at", "status", "took", "wait"),
    )

    def __init__(
        self,
        status: str,
        *,
        attempt: int = 0,
        generation: int = 0,
        changed: bool = True,
        reason: str = "",
        error: BaseException | None = None,
        took: float = 0.0,
        event_id: str = "",
        wait: WaitState | None = None,
        retry_at: str = "",
    ) -> None:
        self.status = status
        self.attempt = attempt
        self.generation = generation
        self.changed = changed
        self.reason = reason
        self.error = error
        self.took = took
        self.event_id = event_id
        self.wait = wait
        self.retry_at = retry_at

    def __repr__(self) -> str:
        return f"TaskResult({self.status!r}, attempt={self.attempt}, reason={self.reason!r})"


class RetryDecision:
    """What ``wfepy_decide_retry`` answers after a failed attempt.

    :ivar again: ``True``: the task is tried again; ``False``: it failed for good
    :ivar reason: why, for the history
    :ivar delay: seconds until it is tried again; ``None``: at the next tick
    :ivar inline: whether this tick waits for that, if nothing else is left to do
    """

    __slots__ = ("again", "delay", "inline", "reason")

    def __init__(
        self, again: bool, reason: str = "", *, delay: float | None = None, inline: bool = False
    ) -> None:
        self.again = again
        self.reason = reason
        self.delay = delay
        self.inline = inline

    def __repr__(self) -> str:
        return f"RetryDecision(again={self.again}, reason={self.reason!r}, delay={self.delay})"
