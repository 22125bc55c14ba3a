"""What a tick does with a task that waits: call it, let it sleep, let it be done, time it out, remind of it.

What came before a deadline counts, however late the tick is: a moment before it, a signal sent before it. After it
nothing is asked any more.
"""

from __future__ import annotations

from . import marking as m
from .clock import format_time, parse_time
from .context import put
from .outcome import GiveUp, TaskResult, TaskStatus, Wait
from .waitstate import WaitState, wait_from_answer
from .waking import deadline_of

__all__ = ["ChildFailed", "TaskTimeout", "after_wait", "gate", "wait_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .attempt import TaskRunner
    from .signals import Signal

_NOTHING = m.Settled()


class TaskTimeout(TimeoutError):
    """The deadline of a task has passed, and no transition is about that."""


class ChildFailed(GiveUp):
    """The instance that a task has started did not finish."""

    #: Else the same news would meet the task again when a person has it retried.
    takes_signals = True


def gate(runner: TaskRunner, number: int) -> m.Settled | None:
    """Decide what becomes of a task that was tried before.

    :return: what that settled; ``None``: it is to be tried now
    """
    instance, name = runner.instance, runner._tasks[number].name
    now = format_time(runner._engine.clock())
    deadline = deadline_of(instance, name)
    is_late = bool(deadline) and deadline <= now
    wait = instance.waits.get(name)
    if wait is not None and not wait.is_poll:
        news = wait.news(instance.signals) if instance.signals and wait.signals else []
        has_come = bool(wait.until) and wait.until <= now
        if is_late:
            news = [each for each in news if each.sent < deadline]
            has_come = has_come and wait.until <= deadline
        if news or has_come:
            return _wake(runner, number, wait, news)
    if is_late:
        return time_out(runner, number, deadline)
    if wait is None:
        return _retry(runner, number, now)
    if wait.remind_at and wait.remind_at <= now:
        _remind(runner, number, wait, now)
    if wait.is_poll:
        return None
    runner.summary.waiting[name] = wait.reason
    return _NOTHING


def _retry(runner: TaskRunner, number: int, now: str) -> m.Settled | None:
    name = runner._tasks[number].name
    if runner.instance.retry_at.get(name, "") <= now:
        return None
    runner.summary.sleeping[name] = runner.instance.retry_at[name]
    return _NOTHING


def _wake(runner: TaskRunner, number: int, wait: WaitState, news: list[Signal]) -> m.Settled | None:
    if wait.child:
        return runner._answer_for(number, lambda: _child_ended(runner, wait, news[-1]), news)
    if wait.done:
        return runner._answer_for(number, lambda: True, news[:1])
    runner._seen = max((each.received for each in news), default=0)
    return None


def _child_ended(runner: TaskRunner, wait: WaitState, signal: Signal) -> bool:
    """Put the outcome of a child into the context.

    :raises ChildFailed: if it did not finish
    """
    outcome = dict(signal.data)
    put(runner.instance.context, wait.into, outcome)
    if outcome["status"] != "finished":
        raise ChildFailed(f"the child {wait.child} ended as {outcome['status'].replace('_', ' ')}")
    return True


def time_out(runner: TaskRunner, number: int, deadline: str) -> m.Settled:
    """End a task whose deadline has passed."""
    name = runner._tasks[number].name
    error = TaskTimeout(f'task "{name}" was not done by {deadline[:19]}Z')
    attempt = max(runner.instance.failures.get(name, 0), 1)
    runner._consumed = ()  # by the attempt before, which may have been at another task
    try:
        decisions = runner._decide_failure(number, m.TIMED_OUT)
    except Exception as second:  # noqa: BLE001  # a condition of on="timeout"; it is asked again at the next tick
        raised = runner._drop_unsaved(number, second)
        again = TaskResult(TaskStatus.RETRYING, attempt=attempt, reason="a condition raised", error=raised)
        return runner._end_badly(number, m.READY, [], again)
    reason = f"its deadline {deadline[:19]}Z has passed"
    result = TaskResult(TaskStatus.TIMED_OUT, attempt=attempt, reason=reason, error=error)
    return runner._end_badly(number, m.TIMED_OUT, decisions, result)


def _remind(runner: TaskRunner, number: int, wait: WaitState, now: str) -> None:
    """Remind once of however many reminders were due."""
    from datetime import timedelta

    moment, end = parse_time(wait.remind_at), parse_time(now)
    every = timedelta(seconds=wait.remind_every)
    moment += every * ((end - moment) // every + 1)
    instance, name = runner.instance, runner._tasks[number].name
    generation = instance.marking.generation[number]
    runner._record("reminder", task=name, generation=generation, remind_at=format_time(moment))
    wait.remind_at = format_time(moment)
    runner._remind(number, wait)


def wait_of(runner: TaskRunner, number: int, answer: bool | Wait, known: WaitState | None) -> WaitState:
    """Return what a task waits for by its answer; begin the instance that it asks for.

    :raises WfepyError: if that instance cannot be begun
    """
    answer = answer if isinstance(answer, Wait) else Wait()
    wait = wait_from_answer(answer, known, runner._engine.clock(), runner._tasks[number].options.remind_every)
    if answer.child is not None:
        wait.child = runner._start_child(number, answer.child)
        wait.into = answer.child.into or runner._tasks[number].name
        wait.signals = (f"wfepy.ended.{wait.child}",)
    wait.offered = max(known.offered if known is not None else 0, runner._seen)
    task = runner._tasks[number]
    if runner.instance.signals and (known is None or known.signals != wait.signals):
        _warn_of_misfits(runner, task.name, wait)
    if (
        runner._seen
        and not runner._consumed
        and wait.signals
        and "signals" not in runner._wanted.get(task.name, ())
    ):
        runner._log(
            "warning",
            'task "%s" was called because a signal came, waits for %s again and did not take it; '
            "give it the parameter signals, or answer wait(..., done=True)",
            task.name,
            " or ".join(wait.signals),
        )
    return wait


def _warn_of_misfits(runner: TaskRunner, name: str, wait: WaitState) -> None:
    """Tell of signals that came before a task waited for them and that it does not take."""
    from .misfits import misfit_notes  # lazily: signals seldom come too early

    for note in misfit_notes(runner.instance, runner.instance.signals, [(name, wait.terms())]):
        runner._log("warning", "%s", note)


def after_wait(runner: TaskRunner, number: int) -> m.Settled:
    """Look once more at a task that has just said what it waits for: it may have come already, or be too late."""
    name = runner._tasks[number].name
    deadline = deadline_of(runner.instance, name)
    wait = runner.instance.waits[name]
    if deadline and deadline <= format_time(runner._engine.clock()):
        return gate(runner, number) or _NOTHING
    if runner.instance.signals and wait.news(runner.instance.signals):
        settled = gate(runner, number)
        return runner._try_again(number) if settled is None else settled
    return _NOTHING
