"""Objects of the workflow's own classes: an empty one is made and gets its attributes; nothing is called."""

from __future__ import annotations

from ..codec_classes import _MISSING, ClassPlan
from .parse import Made, Plain

__all__ = ["make_object", "member_named"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .rebuild import Rebuilder

#: What a class may define to be pickled in its own way; what it then wrote, only its own code could read.
_OWN_WAYS = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")


def make_object(reader: Rebuilder, node: Made, kind: Any, path: str, depth: int) -> Any:
    """Return the object of class ``kind`` that ``node`` describes.

    :raises ValueError: :raises TypeError: if it has not the form that Python itself gives to objects
    """
    if _is_enum(kind):
        return _enum_member(reader, node, kind, path, depth)
    if kind.__module__ != "builtins" and not node.is_new and not issubclass(kind, (set, frozenset)):
        raise ValueError("it is made by a call, and none is made here")
    plan = ClassPlan(kind)
    return plan.decode(_held(reader, node, plan, path, depth), _fields(reader, node, kind, path, depth))


def member_named(kind: Any, name: str) -> Any:
    """Return a member of an Enum; ``None`` if ``kind`` is none or has no such member."""
    return kind._member_map_.get(name) if _is_enum(kind) else None


def _is_enum(kind: Any) -> bool:
    import enum

    return kind is not None and issubclass(type(kind), enum.EnumMeta)


def _enum_member(reader: Rebuilder, node: Made, kind: Any, path: str, depth: int) -> Any:
    (value,) = reader.arguments(node, path, depth)
    for member in kind._member_map_.values():  # not kind(value), which would run code of the class
        if type(member._value_) is type(value) and member._value_ == value:
            return member
    raise ValueError(f"there is no member {value!r:.60}")


def _held(reader: Rebuilder, node: Made, plan: ClassPlan, path: str, depth: int) -> Any:
    """Return what a subclass of dict, str, ... holds, in the form that :meth:`.ClassPlan.decode` takes."""
    base: Any = plan.base
    if base is dict:
        pairs = [*(_members(node.args[0], dict) if node.args else ()), *node.pairs]
        return reader.pairs(pairs, path, depth)
    if base is list:
        members = [*(_members(node.args[0], list) if node.args else ()), *node.members]
        return reader.collect(list, members, path, depth)
    if node.members or node.pairs:
        raise ValueError("there is more to it than its attributes")
    if base in (set, frozenset):
        return reader.collect(list, _members(node.args[0], list) if node.args else [], path, depth)
    if base is tuple:
        fields = next((vars(step)["_fields"] for step in plan.kind.__mro__ if "_fields" in vars(step)), None)
        is_named = fields is not None and len(node.args) == len(fields) and not _is_tuple(node.args)
        nodes = node.args if is_named else _members(node.args[0], tuple)
        return reader.collect(list, nodes, path, depth)
    args = [reader.make(each, path, depth + 1) for each in node.args]
    if not args:
        return _MISSING
    (value,) = args
    return value


def _is_tuple(args: list[Any]) -> bool:
    return len(args) == 1 and isinstance(args[0], Plain) and args[0].kind is tuple


def _members(node: Any, kind: type) -> list[Any]:
    if not isinstance(node, Plain) or node.kind is not kind:
        raise TypeError(f"a {kind.__name__} was expected")
    return node.members


def _fields(reader: Rebuilder, node: Made, kind: Any, path: str, depth: int) -> dict[str, Any]:
    """Return the attributes of an object."""
    states = _states(node.state)
    declared = _declared(kind)
    own_ways = [name for name in _OWN_WAYS if any(name in vars(step) for step in kind.__mro__[:-1])]
    if own_ways and not declared and node.state is not None:
        raise ValueError(f"its class has a {own_ways[0]} of its own, which is not run here")
    found: dict[str, Any] = {}
    for state in states:
        if state.kind is not dict:
            if not declared or len(state.members) != len(declared):
                raise ValueError("its state is no dict of attributes")
            state = Plain(dict, list(zip(declared, state.members, strict=True)))
        for name, value in state.members:
            if type(name) is not str:
                raise TypeError("the name of an attribute is no text")
            found[name] = reader.make(value, f"{path}.{name}", depth + 1)
    return found


def _states(state: Any) -> list[Plain]:
    """Return the dicts of attributes of which the state of an object consists."""
    if state is None:
        return []
    if not isinstance(state, Plain) or state.kind not in (dict, tuple, list):
        raise TypeError("its state is no dict of attributes")
    if state.kind is tuple and len(state.members) == 2:
        parts = [each for each in state.members if each is not None]
        if all(isinstance(each, Plain) and each.kind is dict for each in parts):
            return parts  # of __dict__, and of __slots__
    return [state]


def _declared(kind: Any) -> list[str]:
    """Return the names of the attributes of an attrs class or dataclass, in their order."""
    attributes = vars(kind).get("__attrs_attrs__")
    if attributes is not None:
        return [each.name for each in attributes]
    fields = vars(kind).get("__dataclass_fields__")
    return list(fields) if fields is not None else []
