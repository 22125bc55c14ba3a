"""What of Python and its standard library may be named in a pickle, and how each is made.

Nothing is called that the pickle names: each of these checks its arguments, and makes the value itself.
"""

from __future__ import annotations

import datetime

from ..codec_classes import find_class
from ..outcome import TaskState
from .parse import Made, Name, Plain
from .rebuild import canonical

__all__ = ["MAKERS"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .rebuild import Rebuilder

    Maker = Callable[[Rebuilder, Made, str, int], Any]

_FACTORIES = frozenset(
    f"builtins:{name}" for name in ("list", "dict", "set", "int", "str", "float", "bool", "tuple")
)


def _set(kind: Any) -> Maker:
    def make(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
        if node.pairs or node.members or node.state is not None or len(node.args) > 1:
            raise ValueError("there is more to it than its members")
        nodes = node.args[0].members if node.args and _is_plain(node.args[0], list) else []
        if node.args and not _is_plain(node.args[0], list):
            raise TypeError("a list was expected")
        if kind is set:
            reader.note_shared(node, path)
        return reader.collect(kind, nodes, path, depth)

    return make


def _is_plain(node: Any, kind: type) -> bool:
    return isinstance(node, Plain) and node.kind is kind


def _encoded(reader: Rebuilder, node: Made, path: str, depth: int) -> bytes:
    """What protocols before 3 make of bytes."""
    text, encoding = reader.arguments(node, path, depth)
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise TypeError("bytes as Latin-1 text were expected")
    return text.encode("latin-1")


def _bytes(kind: Any) -> Maker:
    def make(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
        args = reader.arguments(node, path, depth)
        if args and type(args[0]) is str and args[1:] in (["latin-1"], ["latin1"]):
            args = [args[0].encode("latin-1")]
        if len(args) > 1 or not all(type(each) is bytes for each in args):
            raise TypeError("bytes were expected")
        return kind(*args)

    return make


def _becomes_dict(what: str, count: int) -> Maker:
    """A dict with a type of its own, which is a plain one from now on."""

    def make(reader: Rebuilder, node: Made, path: str, depth: int) -> dict[Any, Any]:
        if node.state is not None or len(node.args) > count or node.members:
            raise ValueError("there is more to it than its items")
        if what == "defaultdict" and node.args:
            factory = node.args[0]
            if factory is not None and not (isinstance(factory, Name) and canonical(factory) in _FACTORIES):
                raise reader.error(path, "a defaultdict is read only with a plain type such as list")
        pairs = list(node.pairs)
        if what == "Counter" and node.args:
            if not _is_plain(node.args[0], dict):
                raise TypeError("a dict was expected")
            pairs += node.args[0].members
        reader.note_shared(node, path)
        reader.notes.append(f"{path} was a {what}, and is a plain dict now")
        return reader.pairs(pairs, path, depth)

    return make


def _deque(reader: Rebuilder, node: Made, path: str, depth: int) -> list[Any]:
    if node.pairs or node.state is not None:
        raise ValueError("there is more to it than its members")
    limit = node.args[1] if len(node.args) > 1 else None
    if node.args and not (isinstance(node.args[0], Plain) and node.args[0].kind in (list, tuple)):
        raise TypeError("a list was expected")
    members = [*(node.args[0].members if node.args else ()), *node.members]
    reader.note_shared(node, path)
    length = f" of at most {limit}" if type(limit) is int else ""
    reader.notes.append(f"{path} was a deque{length}, and is a list now")
    made: list[Any] = reader.collect(list, members, path, depth)
    return made


def _namespace(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    from types import SimpleNamespace

    if node.args or node.members or node.pairs:
        raise ValueError("there is more to it than its attributes")
    reader.note_shared(node, path)
    made = SimpleNamespace()
    if node.state is not None:
        if not _is_plain(node.state, dict):
            raise TypeError("a dict was expected")
        made.__dict__.update(reader.pairs(node.state.members, path, depth))
    return made


def _moment(kind: str) -> Maker:
    """A date, time or datetime: its bytes are read here, since Python does not look at them closely."""

    def make(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
        data, *zone = reader.arguments(node, path, depth)
        if type(data) is str:
            data = data.encode("latin-1")
        if type(data) is not bytes or len(data) != {"date": 4, "time": 6, "datetime": 10}[kind]:
            raise ValueError("its bytes were expected")
        if zone and (len(zone) > 1 or not isinstance(zone[0], datetime.tzinfo) or kind == "date"):
            raise TypeError("a time zone was expected")
        day, clock = (data[:4], data[4:]) if kind != "time" else (b"", data)
        # The highest bit of the month, or of the hour, is the fold.
        fold = (day[2] if day else clock[0]) >> 7
        date = (day[0] << 8 | day[1], day[2] & 127, day[3]) if day else ()
        if kind == "date":
            return datetime.date(*date)
        hour = clock[0] if day else clock[0] & 127
        rest = (hour, clock[1], clock[2], clock[3] << 16 | clock[4] << 8 | clock[5], *zone)
        if kind == "time":
            return datetime.time(*rest, fold=fold)
        return datetime.datetime(*date, *rest, fold=fold)  # noqa: DTZ001  # as it was

    return make


def _timedelta(reader: Rebuilder, node: Made, path: str, depth: int) -> datetime.timedelta:
    days, seconds, microseconds = args = reader.arguments(node, path, depth)
    if not all(type(each) is int for each in args):
        raise TypeError("three numbers were expected")
    return datetime.timedelta(days, seconds, microseconds)


def _timezone(reader: Rebuilder, node: Made, path: str, depth: int) -> datetime.timezone:
    offset, *name = reader.arguments(node, path, depth)
    if type(offset) is not datetime.timedelta or [type(each) for each in name] not in ([], [str]):
        raise TypeError("an offset and a name were expected")
    return datetime.timezone(offset, *name)


def _zone(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    import zoneinfo

    name = reader.arguments(node, path, depth)[0]
    if type(name) is not str:
        raise TypeError("the name of a time zone was expected")
    return zoneinfo.ZoneInfo(name)


def _decimal(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    import decimal

    (text,) = reader.arguments(node, path, depth)
    if type(text) is not str:
        raise TypeError("text was expected")
    return decimal.Decimal(text)


def _uuid(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    import uuid

    if node.args and node.function.text.endswith(":UUID"):
        raise ValueError("there is more to it than its number")
    if not _is_plain(node.state, dict):
        raise TypeError("its number was expected")
    fields = {key: value for key, value in node.state.members if type(key) is str}
    if type(fields.get("int")) is not int or not fields.keys() <= {"int", "is_safe"}:
        raise TypeError("its number was expected")
    return uuid.UUID(int=fields["int"])


def _path(kind: str) -> Maker:
    def make(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
        import os
        import pathlib

        parts = reader.arguments(node, path, depth)
        if not all(type(each) is str for each in parts):
            raise TypeError("text was expected")
        is_posix = "Posix" in kind
        if not kind.startswith("Pure") and is_posix == (os.name == "posix"):
            return pathlib.Path(*parts)
        return (pathlib.PurePosixPath if is_posix else pathlib.PureWindowsPath)(*parts)

    return make


def _state(reader: Rebuilder, node: Made, path: str, depth: int) -> TaskState:
    if not reader.states:
        raise reader.refused(path, "wfepy.workflow:TaskState")
    (value,) = reader.arguments(node, path, depth)
    return TaskState(value)


def _attribute(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    """How Python 3.11.0 to 3.11.3 write the members of an Enum: ``getattr(TaskState, "READY")``."""
    owner, name = node.args
    if not isinstance(owner, Name) or type(name) is not str:
        raise reader.error(path, "it is what getattr returns, which is not called")
    text = canonical(owner)
    if text == "wfepy.workflow:TaskState" and reader.states:
        return TaskState[name]
    from .objects import member_named

    member = member_named(find_class(text, reader.codec), name)
    if member is None:
        raise reader.refused(path, f"{text}.{name:.50}")
    return member


def _reconstructed(reader: Rebuilder, node: Made, path: str, depth: int) -> Any:
    """An object as protocols before 2 write it: its class, the builtin type that this extends, what that holds."""
    kind, base, held = node.args
    if not isinstance(kind, Name) or not isinstance(base, Name):
        raise TypeError("a class was expected")
    made = Made(kind, [] if held is None else [held], is_new=True)
    made.state, made.members, made.pairs = node.state, node.members, node.pairs
    if canonical(kind) in MAKERS:
        return MAKERS[canonical(kind)](reader, made, path, depth)
    return reader.own(made, canonical(kind), path, depth)


MAKERS: dict[str, Maker] = {
    "_codecs:encode": _encoded,
    "builtins:bytearray": _bytes(bytearray),
    "builtins:bytes": _bytes(bytes),
    "builtins:frozenset": _set(frozenset),
    "builtins:getattr": _attribute,
    "builtins:set": _set(set),
    "collections:Counter": _becomes_dict("Counter", 1),
    "collections:OrderedDict": _becomes_dict("OrderedDict", 0),
    "collections:defaultdict": _becomes_dict("defaultdict", 1),
    "collections:deque": _deque,
    "copyreg:_reconstructor": _reconstructed,
    "datetime:date": _moment("date"),
    "datetime:datetime": _moment("datetime"),
    "datetime:time": _moment("time"),
    "datetime:timedelta": _timedelta,
    "datetime:timezone": _timezone,
    "decimal:Decimal": _decimal,
    **{
        f"pathlib:{kind}": _path(kind)
        for kind in ("PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath")
    },
    "types:SimpleNamespace": _namespace,
    "uuid:UUID": _uuid,
    "wfepy.workflow:TaskState": _state,
    "zoneinfo:ZoneInfo._unpickle": _zone,
}
