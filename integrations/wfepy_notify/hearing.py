"""What Apprise says of a failure: its answers say only yes or no, and why is in its log."""

from __future__ import annotations

import logging
import re
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = ["Heard"]

#: urllib3 writes the whole URL.
_LOGGERS = ("apprise", "urllib3.connectionpool")
#: How services begin the line that has the cause. It is one for debugging, below another that says what was tried.
_CAUSE = "Socket Exception"
#: What is before the exceptions of urllib3 in the text of one of requests.
_TREE = "(Caused by "


class Heard:
    """While this is entered, it keeps what Apprise logs in this thread.

    Nobody else hears that: there are whole URLs in it, which a root logger at the level DEBUG would write to a file.

    :ivar last: the last warning
    :ivar cause: the last cause that was told
    """

    #: Those that are entered, by thread: of the level and the filters of a logger there is one for the process.
    _entered: ClassVar[dict[int, Heard]] = {}
    _before = 0
    _filter: logging.Filter
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.last = ""
        self.cause = ""

    @property
    def words(self) -> str:
        """What was told, on one line."""
        said = self.cause.partition(": ")[2]
        if (
            _TREE in said
        ):  # of requests: the path, which may be secret, and exceptions, whose innermost one says it
            said = said.partition(_TREE)[2].rpartition(": ")[2].rstrip("'\")")
            said = re.sub(r"^\w+\((<.*>, )?[\"']", "", said)
            said += ")" * (said.count("(") - said.count(")"))
        return f"{self.last} {said}".strip() if said and said not in self.last else self.last

    def __enter__(self) -> None:
        with self._lock:
            if not self._entered:
                logger = logging.getLogger("apprise")
                Heard._before, level = logger.level, logger.getEffectiveLevel()
                logger.setLevel(logging.DEBUG)
                Heard._filter = _Filter(self._entered, level)
                for name in _LOGGERS:
                    logging.getLogger(name).addFilter(Heard._filter)
            self._entered[threading.get_ident()] = self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            del self._entered[threading.get_ident()]
            if not self._entered:
                logging.getLogger("apprise").setLevel(self._before)
                for name in _LOGGERS:
                    logging.getLogger(name).removeFilter(Heard._filter)


class _Filter(logging.Filter):
    def __init__(self, entered: dict[int, Heard], level: int) -> None:
        super().__init__()
        self._entered = entered
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        heard = self._entered.get(record.thread or 0)
        if heard is None:  # somebody else uses Apprise, and gets what they would without us
            return record.name != "apprise" or record.levelno >= self._level
        if record.name == "apprise":
            text = record.getMessage()
            if record.levelno >= logging.WARNING:
                heard.last = text
            elif text.startswith(_CAUSE):
                heard.cause = text
        return False
