"""The log file of ticks that a scheduler starts: all that is printed goes there, and it does not grow for ever."""

from __future__ import annotations

import contextlib
import os
import sys

from ..clock import system_clock
from .output import dated, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from ..clock import Clock

__all__ = ["TickLog"]

#: Bytes from which on the file is renamed, and how many of the renamed ones are kept.
LARGEST, KEPT = 1_000_000, 5


class TickLog:
    """While this is entered, what is printed goes to the end of a file: by us, by tasks, and by what they start.

    A file that cannot be written is told, and does not keep the tick from running.

    :param path: the file; it is made, and its folder
    :param mail_errors: print it too in the end, unless :attr:`exit_code` is 0
    :ivar exit_code: of the command, to be set
    :ivar clock: says when, at the beginning of the lines
    """

    def __init__(self, path: str, *, mail_errors: bool = False) -> None:
        self.exit_code = 1  # unless the command says otherwise: it raised
        self._path = os.path.abspath(path)
        self._mails = mail_errors
        self.clock: Clock = system_clock
        self._dated = contextlib.ExitStack()
        self._saved: list[int] = []
        self._begin = 0

    def __enter__(self) -> TickLog:
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            rotate(self._path)
            log = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            say(f"wfepy: warning: {self._path}: the log cannot be written: {error.strerror}")
            return self
        self._begin = os.fstat(log).st_size
        _flush()
        self._saved = [os.dup(1), os.dup(2)]
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        self._dated.enter_context(dated(self.clock))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._saved:
            return
        if error is not None:
            self._tell(error)
        self._dated.close()
        _flush()
        for number, saved in enumerate(self._saved, 1):
            os.dup2(saved, number)
            os.close(saved)
        self._saved = []
        if self._mails and (self.exit_code or error is not None):
            self._print()

    def _tell(self, error: BaseException) -> None:
        """Leave a line in the log about what ends the command; in full it is told outside, where cron mails it."""
        say(f"wfepy: error: {error}" if str(error) else f"wfepy: {type(error).__name__}")

    def _print(self) -> None:
        """Print what this tick has logged; of two at the same time, what the other has logged meanwhile, too."""
        with (
            contextlib.suppress(OSError),
            open(self._path, encoding="utf-8", errors="backslashreplace") as log,
        ):
            log.seek(self._begin)
            say(log.read().rstrip("\n"))


def rotate(path: str) -> None:
    """Rename a log that has become large to ``path.1``, and the earlier ones to ``path.2`` and so on.

    Another tick that still writes to it goes on writing to the renamed file.

    :raises OSError: if it cannot be renamed
    """
    try:
        if os.stat(path).st_size < LARGEST:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):  # there are not so many, or another tick was faster
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")
    with contextlib.suppress(FileNotFoundError):
        os.replace(path, f"{path}.1")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
