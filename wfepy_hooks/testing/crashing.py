"""Killing the ticks of a workflow at every moment at which it makes a difference.

The scenario of a test is run undisturbed, which finds these moments, and once more for each of them. Every run is
a process in an empty folder, and so is every tick in it: a copy that begins with nothing but what is saved, tells its
parent what it saves, and is ended by a signal at the moment that is tried, see :mod:`.moments`. So nothing is cleaned
up, no ``finally`` is run, what was not flushed to a file is not in it, and what a task has put into a global variable
is gone, as it is when the machine goes down. Then the next tick goes on, and the scenario with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter

from .frames import hide_ours
from .moments import Moments
from .processes import can_fork, run_apart
from .runner import WorkflowRunner

__all__ = ["crash_everywhere"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .moments import Moment
    from .processes import Tell
    from .world import World

    Scenario = Callable[[WorkflowRunner], object]
    Effects = Callable[[WorkflowRunner], object]

#: So many moments are told of that make a difference, with so many lines of each, and so many more in one line.
_MOST = 3
_MOST_LINES = 30
_MOST_HEADS = 10
_SAME = """What is written outside of the working directory lasts from run to run; give random numbers
and what time.time() tells by a double, or say by effects= what is to be the same."""
_AGAIN = """A task that was running when the machine went down runs again:
- let it look first, or give its idempotency_key to what it calls"""
_INSIDE = f"""{_AGAIN}
- let it do a thing first, and note afterwards that it is done
- let it write a file under another name, and rename it when it is whole"""
#: What may help; of those that fit, the last one says most.
_ADVICES = (_SAME, _AGAIN, _INSIDE)


class _Life:
    """What came of one run of a scenario.

    :ivar moments: those that there were
    :ivar killed_at: where it was killed; empty: nowhere
    :ivar effects: what its effects were
    :ivar failure: the traceback of what it raised; empty: nothing
    :ivar shown: the graph, if it raised something
    """

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.killed_at = ""
        self.effects: Any = None
        self.failure = ""
        self.shown = ""

    def hear(self, kind: str, value: Any) -> None:
        """Take in what the process tells."""
        setattr(self, kind, value)


class _Lives:
    """Runs a scenario again and again.

    :param inside_tasks: whether it can be killed while the function of a task runs
    """

    def __init__(
        self, world: World, scenario: Scenario, effects: Effects | None, *, inside_tasks: bool
    ) -> None:
        self._world = world
        self._scenario = scenario
        self._effects = _all_effects if effects is None else effects
        self._inside_tasks = inside_tasks

    def live(self, target: Moment | None = None, *, is_silent: bool = True) -> _Life:
        """Run the scenario in a process, in an empty folder; kill it at this moment."""
        life = _Life()
        folder = tempfile.mkdtemp(prefix="wfepy-crash-")

        def work(tell: Tell) -> None:
            os.chdir(folder)
            if is_silent:
                _be_silent()
            self._work(target, tell)

        try:
            ran = run_apart(work, life.hear)
            if ran.error is not None:
                raise ran.error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return life

    def _work(self, target: Moment | None, tell: Tell) -> None:
        runner = WorkflowRunner.by_recipe(self._world.recipe, self._world.doubles)
        moments = Moments(target, runner._world, inside_tasks=self._inside_tasks)
        runner._tick_apart = moments.tick
        try:
            self._scenario(runner)
            tell("effects", self._effects(runner))
        except BaseException as error:  # noqa: BLE001  # pytest.fail() is no Exception
            tell("failure", _told(error))
            tell("shown", runner.describe())
        tell("moments", moments.seen)
        tell("killed_at", moments.killed_at)


def _be_silent() -> None:
    """Let whatever this process prints vanish."""
    nothing = open(os.devnull, "w")  # noqa: SIM115  # it stays open as long as the process
    sys.stdout = sys.stderr = nothing
    for stream in (1, 2):
        os.dup2(nothing.fileno(), stream)


def _told(error: BaseException) -> str:
    """Return the traceback of an error, without the frames of this package."""
    hide_ours(error)
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()


def _all_effects(runner: WorkflowRunner) -> dict[str, Any]:
    """Return what a scenario has done: its files, and of each workflow, also those of children, the calls of doubles by
    their keys, the contexts and the tasks."""
    found: dict[str, Any] = {}
    for folder, _, names in sorted(os.walk(".")):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[f"file {os.path.relpath(path)}"] = file.read()
    for workflow in runner._world.config.workflows:
        prefix = "" if workflow == runner._workflow else f"{workflow}/"
        of_workflow = runner.other(runner._id, workflow)
        for task, double in of_workflow.doubles.items():
            keys = sorted({(call.instance, call.idempotency_key.rpartition("/")[2]) for call in double.calls})
            found[f"calls of {prefix}{task}"] = [
                f"{instance}, pass {int(number) + 1}" for instance, number in keys
            ]
        for id in of_workflow.instances:
            one = of_workflow.other(id)
            found[f"{prefix}{id}: status"] = one.status
            found[f"{prefix}{id}: context"] = repr(one.context)
            found[f"{prefix}{id}: tasks done"] = sorted(one.path)
    return found


def crash_everywhere(
    world: World, scenario: Scenario, effects: Effects | None, *, inside_tasks: bool, limit: int | None
) -> int:
    """See :meth:`.WorkflowRunner.crash_at_every_step`."""
    __tracebackhide__ = True
    if not can_fork():
        import pytest

        pytest.skip("crash_at_every_step() needs os.fork, which this system has not")
    lives = _Lives(world, scenario, effects, inside_tasks=inside_tasks)
    reference = _undisturbed(lives)
    chosen = _chosen(reference.moments, limit)
    failures, advice = [], 0
    for moment in chosen:
        life = lives.live(moment)
        if life.failure or life.effects != reference.effects or not life.killed_at:
            failures.append(_failure(reference.moments.index(moment) + 1, moment, life, reference))
            if life.killed_at:
                advice = max(advice, 2 if moment.task else 1)
    if failures:
        raise AssertionError(
            f"a crash makes a difference at {len(failures)} of {len(chosen)} moments:\n\n"
            f"{_listed(failures)}\n\n{_ADVICES[advice]}"
        )
    return len(chosen)


def _undisturbed(lives: _Lives) -> _Life:
    """Return what the scenario comes to when nothing is killed.

    :raises AssertionError: if it fails by itself, or is not the same each time
    """
    __tracebackhide__ = True
    reference = lives.live(is_silent=False)
    if reference.failure:
        raise AssertionError(
            "the scenario fails before anything is killed, when each tick is a process of its own and begins with "
            f"nothing but what is saved:\n{reference.failure}\n\n{reference.shown}"
        )
    again = lives.live()
    if again.failure or again.effects != reference.effects or _identities(again) != _identities(reference):
        raise AssertionError(_not_the_same(reference, again))
    return reference


def _listed(failures: list[str]) -> str:
    """Return the first few in full, and of some more what the moment was."""
    heads = [each.partition("\n")[0] for each in failures[_MOST:]]
    more = ["\n".join(heads[:_MOST_HEADS])] if heads else []
    if heads[_MOST_HEADS:]:
        more.append(f"and at {len(heads) - _MOST_HEADS} more")
    return "\n\n".join([*failures[:_MOST], *more])


def _chosen(moments: list[Moment], limit: int | None) -> list[Moment]:
    """Return the moments to be tried: of those inside tasks no more than ``limit``, first one for each line of code."""
    inside = [each for each in moments if each.task]
    if limit is None or len(inside) <= limit:
        return moments
    warnings.warn(
        f"crash_at_every_step: {limit} of the {len(inside)} moments inside of tasks are tried, each line that does "
        "something first; limit=None tries all",
        stacklevel=4,
    )
    passed: Counter[object] = Counter()
    ranks = {}
    for moment in inside:
        ranks[moment] = passed[moment.task, moment.what, moment.limit is None]
        passed[moment.task, moment.what, moment.limit is None] += 1
    kept = set(sorted(inside, key=ranks.__getitem__)[:limit])
    return [each for each in moments if not each.task or each in kept]


def _identities(life: _Life) -> list[tuple[object, ...]]:
    """Return what is to be the same of its moments; in order, but tasks that run side by side have none."""
    return sorted(each.identity for each in life.moments)


def _not_the_same(first: _Life, second: _Life) -> str:
    if second.failure:
        what = second.failure
    elif first.effects != second.effects:
        what = _difference(first.effects, second.effects, "the first time: ", "the second time:")
    else:
        what = _other_moments(first, second)
    return (
        "the scenario is not the same each time, also when nothing is killed, so nothing can be said of crashes:\n"
        f"\n{_indented(what)}\n\n{_SAME}"
    )


def _other_moments(first: _Life, second: _Life) -> str:
    counts = f"{len(first.moments)} moments the first time, {len(second.moments)} the second time"
    lines = []
    for name, these, those in (("first", first, second), ("second", second, first)):
        known = {each.identity for each in those.moments}
        lines += [
            f"only the {name} time: {each.words}" for each in these.moments if each.identity not in known
        ]
    return "\n".join([counts, *lines])


def _failure(number: int, moment: Moment, life: _Life, reference: _Life) -> str:
    head = f"{number}. killed {life.killed_at}"
    if not life.killed_at:
        head = f"{number}. not killed, since this run did not come to the moment {moment.words}"
    if life.failure:
        return f"{head}\n{_indented(life.failure)}\n\n{_indented(life.shown)}"
    return f"{head}\n{_indented(_difference(reference.effects, life.effects))}".rstrip()


def _difference(
    expected: Any, found: Any, first: str = "without a crash:", second: str = "with the crash: "
) -> str:
    if not (isinstance(expected, dict) and isinstance(found, dict)):
        return f"{first} {expected!r}\n{second} {found!r}"
    lines = []
    for key in sorted({*expected, *found}, key=str):
        if expected.get(key) != found.get(key):
            lines += [
                f"{key}",
                f"  {first} {_value(expected, key)}",
                f"  {second} {_value(found, key)}",
            ]
    return "\n".join(lines)


def _value(effects: dict[Any, Any], key: Any) -> str:
    return repr(effects[key]) if key in effects else "nothing"


def _indented(text: str) -> str:
    lines = text.rstrip().split("\n")
    more = [f"... {len(lines) - _MOST_LINES} more lines"] if lines[_MOST_LINES:] else []
    return "\n".join(f"   {line}".rstrip() for line in [*lines[:_MOST_LINES], *more])
