"""Typed storage on an object for those who do not own its class: plugins keep their data on an instance or the config.

.. code-block:: python

    STARTED = StashKey[float]()


    @hookimpl
    def wfepy_tick_started(instance):
        instance.stash[STARTED] = time.monotonic()
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar, cast

    T = TypeVar("T")
    D = TypeVar("D")

    class StashKey(Generic[T]):
        """A key of a :class:`Stash` for a value of type ``T``; every key is its own, so plugins cannot collide."""

else:
    # typing.Generic would cost each tick 8 ms.
    class StashKey:
        """A key of a :class:`Stash` for a value of type ``T``; every key is its own, so plugins cannot collide."""

        __slots__ = ()

        def __class_getitem__(cls, _type):
            return cls

    def cast(_type, value):
        return value


__all__ = ["Stash", "StashKey"]


class Stash:
    """Values by :class:`StashKey`. It lives as long as its owner and is never saved."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[StashKey[Any], object] = {}

    def __setitem__(self, key: StashKey[T], value: T) -> None:
        self._values[key] = value

    def __getitem__(self, key: StashKey[T]) -> T:
        """Return the value; :exc:`KeyError` if none was set."""
        return cast("T", self._values[key])

    def get(self, key: StashKey[T], default: D) -> T | D:
        """Return the value, or ``default`` if none was set."""
        return cast("T", self._values[key]) if key in self._values else default

    def setdefault(self, key: StashKey[T], default: T) -> T:
        """Return the value; set it to ``default`` first if none was set."""
        return cast("T", self._values.setdefault(key, default))

    def __delitem__(self, key: StashKey[T]) -> None:
        del self._values[key]

    def __contains__(self, key: StashKey[T]) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)
