"""Where instances live between ticks: :class:`Store` says what a store is, and two are ours."""

from __future__ import annotations

from ..lazy import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .files import FileStore
    from .memory import MemoryStore
    from .protocol import Session, Store

__all__ = ["FileStore", "MemoryStore", "Session", "Store"]

if not TYPE_CHECKING:
    # A tick needs one store, and never the Protocols.
    _LAZY = {"files": ("FileStore",), "memory": ("MemoryStore",), "protocol": ("Session", "Store")}
    __getattr__, __dir__ = lazy_names(globals(), _LAZY)
