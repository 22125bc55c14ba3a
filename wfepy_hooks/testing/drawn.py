"""The context with which a condition is asked: each part of it is drawn when it is asked for."""

from __future__ import annotations

import re

from .probing import Shape, from_class

__all__ = ["drawn_context", "root_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Source(Protocol):
        """Where values come from."""

        def draw(self, key: str, shape: Shape, defaults: tuple[Any, ...] = ()) -> Any:
            """Return the value of this name."""

        def is_given(self, key: str) -> bool:
            """Return whether the test says what the value may be."""


#: The lengths that are tried of a list whose elements have parts.
_LENGTHS = (0, 1, 2)


def root_of(key: str) -> str:
    """Return the item of the context to which a part belongs: ``order`` for ``order['total'].currency``."""
    return re.split(r"[.\[(]| has | is there", key, maxsplit=1)[0]


def drawn_context(source: Source, shape: Shape, sample: object) -> Any:
    """Return a context.

    :param shape: what conditions do with it
    :param sample: one as the workflow begins with it: methods of its class are called for real
    """
    return _Context(source, "", shape, sample)


class _Drawn:
    """A value with parts, which are drawn."""

    def __init__(self, source: Source, path: str, shape: Shape, sample: object) -> None:
        self._source = source
        self._path = path
        self._shape = shape
        self._sample = sample

    def _drawn(self, label: str, sample: object = None, defaults: tuple[Any, ...] = ()) -> Any:
        path, shape = f"{self._path}{label}", self._shape.parts.get(label) or Shape()
        if shape.is_structured and not self._source.is_given(path):
            return _Drawn(self._source, path, shape, sample)
        if shape.is_sequence and shape.element and shape.element.is_structured:
            length = self._source.draw(f"len({path})", _length())
            return [_Drawn(self._source, f"{path}[{n}]", shape.element, None) for n in range(length)]
        return self._source.draw(path, shape, defaults)

    def __getitem__(self, key: object) -> Any:
        return self._drawn(f"[{key!r}]")

    def get(self, key: object, default: object = None) -> Any:
        return self._drawn(f"[{key!r}]", defaults=(default,))

    def __contains__(self, key: object) -> bool:
        return bool(self._source.draw(f"{self._path} has {key!r}", Shape()))

    def __bool__(self) -> bool:
        return True

    def __call__(self, *arguments: object) -> Any:
        return self._drawn("()")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        is_known, found = from_class(self._sample, name, self)
        return found if is_known else self._drawn(self._label(name), getattr(self._sample, name, None))

    def _label(self, name: str) -> str:
        return f".{name}"


class _Context(_Drawn):
    """The context itself: its items and its attributes go by one name."""

    @property
    def data(self) -> _Context:
        return self

    def __getitem__(self, key: object) -> Any:
        return self._drawn(str(key))

    def get(self, key: object, default: object = None) -> Any:
        return self._drawn(str(key), defaults=(default,))

    def __contains__(self, key: object) -> bool:
        return bool(self._source.draw(f"{key} is there", Shape()))

    def _label(self, name: str) -> str:
        return name


def _length() -> Shape:
    shape = Shape()
    shape.operands += _LENGTHS[1:2]
    return shape
