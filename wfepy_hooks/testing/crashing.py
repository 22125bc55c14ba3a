"""Killing the ticks of a workflow at every moment at which it makes a difference.

The scenario of a test is run once undisturbed, which counts these moments, and once more for each of them. Every run is
a process in an empty folder, and so is every tick in it: a copy that begins with nothing but what is saved, tells its
parent what it saves, and is ended by SIGKILL at the moment that is tried. So nothing is cleaned up, no ``finally`` is
run, and what a task has put into a global variable is gone, as it is when the machine goes down. Then the next tick
goes on, and the scenario with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback

from .. import faults
from .processes import can_fork, kill_myself, run_apart
from .runner import WorkflowRunner

__all__ = ["crash_everywhere"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..summary import TickSummary
    from .processes import Tell
    from .world import World

    Scenario = Callable[[WorkflowRunner], object]
    Effects = Callable[[WorkflowRunner], object]

#: So many moments are told of that make a difference, and so many lines of each.
_MOST = 3
_MOST_LINES = 30
#: What each moment is, for people. Right before a record is made durable, what it tells of has happened and nobody will
#: know; after each change of what is saved, the next tick begins with something else. What is between these makes no
#: difference, unless plugins are told of something: then the moments around that count, too.
_WORDS = {
    "append.before": "{before}",
    "append.after": "{after}",
    "snapshot.after": "as soon as the snapshot was written",
    "discard.after": "as soon as the signals that were taken in had left the inbox",
    "finish.after": "as soon as the ended instance was moved to the past",
    "create.after": "as soon as an instance had begun",
    "noted.after": "as soon as it was noted that a schedule had begun an instance",
}


class _Moments:
    """Counts the moments of a run over all its ticks, and kills at one of them.

    :ivar left: how many are to be reached before the kill; 0: no more kill
    :ivar reached: how many were
    :ivar killed_at: what the moment of the kill was
    """

    def __init__(self, number: int, world: World) -> None:
        self.left = number
        self.reached = 0
        self.killed_at = ""
        self._world = world
        hooks = {
            each for plugin in world.config.plugins.plugins for each in plugin.hooks if _is_of_user(plugin)
        }
        self._points = {*_WORDS, *(f"hook.{hook}.{side}" for hook in hooks for side in ("before", "after"))}
        self._tell: Tell | None = None

    def tick(self, work: Callable[[], TickSummary]) -> TickSummary:
        """Do the work of a tick in a process of its own, and once more if that was killed."""
        __tracebackhide__ = True
        while True:
            ran = run_apart(lambda tell: self._tick_and_die(work, tell), self._hear)
            if not ran.was_killed:
                break
            self.left = 0
        if ran.error is not None:
            raise ran.error
        summary: TickSummary = ran.result
        return summary

    def _tick_and_die(self, work: Callable[[], TickSummary], tell: Tell) -> TickSummary:
        self._tell = self._world.store.tell = tell
        for doubles in self._world.doubles.values():
            for double in doubles.values():
                double.tell = lambda call: tell("call", call)
        faults.hit = self._hit
        try:
            return work()
        finally:
            faults.hit = None
            tell("clock", self._world.clock.now)
            tell("reached", self.reached)

    def _hit(self, point: str) -> None:
        if point not in self._points:
            return
        self.reached += 1
        if self.left:
            self.left -= 1
            if not self.left and self._tell is not None:
                self._tell("killed", (self._in_words(point), self.reached, self._world.clock.now))
                kill_myself()

    def _in_words(self, point: str) -> str:
        if point.startswith("hook."):
            _, hook, side = point.split(".")
            return f"{side} the plugins heard of {hook}"
        before, after = _told_of(self._world.store.writing)
        return _WORDS[point].format(before=before, after=after)

    def _hear(self, kind: str, value: Any) -> None:
        world = self._world
        if kind == "kept":
            world.store.take_over(value)
        elif kind == "starts":
            world.store.take_over_starts(value)
        elif kind == "call":
            for doubles in world.doubles.values():
                if value.task in doubles:
                    doubles[value.task].calls.append(value)
        elif kind == "clock":
            world.clock.now = value
        elif kind == "reached":
            self.left = max(self.left - (value - self.reached), 0)
            self.reached = value
        elif kind == "killed":
            self.killed_at, self.reached, world.clock.now = value


def _told_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return what a record tells of, as the moments before and after it is written."""
    event, task = record.get("event"), record.get("task")
    if event == "task" and record["status"] == "waiting":
        return (
            f"after {task} had said that it waits, before that was recorded",
            f"as soon as it was recorded that {task} waits",
        )
    if event in ("task", "item"):
        return f"after {task} had run, before that was recorded", f"as soon as the end of {task} was recorded"
    what = {"signal": "a signal", "ended": "the end of the instance"}.get(
        str(event), f"the record of: {event}"
    )
    return f"before {what} was recorded", f"as soon as {what} was recorded"


def _is_of_user(plugin: Any) -> bool:
    return plugin.name not in ("engine", "wfepy:testing")


class _Life:
    """What came of one run of a scenario.

    :ivar moments: how many there were
    :ivar killed_at: where it was killed; empty: nowhere
    :ivar effects: what its effects were
    :ivar failure: the traceback of what it raised; empty: nothing
    :ivar shown: the graph, if it raised something
    """

    def __init__(self) -> None:
        self.moments = 0
        self.killed_at = ""
        self.effects: Any = None
        self.failure = ""
        self.shown = ""

    def hear(self, kind: str, value: Any) -> None:
        """Take in what the process tells."""
        setattr(self, kind, value)


def _live(
    world: World, number: int, scenario: Scenario, effects: Effects | None, is_silent: bool = False
) -> _Life:
    """Run the scenario in a process, in an empty folder; kill it at the moment of this number, or not if it is 0."""
    life = _Life()
    folder = tempfile.mkdtemp(prefix="wfepy-crash-")

    def work(tell: Tell) -> None:
        os.chdir(folder)
        if number or is_silent:
            _be_silent()  # the first run has printed it all
        runner = WorkflowRunner.by_recipe(world.recipe, world.doubles)
        moments = _Moments(number, runner._world)
        runner._tick_apart = moments.tick
        try:
            scenario(runner)
            tell("effects", effects(runner) if effects is not None else _all_effects(runner))
        except BaseException as error:  # noqa: BLE001  # pytest.fail() is no Exception
            tell("failure", _told(error))
            tell("shown", runner.describe())
        tell("moments", moments.reached)
        tell("killed_at", moments.killed_at)

    try:
        ran = run_apart(work, life.hear)
        if ran.error is not None:
            raise ran.error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return life


def _be_silent() -> None:
    """Let whatever this process prints vanish."""
    nothing = open(os.devnull, "w")  # noqa: SIM115  # it stays open as long as the process
    sys.stdout = sys.stderr = nothing
    for stream in (1, 2):
        os.dup2(nothing.fileno(), stream)


def _told(error: BaseException) -> str:
    """Return the traceback of an error, without the frames of this package."""
    ours = os.path.dirname(__file__)
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if os.path.dirname(each.filename) != ours
    ]
    lines = [*traceback.format_list(frames), *traceback.format_exception_only(type(error), error)]
    return "".join(lines).rstrip()


def _all_effects(runner: WorkflowRunner) -> dict[str, Any]:
    """Return what a scenario has done: its files, the calls of doubles by their keys, the context, the tasks."""
    found: dict[str, Any] = {}
    for folder, _, names in sorted(os.walk(".")):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[f"file {os.path.relpath(path)}"] = file.read()
    for task, double in runner.doubles.items():
        keys = sorted({(call.instance, call.idempotency_key.rpartition("/")[2]) for call in double.calls})
        found[f"calls of {task}"] = [f"{instance}, pass {int(number) + 1}" for instance, number in keys]
    for id in runner.instances:
        instance = runner.other(id).instance
        found[f"{id}: status"] = str(instance.status)
        found[f"{id}: context"] = repr(instance.context)
        found[f"{id}: tasks done"] = sorted(runner.other(id).path)
    return found


def crash_everywhere(world: World, scenario: Scenario, effects: Effects | None) -> int:
    """See :meth:`.WorkflowRunner.crash_at_every_step`."""
    __tracebackhide__ = True
    if not can_fork():
        import pytest

        pytest.skip("crash_at_every_step() needs os.fork, which this system has not")
    reference = _live(world, 0, scenario, effects)
    if reference.failure:
        raise AssertionError(
            "the scenario fails before anything is killed, when each tick is a process of its own and begins with "
            f"nothing but what is saved:\n{reference.failure}\n\n{reference.shown}"
        )
    again = _live(world, 0, scenario, effects, is_silent=True)
    if again.failure or again.effects != reference.effects or again.moments != reference.moments:
        raise AssertionError(_not_the_same(reference, again))
    failures = []
    for number in range(1, reference.moments + 1):
        life = _live(world, number, scenario, effects)
        if life.failure or life.effects != reference.effects:
            failures.append(_failure(number, life, reference))
    if failures:
        shown = "\n\n".join(failures[:_MOST])
        more = f"\n\nand at {len(failures) - _MOST} more" if failures[_MOST:] else ""
        raise AssertionError(
            f"a crash makes a difference at {len(failures)} of {reference.moments} moments:\n\n{shown}{more}\n\n"
            "A task that was running when the machine went down runs again: let it look\nfirst, or give its "
            "idempotency_key to what it calls."
        )
    return reference.moments


def _not_the_same(first: _Life, second: _Life) -> str:
    if second.failure:
        what = second.failure
    elif first.effects != second.effects:
        what = _difference(first.effects, second.effects, "the first time: ", "the second time:")
    else:
        what = f"{first.moments} moments the first time, {second.moments} the second time"
    return (
        "the scenario is not the same each time, also when nothing is killed, so nothing can be said of crashes:\n"
        f"\n{_indented(what)}\n\nWhat is written outside of the working directory lasts from run to run; "
        "give random numbers\nand what time.time() tells by a double, or say by effects= what is to be the same."
    )


def _failure(number: int, life: _Life, reference: _Life) -> str:
    head = f"{number}. killed {life.killed_at or 'at no moment: this run is not the same each time'}"
    if life.failure:
        return f"{head}\n{_indented(life.failure)}\n\n{_indented(life.shown)}"
    return f"{head}\n{_indented(_difference(reference.effects, life.effects))}"


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
