"""What all stores share: which names are allowed, which instances have ended, and which ones are due."""

from __future__ import annotations

from ..clock import parse_time
from ..errors import UsageError
from ..outcome import InstanceStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .protocol import Document

__all__ = ["DUE", "NEVER", "check_names", "has_ended", "is_name", "wake_of"]

#: What :func:`wake_of` says of an instance that is due at every tick, and of one that no time makes due. As
#: texts, the one is less and the other greater than any moment.
DUE, NEVER = "-", "~"

_ENDED = frozenset(
    {InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED}
)
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ALLOWED = _FIRST | frozenset("._-")
_DIGITS = str.maketrans("123456789", "000000000")


def has_ended(document: Document) -> bool:
    """Return whether the status of a document is an end."""
    status = document.get("status")
    return type(status) is str and status in _ENDED


def wake_of(document: Document) -> str:
    """Return from when on the instance of a document is due: a text of :func:`.format_time`, :data:`DUE` or
    :data:`NEVER`.

    What is not understood makes it due, which costs time, and never lets it sleep past its moment. So does an
    end: somebody has to move the instance to the past.
    """
    wake = document.get("wake", DUE)
    if has_ended(document):
        return DUE
    if wake is None:
        return NEVER
    return wake if type(wake) is str and _is_moment(wake) else DUE


def _is_moment(text: str) -> bool:
    if text.translate(_DIGITS) != "0000-00-00T00:00:00.000000Z":
        return False
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def is_name(text: str) -> bool:
    """Return whether ``text`` matches ``[A-Za-z0-9][A-Za-z0-9._-]{0,99}``."""
    return 0 < len(text) <= 100 and text[0] in _FIRST and _ALLOWED.issuperset(text)


def check_names(workflow: str, instance: str = "x") -> None:
    """Raise :exc:`.UsageError` if these cannot be the names of a workflow and an instance."""
    if is_name(workflow) and is_name(instance) and workflow != "done":
        return
    if workflow == "done":
        raise UsageError("a workflow cannot be named 'done'", hint="that is where ended instances are kept")
    kind, name = ("an instance", instance) if is_name(workflow) else ("a workflow", workflow)
    hint = "use up to 100 letters, digits, '.', '_' and '-', a letter or digit first"
    raise UsageError(f"{name!r} cannot be the name of {kind}", hint=hint)
