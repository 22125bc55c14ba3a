"""Tests of stores: what was saved is there, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .base import (
    VALUES,
    StoreTests,
    check_document,
    check_records,
    document_of,
    record_of,
)

if TYPE_CHECKING:
    from ..protocol import Store


class SavingTests(StoreTests):
    """What a session saves."""

    # Documents and records

    def test_a_created_instance_is_loaded_as_it_was_saved(self, store: Store) -> None:
        document = document_of("coffee", "monday", **VALUES)
        store.create("coffee", "monday", document).release()
        loaded, records = self.load(store)
        check_document(loaded, document)
        assert records == []

    def test_the_session_that_created_an_instance_can_load_it(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", milk=True))
        loaded, records = session.load()
        session.release()
        check_document(loaded, document_of("coffee", "monday", milk=True))
        assert records == []

    def test_a_snapshot_replaces_the_one_before(self, store: Store) -> None:
        self.start(store)
        session = store.open("coffee", "monday")
        session.load()
        session.snapshot(document_of("coffee", "monday", first=1))
        document = document_of("coffee", "monday", **VALUES)
        session.snapshot(document)
        session.release()
        check_document(self.load(store)[0], document)

    def test_a_snapshot_tells_the_size_of_the_history(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        document = document_of("coffee", "monday", records=1)
        session.snapshot(document)
        session.release()
        assert type(document["history"]["bytes"]) is int, "history.bytes must be filled in"
        assert document["history"]["bytes"] > 0

    def test_appended_records_are_loaded_in_order(self, store: Store) -> None:
        records = [record_of(1, set=VALUES), record_of(2, zebra=1, ant=2), record_of(3)]
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append(records[:1])
        session.append(records[1:])
        session.release()
        document, loaded = self.load(store)
        check_document(document, document_of("coffee", "monday"))
        check_records(loaded, records)

    def test_each_record_counts_from_the_moment_it_is_appended(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        records = []
        for seq in range(1, 6):
            records.append(record_of(seq))
            session.append(records[-1:])
            check_records(self.reopen(store).read("coffee", "monday")[1], records)
        session.release()

    def test_only_records_that_the_snapshot_does_not_cover_are_loaded(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        session.snapshot(document_of("coffee", "monday", records=2))
        check_records(session.load()[1], [])
        session.append([record_of(3), record_of(4)])
        session.release()
        check_records(self.load(store)[1], [record_of(3), record_of(4)])

    def test_records_go_on_after_a_restart(self, store: Store) -> None:
        self.start(store)
        for seq in range(1, 4):
            session = self.reopen(store).open("coffee", "monday")
            assert len(session.load()[1]) == seq - 1
            session.append([record_of(seq)])
            session.release()
        check_records(self.load(store)[1], [record_of(seq) for seq in range(1, 4)])

    def test_a_session_can_append_without_loading_first(self, store: Store) -> None:
        self.start(store)
        for seq in range(1, 4):
            session = self.reopen(store).open("coffee", "monday")
            session.append([record_of(seq)])
            session.release()
        check_records(self.load(store)[1], [record_of(seq) for seq in range(1, 4)])

    def test_appending_nothing_changes_nothing(self, store: Store) -> None:
        self.start(store)
        session = store.open("coffee", "monday")
        session.append([])
        session.release()
        assert self.load(store)[1] == []

    def test_a_record_out_of_order_is_refused_and_nothing_is_added(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        for wrong in ([record_of(1)], [record_of(3)], [record_of(2), record_of(2)], [record_of(0)]):
            with pytest.raises(ValueError, match="record"):
                session.append(wrong)
        session.release()
        check_records(self.load(store)[1], [record_of(1)])

    def test_a_snapshot_that_forgets_records_is_refused(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        for records in (1, 3):
            with pytest.raises(ValueError, match="record"):
                session.snapshot(document_of("coffee", "monday", records=records))
        session.release()
        check_records(self.load(store)[1], [record_of(1), record_of(2)])

    def test_what_is_no_json_is_refused_and_the_old_state_stays(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", milk=True))
        for wrong in (object(), float("nan")):
            with pytest.raises((TypeError, ValueError)):
                session.append([record_of(1), record_of(2, wrong=wrong)])
            with pytest.raises((TypeError, ValueError)):
                session.snapshot(document_of("coffee", "monday", wrong=[wrong]))
        session.append([record_of(1)])
        session.release()
        document, records = self.load(store)
        check_document(document, document_of("coffee", "monday", milk=True))
        check_records(records, [record_of(1)])

    def test_the_history_has_every_record_in_order(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        session.snapshot(document_of("coffee", "monday", records=2))
        session.append([record_of(3)])
        expected = [record_of(seq) for seq in range(1, 4)]
        check_records(list(self.reopen(store).history("coffee", "monday")), expected)
        session.release()
        self.end(store)
        check_records(list(self.reopen(store).history("coffee", "monday")), expected)

    # Whose values they are

    def test_what_the_caller_changes_after_saving_is_not_saved(self, store: Store) -> None:
        document = document_of("coffee", "monday", cups=[1])
        session = store.create("coffee", "monday", document)
        document["context"]["cups"].append(2)
        record = record_of(1, set={"cups": [1]})
        session.append([record])
        record["set"]["cups"].append(2)
        loaded, records = session.load()
        session.release()
        assert loaded["context"] == {"cups": [1]}, "the document was kept by reference"
        assert records[0]["set"] == {"cups": [1]}, "the record was kept by reference"

    def test_what_the_caller_changes_after_a_snapshot_is_not_saved(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        document = document_of("coffee", "monday", cups=[1])
        session.snapshot(document)
        document["context"]["cups"].append(2)
        session.release()
        assert self.load(store)[0]["context"] == {"cups": [1]}, "the document was kept by reference"

    def test_what_was_loaded_is_the_callers_own(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", cups=[1]))
        session.append([record_of(1, set={"cups": [1]})])

        def read() -> tuple[dict[str, Any], list[dict[str, Any]]]:
            return store.read("coffee", "monday")[:2]

        for load in (session.load, session.load, read, read):
            document, records = load()
            assert document["context"] == {"cups": [1]}, "somebody else got the same document"
            assert records[0]["set"] == {"cups": [1]}, "somebody else got the same record"
            document["context"]["cups"].append(2)
            records[0]["set"]["cups"].append(2)
        next(store.history("coffee", "monday"))["set"]["cups"].append(2)
        session.release()
        assert next(store.history("coffee", "monday"))["set"] == {"cups": [1]}
