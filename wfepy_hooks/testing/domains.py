"""Which values are tried for an item that conditions ask for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

__all__ = ["domain_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .probing import Shape

#: Texts and lists are tried up to this length.
_LONGEST = 50
_OTHER = "something else"


def domain_of(shape: Shape, mentioned: list[Any]) -> list[Any]:
    """Return what a value may be.

    :param shape: what conditions do with it
    :param mentioned: values that the same conditions mention
    """
    if shape.is_text:
        return _unique(_texts(shape))
    if shape.is_sequence:
        return _unique(_sequences(shape, mentioned))
    return _unique(_scalars(shape, mentioned)) or [True, False]


def _scalars(shape: Shape, mentioned: list[Any]) -> list[Any]:
    found = [each for value in [*shape.operands, *mentioned] for each in (value, *_neighbours(value))]
    if shape.is_number:
        found += [0, 1, -1]
        found += [
            each for value in shape.operands if _is_number(value) for each in range(min(int(value), 12))
        ]
    return found


def _texts(shape: Shape) -> list[Any]:
    everything = list(shape.everything())
    texts = [each for each in everything if isinstance(each, str)]
    numbers = [each for each in everything if type(each) is int and 0 <= each < _LONGEST]
    repeated = [(texts or ["x"])[0] * (number + 1) for number in numbers]
    return [*texts, *(f"{each} and more" for each in texts), *repeated, _OTHER, ""]


def _sequences(shape: Shape, mentioned: list[Any]) -> list[Any]:
    elements = list(shape.held)
    if shape.element is not None:
        elements += domain_of(shape.element, [] if shape.element.operands else mentioned)
    elements = elements or ["x"]
    near = [each for value in mentioned if type(value) is int for each in (value - 1, value, value + 1)]
    long = [[elements[0]] * length for length in near if shape.has_length and 0 <= length <= _LONGEST]
    return [[], *([each] for each in elements), elements[:2], elements, *long]


def _neighbours(value: Any) -> list[Any]:
    """Return what is right beside a value, or another one of its kind."""
    if isinstance(value, Enum):
        return list(type(value))
    if isinstance(value, bool):
        return [not value]
    if _is_number(value):
        return [value - 1, value + 1]
    if isinstance(value, (datetime, timedelta)):
        return [value - timedelta(seconds=1), value + timedelta(seconds=1)]
    if isinstance(value, date):
        return [value - timedelta(days=1), value + timedelta(days=1)]
    if isinstance(value, str):
        return [_OTHER]
    if isinstance(value, bytes):
        return [_OTHER.encode()]
    return [_OTHER] if value is None else []


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _unique(values: list[Any]) -> list[Any]:
    """Return them without those that come again; 1, 1.0 and True are three."""
    return list({(type(value), repr(value)): value for value in values}.values())
