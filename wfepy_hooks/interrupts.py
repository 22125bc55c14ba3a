"""Signals during a tick: the write in hand is finished, then the process ends; a second signal ends it at once."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
"""The exit code of an interrupted command, for SIGINT and SIGTERM alike."""


class Interrupts:
    """Holds SIGINT and SIGTERM back while an instance is advanced, except inside the functions of the user.

    There they raise :exc:`KeyboardInterrupt` at once, so that a task that never returns can be stopped.

    :ivar holding: whether a signal waits until :meth:`check`
    """

    def __init__(self) -> None:
        self.holding = False
        #: A signal came.
        self.pending = False

    def install(self) -> None:
        """Handle the signals of this process from now on; only the main thread may do so."""
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.pending:
            os.write(2, b"wfepy: interrupted again, stopping at once\n")
            os._exit(INTERRUPTED)
        self.pending = True
        if not self.holding:
            raise KeyboardInterrupt
        os.write(2, b"wfepy: interrupted, ending after what is being written (again: at once)\n")

    def check(self) -> None:
        """Raise :exc:`KeyboardInterrupt` if a signal came meanwhile."""
        if self.pending:
            raise KeyboardInterrupt


class TaskSurroundings:
    """Entered around each task's function: signals get through, and the working directory is put back after it."""

    def __init__(self, interrupts: Interrupts | None) -> None:
        self._interrupts = interrupts
        self._folder = _working_directory()

    def __enter__(self) -> None:
        if self._interrupts is not None:
            # In this order: a signal between the two must not be held back for as long as the task takes.
            self._interrupts.holding = False
            self._interrupts.check()

    def __exit__(self, *exception: object) -> None:
        if self._interrupts is not None:
            self._interrupts.holding = True
        try:
            moved = os.getcwd() != self._folder
        except OSError:  # it was removed
            moved = True
        if moved and self._folder:
            os.chdir(self._folder)


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""
