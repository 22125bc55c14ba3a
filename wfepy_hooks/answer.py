"""What a task's answer means."""

from __future__ import annotations

from .notices import logger
from .outcome import Wait
from .wording import describe_error, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task


def as_answer(task: Task, answer: object, strict: bool) -> bool | Wait:
    """Return what a task answered as ``True``, ``False`` or a :class:`.Wait`.

    Anything else is converted with ``bool()`` as WfEpy does, and a warning names the task.

    :raises TypeError: under ``strict``, for anything else
    """
    if isinstance(answer, (bool, Wait)):
        return answer
    kind = "None" if answer is None else f"{type(answer).__name__} {_short(answer)}"
    hint = "; is a return forgotten?" if answer is None else ""
    message = f'task "{task.name}" at {task.location} returned {kind} instead of True or False{hint}'
    if strict:
        raise TypeError(message)
    logger().warning("%s; taken for %s", message, bool(answer))
    return bool(answer)


def _short(value: object) -> str:
    try:
        return shorten(repr(value), 60)
    except Exception:  # noqa: BLE001  # the repr of a stranger's object may be broken
        return "(its repr fails)"


def error_text(error: BaseException) -> str:
    """Return an error as one line of text, such as ``ValueError: no milk``."""
    if isinstance(error, SystemExit):
        return f"the task called sys.exit({error.code!r})"
    return shorten(describe_error(error), 500)
