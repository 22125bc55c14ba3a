"""Tests of what a store notes of the schedules: up to which moment each has begun its instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ...errors import UsageError
from .base import StoreTests, claim

if TYPE_CHECKING:
    from ..protocol import Store

EIGHT, NINE, TEN = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "09", "10"))
DAILY, WEEKLY = "0 9 * * * Europe/Prague", "H H * * mon UTC"
BOTH = (DAILY, WEEKLY)


class StartingTests(StoreTests):
    """The notes of schedules."""

    def test_a_workflow_without_notes_has_none(self, store: Store) -> None:
        assert store.starts("coffee") == {}

    def test_what_is_noted_is_there_for_others(self, store: Store) -> None:
        assert store.note_start("coffee", DAILY, {"until": NINE, "missed": 3}, BOTH) is True
        assert store.note_start("coffee", WEEKLY, {"until": EIGHT}, BOTH) is True
        other = self.reopen(store)
        assert other.starts("coffee") == {DAILY: {"until": NINE, "missed": 3}, WEEKLY: {"until": EIGHT}}
        assert other.starts("tea") == {}

    def test_a_note_only_goes_forward(self, store: Store) -> None:
        assert store.note_start("coffee", DAILY, {"until": NINE, "missed": 3}, BOTH) is True
        assert store.note_start("coffee", DAILY, {"until": EIGHT}, BOTH) is False
        assert store.note_start("coffee", DAILY, {"until": NINE, "missed": 4}, BOTH) is False
        assert self.reopen(store).starts("coffee") == {DAILY: {"until": NINE, "missed": 3}}
        assert store.note_start("coffee", DAILY, {"until": TEN}, BOTH) is True
        assert self.reopen(store).starts("coffee") == {DAILY: {"until": TEN}}

    def test_notes_of_schedules_that_are_gone_are_forgotten(self, store: Store) -> None:
        store.note_start("coffee", WEEKLY, {"until": EIGHT}, BOTH)
        store.note_start("coffee", DAILY, {"until": NINE}, (DAILY,))
        assert self.reopen(store).starts("coffee") == {DAILY: {"until": NINE}}

    def test_notes_are_whoever_reads_them_own(self, store: Store) -> None:
        store.note_start("coffee", DAILY, {"until": NINE}, BOTH)
        store.starts("coffee")[DAILY]["until"] = TEN
        assert store.starts("coffee") == {DAILY: {"until": NINE}}

    def test_a_note_is_no_instance(self, store: Store) -> None:
        store.note_start("coffee", DAILY, {"until": NINE}, BOTH)
        self.start(store)
        assert self.reopen(store).list("coffee") == ["monday"]
        assert self.reopen(store).list("coffee", ended=True) == []
        assert claim(self.reopen(store)) == [("coffee", "monday")]

    def test_notes_of_what_is_no_name_are_refused(self, store: Store) -> None:
        for name in ("done", "../x", ""):
            with pytest.raises(UsageError):
                store.starts(name)
            with pytest.raises(UsageError):
                store.note_start(name, DAILY, {"until": NINE}, BOTH)
