"""What :mod:`.conformance` lets an executor call: functions that tell where, when and with whom they run.

They are in a file of their own so that a worker process needs no pytest.
"""

from __future__ import annotations

import contextvars
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["append_to", "count_others", "fail_with", "is_set", "leave_file", "meet", "same"]

_PATIENCE = 30.0
_variable: contextvars.ContextVar[bool] = contextvars.ContextVar("_variable", default=False)


def same(*values: Any) -> tuple[Any, ...]:
    """Return the arguments."""
    return values


def fail_with(error: BaseException) -> None:
    """Raise ``error``."""
    raise error


def append_to(values: list[int]) -> int:
    """Change the argument; return how long it is then."""
    values.append(len(values))
    return len(values)


def is_set() -> bool:
    """Return whether an earlier call has left the context variable set, and set it."""
    before = _variable.get()
    _variable.set(True)
    return before


def leave_file(folder: str, name: str) -> None:
    """Make an empty file."""
    with open(os.path.join(folder, name), "w"):
        pass


def meet(folder: str, name: str, number: int) -> int:
    """Wait until ``number`` calls are here at the same time; return how many came before patience was over."""
    leave_file(folder, name)
    end = time.monotonic() + _PATIENCE
    while len(os.listdir(folder)) < number and time.monotonic() < end:
        time.sleep(0.01)
    return len(os.listdir(folder))


def count_others(folder: str, name: str) -> int:
    """Return how many calls were here at the same time, this one included."""
    leave_file(folder, name)
    time.sleep(0.02)
    number = len(os.listdir(folder))
    os.remove(os.path.join(folder, name))
    return number
