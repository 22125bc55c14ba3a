"""Tracebacks of tests without the frames of the engine and of pluggy, which only keep one from reading."""

from __future__ import annotations

import os

from ..errors import WfepyError

__all__ = ["PACKAGE", "hide_ours"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

#: The folder of this package.
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: What these raise is about what the test has written, or is what a double was told to raise.
_SPEAKING = (os.path.join(PACKAGE, "timing.py"), os.path.join(PACKAGE, "testing", "doubles.py"))


def hide_ours(error: BaseException) -> None:
    """Take the frames of this package, and of pluggy, out of the traceback of ``error``, and of what it came from.

    What the engine raises by intent says everything in its message. Of any other error the frame that raised it stays,
    whoever that belongs to.
    """
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        _hide(found)
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _hide(error: BaseException) -> None:
    kept = error.__traceback__
    while kept is not None and kept.tb_next is not None and _is_ours(kept):
        kept = error.__traceback__ = kept.tb_next
    while kept is not None and kept.tb_next is not None:
        following: TracebackType = kept.tb_next
        is_last = following.tb_next is None
        if _is_ours(following) and (not is_last or isinstance(error, WfepyError) or _speaks(following)):
            kept.tb_next = following.tb_next
        else:
            kept = following


def _speaks(frame: TracebackType) -> bool:
    return os.path.abspath(frame.tb_frame.f_code.co_filename) in _SPEAKING


def _is_ours(frame: TracebackType) -> bool:
    package = str(frame.tb_frame.f_globals.get("__name__")).partition(".")[0]
    return package == "pluggy" or os.path.abspath(frame.tb_frame.f_code.co_filename).startswith(PACKAGE)
