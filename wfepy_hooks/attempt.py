"""One attempt at a task: its call through the hooks, its transitions, and what comes of its answer or its failure."""

from __future__ import annotations

from time import perf_counter

from . import faults, replaying
from . import marking as m
from .answer import as_answer, error_text
from .arguments import Call
from .clock import format_time
from .errors import CodecError, PluginError, UsageError
from .outcome import GiveUp, RetryDecision, TaskResult, TaskStatus, Wait
from .summary import TickSummary
from .waitstate import WaitState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .codec import Codec
    from .engine import Engine
    from .instance import Instance
    from .recorder import Recorder
    from .signals import Signal
    from .task import Task, Transition
    from .waiting import Child

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
    _own_codec: Codec | None = None

    @property
    def _codec(self) -> Codec:
        """What writes and reads values of the context."""
        if self._own_codec is None:
            from .codec import Codec  # lazily: without a recorder few ticks need one

            workflow = self.instance.workflow
            recorder = self._recorder
            self._own_codec = (
                Codec(workflow.modules, workflow.classes) if recorder is None else recorder.codec
            )
        return self._own_codec

    def _prepare(self, instance: Instance) -> None:
        self.instance = instance
        self.summary = TickSummary()
        self._own_codec = None
        self._tasks = list(instance.workflow.tasks.values())
        self._wanted = instance.workflow.wanted
        #: What the present attempt passes to its task; ``None`` where the task asks for nothing.
        self._open_call: Call | None = None
        #: The ids of the signals that the attempt has taken which is about to be recorded.
        self._consumed: tuple[str, ...] = ()
        #: Number of the history record of the last signal that the present attempt has seen.
        self._seen = 0
        #: Tasks that are tried once more as soon as the others were.
        self._again: list[int] = []
        #: Tasks that are tried again within this tick: when, ISO 8601 in UTC, and which.
        self._later: list[tuple[str, int]] = []
        #: What the observers are told once a batch of records is durable; ``None`` outside of a batch.
        self._untold: list[tuple[int, list[int], TaskResult, m.Settled]] | None = None
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
        call = self._open_call
        if call is None:
            return task.func(self.instance.context)
        return task.func(self.instance.context, **call.values(self._wanted[task.name]))

    def transition_eval(self, transition: Transition) -> object:
        """Return whether ``transition`` is taken."""
        return not transition.cond or transition.cond(self.instance.context)

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
        self._consumed = consumed
        if host.task_started and answer_instead is None:
            host.notify("wfepy_task_started", instance=self.instance, task=task, attempt=attempt)
        began = perf_counter()
        try:
            answer = self._call(task, attempt) if answer_instead is None else answer_instead()
            took = perf_counter() - began
        except KeyboardInterrupt as error:
            if self._engine.was_interrupted:
                raise
            return self._failed(number, attempt, perf_counter() - began, error)  # the task raised it itself
        except BaseException as error:  # noqa: BLE001  # sys.exit() in a task is a failure of the task too
            return self._failed(number, attempt, perf_counter() - began, error)
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
        finally:
            self._seen = 0
        try:
            if wait is None:
                return self._complete(number, attempt, took, decisions)
            return self._wait(number, attempt, took, wait)
        except CodecError as error:
            return self._not_recorded(number, error)

    def _answer_for(self, number: int, answer: Callable[[], bool], taken: list[Signal]) -> m.Settled:
        """Let a task answer without a call of it, with the signals that this takes."""
        return self._attempt(number, answer, tuple(each.id for each in taken))

    def _failed_again(self, number: int, attempt: int, error: BaseException) -> m.Settled:
        """Record that a condition raised when a task was to end: it is asked again at the next tick."""
        result = TaskResult(TaskStatus.RETRYING, attempt=attempt, reason="a condition raised", error=error)
        settled = self._commit(number, m.READY, [], result)
        self.summary.failures[self._tasks[number].name] = error
        self._announce(number, [], result, settled)
        return settled

    def _try_again(self, number: int) -> m.Settled:
        """Have a task tried once more in this tick."""
        self._again.append(number)
        return _NOTHING

    def _record(self, event: str, **fields: Any) -> str:
        """Make something durable that happened beside the attempts, and return when."""
        if self._recorder is not None:
            return self._recorder.append(self.instance, event, **fields)
        return format_time(self._engine.clock())

    def _remind(self, number: int, wait: WaitState) -> None:
        host = self._engine.host
        if host.task_reminder:
            host.notify("wfepy_task_reminder", instance=self.instance, task=self._tasks[number], wait=wait)

    def waited_children(self) -> list[str]:
        """Return the instances whose end a task waits for."""
        return [wait.child for wait in self.instance.waits.values() if wait.child]

    def cancel_children(self, before: list[str]) -> None:
        """Cancel those of the children ``before`` that nothing waits for any more."""
        gone = [child for child in before if child not in self.waited_children()]
        if gone and self._engine.cancel_children is not None:
            self._engine.cancel_children(self.instance, gone)

    def _start_child(self, number: int, child: Child) -> str:
        """Begin the instance that a task asks for, and return its name.

        :raises UsageError: if there is no project that has other workflows
        """
        if self._engine.start_child is None:
            raise UsageError(
                "start_child() needs the workflows of a project",
                hint="run it by wfepy run or wfepy tick, with the other workflow in wfepy.toml",
            )
        return self._engine.start_child(self.instance, self._tasks[number].name, child)

    def _close_call(self) -> None:
        """Let go of what was passed to the task, and remember which signals it has taken."""
        call, self._open_call = self._open_call, None
        assert call is not None
        if call.signals is not None:
            self._seen = self.instance.seq
            self._consumed = tuple(each.id for each in call.signals.taken)
        for error in call.close():
            self._log("error", "%s", error)
            if self._engine.host.internal_error:
                self._engine.host.notify("wfepy_internal_error", instance=self.instance, error=error)

    @staticmethod
    def _log(level: str, message: str, *args: object) -> None:
        import logging  # lazily: 6 ms that a plain tick does not need

        getattr(logging.getLogger("wfepy_hooks"), level)(message, *args)

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

    def _wait(self, number: int, attempt: int, took: float, wait: WaitState) -> m.Settled:
        name = self._tasks[number].name
        known = self.instance.waits.get(name)
        changed = known is None or bool(self._consumed) or not known.same_as(wait)
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
        self._consumed = ()
        status = TaskStatus.RETRYING if again.again else TaskStatus.FAILED
        result = TaskResult(status, attempt=attempt, took=took, reason=again.reason, error=error)
        if again.again and again.delay is not None:
            result.retry_at = self._moment(again.delay)
        try:
            settled = self._commit(number, m.READY if again.again else m.FAILED, decisions, result)
        except CodecError as unsaved:
            return self._not_recorded(number, unsaved)
        name = self._tasks[number].name
        if result.retry_at:
            self.summary.retrying[name] = error
            if again.inline:
                self._later.append((result.retry_at, number))
        elif not decisions:
            self.summary.failures[name] = error
        self._announce(number, decisions, result, settled)
        return settled

    def _moment(self, seconds: float) -> str:
        """Return the moment in so many seconds from now."""
        from datetime import timedelta

        return format_time(self._engine.clock() + timedelta(seconds=seconds))

    def _decide_failure(self, number: int, outcome: int = m.FAILED) -> list[int]:
        """Decide the transitions of a task that failed or timed out; none when none of them is about that."""
        if any(transition.on in _MATCHES[outcome] for transition in self._tasks[number].followed_by):
            return self._decide(number, outcome)
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
        task = self._tasks[number]
        if task.options.retry is not None:
            return task.options.retry.decide(error, attempt, self.instance.idempotency_key(task))
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
        if outcome == m.READY and task.options.deadline is not None and task.name not in instance.deadlines:
            # Set even if recording fails: then the attempt does not count, and this does not matter.
            instance.deadlines[task.name] = self._moment(task.options.deadline.total_seconds() - result.took)
        at = ""
        if self._recorder is not None:
            at = self._recorder.attempt(instance, number, decisions, result, self._consumed)
        if self._consumed:
            replaying.take_signals(instance, self._consumed)
        error = "" if result.error is None else error_text(result.error)
        if outcome != m.READY:
            children = self.waited_children() if instance.waits else []
            settled = replaying.settle(instance, number, task.name, outcome, decisions, error)
            if children:
                self.cancel_children(children)
            return settled
        if result.error is not None:
            replaying.note_failure(instance, task.name, result.attempt, error, result.retry_at)
        elif result.changed and result.wait is not None:
            known = instance.waits.get(task.name)
            # As it is when the record is replayed.
            result.wait.since = known.since if known is not None else at or result.wait.since
            replaying.note_wait(instance, task.name, result.wait)
        return _NOTHING

    def _announce(self, number: int, decisions: list[int], result: TaskResult, settled: m.Settled) -> None:
        """Tell the observers what happened, now that it is durable."""
        if self._untold is not None:
            self._untold.append((number, decisions, result, settled))
            return
        skipped = settled.skipped or settled.cancelled
        names = self.instance.marking.graph.names
        if skipped:
            self.summary.skipped += [names[each] for each in (*settled.skipped, *settled.cancelled)]
        if self._tell is not None:
            self._tell(self._engine.host, self.instance, self._tasks[number], decisions, result, settled)


def run_to_end(coroutine: Any) -> Any:
    """Return what an awaitable comes to, in an event loop of its own."""
    import asyncio  # lazily: few tasks are async

    async def whole() -> Any:
        return await coroutine

    return asyncio.run(whole())
