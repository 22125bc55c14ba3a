"""The workflow of the pickles in this folder, for WfEpy 0.1.1 and for wfepy-hooks alike."""

# mypy: ignore-errors
# It ran on Python 3.6.

import os
from typing import NamedTuple

try:
    import wfepy
except ImportError:
    import wfepy_hooks as wfepy

try:
    import attr
except ImportError:
    attr = None
import enum


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Place(NamedTuple):
    row: int
    seat: int


class Plain:
    """A context of a class without any magic."""

    def __init__(self):
        self.data = {"cups": 2}
        self.size = Size.LARGE
        self.place = Place(3, 14)


class Slotted:
    __slots__ = ("cups",)

    def __init__(self, cups):
        self.cups = cups


class Bag(dict):
    """A context that is a dict with attributes."""


if attr is not None:

    @attr.s
    class Order:
        """A context as in WfEpy's documentation."""

        cups = attr.ib(default=1)
        guests = attr.ib(factory=list)
        inner = attr.ib(default=None)

    @attr.s(slots=True)
    class SlottedOrder:
        cups = attr.ib(default=1)
        guest = attr.ib(default="Ann")


def read(context, key):
    return context.get(key) if isinstance(context, dict) else None


def wants_foam(context):
    if read(context, "broken") and "GO" not in os.environ:
        raise OSError("the card reader is broken")
    return bool(read(context, "foam"))


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("grind")
@wfepy.followed_by("boil")
@wfepy.followed_by("foam", wants_foam)
def begin(context):
    return True


@wfepy.task()
@wfepy.followed_by("brew")
def grind(context):
    return "GO" in os.environ


@wfepy.task()
@wfepy.followed_by("brew")
def boil(context):
    if read(context, "cold") and "GO" not in os.environ:
        raise OSError("the stove is cold")
    return True


@wfepy.task()
@wfepy.followed_by("brew")
def foam(context):
    return True


@wfepy.task()
@wfepy.join_point()
@wfepy.followed_by("serve")
def brew(context):
    return True


@wfepy.task()
@wfepy.end_point()
def serve(context):
    return True
