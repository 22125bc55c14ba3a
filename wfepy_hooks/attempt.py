"""One attempt at a task: its call through the hooks, its transitions, and what comes of its answer or its failure."""

from __future__ import annotations

from time import perf_counter

from . import faults, state
from . import marking as m
from .answer import as_answer, error_text
from .arguments import ARGUMENTS, Call
from .errors import CodecError, PluginError
from .outcome import GiveUp, RetryDecision, TaskResult, TaskStatus, Wait
from .summary import TickSummary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .engine import Engine
    from .instance import Instance
    from .recorder import Recorder
    from .task import Task, Transition

_MATCHES = {m.DONE: ("done", "any"), m.FAILED: ("failed", "any"), m.TIMED_OUT: ("timeout", "any")}
_NOTHING = m.Settled()


class TaskRunner:
    """Tries the tasks of one instance, one at a time.

    A task's exception is data and ends up in its history; a plugin's breaks off the attempt, which is then not
    recorded at all; an error of the store is raised.

    :ivar instance: the instance
    :ivar summary: what the present tick came to so far
    """

    instance: Instance
    _engine: Engine
    _recorder: Recorder | None = None

    def _prepare(self, instance: Instance) -> None:
        self.instance = instance
        self.summary = TickSummary()
        self._tasks = list(instance.workflow.tasks.values())
        self._wanted = instance.workflow.wanted
        self._attempt_number = 1
        self._task_error: BaseException | None = None
        self._has_around = False
        self._tell: Callable[..., None] | None = None
        self._asks_always = type(self).transition_eval is not TaskRunner.transition_eval
        instance.run_task = self._run_task

    def _look_at_plugins(self) -> None:
        """Look once a tick which of the hooks around a task anybody implements."""
        host = self._engine.host
        self._has_around = host.has("wfepy_run_task")
        if host.transition_evaluated or host.task_finished:
            from .announce import announce  # lazily: nobody may listen

            self._tell = announce

    def task_execute(self, task: Task) -> Any:
        """Call ``task`` and return its answer."""
        names = self._wanted.get(task.name)
        if names is None:
            return task.func(self.instance.context)
        call = Call(self.instance, task, self._attempt_number, self._engine.clock)
        return task.func(self.instance.context, **{name: ARGUMENTS[name](call) for name in names})

    def transition_eval(self, transition: Transition) -> object:
        """Return whether ``transition`` is taken."""
        return not transition.cond or transition.cond(self.instance.context)

    def _attempt(self, number: int) -> m.Settled:
        task, host = self._tasks[number], self._engine.host
        attempt = self.instance.failures.get(task.name, 0) + 1
        if host.task_started:
            host.notify("wfepy_task_started", instance=self.instance, task=task, attempt=attempt)
        began = perf_counter()
        try:
            answer = self._call(task, attempt)
            took = perf_counter() - began
            decisions = self._decide(number, m.DONE) if answer is True else []
        except KeyboardInterrupt as error:
            if self._engine.was_interrupted:
                raise
            return self._failed(number, attempt, perf_counter() - began, error)  # the task raised it itself
        except BaseException as error:  # noqa: BLE001  # sys.exit() in a task is a failure of the task too
            return self._failed(number, attempt, perf_counter() - began, error)
        try:
            if answer is True:
                return self._complete(number, attempt, took, decisions)
            return self._wait(number, attempt, took, answer)
        except CodecError as error:
            return self._not_recorded(number, error)

    def _call(self, task: Task, attempt: int) -> bool | Wait:
        """Call the task through the hooks around it."""
        engine = self._engine
        self._task_error = None
        if not self._has_around:
            return self._run_task(task, attempt)
        try:
            answer: bool | Wait = engine.host.around(
                "wfepy_run_task", (bool, Wait), instance=self.instance, task=task, attempt=attempt
            )
        except Exception as error:
            if isinstance(error, (GiveUp, PluginError)) or self._raised(error):
                raise
            raise PluginError(
                f"a wrapper of wfepy_run_task raised {error_text(error)}",
                where=f'task "{task.name}"',
                hint="let it raise what the task raised, or GiveUp; wfepy --trace-hooks shows which plugin it was",
            ) from error
        return answer

    def _raised(self, error: BaseException) -> bool:
        """Return whether ``error`` is the one that the task itself raised."""
        return error is self._task_error

    def _run_task(self, task: Task, attempt: int) -> bool | Wait:
        """Call the task itself: the innermost implementation of ``wfepy_run_task``."""
        engine = self._engine
        self._attempt_number = attempt
        try:
            if faults.hit:
                faults.hit("task.before")
            with engine.inside_task:
                answer = self.task_execute(task)
            if faults.hit:
                faults.hit("task.after")
            return answer if type(answer) is bool else as_answer(task, answer, engine.strict)
        except BaseException as error:
            self._task_error = error
            raise

    def _complete(self, number: int, attempt: int, took: float, decisions: list[int]) -> m.Settled:
        result = TaskResult(TaskStatus.COMPLETED, attempt=attempt, took=took)
        settled = self._commit(number, m.DONE, decisions, result)
        self.summary.completed.append(self._tasks[number].name)
        self._announce(number, decisions, result, settled)
        return settled

    def _decide(self, number: int, outcome: int) -> list[int]:
        """Decide all transitions of a task that ends with ``outcome``."""
        decisions = []
        for transition in self._tasks[number].followed_by:
            if transition.on not in _MATCHES[outcome]:
                decisions.append(m.E_OUTCOME)
            elif transition.cond is None and not self._asks_always:
                decisions.append(m.E_TAKEN)
            else:
                decisions.append(self._ask(transition))
        return decisions

    def _ask(self, transition: Transition) -> int:
        try:
            with self._engine.inside_task:  # a condition is the user's code, as a task is
                taken = bool(self.transition_eval(transition))
        except Exception as error:
            if hasattr(error, "add_note"):  # Python 3.11
                error.add_note(
                    f"raised by the condition of {transition.source} -> {transition.dest} at {transition.location}"
                )
            raise
        if transition.cond is None and taken:
            return m.E_TAKEN
        return m.E_TRUE if taken else m.E_FALSE

    def _wait(self, number: int, attempt: int, took: float, answer: bool | Wait) -> m.Settled:
        name = self._tasks[number].name
        reason = (answer.reason if isinstance(answer, Wait) else None) or ""
        known = self.instance.waits.get(name)
        changed = known is None or known.reason != reason
        result = TaskResult(TaskStatus.WAITING, attempt=attempt, took=took, changed=changed, reason=reason)
        self._commit(number, m.READY, [], result)
        self.summary.waiting[name] = reason
        self._announce(number, [], result, _NOTHING)
        return _NOTHING

    # --- failure -------------------------------------------------------------------------------------

    def _failed(self, number: int, attempt: int, took: float, error: BaseException) -> m.Settled:
        if isinstance(error, PluginError):
            return self._not_recorded(number, error)
        decisions: list[int] = []
        try:
            again = self._decide_retry(number, error, attempt)
            if not again.again:
                decisions = self._decide_failure(number)
        except PluginError as broken:
            return self._not_recorded(number, broken)
        except (Exception, SystemExit) as second:  # noqa: BLE001  # a condition of on="failed" raised
            error, again = second, RetryDecision(True, "a condition raised")
        status = TaskStatus.RETRYING if again.again else TaskStatus.FAILED
        result = TaskResult(status, attempt=attempt, took=took, reason=again.reason, error=error)
        try:
            settled = self._commit(number, m.READY if again.again else m.FAILED, decisions, result)
        except CodecError as unsaved:
            return self._not_recorded(number, unsaved)
        if not decisions:
            self.summary.failures[self._tasks[number].name] = error
        self._announce(number, decisions, result, settled)
        return settled

    def _decide_failure(self, number: int) -> list[int]:
        """Decide the transitions of a task that failed for good; none when none of them is about that."""
        if any(transition.on in _MATCHES[m.FAILED] for transition in self._tasks[number].followed_by):
            return self._decide(number, m.FAILED)
        return []

    def _not_recorded(self, number: int, error: CodecError | PluginError) -> m.Settled:
        """Leave the task as it was: its outcome cannot be saved, or a plugin is broken."""
        name = self._tasks[number].name
        if self._recorder is not None:
            self._recorder.put_back_context(self.instance)
        if isinstance(error, CodecError):
            error.where = f'task "{name}": {error.where}'
        elif self._engine.host.internal_error:
            self._engine.host.notify("wfepy_internal_error", instance=self.instance, error=error)
        self.summary.failures[name] = error
        self.summary.unrecorded.add(name)
        return _NOTHING

    def _decide_retry(self, number: int, error: BaseException, attempt: int) -> RetryDecision:
        host = self._engine.host
        if host.has("wfepy_decide_retry"):
            decided: RetryDecision | None = host.decide(
                "wfepy_decide_retry",
                RetryDecision,
                instance=self.instance,
                task=self._tasks[number],
                error=error,
                attempt=attempt,
            )
            if decided is not None:
                return decided
        if isinstance(error, GiveUp):
            return RetryDecision(False, "the task gave up")
        return RetryDecision(True, "tried again at the next tick")

    # --- what came of it -----------------------------------------------------------------------------

    def _commit(self, number: int, outcome: int, decisions: list[int], result: TaskResult) -> m.Settled:
        """Make the end of an attempt durable, then let the instance know.

        :raises CodecError: if the context cannot be saved; then nothing has changed
        """
        if faults.hit:
            faults.hit("attempt.committed.before")
        instance, task = self.instance, self._tasks[number]
        result.generation = instance.marking.generation[number]
        at = "" if self._recorder is None else self._recorder.attempt(instance, number, decisions, result)
        error = "" if result.error is None else error_text(result.error)
        if outcome != m.READY:
            return state.settle(instance, number, task.name, outcome, decisions, error)
        if result.error is not None:
            state.note_failure(instance, task.name, result.attempt, error)
        elif result.changed:
            state.note_wait(instance, task.name, at, result.reason)
        return _NOTHING

    def _announce(self, number: int, decisions: list[int], result: TaskResult, settled: m.Settled) -> None:
        """Tell the observers what happened, now that it is durable."""
        skipped = settled.skipped or settled.cancelled
        names = self.instance.marking.graph.names
        if skipped:
            self.summary.skipped += [names[each] for each in (*settled.skipped, *settled.cancelled)]
        if self._tell is not None:
            self._tell(self._engine.host, self.instance, self._tasks[number], decisions, result, settled)
