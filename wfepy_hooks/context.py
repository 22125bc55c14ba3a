"""The default context: a dict that is also its own ``.data``."""

from __future__ import annotations

__all__ = ["Context", "put"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fields = dict[str, Any]
else:
    Fields = dict


class Context(Fields):
    """What the tasks of an instance share: ``context["milk"]``, or ``context.data["milk"]`` as in WfEpy.

    It has items only. Setting an attribute is an error at once, since nothing would save the attribute.
    """

    __slots__ = ()

    @property
    def data(self) -> Context:
        """The context itself."""
        return self

    def __repr__(self) -> str:
        return f"Context({dict.__repr__(self)})"


def put(context: Any, key: str, value: Any) -> None:
    """Set an item of a context that is a dict, an attribute of any other."""
    if isinstance(context, dict):
        context[key] = value
    else:
        setattr(context, key, value)
