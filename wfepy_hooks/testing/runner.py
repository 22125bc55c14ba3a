"""A workflow under test: its instance lives in memory, and its time passes when the test says so."""

from __future__ import annotations

from .. import state
from ..clock import format_time, parse_time
from ..firstcontext import first_context
from ..instance import Instance
from ..sending import Sent, send_signal
from ..signals import Signal
from ..summary import TickSummary
from ..timing import to_moment
from ..waking import EVERY_TICK, wake_of
from .doubles import Double, check_functions
from .expecting import Expecting
from .roundtrip import NoEnd
from .waking import next_wake
from .world import Recipe, World

__all__ = ["WorkflowRunner"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ..operations import Operations
    from ..project import Project
    from ..report import Report
    from ..timing import Duration, Moment
    from .clock import FakeClock
    from .fuzzing import FuzzReport
    from .world import Target

#: So many ticks happen in one :meth:`WorkflowRunner.advance` at the most.
_MOST_TICKS = 10_000


class WorkflowRunner(Expecting):
    """Runs a workflow in a test, and tells what became of it. The fixture ``workflow_runner`` makes it.

    Each tick loads the instance from what is saved, as the ticks of cron do, and after each task it is saved and loaded
    once more. Task functions are called as they are, unless :meth:`replace` puts a double in their place.
    """

    def __init__(self, world: World, workflow: str, id: str, *, is_exact: bool = False) -> None:
        """Make a runner of an instance that is there or comes later; see :meth:`make`.

        :param is_exact: it is about no other instance, also where schedules begin some
        """
        self._world = world
        self._workflow = workflow
        self._id = id
        self._is_exact = is_exact
        #: What the last tick came to for the instance, also one that raised.
        self.summary = TickSummary()
        #: Does the work of a tick; set where ticks are processes of their own.
        self._tick_apart: Callable[[Callable[[], TickSummary]], TickSummary] | None = None

    @classmethod
    def make(
        cls, target: Target, context: Any = None, *, folder: str = ".", **options: Any
    ) -> WorkflowRunner:
        """Return a runner for a workflow; the fixture ``workflow_runner`` does this, and cleans up.

        :param target: a module, a :class:`.Workflow`, the path of a ``.py`` file, or the name of a workflow in the
            config file
        :param context: the values of the first context, or the context itself
        :param folder: where paths start, and the search for the config file
        :param options: ``instance``, ``now``, ``plugins``, ``round_trip``, ``start`` and so on, see :class:`.Recipe`
        :raises WfepyError: if there is no such workflow, or something is wrong with it
        """
        return cls.by_recipe(Recipe(target, folder, context=context, **options))

    @classmethod
    def by_recipe(
        cls, recipe: Recipe, doubles: Mapping[str, Mapping[str, Double]] | None = None
    ) -> WorkflowRunner:
        """Return a runner in a world of its own, with doubles like these."""
        world = World(recipe)
        for workflow, each in (doubles or {}).items():
            world.doubles[workflow] = {task: double.fresh() for task, double in each.items()}
        world.restart()
        world.project.workflow(world.name)  # now, so that what is wrong with it is told here
        runner = cls(world, world.name, recipe.instance)
        start = recipe.start
        if start is None:
            start = not world.config.workflows[world.name].start
        if start:
            runner.start()
        return runner

    def close(self) -> None:
        """Let the plugins clean up."""
        self._world.config.close()

    def __repr__(self) -> str:
        return f"<WorkflowRunner {self._workflow}/{self.id} at {self.clock.now:%Y-%m-%d %H:%M}Z>"

    # --- what there is -------------------------------------------------------------------------------

    @property
    def clock(self) -> FakeClock:
        """The clock, of which ``now`` can be set."""
        return self._world.clock

    @property
    def id(self) -> str:
        """The id of the instance; where schedules begin instances, of the youngest one."""
        store, name = self._world.store, self._workflow
        known = self.instances
        if self._is_exact or self._id in known or not known:
            return self._id
        return max(known, key=lambda each: (store.read(name, each)[0]["created"], each))

    @property
    def instances(self) -> list[str]:
        """The ids of all instances of the workflow, also of those that have ended, sorted."""
        store, name = self._world.store, self._workflow
        return sorted({*store.list(name), *store.list(name, ended=True)})

    @property
    def instance(self) -> Instance:
        """The instance as it is saved.

        :raises InstanceNotFound: if there is none yet
        """
        return self._world.project.read(self._workflow, self.id)

    @property
    def context(self) -> Any:
        """A copy of the context as it is saved."""
        return self.instance.context

    @property
    def wake(self) -> datetime | None:
        """When a tick next has something to do for the instance: now, if at each tick; ``None``: only a signal or a
        person can wake it, or it has ended."""
        instance = self.instance
        wake = None if instance.ended is not None else wake_of(instance)
        if wake is None:
            return None
        return self.clock.now if wake == EVERY_TICK else parse_time(wake)

    @property
    def doubles(self) -> dict[str, Double]:
        """The doubles of the workflow by the names of their tasks."""
        return self._world.doubles.setdefault(self._workflow, {})

    @property
    def operations(self) -> Operations:
        """What a person can do: ``runner.operations.skip(workflow, instance, task)``, as ``wfepy skip`` does."""
        from ..operations import Operations  # lazily: few tests step in

        return Operations(self._world.project)

    def other(self, instance: str, workflow: str = "") -> WorkflowRunner:
        """Return a runner for another instance of the same world, such as the child of a task; it may begin later.

        :raises ConfigError: if there is no such workflow
        """
        __tracebackhide__ = True
        name = workflow or self._workflow
        self._world.check_name(name)
        made = type(self)(self._world, name, instance, is_exact=True)
        made._tick_apart = self._tick_apart
        return made

    # --- what happens --------------------------------------------------------------------------------

    def start(self, instance: str = "", context: Any = None) -> WorkflowRunner:
        """Begin an instance, and return the runner for it; the next tick runs it.

        :param instance: its id; by default that of this runner
        :param context: the values of its first context, or the context itself; by default what the runner was made with
        :raises InstanceExists: if there is one of this id
        """
        world, name = self._world, instance or self._id
        workflow = world.project.workflow(self._workflow)
        context = self._first_context(world.recipe.context if context is None else context)
        made = Instance(workflow, context, id=name, created=format_time(self.clock()))
        document = state.to_document(made, world.project.codec(self._workflow).encode(made.context))
        world.store.create(self._workflow, name, document).release()
        world.is_settled = False
        return self if name == self._id else self.other(name)

    def _first_context(self, given: Any) -> Any:
        """Return the context with which an instance begins, by the values of a dict or as it is given."""
        if given is not None and type(given) is not dict:
            return given
        config, workflow = self._world.config, self._world.project.workflow(self._workflow)
        return first_context(config.workflows[self._workflow], given or {}, workflow.module)

    def tick(self, *, after: Duration | None = None) -> TickSummary:
        """Do one tick of all that there is, and return what it came to for the instance.

        :param after: let so much time pass before, in which nothing ticks, as when the machine is down
        :raises Exception: what a task raised that no policy and no transition is about, after all others have advanced;
            the next tick tries it again. What else the tick came to is in :attr:`summary`.
        """
        __tracebackhide__ = True
        self._world.is_settled = True
        return self._ticked(after, lambda project: list(project.tick()))

    def run(self, *, after: Duration | None = None) -> TickSummary:
        """Do one tick of this instance alone, as ``wfepy run`` does: also of one for which there is nothing to do yet.

        :param after: as of :meth:`tick`
        :raises InstanceNotFound: if it has ended
        :raises Exception: as :meth:`tick` does
        """
        __tracebackhide__ = True
        id = self.id
        return self._ticked(after, lambda project: [project.tick_one(self._workflow, id)])

    def _ticked(self, after: Duration | None, work: Callable[[Project], list[Report]]) -> TickSummary:
        __tracebackhide__ = True
        if after is not None:
            self.clock.advance(after)
        if self._tick_apart is None:
            return self._ticked_here(work)
        self.summary = self._tick_apart(lambda: self._ticked_here(work))
        return self.summary

    def _ticked_here(self, work: Callable[[Project], list[Report]]) -> TickSummary:
        __tracebackhide__ = True
        self._world.restart()
        self._world.observer.begin_tick()
        try:
            reports = work(self._world.project)
        except NoEnd as error:
            raise AssertionError(str(error)) from None
        self.summary = self._summary_of(reports)
        for lost in self._world.observer.errors[:1]:
            self._world.observer.errors.clear()
            raise lost
        for report in reports:
            _raise_error(report)
        return self.summary

    def _summary_of(self, reports: list[Report]) -> TickSummary:
        name = self.id
        for report in reports:
            if (report.workflow, report.instance) == (self._workflow, name) and report.summary is not None:
                return report.summary
        return TickSummary()

    def advance(self, duration: Moment, *, every: Duration | None = None) -> list[datetime]:
        """Let time pass: tick at each moment at which there is something to do, and once more at the end. What can be
        done at once, since an instance has begun or a signal was sent, is done first.

        That is when a task that waits is to be called, is to be reminded of or times out, when one that failed is tried
        again, and when a schedule begins an instance; of all instances. Tasks that are just called again at each tick
        are called at these moments, too; ``every`` says how often more.

        :param duration: how long, such as ``"3d"``, or until which moment
        :param every: tick as often as this, too, as a cron line would
        :return: the moments of the ticks
        :raises ValueError: if that moment has passed
        :raises Exception: as :meth:`tick` does; then it is that moment
        """
        __tracebackhide__ = True
        end = to_moment(duration, self.clock.now, "how far to advance")
        if end < self.clock.now:
            raise ValueError(
                f"{end} is before now, which is {self.clock.now}; to set the clock back, set clock.now"
            )
        ticks: list[datetime] = []
        if not self._world.is_settled:
            ticks.append(self.clock.now)
            self.tick()
        while self.clock.now < end or not ticks:
            self.clock.now = next_wake(self._world, self.clock.now, end, every)
            ticks.append(self.clock.now)
            if len(ticks) > _MOST_TICKS:
                raise AssertionError(
                    f"there were {_MOST_TICKS} ticks from {ticks[0]} to {ticks[-1]}, and {end} is not reached: "
                    "something is to be done again and again after a short time; tick(after=...) lets time pass "
                    "in which nothing ticks"
                )
            self.tick()
        return ticks

    def signal(self, name: str, data: Any = None, *, by: str = "", id: str = "", check: bool = True) -> Sent:
        """Send a signal, which the next tick delivers.

        :param check: refuse it if no task that waits for it would take it; without that it is as if somebody had
            committed its file
        :raises UsageError: if it is refused, as ``wfepy signal`` says it
        :raises InstanceNotFound: if the instance has ended
        """
        world, instance = self._world, self.id
        world.signals += 1
        world.is_settled = False
        id = id or f"signal-{world.signals:04}"
        if check:
            sent = send_signal(world.project, self._workflow, instance, name, data, by=by, id=id)
            world.sent_notes[self._workflow, instance, sent.id] = sent.warning
            return sent
        signal = Signal(id, name, data, by=by, sent=format_time(self.clock()))
        return Sent(id, world.store.send(self._workflow, instance, signal.to_json()), [])

    def restart(self, target: Target | None = None) -> None:
        """Forget everything but what is saved, as the end of a process does; each tick begins with this.

        :param target: go on with other code, such as the next version of the workflow; a module, a workflow or a file
        :raises WfepyError: if that is wrong
        """
        world = self._world
        if target is not None:
            world.replace_code(self._workflow, target)
        world.restart()
        world.project.workflow(self._workflow)

    def replace(self, task: str, does: Any = True) -> Double:
        """Put a double in place of the function of a task; everything else about the task stays.

        :param does: what it does instead: a function such as ``lambda context: True``, which may ask for arguments as a
            task does; what it returns, which may be the choice of an approval; an exception that it raises; or a list
            of these, one for each call
        :raises LookupError: if there is no such task
        :raises TypeError: if a function cannot be called as a task is
        """
        __tracebackhide__ = True
        workflow = self._world.project.workflow(self._workflow)
        if task not in workflow.tasks:
            self._no_task(task)
        check_functions(does, workflow.tasks[task], workflow.provided)
        double = self.doubles[task] = Double(task, does)
        self._world.restart()
        return double

    # --- what could happen ---------------------------------------------------------------------------

    def crash_at_every_step(
        self,
        scenario: Callable[[WorkflowRunner], object],
        effects: Callable[[WorkflowRunner], object] | None = None,
        *,
        inside_tasks: bool = True,
        limit: int | None = 100,
    ) -> int:
        """Run a scenario once for each moment at which a tick can be killed, kill it there, and let the next one go on.

        That is around each change of what is saved, and while a task runs whenever it is about to touch a file, a
        process or the network, or has written a file by half.

        Each run has a runner of its own, made as this one was and with doubles like those of this one, and begins in an
        empty working directory. Each tick is a process of its own. See :mod:`.crashing`.

        :param scenario: what the test does with a runner, with its assertions
        :param effects: what must be the same in the end, however often a tick was killed; by default the files in the
            working directory, which doubles were called by which keys, the context, and what became of the tasks
        :param inside_tasks: kill while tasks run, too
        :param limit: so many moments inside tasks are tried, and a warning tells if there are more; ``None``: all
        :return: at how many moments it was killed
        :raises AssertionError: if something differs, with the first few moments
        """
        __tracebackhide__ = True
        from .crashing import crash_everywhere  # lazily: few tests do it

        return crash_everywhere(self._world, scenario, effects, inside_tasks=inside_tasks, limit=limit)

    def fuzz_conditions(self, *, max_examples: int = 300, check: bool = True, **values: Any) -> FuzzReport:
        """Drive every branch: decide the conditions by all kinds of values, and look where the instance ends.

        No task is called. See :mod:`.fuzzing`.

        :param max_examples: how many instances are tried
        :param check: raise if something is found
        :param values: what the items of the context that conditions ask for may be: a list, or a hypothesis strategy
        :raises AssertionError: if a task is never reached, a transition never taken, an instance comes to a dead end,
            or the name of an item is likely to be misspelt
        """
        __tracebackhide__ = True
        from .fuzzing import fuzz  # lazily: few tests do it

        workflow = self._world.project.workflow(self._workflow)
        report = fuzz(workflow, values, max_examples, self._first_context(self._world.recipe.context))
        if check:
            report.check()
        return report


def _raise_error(report: Report) -> None:
    __tracebackhide__ = True
    if report.error is not None:
        raise report.error
    if report.summary is not None:
        for error in report.summary.failures.values():
            raise error
