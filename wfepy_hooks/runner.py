"""The runner: one tick of one instance, with the hooks around each task.

A tick tries every task that may run once. A task that ends decides its transitions; what they make ready runs in
the same tick. Then the tick ends, and whatever waits or failed is tried again by the next one.
"""

from __future__ import annotations

from . import marking as m
from .attempt import TaskRunner
from .engine import Engine
from .frontier import marking_from, tokens
from .instance import Instance
from .outcome import InstanceStatus
from .summary import TickSummary
from .waitstate import WaitState

__all__ = ["Runner", "TickSummary"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .beside import Beside
    from .frontier import Token
    from .recorder import Recorder
    from .workflow import Workflow


class _AttrsFields:
    """Lets ``@attr.s`` make subclasses, as WfEpy's documentation does: there, Runner was such a class itself."""

    def __get__(self, instance: object, owner: type) -> tuple[Any, ...]:
        import attr  # only attrs itself asks for this

        base = attr.make_class("Runner", {"workflow": attr.ib(), "context": attr.ib(default=None)})
        return tuple(attr.fields(base))


class Runner(TaskRunner):
    """Executes one instance of a workflow.

    Subclasses may override :meth:`load`, :meth:`dump`, :meth:`task_execute` and :meth:`transition_eval`.

    :ivar workflow: the workflow
    :ivar instance: the instance that it runs
    :ivar summary: what the last tick came to
    """

    __attrs_attrs__ = _AttrsFields()
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
        self._engine = Engine.with_plugins(plugins)
        self.__attrs_post_init__()

    def __attrs_post_init__(self) -> None:
        # Of this name because it is what the __init__ that attrs writes for a subclass calls, in place of ours.
        if "_engine" not in vars(self):
            self._engine = Engine()
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
        self._prepare(instance)
        self._unexpanded: list[int] = []
        #: How each task runs that is not just called; ``None``: not known yet.
        self._modes: dict[int, str] | None = None
        self._beside: Beside | None = None
        #: The tasks that this tick has tried, and in which generation.
        self._tried: dict[int, int] = {}
        #: History records that an earlier tick may not have told the observers of.
        self.replayed: list[tuple[dict[str, Any], m.Settled]] = []

    # What WfEpy has

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
        instance.retry_at.clear()
        instance.deadlines.clear()
        instance.items.clear()
        for name, word in value:
            if word.name == "WAITING":
                instance.waits[name] = WaitState("", "")

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

        self._adopt(load_instance(file_path, self.workflow, self.context))

    def dump(self, file_path: str) -> None:
        """Write the state and the context to a file, as text; a crash leaves the old file or the new one.

        :raises CodecError: if a value in the context cannot be saved
        :raises StateWriteError: if the file cannot be written
        """
        from .statefile import dump_instance  # lazily, as above

        dump_instance(file_path, self.instance)

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
        self._look_at_plugins()
        try:
            if host.tick_started:
                host.notify("wfepy_tick_started", instance=self.instance)
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

    # One tick

    def _advance(self) -> None:
        if self.instance.paused is not None:
            return
        marking = self.instance.marking
        todo = list(marking.queue)
        for task in self._unexpanded:
            todo += self._complete(task, 1, 0.0, self._decide(task, m.DONE)).ready
        self._unexpanded = []
        self._tried.clear()
        if self._modes is None:
            self._modes = self._find_modes()
        self._try_all(todo)
        if self._later or self._beside is not None:
            from .later import go_on  # lazily: only when something failed, or runs beside this

            go_on(self)

    def _try_all(self, todo: list[int]) -> None:
        """Try each task of ``todo`` that may run, and what they make ready."""
        instance, tried, interrupts = self.instance, self._tried, self._engine.interrupts
        marking, waits, retry_at = instance.marking, instance.waits, instance.retry_at
        names, modes, deadlines = marking.graph.names, self._modes, instance.deadlines
        for task in todo:  # it grows while it is walked
            if task not in marking.queue or tried.get(task) == marking.generation[task]:
                continue
            if interrupts is not None:
                interrupts.check()
            tried[task] = marking.generation[task]
            settled, self._seen = None, 0
            if waits or retry_at or deadlines:
                name = names[task]
                if name in waits or name in retry_at or name in deadlines:
                    settled = self._look_at(task)
            if settled is None:
                settled = self._launch(task) if modes and task in modes else self._attempt(task)
            todo += settled.ready
            if self._again:
                todo += self._again
                for each in self._again:
                    tried.pop(each, None)
                self._again.clear()

    def _find_modes(self) -> dict[int, str]:
        """Find out which tasks are not just called, see :mod:`.beside`."""
        workflow, engine = self.workflow, self._engine
        if engine.executor is None and not workflow.has_modes:
            return {}
        if self._has_around:
            # A plugin is around each task: they run one after the other, so that it is called in this thread.
            return {n: "inline" for n, task in enumerate(self._tasks) if task.options.each is not None}
        from .beside import modes_of  # lazily: most workflows are just functions that are called

        return modes_of(self)

    def _launch(self, task: int) -> m.Settled:
        if self._beside is None:
            from .beside import Beside

            self._beside = Beside(self, self._modes or {})
        return self._beside.launch(task)

    def _look_at(self, task: int) -> m.Settled | None:
        """Decide what becomes of a task that was tried before; ``None``: it is to be tried now."""
        name = self._tasks[task].name
        wait = self.instance.waits.get(name)
        if wait is not None and name not in self.instance.deadlines and wait.is_plain:
            return None
        from .gate import gate  # lazily: most waits are polls

        return gate(self, task)

    def _tell_again(self) -> None:
        from .announce import announce_replayed  # lazily: only after a crash

        announce_replayed(self._engine.host, self.instance, self.replayed)
        self.replayed = []

    def _end(self) -> None:
        """When nothing can run any more, say so once."""
        instance, host = self.instance, self._engine.host
        status = instance.status
        if status != InstanceStatus.RUNNING and instance.ended is None:
            if self._recorder is not None:
                self._recorder.append(instance, "ended", status=status)
            instance.ended = status
            if status == InstanceStatus.DEAD_END:
                self._report_dead_end()
            if host.instance_finished:
                from .announce import tell_recorded  # lazily: most ticks end no instance

                tell_recorded(host, instance, instance.seq, "wfepy_instance_finished", status=status)
        if self._recorder is not None:
            self._recorder.save(instance)

    def _report_dead_end(self) -> None:
        instance = self.instance
        self._log("error", "%s/%s is a dead end: %s", self.workflow.name, instance.id, instance.why_ended())
