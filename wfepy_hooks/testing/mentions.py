"""What functions mention: names of items of the context, and the values that they compare them with."""

from __future__ import annotations

from enum import Enum

__all__ = ["Mentions", "mentions_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

_SCALARS = (str, int, float, Enum)
#: Functions that a function calls are looked at, and those that they call, so deep.
_DEEPEST = 4


class Mentions:
    """What a function, with those that it calls, mentions.

    :ivar names: names of variables, attributes and functions
    :ivar values: constants, and what global names and closures stand for; in the order in which they are met
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.values: list[Any] = []

    def may_use(self, key: str) -> bool:
        """Return whether this may ask for, or set, the item ``key`` of a context, or the attribute."""
        return key in self.names or key in [each for each in self.values if isinstance(each, str)]


def mentions_of(function: Any) -> Mentions:
    """Return what ``function`` mentions, as far as that can be seen without calling it."""
    found = Mentions()
    _look(function, found, set(), _DEEPEST)
    return found


def _look(function: Any, found: Mentions, seen: set[int], depth: int) -> None:
    for each in (function, getattr(function, "__wrapped__", None), getattr(function, "func", None)):
        code = getattr(each, "__code__", None)
        if code is None or id(code) in seen or not depth:
            continue
        seen.add(id(code))
        known = {**getattr(each, "__globals__", {}), **_closure(each)}
        for part in _parts(code):
            found.names.update(part.co_names)
            found.values += [value for value in _constants(part.co_consts) if value not in found.values]
            for name in (*part.co_names, *part.co_freevars):
                value = known.get(name)
                if isinstance(value, type) and issubclass(value, Enum):
                    found.values += list(value)
                elif isinstance(value, (*_SCALARS, tuple, frozenset, set, list)):
                    found.values += _constants([value])
                elif callable(value):
                    _look(value, found, seen, depth - 1)


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of those that are defined in it."""
    yield code
    for each in code.co_consts:
        if hasattr(each, "co_consts"):
            yield from _parts(each)


def _closure(function: Any) -> dict[str, Any]:
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    found = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # it is not set yet
            continue
    return found


def _constants(values: Any) -> list[Any]:
    found: list[Any] = []
    # Sets have another order in each process.
    for each in sorted(values, key=repr) if isinstance(values, (frozenset, set)) else values:
        if isinstance(each, (tuple, frozenset, set, list)):
            found += _constants(each)
        elif isinstance(each, _SCALARS):
            found.append(each)
    return found
