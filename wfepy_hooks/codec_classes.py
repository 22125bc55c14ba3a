"""Which classes :mod:`.codec` may save, and how their objects come apart and together again."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType, SimpleNamespace

from .codec import MEMBER, sorted_members
from .errors import CodecError

__all__ = ["ClassPlan", "class_encoder", "decode_enum", "decode_object", "find_class"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .codec import Codec, Decoder, Encode, Encoder, Json, Path

# What C types a class may be built on: each keeps no more than the value that we save, or nothing at all.
_COPIES: dict[type, Callable[[Any], Any]] = {
    dict: dict.copy,
    list: lambda value: tuple(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    set: lambda value: tuple(set.__iter__(value)),
    frozenset: lambda value: tuple(frozenset.__iter__(value)),
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray.__getitem__(value, slice(None)),
}
_STATE_ONLY = frozenset({object, SimpleNamespace})
_IMMUTABLE = frozenset({tuple, frozenset, str, int, float, bytes})
_POINTER = tuple.__itemsize__

_MISSING = object()


def class_encoder(value: object, path: Path, encoder: Encoder) -> Encode:
    """Return what encodes objects of the class of ``value``.

    :raises CodecError: if they cannot be saved; ``path`` is where ``value`` is
    """
    kind = type(value)
    refusal = _refusal(kind, encoder.codec)
    if refusal is None:
        if _is_enum(kind):
            return _enum_encoder(kind)
        try:
            return ClassPlan(kind).encode
        except CodecError as error:
            refusal = error.what, error.hint
    raise encoder.error(path, *refusal)


def _refusal(kind: type, codec: Codec) -> tuple[str, str] | None:
    """Return what is wrong with saving values of type ``kind``, and what to do."""
    from .codec_errors import foreign_hint, kind_text, refused_kind

    never = refused_kind(kind)
    if never:
        return f"{never[0]} cannot be saved", never[1]
    if not _is_own(kind, codec):
        return f"{kind_text(kind)} cannot be saved", foreign_hint(kind, codec)
    if find_class(f"{kind.__module__}:{kind.__qualname__}", codec) is not kind:
        what = f"{kind_text(kind)} cannot be saved: its module has another class, or none, by that name"
        return what, "define the class at the top of the module"
    return None


class ClassPlan:
    """How objects of one class come apart and together again.

    :ivar base: the builtin type that the class extends, ``object`` if none
    :ivar slots: its ``__slots__`` by name, those of its bases included
    :raises CodecError: if part of such an object is out of reach
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.name = f"{kind.__module__}:{kind.__qualname__}"
        self.base = _base_of(kind)
        self.slots: dict[str, MemberDescriptorType] = {}
        self.dict_of: Callable[[object], dict[str, Any]] | None = None
        for step in reversed(kind.__mro__):
            if step is self.base and step is not SimpleNamespace:
                continue
            for name, member in vars(step).items():
                if name == "__dict__" and isinstance(member, (GetSetDescriptorType, MemberDescriptorType)):
                    self.dict_of = member.__get__
                elif type(member) is MemberDescriptorType and "__slots__" in vars(step):
                    self.slots[name] = member
        # Such a value is what it holds, wherever it is. Any other value has an identity to lose.
        self.is_value = _is_frozen(kind)

    def encode(self, encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
        """Return an object as JSON; the :data:`.codec.Encode` of its class."""
        out: dict[str, Any] = {"$object": self.name}
        fields = self._fields(value)
        if not (self.is_value or (self.base in _IMMUTABLE and not fields)):
            encoder.mark(value, path)
            if self.dict_of is not None:
                encoder.mark(self.dict_of(value), path)  # some set self.__dict__ = self
        if self.base in _COPIES:
            plain = _COPIES[self.base](value)
            encoder.kept.append(plain)
            if self.base is dict:  # spelt out, to save the frame of a call on each level
                out["value"] = encoder.walk_dict(plain, path, depth + 1)
            elif self.base is list or self.base is tuple:
                out["value"] = encoder.walk_list(plain, path, depth + 1)
            elif type(plain) is tuple:
                out["value"] = sorted_members(encoder.walk_list(plain, path, depth + 1, MEMBER))
            else:
                out["value"] = encoder.value(plain, path, depth + 1)
        if fields or self.base not in _COPIES:
            encoder.kept.append(fields)
            out["state"] = encoder.walk_dict(fields, path, depth + 1, ".")
        return out

    def _fields(self, value: object) -> dict[str, Any]:
        """Return the attributes of an object that are set."""
        fields = {}
        if self.dict_of is not None:
            fields.update(self.dict_of(value))
            # What Box[int](...) leaves on an object of a generic class: of use to a type checker only.
            fields.pop("__orig_class__", None)
        for name, slot in self.slots.items():
            field = _get(slot, value)
            if field is not _MISSING:
                fields[name] = field
        if "_attrs_cached_hash" in fields:
            fields["_attrs_cached_hash"] = None  # another process hashes text otherwise
        return fields

    def decode(self, value: Any, fields: Any) -> Any:
        """Return the object that has ``value`` and ``fields``; nothing of its class is called.

        :param value: ``_MISSING`` if there is none
        :raises ValueError: if they are not those of such an object
        :raises TypeError: likewise
        """
        made = self._make(value)
        if type(fields) is not dict:
            raise TypeError('"state" is not an object')
        own = self.dict_of(made) if self.dict_of is not None else None
        for name, item in fields.items():
            if name in self.slots:
                self.slots[name].__set__(made, item)
            elif own is not None:
                own[name] = item
            else:
                raise ValueError(f"{self.kind.__qualname__} has no attribute {name}")
        return made

    def _make(self, value: Any) -> Any:
        base: Any = self.base
        if base not in _COPIES:
            if value is not _MISSING:
                raise ValueError(f'{self.kind.__qualname__} has no "value"')
            return base.__new__(self.kind)
        shape = list if base in (tuple, list, set, frozenset) else base
        if type(value) is not shape:
            raise TypeError(f'"value" is not of type {shape.__name__}')
        if base in _IMMUTABLE:
            made = base.__new__(self.kind, value)
        else:
            made = base.__new__(self.kind)
            (base.extend if base in (list, bytearray) else base.update)(made, value)
        if base in (set, frozenset) and base.__len__(made) != len(value):
            raise ValueError("a member is there twice")
        return made


def _get(slot: MemberDescriptorType, value: object) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:  # it is not set
        return _MISSING


def decode_object(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    """Return the object of an ``$object`` tag."""
    plan = _plan_named(decoder, data["$object"], path)
    value = decoder.value(data["value"], path, depth + 1) if "value" in data else _MISSING
    fields = decoder.value(data["state"], path, depth + 1, ".") if "state" in data else {}
    return plan.decode(value, fields)


def _plan_named(decoder: Decoder, name: Any, path: Path) -> ClassPlan:
    plan = decoder.plans.get(name) if type(name) is str else None
    if plan is None:
        kind = _class_named(decoder, name, path)
        if _is_enum(kind) or issubclass(kind, type):
            raise decoder.edited(path, f"{name} is not a class of plain objects")
        try:
            plan = decoder.plans[name] = ClassPlan(kind)
        except CodecError as error:
            raise decoder.error(path, error.what, error.hint) from None
    return plan


def _class_named(decoder: Decoder, name: Any, path: Path) -> Any:
    """Return the class called ``"module:Class"`` if it is one that may be loaded."""
    kind = find_class(name, decoder.codec)
    if kind is not None:
        return kind
    from .codec_errors import key_text, own_modules

    what = f"there is no class {key_text(name)} in {own_modules(decoder.codec)}"
    raise decoder.error(path, what, "keep the old name in its module, or register the class")


def find_class(name: object, codec: Codec) -> type | None:
    """Return the class called ``"module:Class"``, ``None`` if there is none that may be loaded.

    Nothing is imported, and no code of a module or class is run: not even the ``__getattr__`` of either.
    """
    if type(name) is not str:
        return None
    if name in codec.registered:
        return codec.registered[name]
    module, _, qualname = name.partition(":")
    if not codec.owns_module(module):
        return None
    here: Any = codec.twins.get(module) or sys.modules.get(module)
    for part in qualname.split("."):
        if issubclass(type(here), ModuleType):
            here = _module_dict(here).get(part)
        elif issubclass(type(here), type):
            here = _class_dict(here).get(part)
        else:
            return None
    if issubclass(type(here), type) and _is_own(here, codec):
        return here  # type: ignore[no-any-return]
    return None


# The getters that no __getattribute__ can stand in for: a lazy module imports itself in one.
_module_dict: Callable[[Any], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__
_class_dict: Callable[[Any], dict[str, Any]] = type.__dict__["__dict__"].__get__


def _is_own(kind: type, codec: Codec) -> bool:
    return codec.owns_module(kind.__module__) or kind in codec.registered.values()


def _base_of(kind: type) -> type:
    """Return the builtin type that ``kind`` extends.

    :raises CodecError: if a class between them keeps data that only its C code can see, as ``collections.deque`` does
    """
    step = kind
    while step not in _COPIES and step not in _STATE_ONLY:
        base = step.__base__
        assert base is not None  # object is in _STATE_ONLY
        if _is_closed(step, base):
            from .codec_errors import kind_text, type_name

            what = f"{kind_text(kind)} cannot be saved: it extends {type_name(step)}"
            raise CodecError(what, hint="hold such a value in an attribute instead, as plain data")
        step = base
    return step


def _is_closed(kind: type, base: type) -> bool:
    """Return whether ``kind`` adds something to ``base`` that is neither in ``__dict__`` nor in ``__slots__``."""
    own = vars(kind)
    new = own.get("__new__")
    if isinstance(new, BuiltinFunctionType) and new.__self__ is kind:
        return True  # an object that another __new__ makes would not be safe to use
    pointers = ("__dict__" in own) + ("__weakref__" in own)
    if "__slots__" in own:
        pointers += sum(type(member) is MemberDescriptorType for member in own.values())
    return kind.__basicsize__ - base.__basicsize__ > pointers * _POINTER or kind.__module__ in _CLOSED


# Modules of classes in Python whose slots differ from one version of Python to the next.
_CLOSED = frozenset({"pathlib", "pathlib._local", "uuid", "_pydecimal", "zoneinfo._zoneinfo"})


def _is_frozen(kind: type) -> bool:
    """Return whether objects of a class are compared by value and never change."""
    dataclass_parameters = getattr(kind, "__dataclass_params__", None)
    if dataclass_parameters is not None:
        return bool(dataclass_parameters.frozen and dataclass_parameters.eq)
    if "__attrs_attrs__" in vars(kind):
        return kind.__setattr__.__name__ == "_frozen_setattrs" and "__eq__" in vars(kind)
    return False


# Enums


def _is_enum(kind: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and issubclass(type(kind), enum.EnumMeta)


def _enum_encoder(kind: type) -> Encode:
    name = f"{kind.__module__}:{kind.__qualname__}"
    members = kind._member_map_  # type: ignore[attr-defined]

    def encode(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
        if members.get(value._name_) is value:
            return {"$enum": [name, value._name_]}
        if type(value._value_) is int:  # a combination of flags
            return {"$enum": [name, encoder.value(value._value_, path, depth + 2)]}
        raise encoder.error(path, f"{name} has no such member", "name it in the class")

    return encode


def decode_enum(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    """Return the member of an ``$enum`` tag."""
    if type(data["$enum"]) is not list:
        raise TypeError("a list was expected")
    name, member = data["$enum"]
    kind = _class_named(decoder, name, path)
    if not _is_enum(kind):
        raise decoder.edited(path, f"{name} is not an Enum")
    if type(member) is str:
        found = kind._member_map_.get(member)
        if found is None:
            what = f"{name} has no member {member:.60}"
            raise decoder.error(path, what, "keep the old name as an alias of the new one")
        return found
    return _flags(kind, decoder.value(member, path, depth + 2))


def _flags(kind: Any, value: Any) -> Any:
    """Return the member of a Flag class that is a combination of others.

    :raises ValueError: if there is none
    """
    import enum

    if type(value) is not int or not issubclass(kind, enum.Flag) or kind._member_type_ not in (object, int):
        raise ValueError(f"{value!r:.60} is no member")
    if value in kind._value2member_map_:
        return kind._value2member_map_[value]
    # Not kind(value), which would run a _missing_ of the user's.
    stock: Any = enum.IntFlag if issubclass(kind, enum.IntFlag) else enum.Flag
    found = stock._missing_.__func__(kind, value)
    if type(found) is not kind:  # IntFlag gives a plain int for bits that it does not know
        raise ValueError(f"{value} is no member")
    return found
