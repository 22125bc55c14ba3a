"""What a person at a terminal sees of a tick: which task runs, and what became of each."""

from __future__ import annotations

import contextlib
import os
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..markers import hookimpl
from ..outcome import TaskStatus
from ..render.look import LOOKS
from ..render.text import can_show_unicode
from .loglines import TaskWords, human_duration, say_traceback, still_waits
from .output import clean, is_terminal
from .spinner import Spinner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..instance import Instance
    from ..outcome import TaskResult
    from ..task import Task, Transition
    from ..waitstate import WaitState

__all__ = ["LiveView"]

#: By the status of a result: the look, the colour, and the word before the reason.
_EVENTS = {
    TaskStatus.COMPLETED: ("done", "green", ""),
    TaskStatus.WAITING: ("waiting", "yellow", "waits"),
    TaskStatus.SKIPPED: ("skipped", "bright_black", "skipped"),
    TaskStatus.RETRYING: ("failed", "red", "failed"),
    TaskStatus.FAILED: ("failed", "red", "failed for good"),
    TaskStatus.TIMED_OUT: ("timed_out", "red", "timed out"),
}
_WIDEST_NAME = 30


class LiveView:
    """A plugin that shows it, on standard error.

    :param verbosity: -1: only what fails; 1: also what starts
    :param traceback: show the traceback also of an attempt that a policy has tried again, as with ``verbosity`` 1
    """

    def __init__(self, verbosity: int, *, color: bool, traceback: bool = False) -> None:
        self._verbosity = verbosity
        self._always_traces = traceback or verbosity > 0
        self._console = Console(
            stderr=True,
            markup=False,
            highlight=False,
            emoji=False,
            force_terminal=color or None,
            color_system="auto" if color else None,
        )
        encoding = getattr(sys.stderr, "encoding", None)
        self._unicode = can_show_unicode(encoding)
        self._words = TaskWords()
        #: Of which instance the lines are that are shown now.
        self._heading = ""
        self._spinner: Spinner | None = None
        if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and verbosity >= 0:
            self._spinner = Spinner(sys.stderr, unicode=self._unicode, color=color)

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        self._words.forget()
        if self._verbosity >= 0:
            self._show_heading(instance)

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task, attempt: int) -> None:
        if self._verbosity > 0:
            self._show(instance, task.name, "ready", "cyan", f"starts, attempt {attempt}")
        if self._spinner is not None:
            self._spinner.start(task.name)

    @hookimpl
    def wfepy_transition_evaluated(self, transition: Transition, taken: bool, reason: str) -> None:
        self._words.note(transition, taken, reason)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        self._stop()
        failed = result.status in (TaskStatus.FAILED, TaskStatus.RETRYING)
        if self._verbosity < 0 and not failed:
            return
        look, color, word = _EVENTS.get(result.status, ("ready", "cyan", result.status))
        if result.status == TaskStatus.COMPLETED:
            said = human_duration(result.took)
        else:
            said = self._words.say(word, task, result)
        self._show(instance, task.name, look, color, said)
        say_traceback(result, always=self._always_traces)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        if self._verbosity >= 0:
            self._show(instance, task.name, "waiting", "yellow", still_waits("waits", wait))

    @hookimpl
    def wfepy_tick_finished(self) -> None:
        self._stop()  # a task may have ended without a result, as by Ctrl-C

    def _stop(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()

    def _show_heading(self, instance: Instance) -> None:
        name = f"{instance.workflow.name}/{instance.id}"
        if name != self._heading:
            self._heading = name
            self._print(Text(clean(name), style="bold"))

    def _show(self, instance: Instance, name: str, look: str, color: str, said: str) -> None:
        # It may have none yet: only what fails is to be shown, or it was cancelled before its tick began.
        self._show_heading(instance)
        sign = LOOKS[look].sign if self._unicode else LOOKS[look].plain
        widest = max(map(len, instance.workflow.tasks), default=0)
        row = Table.grid(padding=(0, 1))
        row.add_column(width=1)
        row.add_column(min_width=min(widest, _WIDEST_NAME), overflow="fold")
        row.add_column(overflow="fold")
        style = color if look in ("failed", "timed_out") else "dim" if look in ("done", "skipped") else ""
        row.add_row(Text(sign, style=color), Text(self._known(name)), Text(self._known(said), style=style))
        self._print(row)

    def _known(self, text: str) -> str:
        """Return ``text`` as this terminal can show it."""
        return clean(text).encode(self._console.encoding, "backslashreplace").decode(self._console.encoding)

    def _print(self, what: Text | Table) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone; the tick goes on
            self._console.print(what)
