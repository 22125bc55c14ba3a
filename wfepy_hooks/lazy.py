"""Names of a module that are imported when they are first asked for: nobody pays for what he does not use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    namespace: dict[str, Any], names: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a module.

    It hides them from type checkers, which would take every name for one of its own, and shows these imports instead.

    :param namespace: its ``globals()``
    :param names: what it has from which module of its package
    """
    homes = {name: module for module, found in names.items() for name in found}

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        from importlib import import_module

        found: object = getattr(import_module(f".{homes[name]}", namespace["__package__"]), name)
        namespace[name] = found
        return found

    def list_all() -> list[str]:
        return sorted({*namespace, *homes})

    return find, list_all
