"""What is logged in a command that a test runs in its own process: told as if the command had one of its own."""

from __future__ import annotations

import contextlib
import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["told_as_alone"]


class _Unheard(logging.Handler):
    """Passes to ``logging.lastResort`` what no handler takes but those that were there before.

    pytest has handlers of its own, by which its ``caplog`` works, so ``lastResort`` would never be asked in a test.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before = {*_handlers(logging.getLogger("wfepy_hooks")), self}

    def emit(self, record: logging.LogRecord) -> None:
        last = logging.lastResort
        if last is None or record.levelno < last.level:
            return
        if self._before.issuperset(_handlers(logging.getLogger(record.name))):
            last.handle(record)


def _handlers(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    """Yield the handlers that a record of ``logger`` is given to."""
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


@contextlib.contextmanager
def told_as_alone() -> Iterator[None]:
    """While this is entered, a command tells warnings as it does where nobody has set up logging."""
    root, handler = logging.getLogger(), _Unheard()
    if not root.handlers:  # then lastResort is asked anyway
        yield
        return
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
