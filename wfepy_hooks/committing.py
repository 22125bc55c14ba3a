"""What comes of an attempt: the decisions of its transitions, its record, and who is told."""

from __future__ import annotations

from . import faults, replaying
from . import marking as m
from .answer import error_text
from .clock import format_time
from .engine import NOTHING
from .errors import CodecError, PluginError, UsageError, WfepyError
from .notices import logger
from .outcome import GiveUp, RetryDecision, TaskResult, TaskStatus
from .summary import TickSummary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from .codec import Codec
    from .engine import Engine
    from .instance import Instance
    from .recorder import Recorder
    from .signals import Signal
    from .task import Task, Transition
    from .waiting import Child
    from .waitstate import WaitState

_MATCHES = {m.DONE: ("done", "any"), m.FAILED: ("failed", "any"), m.TIMED_OUT: ("timeout", "any")}
_NOTHING = m.Settled()


class Committer:
    """Ends attempts at the tasks of one instance.

    :ivar instance: the instance
    :ivar summary: what the present tick came to so far
    """

    instance: Instance
    summary: TickSummary
    _engine: Engine
    _recorder: Recorder | None = None
    _own_codec: Codec | None = None
    _tasks: list[Task]

    def _prepare(self, instance: Instance) -> None:
        self.instance = instance
        self.summary = TickSummary()
        self._own_codec = None
        self._tasks = list(instance.workflow.tasks.values())
        #: The ids of the signals that the attempt has taken which is about to be recorded.
        self._consumed: tuple[str, ...] = ()
        #: The ids of those that this attempt has found not to count, and why.
        self._dropped: dict[str, str] = {}
        #: Those among them that the log has to tell of, once that is durable.
        self._untold_signals: list[Signal] = []
        #: Tasks that are tried again within this tick: when, ISO 8601 in UTC, and which.
        self._later: list[tuple[str, int]] = []
        #: Why another object last took the place of the context; ``None``: none has.
        self._replaced: WfepyError | None = None
        #: The instances that tasks waited for which have ended since the observers were told last.
        self._children: list[str] = []
        #: What the observers are told once a batch of records is durable; ``None`` outside of a batch.
        self._untold: list[tuple[int, list[int], TaskResult, m.Settled]] | None = None
        self._tell: Callable[..., None] | None = None
        self._asks_always = type(self).transition_eval is not Committer.transition_eval

    @property
    def _codec(self) -> Codec:
        """What writes and reads values of the context."""
        if self._own_codec is None:
            from .codec import Codec  # lazily: without a recorder few ticks need one

            workflow = self.instance.workflow
            recorder = self._recorder
            if recorder is not None:
                self._own_codec = recorder.codec
            else:
                self._own_codec = Codec(workflow.modules, workflow.classes, workflow.twins)
        return self._own_codec

    def transition_eval(self, transition: Transition) -> object:
        """Return whether ``transition`` is taken."""
        return not transition.cond or transition.cond(self.instance.context)

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

    def _decide_failure(self, number: int, outcome: int = m.FAILED) -> list[int]:
        """Decide the transitions of a task that failed or timed out; none when none of them is about that."""
        if any(transition.on in _MATCHES[outcome] for transition in self._tasks[number].followed_by):
            return self._decide(number, outcome)
        return []

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

    def _commit(self, number: int, outcome: int, decisions: list[int], result: TaskResult) -> m.Settled:
        """Make the end of an attempt durable, then let the instance know.

        :raises CodecError: if the context cannot be saved; then nothing has been decided or recorded
        """
        if faults.hit:
            faults.hit("attempt.committed.before")
        instance, task = self.instance, self._tasks[number]
        if self.summary.retrying:  # the attempt before, if it was in this tick
            self.summary.retrying.pop(task.name, None)
        result.generation = instance.marking.generation[number]
        if outcome == m.READY and task.options.deadline is not None and task.name not in instance.deadlines:
            # Set even if the context cannot be saved: then the attempt fails, and the deadline counts from it.
            instance.deadlines[task.name] = self._moment(task.options.deadline.total_seconds() - result.took)
        at = ""
        if self._recorder is not None:
            at = self._recorder.attempt(instance, number, decisions, result, self._consumed, self._dropped)
        if self._consumed or self._dropped:
            replaying.take_signals(instance, (*self._consumed, *self._dropped))
            if self._dropped and self._untold_signals:
                self._tell_of_dropped(task.name)
            self._dropped = {}
        error = "" if result.error is None else error_text(result.error)
        if outcome != m.READY:
            if instance.waits:
                self._children += self.waited_children()
            return replaying.settle(instance, number, task.name, outcome, decisions, error)
        if result.error is not None:
            replaying.note_failure(instance, task.name, result.attempt, error, result.retry_at)
        elif result.changed and result.wait is not None:
            known = instance.waits.get(task.name)
            # As it is when the record is replayed.
            result.wait.since = known.since if known is not None else at or result.wait.since
            replaying.note_wait(instance, task.name, result.wait)
        return _NOTHING

    def _tell_of_dropped(self, name: str) -> None:
        """Warn of signals that are gone without having counted."""
        from .misfits import dropped_notes  # lazily: it is rare

        for note in dropped_notes(self.instance, name, self._untold_signals, self._dropped):
            self._log("warning", "%s", note)
        self._untold_signals = []

    def _announce(self, number: int, decisions: list[int], result: TaskResult, settled: m.Settled) -> None:
        """Tell the observers what happened, now that it is durable."""
        if self._untold is not None:
            self._untold.append((number, decisions, result, settled))
            return
        if self._children:
            self.cancel_children(self._children)
            self._children = []
        if settled.skipped or settled.cancelled:
            names = self.instance.marking.graph.names
            self.summary.skipped += [names[each] for each in (*settled.skipped, *settled.cancelled)]
        if self._tell is not None:
            self._tell(self._engine.host, self.instance, self._tasks[number], decisions, result, settled)

    def _end_badly(
        self, number: int, outcome: int, decisions: list[int], result: TaskResult, *, inline: bool = False
    ) -> m.Settled:
        """Record that an attempt failed or that a task timed out, and tell of it.

        :param outcome: ``READY`` if the task is tried again, ``FAILED`` or ``TIMED_OUT``
        :param inline: it is tried again within this tick
        """
        assert result.error is not None, "it ended badly"
        try:
            settled = self._commit(number, outcome, decisions, result)
        except CodecError as unsaved:  # left by a condition, which the next tick asks again
            error = self._drop_unsaved(number, unsaved)
            reason = "a condition left what cannot be saved"
            outcome, decisions, inline, self._consumed = m.READY, [], False, ()
            result = TaskResult(
                TaskStatus.RETRYING, attempt=result.attempt, took=result.took, reason=reason, error=error
            )
            settled = self._commit(number, outcome, decisions, result)
        name = self._tasks[number].name
        assert result.error is not None, "as above"
        self.summary.waiting.pop(name, None)
        if outcome == m.TIMED_OUT:
            self.summary.timed_out.append(name)
        if result.retry_at:
            self.summary.retrying[name] = result.error
        elif not decisions:
            self.summary.failures[name] = result.error
        if inline:
            self._later.append((result.retry_at, number))
        self._announce(number, decisions, result, settled)
        return settled

    def _drop_unsaved(self, number: int, error: BaseException) -> BaseException:
        """Put the context back if it holds what cannot be saved, now that an attempt ends badly.

        :return: what it ends with: ``error``, or where that is about this value, the error that names the task too
        """
        if self._recorder is None:
            return error
        try:
            self._recorder.changes(self.instance)
        except CodecError as unsaved:
            from .codec_errors import dropped, left_by  # lazily: it is rare

            name = self._tasks[number].name
            self._put_back_context(unsaved)
            if isinstance(error, CodecError) and error.path == unsaved.path:
                return left_by(name, unsaved)
            self._log("warning", "%s", dropped(name, unsaved))
        return error

    def _put_back_context(self, why: WfepyError) -> None:
        """Have the context as it was last saved; nothing is changed where nothing is saved."""
        if self._recorder is not None:
            self._recorder.put_back_context(self.instance)
            self._replaced = why

    def _not_recorded(self, number: int, error: PluginError) -> m.Settled:
        """Leave the task as it was: a plugin is broken."""
        self._dropped = {}
        name = self._tasks[number].name
        self._put_back_context(error)
        if self._engine.host.internal_error:
            self._engine.host.notify("wfepy_internal_error", instance=self.instance, error=error)
        self.summary.failures[name] = error
        self.summary.unrecorded.add(name)
        return _NOTHING

    def _record(self, event: str, **fields: Any) -> str:
        """Make something durable that happened beside the attempts, and return when."""
        if self._recorder is not None:
            return self._recorder.append(self.instance, event, **fields)
        return format_time(self._engine.clock())

    def _remind(self, number: int, wait: WaitState) -> None:
        host = self._engine.host
        if host.task_reminder:
            from .announce import tell_recorded  # lazily: few tasks are reminded of

            task, instance = self._tasks[number], self.instance
            tell_recorded(host, instance, instance.seq, "wfepy_task_reminder", task=task, wait=wait)

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
        :raises CodecError: if the context cannot be saved
        """
        if self._recorder is not None:
            self._recorder.changes(self.instance)  # else there would be a child that nobody waits for
        if self._engine.start_child is None:
            raise UsageError(
                "start_child() needs the workflows of a project",
                hint="run it by wfepy run or wfepy tick, with the other workflow in wfepy.toml",
            )
        return self._engine.start_child(self.instance, self._tasks[number].name, child)

    def _batch(self) -> AbstractContextManager[None]:
        """Return what is entered to make records durable together; nothing, where nothing is saved."""
        return NOTHING if self._recorder is None else self._recorder.batch()

    def _moment(self, seconds: float) -> str:
        """Return the moment in so many seconds from now."""
        from datetime import timedelta

        return format_time(self._engine.clock() + timedelta(seconds=seconds))

    @staticmethod
    def _log(level: str, message: str, *args: object) -> None:
        getattr(logger(), level)(message, *args)
