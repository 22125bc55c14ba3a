"""The log of a tick for files and pipes: one line an event, each with its time.

2026-11-23T06:13:34Z coffee/default make_coffee completed 0.012s
"""

from __future__ import annotations

from ..markers import hookimpl
from ..outcome import GiveUp, TaskStatus
from .output import clean, moment, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..clock import Clock
    from ..instance import Instance
    from ..outcome import TaskResult
    from ..task import Task, Transition
    from ..waitstate import WaitState

__all__ = [
    "LogLines",
    "TaskWords",
    "duration",
    "human_duration",
    "say_traceback",
    "shown_path",
    "status_word",
    "still_waits",
]


class TaskWords:
    """Puts into words what came of a task; remembers the transitions, for they say why a task was skipped."""

    def __init__(self) -> None:
        self._skips: dict[str, str] = {}

    def forget(self) -> None:
        """Begin anew: a tick of another instance begins."""
        self._skips.clear()

    def note(self, transition: Transition, taken: bool, reason: str) -> None:
        """Remember the decision of a transition."""
        if taken:
            self._skips.pop(transition.dest, None)
        else:
            self._skips[transition.dest] = reason

    def say(self, word: str, task: Task, result: TaskResult) -> str:
        """Return ``word`` for what came of the task, and why: ``waits: the shop is closed``, ``waits until ...``."""
        if reason := self.reason(task, result):
            return f"{word}: {reason}"
        if result.wait is not None and not result.wait.is_poll:
            from ..why import wait_terms  # lazily: most waits are polls, or have a reason

            return f"{word} {' or '.join(wait_terms(result.wait))}"
        return word

    def reason(self, task: Task, result: TaskResult) -> str:
        """Return why the task is where it is; empty if it is just done."""
        if result.status == TaskStatus.SKIPPED:
            # "because no transition to it was taken" says less than why the last of them was not.
            known = self._skips.get(task.name) if result.reason.startswith("because") else None
            return shown_path((known or result.reason).removeprefix("skipped, "))
        # The error of a timeout says no more than the reason.
        if result.error is None or result.status == TaskStatus.TIMED_OUT:
            return result.reason
        from ..answer import error_text  # lazily: nothing may fail

        error = error_text(result.error)
        # A plugin may give the error as the reason.
        remarks = [] if result.reason in error else [result.reason]
        if result.attempt > 1 and "attempt" not in result.reason:
            remarks.insert(0, f"attempt {result.attempt}")
        if result.retry_at:
            remarks = _retry_remarks(result, remarks)
        return f"{error} ({', '.join(remarks)})" if remarks else error


def status_word(status: str, retry_at: str) -> str:
    """Return a status as ``wfepy status`` says it, which tells apart what a policy and what each tick tries again."""
    if status == TaskStatus.RETRYING and not retry_at:
        return "failing"
    return status.replace("_", " ")


def still_waits(word: str, wait: WaitState) -> str:
    """Return that a task waits still, since when and for what."""
    from ..why import wait_terms  # lazily: reminders are rare

    text = f"still {word} since {wait.since[:19]}Z"
    what = wait.reason or " or ".join(wait_terms(wait))
    return f"{text}: {what}" if what else text


def shown_path(text: str) -> str:
    """Return ``text`` with the files below the working directory named from there."""
    import os

    try:
        folder = os.path.join(os.getcwd(), "")
    except OSError:  # it was removed
        return text
    return text if folder == os.sep else text.replace(folder, "")


def _retry_remarks(result: TaskResult, remarks: list[str]) -> list[str]:
    """Return ``remarks`` with where the attempt failed and when the next one is: they stand for the traceback."""
    from .tasktrace import task_origin  # lazily: nothing may fail

    assert result.error is not None, "it is tried again because it failed"
    origin = shown_path(task_origin(result.error))
    # The policy's own reason tells which attempt is next, and when.
    when = [] if result.reason.startswith("attempt ") else [f"again at {result.retry_at[:19]}Z"]
    return [*([origin] if origin else []), *remarks, *when]


def say_traceback(result: TaskResult, *, always: bool) -> None:
    """Write the traceback of a task that failed, unless it did so on purpose.

    :param always: also where a policy has it tried again. Its line says where it failed, and what matters is whether
        any attempt succeeds; else every outage of somebody else's server fills the log.
    """
    if result.error is None or isinstance(result.error, GiveUp) or (result.retry_at and not always):
        return
    from .tasktrace import task_traceback  # lazily: nothing may fail

    if found := task_traceback(result.error):
        say(found)


def duration(seconds: float) -> str:
    """Return how long something took, in seconds: ``0.012s``."""
    return f"{seconds:.3f}s"


def human_duration(seconds: float) -> str:
    """Return how long something took as a person reads it: ``0.1 ms``, ``12 ms``, ``3.4 s``, ``2 min 5 s``."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


class LogLines:
    """A plugin that writes the lines.

    :param verbosity: -1: only what fails; 1: also what starts, and waits that are no news
    :param traceback: write the traceback also of an attempt that a policy has tried again, as with ``verbosity`` 1
    """

    def __init__(self, clock: Clock, verbosity: int, *, traceback: bool = False) -> None:
        self._clock = clock
        self._verbosity = verbosity
        self._always_traces = traceback or verbosity > 0
        self._words = TaskWords()

    @hookimpl
    def wfepy_tick_started(self) -> None:
        self._words.forget()

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task, attempt: int) -> None:
        if self._verbosity > 0:
            self._write(instance, f"{task.name} started, attempt {attempt}")

    @hookimpl
    def wfepy_transition_evaluated(self, transition: Transition, taken: bool, reason: str) -> None:
        self._words.note(transition, taken, reason)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        failed = result.status in (TaskStatus.FAILED, TaskStatus.RETRYING)
        if (self._verbosity < 0 and not failed) or (self._verbosity < 1 and not result.changed):
            return
        name = f"{task.name} (pass {result.generation + 1})" if result.generation else task.name
        if result.status == TaskStatus.COMPLETED:
            self._write(instance, f"{name} completed {duration(result.took)}")
            return
        self._write(
            instance, self._words.say(f"{name} {status_word(result.status, result.retry_at)}", task, result)
        )
        say_traceback(result, always=self._always_traces)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        if self._verbosity >= 0:
            self._write(instance, f"{task.name} {still_waits('waiting', wait)}")

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        if self._verbosity >= 0:
            self._write(instance, status)

    def _write(self, instance: Instance, text: str) -> None:
        say(clean(f"{moment(self._clock)} {instance.workflow.name}/{instance.id} {text}"))
