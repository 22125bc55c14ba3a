"""The runner: one tick of one instance, with the hooks around each task.

A tick tries every task that may run once. A task that ends decides its transitions; what they make ready runs in
the same tick. Then the tick ends, and whatever waits or failed is tried again by the next one.
"""

from __future__ import annotations

from time import perf_counter

from . import faults, state
from . import marking as m
from .answer import as_answer, error_text
from .engine import Engine
from .errors import CodecError, PluginError
from .frontier import marking_from, tokens
from .instance import Instance
from .outcome import GiveUp, InstanceStatus, RetryDecision, TaskResult, TaskStatus, Wait

__all__ = ["Runner", "TickSummary"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .frontier import Token
    from .recorder import Recorder
    from .task import Task, Transition
    from .workflow import Workflow

_MATCHES = {m.DONE: ("done", "any"), m.FAILED: ("failed", "any"), m.TIMED_OUT: ("timeout", "any")}
_NOTHING = m.Settled()


class TickSummary:
    """What one tick of one instance came to.

    :ivar completed: :ivar skipped: names of the tasks, in order
    :ivar waiting: names of the tasks that wait, and what for
    :ivar failures: names of the tasks that failed, and the errors; the ones that are tried again among them
    :ivar status: the status of the instance after the tick
    """

    __slots__ = ("completed", "failures", "skipped", "status", "waiting")

    def __init__(self) -> None:
        self.completed: list[str] = []
        self.skipped: list[str] = []
        self.waiting: dict[str, str] = {}
        self.failures: dict[str, BaseException] = {}
        self.status: str = InstanceStatus.RUNNING

    def __repr__(self) -> str:
        parts = f"{len(self.completed)} completed, {len(self.waiting)} waiting, {len(self.failures)} failed"
        return f"<TickSummary {self.status}: {parts}>"


class _AttrsFields:
    """Lets ``@attr.s`` make subclasses, as WfEpy's documentation does: there, Runner was such a class itself."""

    def __get__(self, instance: object, owner: type) -> tuple[Any, ...]:
        import attr  # only attrs itself asks for this

        base = attr.make_class("Runner", {"workflow": attr.ib(), "context": attr.ib(default=None)})
        return tuple(attr.fields(base))


class Runner:
    """Executes one instance of a workflow.

    Subclasses may override :meth:`load`, :meth:`dump`, :meth:`task_execute` and :meth:`transition_eval`.

    :ivar workflow: the workflow
    :ivar instance: the instance that it runs
    :ivar summary: what the last tick came to
    """

    __attrs_attrs__ = _AttrsFields()
    instance: Instance
    _recorder: Recorder | None = None
    _engine = Engine()
    _first_context: Any = None

    def __init__(self, workflow: Workflow, context: Any = None, *, plugins: Iterable[object] = ()) -> None:
        """
        :param workflow: the workflow
        :param context: passed to all tasks; by default a :class:`.Context`, which is a dict
        :param plugins: modules or objects with hook implementations
        :raises WorkflowError: if the graph has no meaning that could be run
        """
        self.workflow = workflow
        self.context = context
        if plugins:
            self._engine = Engine.with_plugins(plugins)
        self.__attrs_post_init__()

    def __attrs_post_init__(self) -> None:
        # Of this name because it is what the __init__ that attrs writes for a subclass calls.
        self._adopt(Instance(self.workflow, self._first_context))

    @classmethod
    def resume(cls, instance: Instance, engine: Engine, recorder: Recorder | None = None) -> Runner:
        """Return a runner for an instance that exists, which records what happens through ``recorder``."""
        runner = cls.__new__(cls)
        runner.workflow = instance.workflow
        runner._engine = engine
        runner._recorder = recorder
        runner._adopt(instance)
        return runner

    def _adopt(self, instance: Instance) -> None:
        self.instance = instance
        self.summary = TickSummary()
        self._tasks = list(instance.workflow.tasks.values())
        self._unexpanded: list[int] = []
        self._announced = instance.ended is not None
        self._task_error: BaseException | None = None
        self._has_around = False
        self._tell: Callable[..., None] | None = None
        #: History records that an earlier tick may not have told the observers of.
        self.replayed: list[tuple[dict[str, Any], m.Settled]] = []
        self._asks_always = type(self).transition_eval is not Runner.transition_eval
        instance.run_task = self._run_task

    # --- what WfEpy has ------------------------------------------------------------------------------

    @property
    def context(self) -> Any:
        """The object that is passed to all tasks."""
        return self.instance.context if "instance" in self.__dict__ else self._first_context

    @context.setter
    def context(self, value: Any) -> None:
        if "instance" in self.__dict__:
            self.instance.context = value
        else:
            self._first_context = value

    @property
    def state(self) -> list[Token]:
        """The tasks that may run and the joins that wait, as ``(task name, TaskState)``; empty at the end."""
        return tokens(self.instance) if self.instance.is_running else []

    @state.setter
    def state(self, value: Iterable[Token]) -> None:
        instance = self.instance
        instance.marking, self._unexpanded = marking_from(self.workflow.graph, value)
        instance.waits.clear()
        instance.failures.clear()
        instance.errors.clear()
        instance.ended = None
        for name, word in value:
            if word.name == "WAITING":
                state.note_wait(instance, name, "", "")

    @property
    def finished(self) -> bool:
        """Whether the execution is over: no task can run any more. :attr:`status` tells how it ended."""
        return not self.instance.is_running

    @property
    def status(self) -> str:
        """One of :class:`.InstanceStatus`."""
        return self.instance.status

    def load(self, file_path: str) -> None:
        """Go on from the file that :meth:`dump` wrote.

        :raises StateError: if it cannot be read, or is not a state of this workflow
        """
        from .statefile import load_instance  # lazily: a tick reads through its store

        self._adopt(load_instance(file_path, self.workflow))

    def dump(self, file_path: str) -> None:
        """Write the state and the context to a file, as text; a crash leaves the old file or the new one.

        :raises CodecError: if a value in the context cannot be saved
        :raises StateWriteError: if the file cannot be written
        """
        from .statefile import dump_instance  # lazily, as above

        dump_instance(file_path, self.instance)

    def task_execute(self, task: Task) -> Any:
        """Call ``task`` and return its answer."""
        return task.func(self.instance.context)

    def transition_eval(self, transition: Transition) -> object:
        """Return whether ``transition`` is taken."""
        return not transition.cond or transition.cond(self.context)

    def run(self) -> None:
        """Do one tick: try every task that may run, and what this makes ready.

        :raises Exception: what a task raised, after all other branches have advanced. Of several errors the first is
            raised; :attr:`summary` has them all.
        """
        for error in self.tick().failures.values():
            raise error

    def tick(self) -> TickSummary:
        """Do one tick as :meth:`run` does, and return what it came to; what tasks raised is in there.

        :raises StateWriteError: if something cannot be saved; the tick ends there, and what was saved stands
        """
        self.summary = TickSummary()
        host = self._engine.host
        self._has_around = host.has("wfepy_run_task")
        if host.transition_evaluated or host.task_finished:
            from .announce import announce  # lazily: nobody may listen

            self._tell = announce
        if host.tick_started:
            host.notify("wfepy_tick_started", instance=self.instance)
        try:
            if self.replayed:
                self._tell_again()
            self._advance()
            self._end()
        except KeyboardInterrupt:
            if self._recorder is not None:
                self._recorder.save(self.instance)
            raise
        finally:
            self.summary.status = self.instance.status
            if host.tick_finished:
                host.notify("wfepy_tick_finished", instance=self.instance, summary=self.summary)
        return self.summary

    # --- one tick ------------------------------------------------------------------------------------

    def _advance(self) -> None:
        marking, interrupts = self.instance.marking, self._engine.interrupts
        todo = list(marking.queue)
        tried: dict[int, int] = {}
        for task in self._unexpanded:
            todo += self._complete(task, 1, 0.0, self._decide(task, m.DONE)).ready
        self._unexpanded = []
        for task in todo:  # it grows while it is walked
            if task in marking.queue and tried.get(task) != marking.generation[task]:
                if interrupts is not None:
                    interrupts.check()
                tried[task] = marking.generation[task]
                todo += self._attempt(task).ready

    def _tell_again(self) -> None:
        from .announce import announce_replayed  # lazily: only after a crash

        announce_replayed(self._engine.host, self.instance, self.replayed)
        self.replayed = []

    def _end(self) -> None:
        """When nothing can run any more, say so once."""
        instance, host = self.instance, self._engine.host
        status = instance.status
        if status != InstanceStatus.RUNNING and not self._announced:
            if self._recorder is not None:
                self._recorder.append(instance, "ended", status=status)
            instance.ended = status
            self._announced = True
            if status == InstanceStatus.DEAD_END:
                self._report_dead_end()
            if host.instance_finished:
                host.notify("wfepy_instance_finished", instance=instance, status=status)
        if self._recorder is not None:
            self._recorder.save(instance)

    def _report_dead_end(self) -> None:
        from .why import false_conditions  # lazily: it is rare

        reasons = "; ".join(false_conditions(self.instance)) or "every way to an end point was skipped"
        self._log("error", "%s/%s is a dead end: %s", self.workflow.name, self.instance.id, reasons)

    @staticmethod
    def _log(level: str, message: str, *args: object) -> None:
        import logging  # lazily: 6 ms that a plain tick does not need

        getattr(logging.getLogger("wfepy_hooks"), level)(message, *args)

    # --- one attempt ---------------------------------------------------------------------------------

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
        except KeyboardInterrupt:
            raise
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
        except Exception as second:  # noqa: BLE001  # a condition of on="failed" raised
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
        if isinstance(error, CodecError):
            if self._recorder is not None:
                self._recorder.put_back_context(self.instance)
            error.where = f'task "{name}": {error.where}'
        elif self._engine.host.internal_error:
            self._engine.host.notify("wfepy_internal_error", instance=self.instance, error=error)
        self.summary.failures[name] = error
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
        at = "" if self._recorder is None else self._record(self._recorder, task, number, decisions, result)
        error = "" if result.error is None else error_text(result.error)
        if outcome != m.READY:
            return state.settle(instance, number, task.name, outcome, decisions, error)
        if result.error is not None:
            state.note_failure(instance, task.name, result.attempt, error)
        elif result.changed:
            state.note_wait(instance, task.name, at, result.reason)
        return _NOTHING

    def _record(
        self, recorder: Recorder, task: Task, number: int, decisions: list[int], result: TaskResult
    ) -> str:
        instance, graph = self.instance, self.instance.marking.graph
        encoded, patch = recorder.changes(instance)
        if not result.changed and not patch:
            return ""  # a repeated poll is not a change
        fields: dict[str, Any] = {
            "task": task.name,
            "generation": result.generation,
            "attempt": result.attempt,
            "status": result.status,
        }
        if decisions:
            first = graph.first_edge[number]
            fields["next"] = [
                f"{graph.names[graph.target[first + place]]}: {m.EDGE_WORDS[decision]}"
                for place, decision in enumerate(decisions)
            ]
        if not result.changed:
            fields["again"] = True  # a repeated poll, recorded for what it changed in the context
        if result.reason:
            fields["reason"] = result.reason
        if result.error is not None:
            fields["error"] = error_text(result.error)
        at = recorder.append(instance, "task", **fields, **patch, took=round(result.took, 6))
        recorder.encoded = encoded
        result.event_id = f"{instance.uid}-{instance.seq}"
        return at

    def _announce(self, number: int, decisions: list[int], result: TaskResult, settled: m.Settled) -> None:
        """Tell the observers what happened, now that it is durable."""
        skipped = settled.skipped or settled.cancelled
        names = self.instance.marking.graph.names
        if skipped:
            self.summary.skipped += [names[each] for each in (*settled.skipped, *settled.cancelled)]
        if self._tell is not None:
            self._tell(self._engine.host, self.instance, self._tasks[number], decisions, result, settled)
