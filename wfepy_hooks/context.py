"""The default context: a dict that is also its own ``.data``."""

from __future__ import annotations

__all__ = ["Context", "put", "read_only", "refill"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

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


def refill(context: Any, fresh: Any, keys: Iterable[str | None]) -> Any:
    """Bring a context up to date in place, for those who hold it: give it what ``fresh`` has in these places.

    :param keys: the keys or attributes in which they differ; ``None``: in any
    :return: the context; ``fresh`` where that cannot be done in place: of a list, of attributes in slots, of a dict
        that has attributes, of another class
    """
    mine, other = _by_key(context), _by_key(fresh)
    differing = [*keys]
    if None in differing and mine is context and other is fresh:
        differing = [*{**mine, **other}]
    if type(context) is not type(fresh) or any(key not in mine and key not in other for key in differing):
        return fresh
    for key in differing:
        if key in other:
            mine[key] = other[key]
        else:
            del mine[key]
    return context


def _by_key(context: Any) -> Any:
    """Return the items of a dict, the attributes of any other object."""
    attributes = getattr(context, "__dict__", {})
    return context if isinstance(context, dict) and not attributes else attributes


class _ReadOnly(Context):
    """A context that cannot be changed."""

    __slots__ = ()

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("an item of each= cannot change the context; return what is to be collected")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse


def read_only(context: Any) -> Any:
    """Return the context as the items of a task see it: many of them run at once, so none may change it.

    Only of a :class:`Context` can that be made sure.
    """
    return _ReadOnly(context) if type(context) is Context else context
