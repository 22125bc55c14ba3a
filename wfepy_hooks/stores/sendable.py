"""What a signal in an inbox looks like, whichever store keeps it."""

from __future__ import annotations

from ..errors import UsageError
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .protocol import Signals

__all__ = ["flaw_of", "in_order", "without_nulls", "writable"]

_DEEPEST = 100


def flaw_of(signal: Any) -> str:
    """Return why a JSON value is no signal, or ``""`` if it is one."""
    if type(signal) is not dict:
        return "it is not a JSON object"
    name, identity = signal.get("name"), signal.get("id")
    if type(name) is not str or not name:
        return 'its "name" must be a text that is not empty'
    if type(identity) is not str or not is_name(identity):
        return 'its "id" must be up to 100 letters, digits, ".", "_" and "-", a letter or digit first'
    for key in ("by", "sent"):
        if type(signal.get(key, "")) is not str:
            return f'its "{key}" must be a text'
    # A snapshot could not be written with it: dumping it would go too deep.
    return f"it is nested more than {_DEEPEST} levels deep" if _is_deep(signal) else ""


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for each in level:
            if type(each) is dict:
                inner += each.values()
            elif type(each) is list:
                inner += each
        if not inner:
            return False
        level = inner
    return True


def without_nulls(signal: dict[str, Any]) -> dict[str, Any]:
    """Return ``signal`` without an ``id``, ``by`` or ``sent`` that is null: the same as not being there."""
    return {
        key: value for key, value in signal.items() if value is not None or key not in ("id", "by", "sent")
    }


def writable(signal: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a signal, as JSON has it.

    :raises UsageError: if it is no signal
    :raises TypeError: :raises ValueError: if it cannot be written as JSON
    """
    import json  # lazily: only who sends one needs it

    copy: Any
    try:
        copy = json.loads(json.dumps(signal, allow_nan=False))
    except RecursionError:
        raise UsageError("the signal cannot be sent: it is nested too deeply") from None
    if type(copy) is dict:
        copy = without_nulls(copy)
    flaw = flaw_of(copy)
    if flaw:
        raise UsageError(f"the signal cannot be sent: {flaw}")
    found: dict[str, Any] = copy
    return found


def in_order(signals: Iterable[dict[str, Any]]) -> Signals:
    """Return signals in the order in which they are delivered: by ``(sent, id)``, those without ``sent`` first."""
    return sorted(signals, key=lambda signal: (signal.get("sent", ""), signal["id"]))
