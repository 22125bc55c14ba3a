"""Reading a pickle as data: its instructions are followed, and nothing that they name is looked up, called or made.

Python's own unpickler does what a pickle says: it imports, calls and sets attributes. This one only notes it. What
comes out is a tree of plain values and of three kinds of nodes, for a reader that decides what each of them stands for.
"""

from __future__ import annotations

import pickletools

from ..errors import StateFormatError

__all__ = ["MAX_BYTES", "Made", "Name", "Plain", "parse_pickle"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_BYTES = 16 * 2**20
"""The largest pickle that is read. The state of a workflow is a few kilobytes."""


class Plain:
    """A list, tuple, dict, set, frozenset or bytearray.

    :ivar kind: which of these
    :ivar members: what is in it; of a dict, pairs
    """

    __slots__ = ("kind", "members")

    def __init__(self, kind: type, members: list[Any]) -> None:
        self.kind = kind
        self.members = members


class Name:
    """Something that the pickle names, such as a class: ``module:qualified.name``."""

    __slots__ = ("text",)

    def __init__(self, module: str, name: str) -> None:
        self.text = f"{module}:{name}"


class Made:
    """What would come of a call, or of making an object without a call of its ``__init__``.

    :ivar function: what would be called, usually a :class:`Name`
    :ivar args: with what
    :ivar is_new: an object is made, and ``function`` is its class
    :ivar members: :ivar pairs: what would be appended to it, as to a list or to a dict
    :ivar state: what would become its state; ``None`` if nothing would
    """

    __slots__ = ("args", "function", "is_new", "members", "pairs", "state")

    def __init__(self, function: Any, args: list[Any], is_new: bool = False) -> None:
        self.function = function
        self.args = args
        self.is_new = is_new
        self.members: list[Any] = []
        self.pairs: list[Any] = []
        self.state: Any = None


def parse_pickle(data: bytes) -> Any:
    """Return what a pickle holds, as the tree that the top of this module describes.

    :raises StateFormatError: if it is no pickle, or one of a kind that is not read
    """
    if len(data) > MAX_BYTES:
        what = f"it has {len(data) // 2**20} MB, and no more than {MAX_BYTES // 2**20} are read"
        raise StateFormatError(what)
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except _Refused as refused:
        raise StateFormatError(str(refused), hint="it is none that WfEpy wrote") from None
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        what = f"it is no pickle, or a damaged one ({type(error).__name__}: {error})"
        raise StateFormatError(what[:200]) from None
    raise StateFormatError("it is no pickle, or one that is cut short")


class _Refused(Exception):
    """An instruction that is not followed, not even in thought."""


class _Machine:
    """The stack and the memory of a pickle while it is read."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _STEPS:
            _STEPS[name](self, argument)
        else:
            raise _Refused(f"the pickle has an instruction that is not read, {name}")

    def pop(self) -> Any:
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise IndexError("the stack is empty")
        return self.stack.pop()

    def pop_marked(self) -> list[Any]:
        mark = self.marks.pop()
        found = self.stack[mark:]
        del self.stack[mark:]
        return found

    def top(self, kind: type) -> Any:
        """Return what is on top, to which members or state are given."""
        if not isinstance(self.stack[-1], kind):
            raise TypeError(f"{type(self.stack[-1]).__name__} is changed as {kind.__name__} is")
        return self.stack[-1]

    def take(self, count: int) -> list[Any]:
        found = [self.pop() for _ in range(count)]
        found.reverse()
        return found

    # Instructions

    def proto(self, version: int) -> None:
        if version > 5:
            raise _Refused(f"the pickle is of protocol {version}, which is newer than this reader")

    def put(self, place: int) -> None:
        self.memory[place] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.memory[len(self.memory)] = self.stack[-1]

    def get(self, place: int) -> None:
        self.stack.append(self.memory[place])

    def mark(self, _: object) -> None:
        self.marks.append(len(self.stack))

    def drop(self, _: object) -> None:
        if self.marks and len(self.stack) == self.marks[-1]:
            self.marks.pop()
        else:
            self.pop()

    def drop_marked(self, _: object) -> None:
        self.pop_marked()

    def repeat(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def append(self, _: object) -> None:
        self.extend([self.pop()])

    def appends(self, _: object) -> None:
        self.extend(self.pop_marked())

    def extend(self, members: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Made) or self.top(Plain).kind is list:
            target.members += members
        else:
            raise TypeError(f"members are appended to a {target.kind.__name__}")

    def set_item(self, _: object) -> None:
        self.update(self.take(2))

    def set_items(self, _: object) -> None:
        self.update(self.pop_marked())

    def update(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Made):
            target.pairs += _pairs(flat)
        elif self.top(Plain).kind is dict:
            target.members += _pairs(flat)
        else:
            raise TypeError(f"items are set in a {target.kind.__name__}")

    def add_items(self, _: object) -> None:
        members = self.pop_marked()
        if self.top(Plain).kind is not set:
            raise TypeError("members are added to what is no set")
        self.stack[-1].members += members

    def named(self, text: str) -> None:
        module, _, name = text.partition(" ")
        self.stack.append(Name(module, name))

    def stack_named(self, _: object) -> None:
        module, name = self.take(2)
        if type(module) is not str or type(name) is not str:
            raise TypeError("a name is no text")
        self.stack.append(Name(module, name))

    def call(self, _: object) -> None:
        function, args = self.take(2)
        self.stack.append(Made(function, _members(args, tuple)))

    def new(self, _: object) -> None:
        kind, args = self.take(2)
        self.stack.append(Made(kind, _members(args, tuple), is_new=True))

    def new_ex(self, _: object) -> None:
        kind, args, keywords = self.take(3)
        if _members(keywords, dict):
            raise _Refused("the pickle makes an object with keyword arguments")
        self.stack.append(Made(kind, _members(args, tuple), is_new=True))

    def inst(self, text: str) -> None:
        args = self.pop_marked()
        self.named(text)
        self.stack[-1] = Made(self.stack[-1], args)

    def obj(self, _: object) -> None:
        kind, *args = self.pop_marked()
        self.stack.append(Made(kind, args))

    def build(self, _: object) -> None:
        state = self.pop()
        made = self.top(Made)
        if made.state is not None:
            raise _Refused("the pickle sets the state of an object twice")
        made.state = state


def _pairs(flat: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _members(node: Any, kind: type) -> list[Any]:
    if not isinstance(node, Plain) or node.kind is not kind:
        raise TypeError(f"a {kind.__name__} was expected")
    return node.members


def _container(kind: type, *, marked: bool = False, count: int = 0) -> Callable[[_Machine, object], None]:
    """Return the instruction that makes a container of what is on the stack."""

    def make(machine: _Machine, _: object) -> None:
        members = machine.pop_marked() if marked else machine.take(count)
        machine.stack.append(Plain(kind, _pairs(members) if kind is dict else members))

    return make


def _bytearray(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Plain(bytearray, [bytes(argument)]))


#: Instructions whose argument is the value. Those of Python 2's texts are not among them: WfEpy never ran there.
_VALUES = frozenset(
    (
        *("BINBYTES", "BINBYTES8", "BINFLOAT", "BININT", "BININT1", "BININT2", "BINUNICODE", "BINUNICODE8"),
        *("FLOAT", "INT", "LONG", "LONG1", "LONG4", "SHORT_BINBYTES", "SHORT_BINUNICODE", "UNICODE"),
    )
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.proto,
    "FRAME": lambda machine, _: None,
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "MARK": _Machine.mark,
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_marked,
    "DUP": _Machine.repeat,
    "EMPTY_LIST": _container(list),
    "EMPTY_TUPLE": _container(tuple),
    "EMPTY_DICT": _container(dict),
    "EMPTY_SET": _container(set),
    "LIST": _container(list, marked=True),
    "TUPLE": _container(tuple, marked=True),
    "DICT": _container(dict, marked=True),
    "FROZENSET": _container(frozenset, marked=True),
    "TUPLE1": _container(tuple, count=1),
    "TUPLE2": _container(tuple, count=2),
    "TUPLE3": _container(tuple, count=3),
    "BYTEARRAY8": _bytearray,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "GLOBAL": _Machine.named,
    "STACK_GLOBAL": _Machine.stack_named,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.new,
    "NEWOBJ_EX": _Machine.new_ex,
    "INST": _Machine.inst,
    "OBJ": _Machine.obj,
    "BUILD": _Machine.build,
}
