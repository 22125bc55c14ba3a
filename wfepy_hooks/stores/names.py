"""What all stores share: which names are allowed, and which instances have ended."""

from __future__ import annotations

from wfepy_hooks.errors import UsageError
from wfepy_hooks.outcome import InstanceStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks.stores.protocol import Document

__all__ = ["check_names", "has_ended", "is_name"]

_ENDED = frozenset(
    {InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED}
)
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ALLOWED = _FIRST | frozenset("._-")


def has_ended(document: Document) -> bool:
    """Return whether the status of a document is an end."""
    status = document.get("status")
    return type(status) is str and status in _ENDED


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
