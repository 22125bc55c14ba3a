"""The hook that this plugin offers to others."""

from __future__ import annotations

from wfepy_hooks import hookspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Message


@hookspec(firstresult=True)
def wfepy_notify_send(message: Message) -> bool | None:
    """Send a message by other means than Apprise.

    When: for each attempt at sending a message to a target, before Apprise is asked. In a thread of its own for each
        target, so that a server that hangs delays nobody; what has not come back within ``limit`` counts as failed.
    Kind: decision; an exception is a failed attempt, which is logged and made again at a later tick.
    Arguments:
        message: what to tell, and whom: see :class:`wfepy_notify.message.Message`.
    Result: ``True`` once it is sent, ``None`` to leave it to the others.
    """
