"""Classes of a workflow's own modules, for the tests of the codec, and how to tell two values apart."""

from __future__ import annotations

import enum
import random
import sys
from collections import OrderedDict, UserDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from decimal import Decimal
from enum import Enum, Flag, IntEnum, IntFlag
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, TypeVar

import attrs

T = TypeVar("T")

ran: list[str] = []
"""What code of these classes has run."""


class Plain:
    def __init__(self, *args: object, **fields: object) -> None:
        ran.append("__init__")
        self.__dict__.update(fields)


class Trap:
    """Shouts when anything of it is called."""

    def __init__(self) -> None:
        ran.append("__init__")

    def __setattr__(self, name: str, value: object) -> None:
        ran.append("__setattr__")
        object.__setattr__(self, name, value)

    def __setstate__(self, state: object) -> None:
        ran.append("__setstate__")

    def __getattr__(self, name: str) -> Any:
        ran.append("__getattr__")
        raise AttributeError(name)

    def __reduce__(self) -> Any:
        ran.append("__reduce__")
        return print, ("reduced",)

    def __new__(cls) -> Trap:
        ran.append("__new__")
        return object.__new__(cls)

    def __del__(self) -> None:
        pass


@dataclass
class Order:
    name: str
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True, eq=False)
class Token:
    name: str


@dataclass(slots=True)
class Slotted:
    x: Any
    y: Any = None


@dataclass(frozen=True, slots=True)
class FrozenSlotted:
    x: Any


@attrs.define
class AttrsSlotted:
    x: Any


@attrs.frozen(cache_hash=True)
class AttrsFrozen:
    x: Any


@attrs.define(slots=False)
class AttrsDict:
    x: Any


class SlotsBase:
    __slots__ = ("__secret", "base")

    def __init__(self) -> None:
        self.__secret = 1


class SlotsChild(SlotsBase):
    __slots__ = ("child",)

    def secret(self) -> int:
        return self._SlotsBase__secret  # type: ignore[attr-defined, no-any-return]


class SlotsAndDict(SlotsBase):
    pass


class Pair(NamedTuple):
    left: Any
    right: Any


class Tree(dict[str, Any]):
    pass


class Items(list[Any]):
    def __iter__(self) -> Any:
        raise RuntimeError("code of the user")

    def append(self, value: object) -> None:
        raise RuntimeError("code of the user")


class Bag(set[Any]):
    pass


class FrozenBag(frozenset[Any]):
    pass


class Name(str):
    def __str__(self) -> str:
        raise RuntimeError("code of the user")

    __repr__ = __str__


class Count(int):
    pass


class Ratio(float):
    pass


class Blob(bytes):
    pass


class Space(SimpleNamespace):
    pass


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


class Users(UserDict[str, Any]):
    pass


class Outer:
    class Inner:
        pass


class Colour(Enum):
    RED = 1
    ROUGE = 1  # noqa: PIE796 - an alias
    BLUE = (2, 3)


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Word(str, Enum):
    YES = "yes"


class Mode(Flag):
    READ = 1
    WRITE = 2
    BOTH = 3
    RUN = 4


class Bits(IntFlag):
    A = 1
    B = 2


if sys.version_info >= (3, 11):

    class Text(enum.StrEnum):
        HI = "hi"


# These have data that only C code can see.


class Queue(deque[Any]):
    pass


class Ordered(OrderedDict[str, Any]):
    pass


class Money(Decimal):
    pass


class Default(defaultdict[str, Any]):
    pass


class Span(timedelta):
    pass


class Zone(tzinfo):
    def utcoffset(self, moment: object) -> timedelta:
        return timedelta(hours=1)

    dst = utcoffset

    def tzname(self, moment: object) -> str:
        return "X"


class Complex(complex):
    pass


class Dice(random.Random):
    pass


class Place(type(Path())):  # type: ignore[misc]
    pass


class AttrDict(dict[str, Any]):
    """The classic that is its own ``__dict__``."""

    def __init__(self, **items: object) -> None:
        super().__init__(**items)
        self.__dict__ = self


def local_class() -> type:
    class Local:
        pass

    return Local


def alike(one: Any, other: Any) -> bool:
    """Return whether two values are the same in value and type, all the way down; NaN is like NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            alike(key, other_key) and alike(value, other_value)
            for (key, value), (other_key, other_value) in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, (set, frozenset)):
        left = list(other)
        for member in one:
            match = next((n for n, candidate in enumerate(left) if alike(member, candidate)), None)
            if match is None:
                return False
            del left[match]
        return not left
    if isinstance(one, Decimal):
        return str(one) == str(other)
    return bool(one == other)
