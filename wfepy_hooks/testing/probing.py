"""What conditions do with the items of a context: seen by asking them with values that note what is done with them.

A condition is asked again and again, so that each comparison in it comes out either way. So ``context["order"]["total"]
> 100`` tells that ``order`` has items, and that ``total`` is compared with 100.
"""

from __future__ import annotations

import contextlib
import types

__all__ = ["Shape", "from_class", "observe"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

#: So often one condition is asked, and so many answers it gets each time.
_MOST_RUNS = 64
_MOST_ANSWERS = 40
_COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or")


class Shape:
    """What conditions do with one value.

    :ivar parts: what they ask it for: ``['KEY']``, ``.NAME`` or ``()``; of a context, the names of its items
    :ivar operands: what it is compared or calculated with, and what it is called with
    :ivar held: what is looked for in it
    :ivar element: what is done with each element; ``None``: it is not looked through
    :ivar has_length: its length is asked for
    :ivar is_number: something is calculated with it
    """

    def __init__(self) -> None:
        self.parts: dict[str, Shape] = {}
        self.operands: list[Any] = []
        self.held: list[Any] = []
        self.element: Shape | None = None
        self.has_length = False
        self.is_number = False

    def part(self, label: str) -> Shape:
        """Return the shape of a part, which is noted."""
        return self.parts.setdefault(label, Shape())

    @property
    def names(self) -> set[str]:
        """The names of attributes and methods that it is asked for."""
        return {label[1:] for label in self.parts if label.startswith(".")}

    @property
    def is_text(self) -> bool:
        """Whether it is asked for what only a text has."""
        return bool(self.names) and self.names <= set(dir(str)) and len(self.names) == len(self.parts)

    @property
    def is_sequence(self) -> bool:
        """Whether it is used as lists are."""
        is_looked_through = self.element is not None or self.has_length or bool(self.held)
        return (
            not self.is_text
            and is_looked_through
            and len(self.names) == len(self.parts)
            and self.names <= set(dir(list))
        )

    @property
    def is_structured(self) -> bool:
        """Whether it has parts that are values of their own."""
        return bool(self.parts) and not self.is_text and not self.is_sequence

    def everything(self) -> Iterator[Any]:
        """Yield what it and its parts are compared and called with."""
        yield from (*self.operands, *self.held)
        for part in self.parts.values():
            yield from part.everything()


def observe(condition: Callable[[Any], object], shape: Shape, sample: object) -> None:
    """Note in the shape of the context what a condition does with it.

    :param sample: a context as the workflow begins with it: methods of its class are called for real
    """
    answers: list[bool] | None = []
    for _ in range(_MOST_RUNS):
        choices = _Choices(answers or [])
        with contextlib.suppress(Exception):  # it is the user's code, and these are no values that it knows
            condition(_ContextProbe([shape], choices, sample))
        answers = choices.following()
        if answers is None:
            return


def from_class(sample: object, name: str, stands_for: object) -> tuple[bool, Any]:
    """Return whether a method or a property of this name is in the class of ``sample``, and what it is for another
    object."""
    found = None if isinstance(sample, dict) else getattr(type(sample), name, None)
    if isinstance(found, types.FunctionType):
        return True, types.MethodType(found, stands_for)
    if isinstance(found, property) and found.fget is not None:
        return True, found.fget(stands_for)
    return False, None


class _TooMany(Exception):
    """A condition asks for ever."""


class _Choices:
    """Answers what is asked, first as in ``answers``, then by yes."""

    def __init__(self, answers: list[bool]) -> None:
        self._answers = answers
        self._count = 0

    def choose(self) -> bool:
        if self._count >= _MOST_ANSWERS:
            raise _TooMany
        if self._count == len(self._answers):
            self._answers.append(True)
        self._count += 1
        return self._answers[self._count - 1]

    def following(self) -> list[bool] | None:
        """Return the next answers to try; ``None``: there are no others."""
        answers = self._answers[: self._count]
        while answers and not answers[-1]:
            answers.pop()
        return [*answers[:-1], False] if answers else None


class _Probe:
    """Stands for a value, or for what is calculated from several, and notes what is done with it."""

    def __init__(self, shapes: list[Shape], choices: _Choices) -> None:
        self._shapes = shapes
        self._choices = choices

    def _part(self, label: str) -> _Probe:
        return _Probe([shape.part(label) for shape in self._shapes], self._choices)

    def _note(self, *operands: object) -> None:
        for shape in self._shapes:
            shape.operands += [each for each in operands if not isinstance(each, _Probe)]

    def __getattr__(self, name: str) -> _Probe:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._part(f".{name}")

    def __getitem__(self, key: object) -> _Probe:
        return self._part(f"[{key!r}]") if isinstance(key, str) else self._element()

    def get(self, key: object, default: object = None) -> _Probe:
        return self._part(f"[{key!r}]")

    def __call__(self, *arguments: object, **named: object) -> _Probe:
        self._note(*arguments, *named.values())
        return self._part("()")

    def _element(self) -> _Probe:
        for shape in self._shapes:
            shape.element = shape.element or Shape()
        return _Probe([shape.element for shape in self._shapes if shape.element], self._choices)

    def __iter__(self) -> Iterator[_Probe]:
        element = self._element()
        if self._choices.choose():
            yield element

    def __len__(self) -> int:
        for shape in self._shapes:
            shape.has_length = True
        return 1000 if self._choices.choose() else 0

    def __contains__(self, value: object) -> bool:
        for shape in self._shapes:
            shape.held.append(value)
        return self._choices.choose()

    def __bool__(self) -> bool:
        return self._choices.choose()

    def __int__(self) -> int:
        for shape in self._shapes:
            shape.is_number = True
        return 1000 if self._choices.choose() else 0

    def __float__(self) -> float:
        return float(int(self))

    def __hash__(self) -> int:
        return 0


class _ContextProbe(_Probe):
    """Stands for the context: its items and its attributes go by one name."""

    def __init__(self, shapes: list[Shape], choices: _Choices, sample: object) -> None:
        super().__init__(shapes, choices)
        self._sample = sample

    @property
    def data(self) -> _ContextProbe:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        is_known, found = from_class(self._sample, name, self)
        return found if is_known else self._part(name)

    def __getitem__(self, key: object) -> _Probe:
        return self._part(str(key))

    def get(self, key: object, default: object = None) -> _Probe:
        return self._part(str(key))

    def __contains__(self, value: object) -> bool:
        return self._choices.choose()


def _compare(self: _Probe, other: object) -> bool:
    self._note(other)
    return self._choices.choose()


def _calculate(self: _Probe, other: object) -> _Probe:
    self._note(other)
    shapes = [*self._shapes, *(other._shapes if isinstance(other, _Probe) else [])]
    for shape in shapes:
        shape.is_number = True
    return _Probe(shapes, self._choices)


for _name in _COMPARISONS:
    setattr(_Probe, _name, _compare)
for _name in _ARITHMETIC:
    setattr(_Probe, f"__{_name}__", _calculate)
    setattr(_Probe, f"__r{_name}__", _calculate)
