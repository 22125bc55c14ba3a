"""Where records go: standard error, a file, or the handlers that somebody has configured."""

from __future__ import annotations

import logging
import os
import sys

from wfepy_hooks import ConfigError

from .formatters import JsonLines, TextLines
from .settings import HANDLERS, LEVELS, PLUGIN, STDERR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    from .settings import Settings

    StreamHandler = logging.StreamHandler[TextIO]
else:
    StreamHandler = logging.StreamHandler  # which Python 3.10 cannot subscript

__all__ = ["Others", "Output"]

ROOT = "wfepy"
#: The priorities of syslog, from the worst level on; what is below them is for debugging.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_LEVEL_NAMES = {number: name.upper() for name, number in LEVELS.items()}


class Output:
    """What is changed about logging while events are logged; :meth:`close` puts it back.

    :raises ConfigError: if the settings have a table ``config`` that logging does not take
    """

    def __init__(self, settings: Settings) -> None:
        self._logger = logging.getLogger(ROOT)
        self._before = (self._logger.level, self._logger.propagate)
        self._handler: logging.Handler | None = None
        self._template: dict[str, Any] | None = None
        self._has_told = False
        if settings.config:
            _configure(settings.config)
            self._before = (self._logger.level, self._logger.propagate)
        if settings.level:
            self._logger.setLevel(settings.level)
        if settings.to != HANDLERS:
            self._handler = _Lines(settings.to)
            self._handler.setFormatter(JsonLines() if settings.json else TextLines())
            self._logger.addHandler(self._handler)
            self._logger.propagate = False  # a basicConfig() of a workflow would write each line once more

    def record(
        self, logger: str, level: int, created: float, text: str, fields: dict[str, Any], exc_info: Any
    ) -> logging.LogRecord:
        """Return a record with ``fields`` as its attributes, and all of them as its attribute ``wfepy``.

        :param created: when it was, in seconds since 1970
        """
        record = self._blank(logger)
        known = vars(record)
        known.update(fields)
        known["levelno"] = level
        known["levelname"] = _LEVEL_NAMES[level]
        known["msg"] = text
        known["created"] = created
        known["msecs"] = created % 1 * 1000
        known["exc_info"] = exc_info
        known["wfepy"] = fields
        return record

    def is_enabled(self, logger: logging.Logger, level: int) -> bool:
        """Return whether a logger is to have records of a level."""
        if logger.disabled and self._handler is not None:
            logger.disabled = False  # by a dictConfig() of a task, which has not meant this one
        return logger.isEnabledFor(level)

    def handle(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        """Give a record to the handlers; what one of the user's raises is told once."""
        try:
            logger.handle(record)
        except Exception as error:  # noqa: BLE001 - whatever it is
            if not self._has_told:
                self._has_told = True
                from wfepy_hooks.commandline import clean, say  # lazily: handlers are well

                say(clean(f"{PLUGIN}: a handler cannot log: {type(error).__name__}: {error}"))

    def write(self, record: logging.LogRecord) -> None:
        """Write the record of somebody else."""
        if self._handler is not None:
            self._handler.handle(record)

    def _blank(self, logger: str) -> logging.LogRecord:
        factory = logging.getLogRecordFactory()
        if factory is not logging.LogRecord:  # somebody adds to each record what it is about
            return factory(logger, 0, "wfepy", 0, "", (), None)
        if self._template is None:
            # All events come from one thread of one process.
            self._template = vars(factory(logger, 0, "wfepy", 0, "", (), None))
        # Not by logging's own makeRecord(): it asks the system anew who and where we are, which takes 5 us.
        record = factory.__new__(factory)
        record.__dict__ = self._template.copy()  # to fill the one that is there takes three times as long
        record.name = logger
        return record

    def close(self) -> None:
        """Put logging back as it was."""
        if self._handler is not None:
            self._logger.removeHandler(self._handler)
            self._handler.close()
        level, self._logger.propagate = self._before
        self._logger.setLevel(level)


class Others(logging.Handler):
    """Lets what tasks, libraries and plugins log themselves come between the events.

    It belongs to the root logger, and nothing is opened for it until something is logged.

    :param level: from which on
    :param write: called with each record, the fields of an event in its attribute ``wfepy``
    :param place: returns which attempt is going on, as such fields
    """

    def __init__(
        self,
        level: int,
        write: Callable[[logging.LogRecord], None],
        place: Callable[[], dict[str, Any]],
    ) -> None:
        super().__init__(level)
        self._write = write
        self._place = place
        self._root = logging.getLogger()
        self._before = self._root.level
        self._root.setLevel(min(self._before, level))
        self._root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == PLUGIN:  # that the log cannot be written is told past it, as if this were not here
            if logging.lastResort is not None:
                logging.lastResort.handle(record)
            return
        try:
            vars(record)["wfepy"] = {"event": "log", **self._place(), "logger": record.name}
            self._write(record)
        except Exception:  # noqa: BLE001 - as every handler of logging does
            self.handleError(record)

    def close(self) -> None:
        """Put the root logger back as it was."""
        self._root.removeHandler(self)
        self._root.setLevel(self._before)
        super().close()


class _Lines(StreamHandler):
    """Writes lines; of a stream that cannot be written it tells once, not with a traceback for each event."""

    def __init__(self, to: str) -> None:
        super().__init__(_open(to))
        self._to = to
        self._is_journal = to == STDERR and _is_journal(self.stream)
        self._has_told = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.stream.closed:  # a dictConfig() of a task closes all handlers that there are
                self.stream = _open(self._to)
            text = self.format(record)
            if self._is_journal:
                mark = f"<{_priority(record.levelno)}>"
                text = mark + text.replace("\n", f"\n{mark}")  # each line is an entry of its own
            self.stream.write(f"{text}\n")
            self.stream.flush()  # a crash is to find the line in the file
        except Exception:  # noqa: BLE001 - as every handler of logging does
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        if not self._has_told and self.stream is not sys.stderr:
            self._has_told = True
            _warn(getattr(self.stream, "name", "the log"), sys.exc_info()[1])

    def close(self) -> None:
        if self.stream is not sys.stderr:
            try:
                self.stream.close()
            except OSError as error:  # a full disk may tell so late
                if not self._has_told:
                    _warn(getattr(self.stream, "name", "the log"), error)
        super().close()


def _open(to: str) -> TextIO:
    """Return what to write to; a file that cannot be opened is told, and the events go to standard error instead."""
    if to == STDERR:
        return sys.stderr
    try:
        os.makedirs(os.path.dirname(to), exist_ok=True)
        # What UTF-8 cannot hold becomes a backslash escape, which JSON reads as well.
        return open(to, "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        _warn(to, error)
        return sys.stderr


def _is_journal(stream: TextIO) -> bool:
    """Return whether systemd reads a stream, as it has told its unit."""
    told = os.environ.get("JOURNAL_STREAM", "")
    if not told:
        return False
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # it is no file
        return False
    return told == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), 7)


def _warn(what: str, error: object) -> None:
    reason = getattr(error, "strerror", "") or error
    from wfepy_hooks.commandline import logger  # lazily: disks are not full

    logger(PLUGIN).warning("%s: events cannot be logged there: %s", what, reason)


def _configure(table: dict[str, object]) -> None:
    from logging.config import dictConfig  # lazily: 10 ms

    try:
        # Else it would silence the loggers that are there already, among them those of the engine.
        dictConfig({"version": 1, "disable_existing_loggers": False, **table})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        cause = error.__cause__ or error
        raise ConfigError(
            f"logging does not take the table config: {error}: {cause}", where=PLUGIN
        ) from error
