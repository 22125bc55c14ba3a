"""One attempt at a task: its call through the hooks, and what its answer or its failure means."""

from __future__ import annotations

from . import faults
from . import marking as m
from .answer import as_answer, error_text
from .arguments import Call
from .committing import Committer
from .errors import CodecError, PluginError
from .outcome import GiveUp, RetryDecision, TaskResult, TaskStatus, Wait
from .waitstate import WaitState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .instance import Instance
    from .signals import Signal
    from .task import Task

_NOTHING = m.Settled()


class TaskRunner(Committer):
    """Tries the tasks of one instance, one at a time.

    A task's exception is data and ends up in its history; a plugin's breaks off the attempt, which is then not
    recorded at all; an error of the store is raised.
    """

    def _prepare(self, instance: Instance) -> None:
        super()._prepare(instance)
        self._wanted = instance.workflow.wanted
        #: What the present attempt passes to its task; ``None`` where the task asks for nothing.
        self._open_call: Call | None = None
        #: Number of the history record of the last signal that the present attempt has seen.
        self._seen = 0
        #: Tasks that are tried once more as soon as the others were.
        self._again: list[int] = []
        self._task_error: BaseException | None = None
        self._has_around = False
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
        call = self._open_call
        if call is None:
            return task.func(self.instance.context)
        return task.func(self.instance.context, **call.values(self._wanted[task.name]))

    def _attempt(
        self,
        number: int,
        answer_instead: Callable[[], bool | Wait] | None = None,
        consumed: tuple[str, ...] = (),
    ) -> m.Settled:
        """Try a task.

        :param answer_instead: what comes in place of a call of the task: it need not be called to be done
        :param consumed: the ids of the signals that this takes
        """
        task, host = self._tasks[number], self._engine.host
        attempt = self.instance.failures.get(task.name, 0) + 1
        self._consumed, self._dropped = consumed, {}
        if host.task_started and answer_instead is None:
            host.notify("wfepy_task_started", instance=self.instance, task=task, attempt=attempt)
        timer = self._engine.timer
        began = timer()
        try:
            answer = self._call(task, attempt) if answer_instead is None else answer_instead()
            took = timer() - began
        except KeyboardInterrupt as error:
            if self._engine.was_interrupted:
                raise
            return self._failed(number, attempt, timer() - began, error)  # the task raised it itself
        except BaseException as error:  # noqa: BLE001  # sys.exit() in a task is a failure of the task too
            return self._failed(number, attempt, timer() - began, error)
        finally:
            if self._open_call is not None:
                self._close_call()
        return self._conclude(number, attempt, took, answer)

    def _conclude(self, number: int, attempt: int, took: float, answer: bool | Wait) -> m.Settled:
        """Record what a task answered, with the decisions of its transitions when it is done."""
        wait = None
        try:
            decisions = self._decide(number, m.DONE) if answer is True else []
            if answer is not True:
                wait = self._waits_for(number, answer)
        except KeyboardInterrupt as error:
            if self._engine.was_interrupted:
                raise
            return self._failed(number, attempt, took, error)
        except BaseException as error:  # noqa: BLE001  # as above, in a condition
            return self._failed(number, attempt, took, error)
        try:
            if wait is None:
                return self._complete(number, attempt, took, decisions)
            return self._wait(number, attempt, took, wait)
        except CodecError as error:  # it has left in the context what cannot be saved
            return self._failed(number, attempt, took, error)

    def _answer_for(self, number: int, answer: Callable[[], bool], taken: list[Signal]) -> m.Settled:
        """Let a task answer without a call of it, with the signals that this takes."""
        return self._attempt(number, answer, tuple(each.id for each in taken))

    def _try_again(self, number: int) -> m.Settled:
        """Have a task tried once more in this tick."""
        self._again.append(number)
        return _NOTHING

    def _close_call(self) -> None:
        """Let go of what was passed to the task, and remember which signals it has taken."""
        call, self._open_call = self._open_call, None
        assert call is not None
        if call.signals is not None:
            self._seen = self.instance.seq
            self._consumed = tuple(each.id for each in call.signals.taken)
            self._dropped = call.signals.dropped
            self._untold_signals = call.signals.untold
        for error in call.close():
            self._log("error", "%s", error)
            if self._engine.host.internal_error:
                self._engine.host.notify("wfepy_internal_error", instance=self.instance, error=error)

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
        if task.name in self._wanted:
            self._open_call = Call(self.instance, task, attempt, engine.clock, engine.host)
        try:
            if faults.hit:
                faults.hit("task.before")
            with engine.inside_task:
                answer = self.task_execute(task)
            if faults.hit:
                faults.hit("task.after")
            if type(answer) is bool:
                return answer
            if hasattr(answer, "__await__"):  # a plugin is around it: one task after the other
                answer = run_to_end(answer)
            return as_answer(task, answer, engine.strict)
        except BaseException as error:
            self._task_error = error
            raise

    def _complete(self, number: int, attempt: int, took: float, decisions: list[int]) -> m.Settled:
        result = TaskResult(TaskStatus.COMPLETED, attempt=attempt, took=took)
        settled = self._commit(number, m.DONE, decisions, result)
        self.summary.completed.append(self._tasks[number].name)
        self._announce(number, decisions, result, settled)
        return settled

    def _wait(self, number: int, attempt: int, took: float, wait: WaitState) -> m.Settled:
        name = self._tasks[number].name
        known = self.instance.waits.get(name)
        changed = known is None or bool(self._consumed or self._dropped) or not known.same_as(wait)
        result = TaskResult(
            TaskStatus.WAITING, attempt=attempt, took=took, changed=changed, reason=wait.reason, wait=wait
        )
        self._commit(number, m.READY, [], result)
        self.summary.waiting[name] = wait.reason
        self._announce(number, [], result, _NOTHING)
        if not wait.is_poll or wait.deadline or name in self.instance.deadlines:
            from .gate import after_wait  # lazily: most waits are polls

            return after_wait(self, number)
        return _NOTHING

    def _waits_for(self, number: int, answer: bool | Wait) -> WaitState:
        """Return what an answer means; this begins the instance that the task waits for."""
        task = self._tasks[number]
        known = self.instance.waits.get(task.name)
        if (not isinstance(answer, Wait) or answer.is_plain) and task.options.remind_every is None:
            reason = answer.reason if isinstance(answer, Wait) else None
            return WaitState(known.since if known is not None else "", reason or "")
        from .gate import wait_of  # lazily, as above

        return wait_of(self, number, answer, known)

    def _failed(self, number: int, attempt: int, took: float, error: BaseException) -> m.Settled:
        if isinstance(error, PluginError):
            return self._not_recorded(number, error)
        error = self._drop_unsaved(number, error)
        decisions: list[int] = []
        try:
            again = self._decide_retry(number, error, attempt)
            if not again.again:
                decisions = self._decide_failure(number)
        except PluginError as broken:
            return self._not_recorded(number, broken)
        except (Exception, SystemExit) as second:  # noqa: BLE001  # a condition of on="failed" raised
            error, again = self._drop_unsaved(number, second), RetryDecision(True, "a condition raised")
        if not getattr(error, "takes_signals", False):
            self._consumed = ()
        self._dropped = {}
        status = TaskStatus.RETRYING if again.again else TaskStatus.FAILED
        result = TaskResult(status, attempt=attempt, took=took, reason=again.reason, error=error)
        if again.again and again.delay is not None:
            result.retry_at = self._moment(again.delay)
        outcome = m.READY if again.again else m.FAILED
        return self._end_badly(
            number, outcome, decisions, result, inline=bool(result.retry_at) and again.inline
        )


def run_to_end(coroutine: Any) -> Any:
    """Return what an awaitable comes to, in an event loop of its own."""
    import asyncio  # lazily: few tasks are async

    async def whole() -> Any:
        return await coroutine

    return asyncio.run(whole())
