"""Warnings that are logged where nobody has set up logging: told as the command tells its own."""

from __future__ import annotations

import logging

from ..wording import shorten
from .loglines import shown_path
from .output import clean, error_mark, is_dated, say, warning_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .flags import Flags

__all__ = ["LastResort"]

#: Different texts of which repetitions are counted; a process may run for months.
_MOST = 100


class LastResort(logging.Handler):
    """Tells each warning once and, when it is closed, how often it came again; in a log with times, each time."""

    def __init__(self, flags: Flags) -> None:
        super().__init__(logging.WARNING)
        self._flags = flags
        self._repeated: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            first, *more = shown_path(self.format(record)).split("\n")
        except Exception:  # noqa: BLE001  # as with every handler, a broken record stops nothing
            self.handleError(record)
            return
        text = "\n".join([f"{self._mark(record)}{clean(first)}", *map(clean, more)])
        if text in self._repeated:
            self._repeated[text] += 1
            return
        if not is_dated() and len(self._repeated) < _MOST:
            self._repeated[text] = 0
        say(text)

    def _mark(self, record: logging.LogRecord) -> str:
        if not record.name.startswith("wfepy"):
            return ""
        # The error of a plugin that observes changes nothing about the run.
        is_error = record.levelno >= logging.ERROR and record.name != "wfepy_hooks.plugins"
        return f"{error_mark(self._flags) if is_error else warning_mark(self._flags)} "

    def close(self) -> None:
        for text, times in self._repeated.items():
            if times:
                say(f"{shorten(text, 100)} ({times} more time{'s' if times > 1 else ''})")
        self._repeated.clear()
        super().close()
