"""The loggers of this package, and who tells what they say where nobody has set up logging."""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from logging import Handler, Logger

__all__ = ["logger", "told_by"]


class _LastResort:
    """What takes the place of ``logging.lastResort``, once something is logged."""

    def __init__(self, make: Callable[[], Handler]) -> None:
        self._make = make
        self._made: Handler | None = None
        self._before: Handler | None = None

    def install(self) -> None:
        import logging

        if self._made is None:
            self._made, self._before = self._make(), logging.lastResort
            logging.lastResort = self._made

    def remove(self) -> None:
        if self._made is not None:
            import logging

            logging.lastResort = self._before
            self._made.close()


#: At most one: that of the command that runs. logging itself has but one of them in a process.
_current: list[_LastResort] = []


def logger(name: str = "wfepy_hooks") -> Logger:
    """Return a logger whose warnings are told as those of the command where nobody has set up logging.

    Importing logging takes 6 ms that a plain tick does not need: call this when there is something to say.
    """
    import logging

    if _current:
        _current[-1].install()
    return logging.getLogger(name)


@contextlib.contextmanager
def told_by(make: Callable[[], Handler]) -> Iterator[None]:
    """While this is entered, a warning that no handler of logging takes goes to the handler that ``make`` returns.

    It is closed in the end, and made only if it is needed.
    """
    _current.append(_LastResort(make))
    try:
        yield
    finally:
        _current.pop().remove()
