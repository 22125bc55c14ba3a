"""The store in memory."""

from __future__ import annotations

import pytest

from wfepy_hooks.errors import LockedError
from wfepy_hooks.stores import MemoryStore
from wfepy_hooks.stores.conformance import StoreConformance, document_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from wfepy_hooks.stores import Store


class TestMemoryStore(StoreConformance):
    def make_store(self, folder: Path) -> Store:
        return MemoryStore()


def test_two_stores_share_nothing() -> None:
    MemoryStore().create("coffee", "monday", document_of("coffee", "monday"))
    assert MemoryStore().list("coffee") == []


def test_a_session_that_is_dropped_without_release_keeps_its_hold() -> None:
    store = MemoryStore()
    store.create("coffee", "monday", document_of("coffee", "monday"))
    with pytest.raises(LockedError):
        store.open("coffee", "monday")
