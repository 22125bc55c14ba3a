"""Where in the user's code a task failed: its traceback without the frames of the engine, or one line of it."""

from __future__ import annotations

import os.path

from ..errors import WfepyError
from .output import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["task_origin", "task_traceback"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OWN, _INSTALLED, _NOBODYS = range(3)


def task_traceback(error: BaseException) -> str:
    """Return the traceback of what a task raised; empty for an error of ours, which says all in its one line."""
    import traceback  # lazily: a task has failed

    if isinstance(error, WfepyError):
        return ""
    remote = _remote_trace(error)
    if remote:
        return "\n".join(clean(line) for line in remote.split("\n"))
    users = _users_part(error.__traceback__)
    if users is None:
        return ""
    lines = "".join(traceback.TracebackException(type(error), error, users).format()).rstrip().split("\n")
    return "\n".join(clean(line) for line in lines)


def task_origin(error: BaseException) -> str:
    """Return ``file:line`` of the innermost code of the user's own that raised; empty if there is none.

    A library that this code called is a worse answer: the line in it is the same for all its callers.
    """
    ranked = [(_rank(file), file, line) for file, line in _places(error)]
    for rank in (_OWN, _INSTALLED):  # the workflow may be an installed package itself
        of_rank = [f"{file}:{line}" for found, file, line in ranked if found == rank]
        if of_rank:
            return of_rank[-1]
    return ""


def _places(error: BaseException) -> list[tuple[str, int]]:
    """Return the file and line of each frame behind those of the engine, the innermost last."""
    remote = _remote_trace(error)
    if remote:
        import re  # lazily: a task has failed

        found = re.findall(r'^\s*File "(.+)", line (\d+)', remote, re.MULTILINE)
        return [(file, int(line)) for file, line in found]
    places, frame = [], _users_part(error.__traceback__)
    while frame is not None:
        places.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        frame = frame.tb_next
    return places


def _rank(file: str) -> int:
    """Return whose code a file is: the user's, that of an installed package, or nobody's that a user can mend."""
    if file.startswith((_PACKAGE, "<frozen")):
        return _NOBODYS
    if f"{os.sep}site-packages{os.sep}" in file or f"{os.sep}dist-packages{os.sep}" in file:
        return _INSTALLED
    return _NOBODYS if file.startswith(_STANDARD_LIBRARY) else _OWN


def _remote_trace(error: BaseException) -> str:
    """Return the traceback that an error had in another process; empty for one of this process."""
    cause = error.__cause__
    # By name: few ticks have imported it.
    return cause.text if type(cause).__name__ == "RemoteTrace" else ""  # type: ignore[union-attr]


def _users_part(found: TracebackType | None) -> TracebackType | None:
    """Return what is behind the frames of the engine, of pluggy, and of the wrappers that were around the task."""
    while found is not None and (_is_nobodys(found) or _is_wrapper(found)):
        found = found.tb_next
    return found


def _is_nobodys(found: TracebackType) -> bool:
    return found.tb_frame.f_code.co_filename.startswith(_PACKAGE) or _is_pluggy(found)


def _is_wrapper(found: TracebackType) -> bool:
    """Whether this is a wrapper that an error passes: pluggy has thrown into it what it caught further in."""
    behind = found.tb_next
    return behind is not None and behind.tb_frame.f_code.co_name == "_multicall" and _is_pluggy(behind)


def _is_pluggy(found: TracebackType) -> bool:
    return str(found.tb_frame.f_globals.get("__name__")).partition(".")[0] == "pluggy"
