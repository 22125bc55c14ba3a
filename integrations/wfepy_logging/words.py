"""Words for people: how long, why, and the part of a traceback that is theirs."""

from __future__ import annotations

from wfepy_hooks import GiveUp, WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from wfepy_hooks import WaitState

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

__all__ = ["seconds", "users_traceback", "waiting_words"]


def seconds(took: float) -> str:
    """Return a duration: ``0.012 s``."""
    return f"{took:.3f} s"


def waiting_words(wait: WaitState | None) -> str:
    """Return what a task waits for, to be put behind ``waits``."""
    if wait is None:
        return ""
    if wait.reason:
        return f": {wait.reason}"
    words = []
    if wait.until:
        words.append(f" until {wait.until[:19]}Z")
    if wait.signals:
        words.append(f" for the signal {' or '.join(wait.signals)}")
    return " or".join(words)


def users_traceback(error: BaseException | None) -> ExcInfo | None:
    """Return an error for ``exc_info``, without the frames of the engine; ``None`` for one that says all itself."""
    if error is None or isinstance(error, (GiveUp, WfepyError)):
        return None
    traceback = error.__traceback__
    while traceback is not None and _is_engines(traceback):
        traceback = traceback.tb_next
    return None if traceback is None else (type(error), error, traceback)


def _is_engines(traceback: TracebackType) -> bool:
    name: str = traceback.tb_frame.f_globals.get("__name__", "")
    return name.startswith("wfepy_hooks.")
