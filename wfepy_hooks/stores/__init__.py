"""Where instances live between ticks: :class:`Store` says what a store is, and two are ours."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks.stores.files import FileStore
    from wfepy_hooks.stores.memory import MemoryStore
    from wfepy_hooks.stores.protocol import Session, Store

__all__ = ["FileStore", "MemoryStore", "Session", "Store"]

_HOMES = {"FileStore": "files", "MemoryStore": "memory", "Session": "protocol", "Store": "protocol"}


def __getattr__(name: str) -> object:
    # Lazily: a tick needs one store, and never the Protocols.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_HOMES[name]}", fromlist=[name])
    return getattr(module, name)
