"""What goes wrong away from the thread of the tick, and how an error travels between processes.

    TimeLimitExceeded    (TimeoutError)   a call took longer than it may
    WorkerDied           (RuntimeError)   its process ended without an answer
    TaskError            (RuntimeError)   stands for an error that cannot be pickled

All of them are outcomes of a task, as what it raises itself.
"""

from __future__ import annotations

import os.path

from ..wording import describe_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "RemoteTrace",
    "TaskError",
    "TimeLimitExceeded",
    "WorkerDied",
    "portable",
    "trace_of",
    "with_trace",
]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class TimeLimitExceeded(TimeoutError):
    """A call took longer than its time limit, so it was given up."""


class WorkerDied(RuntimeError):
    """The process that ran a call ended without an answer.

    :ivar exit_code: what it ended with; a negative number is that of a signal, ``None``: unknown
    """

    def __init__(self, text: str, exit_code: int | None = None) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class TaskError(RuntimeError):
    """An error that cannot be pickled, as text: its type and what it says."""


class RemoteTrace(Exception):
    """The ``__cause__`` of an error that was raised in another process.

    :ivar text: the traceback of there, as text
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}\n"""'


def portable(error: BaseException) -> BaseException:
    """Return ``error`` if it survives a pickle unharmed, else a :class:`TaskError` with its text."""
    import pickle  # lazily: nothing may fail

    try:
        copy = pickle.loads(pickle.dumps(error))
        if type(copy) is type(error) and str(copy) == str(error):
            return error
    except Exception:  # noqa: BLE001  # its __reduce__, __init__ and __str__ are a stranger's
        pass
    return TaskError(describe_error(error))


def trace_of(error: BaseException) -> str:
    """Return the traceback of an error as text, without the frames of the engine that called the task."""
    import traceback  # lazily: nothing may fail

    try:
        found = traceback.TracebackException(type(error), error, _behind_ours(error.__traceback__))
        return "".join(found.format()).rstrip()
    except Exception:  # noqa: BLE001  # the text of a stranger's error may be broken
        return describe_error(error)


def _behind_ours(found: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback from the first frame that is not of this package on."""
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        found = found.tb_next
    return found


def with_trace(error: BaseException, trace: str) -> BaseException:
    """Return ``error`` with the traceback that it had in another process as its cause."""
    if trace:
        error.__cause__ = RemoteTrace(trace)
    return error
