"""What runs beside the thread of the tick, or many times: async tasks, tasks in threads and processes, items.

The coordinator stays in one thread. It starts what may start, waits until something has finished, and records all that
has finished by then with one flush of the disk; only then does what follows start.
"""

from __future__ import annotations

from functools import partial

from . import marking as m
from .answer import as_answer
from .arguments import PORTABLE, Call
from .context import refill
from .eachtask import EachTask
from .errors import CodecError, WfepyError

__all__ = ["Beside", "ContextReplaced", "await_task", "modes_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from .executors import Branches, Done, Executor, Finished, Home, Loaded, Pump
    from .runner import Runner
    from .task import Task

    Key = tuple[int, int]

INLINE, ASYNC, POOL = "inline", "async", "pool"
#: Threads for tasks with a time limit, where the config asks for no executor.
_THREADS = 8


class ContextReplaced(WfepyError):
    """What an async task has put into the context is gone: another took its place while the task ran."""

    def __init__(self, task: str, why: WfepyError) -> None:
        what = "the context, which async tasks share, was replaced while it ran"
        super().__init__(f"{what}, because of {why.where}: {why.what}", where=f'task "{task}"')


def modes_of(runner: Runner) -> dict[int, str]:
    """Return how each task runs that is not just called, by its number: ``async``, ``pool``, ``inline`` for items."""
    modes = {}
    has_executor = runner._engine.executor is not None
    for number, task in enumerate(runner._tasks):
        options = task.options
        if task.is_async:
            modes[number] = ASYNC
        elif (has_executor or options.time_limit is not None) and _is_portable(runner, task):
            modes[number] = POOL
        elif options.each is not None:
            modes[number] = INLINE
    return modes


def _is_portable(runner: Runner, task: Task) -> bool:
    return PORTABLE.issuperset(runner._wanted.get(task.name, ()))


async def await_task(
    task: Task, context: Callable[[], Any], call: Call | None, names: Collection[str]
) -> Any:
    """Return what an async task answers.

    :param context: returns what is passed to it
    """
    return await task.func(context(), **({} if call is None else call.values(names)))


class Unit:
    """One attempt that runs: of a task, or at one item of it.

    :ivar attempt: its number, from 1
    :ivar call: what was passed to it, or ``None``
    :ivar seen: number of the history record of the last signal that it has seen
    :ivar branch: the copy of the context that it works on, for :class:`.Branches`; ``None``: the context itself
    :ivar replaced: why the context was last replaced before it began; of an async task only
    """

    __slots__ = ("attempt", "branch", "call", "replaced", "seen")

    def __init__(self, attempt: int, call: Call | None, seen: int, branch: int | None = None) -> None:
        self.attempt = attempt
        self.call = call
        self.seen = seen
        self.branch = branch
        self.replaced: WfepyError | None = None


class Beside:
    """Runs for one tick of one instance what :func:`modes_of` names."""

    def __init__(self, runner: Runner, modes: dict[int, str]) -> None:
        self._runner = runner
        self._modes = modes
        self._units: dict[Key, Unit] = {}
        self._each: dict[int, EachTask] = {}
        self._pump: Pump | None = None
        self._branches: Branches | None = None
        self._executor: Executor | None = None
        self._home: Home | Loaded | None = None

    @property
    def is_busy(self) -> bool:
        """Whether anything runs, or is to be started."""
        return bool(self._units or self._each)

    def launch(self, number: int) -> m.Settled:
        """Begin a task; it has not ended when this returns, unless it could not be begun."""
        runner, task = self._runner, self._runner._tasks[number]
        if task.options.each is not None:
            each = EachTask(runner, number)
            failed = each.begin()
            if failed is not None:
                return failed
            self._each[number] = each
            return m.Settled()
        attempt = runner.instance.failures.get(task.name, 0) + 1
        if runner._engine.host.task_started:
            runner._engine.host.notify(
                "wfepy_task_started", instance=runner.instance, task=task, attempt=attempt
            )
        return self._start(number, attempt)

    def collect(self, timeout: float | None) -> list[int]:
        """Start what may start, wait until something has finished, and record that.

        :param timeout: seconds after which it returns without
        :return: the tasks that may run now
        """
        for number in list(self._each):
            ready = self._step(number)
            if ready is not None:
                return ready
        if not self._units:
            return []
        assert self._pump is not None
        with self._runner._engine.inside_task:  # an interrupt gets through
            finished = self._pump.wait(timeout)
        return self._record(finished)

    def close(self) -> None:
        """End what still runs."""
        if self._pump is not None:
            self._pump.close()

    # --- starting ------------------------------------------------------------------------------------

    def _step(self, number: int) -> list[int] | None:
        """Go on with the items of one task; return what may run when the task has ended."""
        each, mode = self._each[number], self._modes[number]
        if mode == INLINE:
            ready: list[int] | None = each.run_inline()
        else:
            failed = self._start_items(each, number)
            ready = failed.ready if failed is not None else each.end() if each.is_over() else None
        if ready is not None:
            del self._each[number]
        return ready

    def _start_items(self, each: EachTask, number: int) -> m.Settled | None:
        """Begin the items that may start; return what it settled if they could not be begun."""
        if not each.may_start():
            return None
        encoded = None
        if self._modes[number] == POOL:
            try:
                encoded = self._encoded()  # once: nothing runs in between that could change the context
            except CodecError as unsaved:
                return each.fail(unsaved)
        while each.may_start():
            item = each.next_item()
            attempt = each.attempt_of(item)
            unit = self._units[number, item] = Unit(attempt, each.call(item, attempt), 0)
            self._run((number, item), unit, encoded)
        return None

    def _start(self, number: int, attempt: int) -> m.Settled:
        runner, task = self._runner, self._runner._tasks[number]
        encoded = call = None
        if self._modes[number] == POOL:
            try:
                encoded = self._encoded()
            except CodecError as unsaved:
                return runner._failed(number, attempt, 0.0, unsaved)
        if task.name in runner._wanted:
            call = Call(runner.instance, task, attempt, runner._engine.clock, runner._engine.host)
        unit = self._units[number, -1] = Unit(attempt, call, runner._seen)
        if self._modes[number] == POOL:
            unit.branch = self._the_branches().begin(task.name, encoded)
        self._run((number, -1), unit, encoded)
        return m.Settled()

    def _encoded(self) -> Any:
        """Return the context as a task gets a copy of it, without what async tasks that run now cannot leave there.

        :raises CodecError: if it cannot be saved, where nothing is: then nothing was put back
        """
        runner = self._runner
        try:
            return runner._codec.encode(runner.instance.context)
        except CodecError as unsaved:
            runner._put_back_context(unsaved)
            return runner._codec.encode(runner.instance.context)

    def _run(self, key: Key, unit: Unit, encoded: Any) -> None:
        """Let an attempt run: in the event loop on the context, or through the executor on a copy of it.

        :param encoded: the copy
        """
        runner, task, call = self._runner, self._runner._tasks[key[0]], unit.call
        limit = None if task.options.time_limit is None else task.options.time_limit.total_seconds()
        names = runner._wanted.get(task.name, ())
        each = self._each[key[0]] if key[1] >= 0 else None
        if self._modes[key[0]] == ASYNC:

            def shared() -> Any:
                # Only now: until the loop runs, another task may have had the context replaced.
                unit.replaced = runner._replaced
                return runner.instance.context if each is None else each.context

            make = partial(await_task, task, shared, call, names)
            self._the_pump().start_async(key, make, time_limit=limit)
            return
        from .executors import Job, run_job

        values = {} if call is None else call.values(names)
        job = Job(
            self._the_home(), task.name, encoded, values, strict=runner._engine.strict, raw=each is not None
        )
        self._the_pump().start_call(key, run_job, job, time_limit=limit)

    def _the_pump(self) -> Pump:
        if self._pump is None:
            from .executors import Pump

            engine = self._runner._engine
            self._pump = Pump(self._make_executor, was_interrupted=lambda: engine.was_interrupted)
        return self._pump

    def _make_executor(self) -> Executor:
        if self._executor is None:
            from .executors import ThreadExecutor

            make = self._runner._engine.executor
            self._executor = ThreadExecutor(_THREADS) if make is None else make()
        return self._executor

    def _the_branches(self) -> Branches:
        if self._branches is None:
            from .executors import Branches

            self._branches = Branches()
        return self._branches

    def _the_home(self) -> Home | Loaded:
        if self._home is None:
            from .executors import Home, Loaded

            workflow, codec = self._runner.workflow, self._runner._codec
            is_remote = self._make_executor().is_remote
            self._home = Home.of(workflow) if is_remote else Loaded.of(workflow, codec)
        return self._home

    # --- what came of it -----------------------------------------------------------------------------

    def _record(self, finished: list[Finished]) -> list[int]:
        runner = self._runner
        runner._untold = []
        ready: list[int] = []
        with runner._batch():
            for each in finished:
                ready += self._take(each)
        untold, runner._untold = runner._untold, None
        for number, decisions, result, settled in untold:
            runner._announce(number, decisions, result, settled)
        self._drop_cancelled()
        return ready

    def _drop_cancelled(self) -> None:
        """End what runs for tasks that were cancelled meanwhile."""
        status = self._runner.instance.marking.status
        for number in [each for each in self._each if status[each] != m.READY]:
            del self._each[number]
        for key in [each for each in self._units if status[each[0]] != m.READY]:
            unit = self._units.pop(key)
            self._the_pump().cancel(key)
            if unit.branch is not None:
                self._the_branches().drop(unit.branch)

    def _take(self, finished: Finished) -> list[int]:
        """Record one attempt that has finished; return the tasks that may run after it."""
        runner = self._runner
        key: Any = finished.key
        number, item = key
        unit = self._units.pop(key)
        answer, error, took = finished.value, finished.error, finished.took
        runner._consumed, runner._dropped, runner._seen = (), {}, unit.seen
        if unit.call is not None:
            runner._open_call = unit.call
            runner._close_call()
        if runner.instance.marking.status[number] != m.READY:  # it was cancelled meanwhile
            if unit.branch is not None:
                self._the_branches().drop(unit.branch)
            return []
        if self._modes[number] == POOL:
            answer, error, took = self._come_back(unit, finished)
        if item >= 0:
            if number in self._each:
                self._each[number].note(item, unit.attempt, took, answer, error)
            return []
        if error is None and unit.branch is None and unit.replaced is not runner._replaced:
            assert runner._replaced is not None, "it is another one than before"
            error = ContextReplaced(runner._tasks[number].name, runner._replaced)
        if error is None:
            try:
                answer = as_answer(runner._tasks[number], answer, runner._engine.strict)
            except TypeError as wrong:
                error = wrong
        if error is not None:
            return runner._failed(number, unit.attempt, took, error).ready
        return runner._conclude(number, unit.attempt, took, answer).ready

    def _come_back(self, unit: Unit, finished: Finished) -> tuple[Any, BaseException | None, float]:
        """Return the answer, the error and the seconds of a call through the executor.

        What a branch changed in its copy of the context is taken over into the context.
        """
        done: Done | None = finished.value
        if done is not None:
            done.log_warnings()
        if unit.branch is not None:
            if done is None or done.context is None:
                self._the_branches().drop(unit.branch)
            else:
                conflict = self._merge(unit.branch, done.context)
                if conflict is not None and done.error is not None:
                    self._runner._log("warning", "%s", conflict)  # its own error says more
                elif conflict is not None:
                    return None, conflict, done.took
        if done is None:
            return None, finished.error, finished.took
        return done.answer, done.error, done.took

    def _merge(self, branch: int, after: Any) -> BaseException | None:
        """Take over what a branch changed; return why that cannot be."""
        from .executors.merging import ContextConflict, changed_keys

        runner, branches = self._runner, self._the_branches()
        try:
            branches.note("", self._encoded())
            before = branches.main
            merged = branches.finish(branch, after)
        except (CodecError, ContextConflict) as conflict:
            branches.drop(branch)
            return conflict
        if changed := changed_keys(before, merged):
            held, fresh = runner.instance.context, runner._codec.decode(merged)
            if any(unit.branch is None for unit in self._units.values()):  # an async task may hold it
                fresh = refill(held, fresh, changed)
                if fresh is not held:
                    what = "what a task beside it has changed cannot be taken over in place"
                    runner._replaced = WfepyError(what, where=f"its class {type(held).__name__}")
            runner.instance.context = fresh
        return None
