"""The traceback of a task: where in the user's code it failed, without the frames of the engine."""

from __future__ import annotations

import os.path

from ..errors import WfepyError
from .output import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["task_traceback"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def task_traceback(error: BaseException) -> str:
    """Return the traceback of what a task raised; empty for an error of ours, which says all in its one line."""
    import traceback  # lazily: a task has failed

    if isinstance(error, WfepyError):
        return ""
    if type(error.__cause__).__name__ == "RemoteTrace":  # by name: few ticks have imported it
        return "\n".join(clean(line) for line in error.__cause__.text.split("\n"))  # type: ignore[union-attr]
    users = _users_part(error.__traceback__)
    if users is None:
        return ""
    lines = "".join(traceback.TracebackException(type(error), error, users).format()).rstrip().split("\n")
    return "\n".join(clean(line) for line in lines)


def _users_part(found: TracebackType | None) -> TracebackType | None:
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        found = found.tb_next
    return found
