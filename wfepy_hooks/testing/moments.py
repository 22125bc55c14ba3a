"""The moments at which a tick can be killed: between tasks, where what is saved changes, and inside of them.

Inside a task it is whenever something is about to be done outside. For a file that is opened and grows there are two
more, since a crash may leave any part of it: when it is open and nothing is written yet, and when half of it is. The
system itself ends the process then, as it has a limit for the size of files.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from .. import faults
from .processes import kill_myself, run_apart
from .touching import short_path, watch

__all__ = ["Moment", "Moments"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..summary import TickSummary
    from .processes import Tell
    from .touching import Touch
    from .world import World

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


@dataclass(frozen=True)
class Moment:
    """A moment of a scenario.

    :ivar task: the task whose function runs; empty: none does
    :ivar number: which one it is of those between tasks, or of those in this task, from 1
    :ivar what: what is about to be done in a task, and where, in few words that are the same in each run
    :ivar words: what it is, for people
    :ivar limit: how large the file may get that is opened there; ``None``: the kill is before that
    """

    task: str
    number: int
    what: str = ""
    words: str = ""
    limit: int | None = None

    @property
    def identity(self) -> tuple[str, int, str, bool]:
        """What is the same of it in each run: paths and sizes may be random."""
        return self.task, self.number, self.what, self.limit is None


class _Opened:
    """A file that a task has opened, from then until the next moment in this task.

    :ivar number: that of the moment at which it was opened
    :ivar size: how large it was once it was open
    :ivar is_limited: the process is to end while it is written
    """

    def __init__(self, touch: Touch, number: int) -> None:
        self._touch = touch
        self._number = number
        self.size = 0 if touch.is_emptied else _size(touch.file)
        self.is_limited = False

    def moments(self) -> list[Moment]:
        """Return those at which a part of it was written."""
        touch, grown = self._touch, _size(self._touch.file) - self.size
        path = short_path(touch.file)
        return [
            Moment(
                touch.task,
                self._number,
                f"write at {touch.place}",
                f"in {touch.task} ({touch.place}), when {part} of {grown} bytes of {path} had been written",
                self.size + part,
            )
            for part in sorted({0, grown // 2})
            if grown > 0
        ]


def _size(file: str) -> int:
    return os.path.getsize(file) if os.path.isfile(file) else 0


class Moments:
    """Counts the moments of a run over all its ticks, and kills at one of them.

    :ivar seen: those that there were, in order, until the kill
    :ivar killed_at: what the moment of the kill was, for people
    """

    def __init__(self, target: Moment | None, world: World, *, inside_tasks: bool) -> None:
        """
        :param target: the moment of the kill; ``None``: nothing is killed
        :param inside_tasks: whether those count at which the function of a task runs
        """
        self.seen: list[Moment] = []
        self.killed_at = ""
        self._target = target
        self._world = world
        self._inside_tasks = inside_tasks
        #: How many there were between tasks, and in each task.
        self._counts: dict[str, int] = {}
        #: What each task has opened last.
        self._opened: dict[str, _Opened] = {}
        hooks = {
            each for plugin in world.config.plugins.plugins for each in plugin.hooks if _is_of_user(plugin)
        }
        self._points = {*_WORDS, *(f"hook.{hook}.{side}" for hook in hooks for side in ("before", "after"))}
        self._tell: Tell

    def tick(self, work: Callable[[], TickSummary]) -> TickSummary:
        """Do the work of a tick in a process of its own, and once more if that was killed."""
        __tracebackhide__ = True
        while True:
            ran = run_apart(lambda tell: self._tick_and_die(work, tell), self._hear)
            if not ran.was_killed:
                break
            self._target = None
        if ran.error is not None:
            raise ran.error
        summary: TickSummary = ran.result
        return summary

    # --- in the process of a tick --------------------------------------------------------------------

    def _tick_and_die(self, work: Callable[[], TickSummary], tell: Tell) -> TickSummary:
        self._tell = self._world.store.tell = tell
        for doubles in self._world.doubles.values():
            for double in doubles.values():
                double.tell = lambda call: tell("call", call)
        if self._inside_tasks:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, and raises OSError
            _limit("CORE", 0)
            watch(self._touch, self._world.recipe.folder)
        faults.hit = self._hit
        try:
            return work()
        finally:
            faults.hit = None
            for task in list(self._opened):
                self._close(task)
            tell("clock", self._world.clock.now)
            tell("reached", (self.seen, self._counts))

    def _hit(self, point: str) -> None:
        if point not in self._points:
            return
        if point == "append.before":
            self._close(self._world.store.writing.get("task", ""))
        self._reach("", "", self._in_words(point))

    def _touch(self, touch: Touch) -> None:
        self._close(touch.task)
        words = f"in {touch.task} ({touch.place}), as it was about to {touch.does}"
        number = self._reach(touch.task, f"{touch.event} at {touch.place}", words)
        if touch.file:
            opened = self._opened[touch.task] = _Opened(touch, number)
            target = self._target
            if target is not None and (target.task, target.number) == (touch.task, number):
                self._tell_of_kill(target.words)
                opened.is_limited = True
                _limit("FSIZE", target.limit)

    def _close(self, task: str) -> None:
        """Note what a task has written to the file that it has opened last."""
        opened = self._opened.pop(task, None)
        if opened is None:
            return
        self.seen += opened.moments()
        if opened.is_limited:
            _limit("FSIZE", None)
            self._tell_of_kill("")  # it has lived

    def _reach(self, task: str, what: str, words: str) -> int:
        number = self._counts[task] = self._counts.get(task, 0) + 1
        moment = Moment(task, number, what, words)
        self.seen.append(moment)
        if self._target is not None and self._target.identity == moment.identity:
            self._tell_of_kill(words)
            kill_myself()
        return number

    def _tell_of_kill(self, words: str) -> None:
        self._tell("killed", (words, self._world.clock.now))

    def _in_words(self, point: str) -> str:
        if point.startswith("hook."):
            _, hook, side = point.split(".")
            return f"{side} the plugins heard of {hook}"
        before, after = _told_of(self._world.store.writing)
        return _WORDS[point].format(before=before, after=after)

    # --- in the process of the scenario --------------------------------------------------------------

    def _hear(self, kind: str, value: Any) -> None:
        world = self._world
        if kind == "kept":
            world.store.take_over(value)
        elif kind == "starts":
            world.store.take_over_starts(value)
        elif kind == "call":
            world.doubles[value.workflow][value.task].calls.append(value)
        elif kind == "clock":
            world.clock.now = value
        elif kind == "reached":
            self.seen, self._counts = value
        elif kind == "killed":
            self.killed_at, world.clock.now = value


def _limit(what: str, size: int | None) -> None:
    """Limit the size of files, or of core dumps, in this process; ``None``: as large as may be."""
    import resource  # lazily: Windows has none

    number = getattr(resource, f"RLIMIT_{what}")
    hard = resource.getrlimit(number)[1]
    resource.setrlimit(number, (hard if size is None else size, hard))


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
