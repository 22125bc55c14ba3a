"""A store in which all sleep, and how to see the wake index at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sleepers import NAMES, sleeping
from wfepy_hooks.stores import FileStore, claiming, wakeindex

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an index for three instances."""
    monkeypatch.setattr(claiming, "MANY", 3)


@pytest.fixture
def sleepers(tmp_path: Path, few_are_many: None) -> FileStore:
    """A store with six instances that sleep for a month."""
    store = FileStore(tmp_path / "state")
    for name in NAMES:
        store.create("coffee", name, sleeping(name)).release()
    return store


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets longer with each look at all files."""
    looks: list[str] = []
    due_by_files = wakeindex.due_by_files

    def counted(folder: str, *args: Any) -> set[str]:
        looks.append(folder)
        return due_by_files(folder, *args)

    monkeypatch.setattr(wakeindex, "due_by_files", counted)
    return looks
