"""What every store must do, as tests. Needs pytest.

Write a subclass whose name begins with ``Test``, and let pytest collect it::

    class TestMyStore(StoreConformance):
        def make_store(self, folder):
            return MyStore(folder)

        def reopen(self, store):
            return MyStore(store.folder)

Durability cannot be seen from inside a process; what is tested is that everything which was acknowledged is
there for a store that was opened afresh, and that a session which is released early leaves no trace but that.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.errors import (
    InstanceExists,
    InstanceNotFound,
    LockedError,
    StateError,
    UsageError,
    WfepyError,
)
from wfepy_hooks.stores.names import has_ended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wfepy_hooks.stores.protocol import Session, Store

__all__ = ["NOW", "StoreConformance", "document_of", "record_of"]

NOW = datetime(2026, 11, 23, 6, 13, 34, tzinfo=timezone.utc)

_VALUES: dict[str, Any] = {
    "text": 'quotes " and \\, line\nends \r\n\u2028\u2029\x85, příliš žluťoučký ☕ \U0001f680 \x7f\x00',
    "surrogate": "\ud800",
    "numbers": [0, -1, 2**62, 1.5, 1.0, 1e300, 1e-300, -0.0],
    "words": [True, False, None],
    "nested": {"": {"$tag": [[], {}, [[]]]}, "b": [{"a": 1}] * 3},
    "long": ["x" * 200, "<<<<<<< not a conflict", list(range(300))],
}


def document_of(
    workflow: str, instance: str, *, records: int = 0, status: str = "running", **context: Any
) -> dict[str, Any]:
    """Return a state document that covers ``records`` records."""
    return {
        "context": context,
        "created": "2026-11-23T06:13:34.123456Z",
        "graph": "0123456789ab",
        "history": {"bytes": 0, "records": records},
        "instance": instance,
        "queue": [],
        "schema": 1,
        "status": status,
        "tasks": {"make_coffee": {"next": ["make_foam: false"], "status": "done"}},
        "uid": "3f2a9c41d0b7",
        "workflow": workflow,
    }


def record_of(seq: int, **fields: Any) -> dict[str, Any]:
    """Return a record of the history."""
    return {"seq": seq, "at": "2026-11-23T06:13:34.123456Z", "event": "task", "task": "make_coffee", **fields}


def _text(value: object) -> str:
    """Return a text that is the same only for the same values: 1, 1.0 and True are equal, and must not be
    mixed up.

    The size of the history is a store's own affair.
    """
    return json.dumps(value, sort_keys=True)


def _check_document(document: dict[str, Any], expected: dict[str, Any]) -> None:
    def without_size(value: dict[str, Any]) -> str:
        return _text({**value, "history": {"records": value["history"]["records"]}})

    assert without_size(document) == without_size(expected), "the document is not the one that was saved"


def _check_records(records: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [record["seq"] for record in records] == [record["seq"] for record in expected], "wrong records"
    for record, wanted in zip(records, expected, strict=True):
        assert json.dumps(record) == json.dumps(wanted), "a record is not the one that was saved"


def _claim(store: Store, *workflows: str, **options: Any) -> list[tuple[str, str]]:
    """Claim and release everything, one at a time; return what was claimed."""
    claimed = []
    for session in store.claim(workflows or ("coffee",), NOW, **options):
        claimed.append((session.workflow, session.instance))
        session.release()
    return claimed


class StoreConformance:
    """Override :meth:`make_store`, and :meth:`reopen` if the store keeps anything in the process."""

    def make_store(self, folder: Path) -> Store:
        """Return a new, empty store, which may keep its files in ``folder``."""
        raise NotImplementedError

    def reopen(self, store: Store) -> Store:
        """Return what another process would see in ``store``."""
        return store

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make_store(tmp_path / "store")

    def _start(self, store: Store, instance: str = "monday", workflow: str = "coffee") -> None:
        store.create(workflow, instance, document_of(workflow, instance)).release()

    def _load(self, store: Store, instance: str = "monday") -> tuple[dict[str, Any], list[dict[str, Any]]]:
        session = self.reopen(store).open("coffee", instance)
        try:
            return session.load()
        finally:
            session.release()

    def _end(self, store: Store, instance: str = "monday", *, finish: bool = True) -> None:
        session = store.open("coffee", instance)
        document, records = session.load()
        document["history"]["records"] += len(records)
        session.snapshot({**document, "status": "finished"})
        if finish:
            session.finish()
        session.release()

    # Documents and records

    def test_a_created_instance_is_loaded_as_it_was_saved(self, store: Store) -> None:
        document = document_of("coffee", "monday", **_VALUES)
        store.create("coffee", "monday", document).release()
        loaded, records = self._load(store)
        _check_document(loaded, document)
        assert records == []

    def test_the_session_that_created_an_instance_can_load_it(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", milk=True))
        loaded, records = session.load()
        session.release()
        _check_document(loaded, document_of("coffee", "monday", milk=True))
        assert records == []

    def test_a_snapshot_replaces_the_one_before(self, store: Store) -> None:
        self._start(store)
        session = store.open("coffee", "monday")
        session.load()
        session.snapshot(document_of("coffee", "monday", first=1))
        document = document_of("coffee", "monday", **_VALUES)
        session.snapshot(document)
        session.release()
        _check_document(self._load(store)[0], document)

    def test_a_snapshot_tells_the_size_of_the_history(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        document = document_of("coffee", "monday", records=1)
        session.snapshot(document)
        session.release()
        assert type(document["history"]["bytes"]) is int, "history.bytes must be filled in"
        assert document["history"]["bytes"] > 0

    def test_appended_records_are_loaded_in_order(self, store: Store) -> None:
        records = [record_of(1, set=_VALUES), record_of(2, zebra=1, ant=2), record_of(3)]
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append(records[:1])
        session.append(records[1:])
        session.release()
        document, loaded = self._load(store)
        _check_document(document, document_of("coffee", "monday"))
        _check_records(loaded, records)

    def test_each_record_counts_from_the_moment_it_is_appended(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        records = []
        for seq in range(1, 6):
            records.append(record_of(seq))
            session.append(records[-1:])
            _check_records(self.reopen(store).read("coffee", "monday")[1], records)
        session.release()

    def test_only_records_that_the_snapshot_does_not_cover_are_loaded(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        session.snapshot(document_of("coffee", "monday", records=2))
        _check_records(session.load()[1], [])
        session.append([record_of(3), record_of(4)])
        session.release()
        _check_records(self._load(store)[1], [record_of(3), record_of(4)])

    def test_records_go_on_after_a_restart(self, store: Store) -> None:
        self._start(store)
        for seq in range(1, 4):
            session = self.reopen(store).open("coffee", "monday")
            assert len(session.load()[1]) == seq - 1
            session.append([record_of(seq)])
            session.release()
        _check_records(self._load(store)[1], [record_of(seq) for seq in range(1, 4)])

    def test_a_session_can_append_without_loading_first(self, store: Store) -> None:
        self._start(store)
        for seq in range(1, 4):
            session = self.reopen(store).open("coffee", "monday")
            session.append([record_of(seq)])
            session.release()
        _check_records(self._load(store)[1], [record_of(seq) for seq in range(1, 4)])

    def test_appending_nothing_changes_nothing(self, store: Store) -> None:
        self._start(store)
        session = store.open("coffee", "monday")
        session.append([])
        session.release()
        assert self._load(store)[1] == []

    def test_a_record_out_of_order_is_refused_and_nothing_is_added(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        for wrong in ([record_of(1)], [record_of(3)], [record_of(2), record_of(2)], [record_of(0)]):
            with pytest.raises(ValueError, match="record"):
                session.append(wrong)
        session.release()
        _check_records(self._load(store)[1], [record_of(1)])

    def test_a_snapshot_that_forgets_records_is_refused(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        for records in (1, 3):
            with pytest.raises(ValueError, match="record"):
                session.snapshot(document_of("coffee", "monday", records=records))
        session.release()
        _check_records(self._load(store)[1], [record_of(1), record_of(2)])

    def test_what_is_no_json_is_refused_and_the_old_state_stays(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", milk=True))
        for wrong in (object(), float("nan")):
            with pytest.raises((TypeError, ValueError)):
                session.append([record_of(1), record_of(2, wrong=wrong)])
            with pytest.raises((TypeError, ValueError)):
                session.snapshot(document_of("coffee", "monday", wrong=[wrong]))
        session.append([record_of(1)])
        session.release()
        document, records = self._load(store)
        _check_document(document, document_of("coffee", "monday", milk=True))
        _check_records(records, [record_of(1)])

    def test_the_history_has_every_record_in_order(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1), record_of(2)])
        session.snapshot(document_of("coffee", "monday", records=2))
        session.append([record_of(3)])
        expected = [record_of(seq) for seq in range(1, 4)]
        _check_records(list(self.reopen(store).history("coffee", "monday")), expected)
        session.release()
        self._end(store)
        _check_records(list(self.reopen(store).history("coffee", "monday")), expected)

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
        assert self._load(store)[0]["context"] == {"cups": [1]}, "the document was kept by reference"

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

    # Holding

    def test_an_instance_that_is_held_cannot_be_opened(self, store: Store) -> None:
        holders: list[Callable[[], Session]] = [
            lambda: store.create("coffee", "monday", document_of("coffee", "monday")),
            lambda: store.open("coffee", "monday"),
            lambda: next(iter(store.claim(["coffee"], NOW))),
        ]
        for hold in holders:
            session = hold()
            for other in (store, self.reopen(store)):
                with pytest.raises(LockedError, match="monday"):
                    other.open("coffee", "monday")
            session.release()
        store.open("coffee", "monday").release()

    def test_of_many_threads_one_gets_the_instance(self, store: Store) -> None:
        self._start(store)
        barrier = threading.Barrier(8)
        outcomes: list[Session | WfepyError] = []

        def compete() -> None:
            barrier.wait()
            try:
                outcomes.append(store.open("coffee", "monday"))
            except WfepyError as error:
                outcomes.append(error)

        threads = [threading.Thread(target=compete) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        losers = [outcome for outcome in outcomes if isinstance(outcome, LockedError)]
        assert (len(outcomes), len(losers)) == (8, 7)
        for outcome in outcomes:
            if not isinstance(outcome, WfepyError):
                outcome.release()

    def test_a_session_says_what_it_holds(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        assert (session.workflow, session.instance, session.notes) == ("coffee", "monday", [])
        session.release()

    def test_a_released_session_neither_reads_nor_writes(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.release()
        session.release()
        calls: list[Callable[[], object]] = [
            session.load,
            session.finish,
            lambda: session.append([record_of(1)]),
            lambda: session.snapshot(document_of("coffee", "monday", wrong=1)),
        ]
        for call in calls:
            with pytest.raises(StateError):
                call()
        document, records = self._load(store)
        _check_document(document, document_of("coffee", "monday"))
        assert records == []

    def test_releasing_writes_nothing(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        before = _text(store.read("coffee", "monday"))
        session.release()
        assert _text(self.reopen(store).read("coffee", "monday")) == before

    # Claiming

    def test_every_live_instance_is_claimed_once(self, store: Store) -> None:
        names = [f"cup-{number}" for number in range(30)]
        for name in reversed(names):
            self._start(store, name)
        claimed = _claim(self.reopen(store))
        assert sorted(claimed) == sorted(("coffee", name) for name in names)

    def test_only_the_named_workflows_are_claimed(self, store: Store) -> None:
        for workflow in ("coffee", "tea", "milk"):
            self._start(store, workflow=workflow)
        assert _claim(store, "tea", "coffee") == [("tea", "monday"), ("coffee", "monday")]
        assert _claim(store, "water") == []

    def test_a_claimed_instance_is_held_until_it_is_released(self, store: Store) -> None:
        self._start(store, "monday")
        self._start(store, "tuesday")
        sessions = list(store.claim(["coffee"], NOW))
        busy: list[tuple[str, str]] = []
        other = self.reopen(store)
        assert _claim(other, busy=lambda workflow, instance: busy.append((workflow, instance))) == []
        assert sorted(busy) == [("coffee", "monday"), ("coffee", "tuesday")]
        assert _claim(other) == []
        for session in sessions:
            session.release()
        assert len(_claim(other)) == 2

    def test_an_instance_that_is_held_does_not_stop_the_others(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self._start(store, name)
        session = store.open("coffee", "b")
        assert sorted(_claim(store)) == [("coffee", "a"), ("coffee", "c")]
        session.release()

    def test_no_more_are_claimed_than_asked_for(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self._start(store, name)
        for limit, count in ((0, 0), (1, 1), (2, 2), (3, 3), (9, 3)):
            assert len(set(_claim(store, limit=limit))) == count
        session = store.open("coffee", "b")
        assert len(_claim(store, limit=2)) == 2, "one that is held must not count"
        session.release()

    def test_a_claim_that_is_abandoned_holds_nothing_more(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self._start(store, name)
        for session in store.claim(["coffee"], NOW):
            session.release()
            break
        assert len(_claim(store)) == 3

    # The end

    def test_an_ended_instance_is_past(self, store: Store) -> None:
        self._start(store)
        self._end(store)
        other = self.reopen(store)
        assert _claim(other) == []
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])
        with pytest.raises(InstanceNotFound, match="ended"):
            other.open("coffee", "monday")
        document, records, ended = other.read("coffee", "monday")
        assert (document["status"], records, ended) == ("finished", [], True)

    def test_a_session_that_has_finished_writes_no_more(self, store: Store) -> None:
        self._start(store)
        session = store.open("coffee", "monday")
        session.snapshot(document_of("coffee", "monday", status="failed"))
        session.finish()
        with pytest.raises(StateError, match="ended"):
            session.append([record_of(1)])
        with pytest.raises(StateError, match="ended"):
            session.snapshot(document_of("coffee", "monday"))
        session.release()
        assert self.reopen(store).read("coffee", "monday")[0]["status"] == "failed"

    @pytest.mark.parametrize("status", ["finished", "dead_end", "failed", "cancelled"])
    def test_a_crash_before_the_end_is_mended_by_the_next_claim(self, store: Store, status: str) -> None:
        store.create("coffee", "monday", document_of("coffee", "monday", status=status)).release()
        other = self.reopen(store)
        assert has_ended(other.read("coffee", "monday")[0])
        assert other.read("coffee", "monday")[2] is True
        assert _claim(other) == []
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])

    def test_a_crash_before_the_end_is_mended_by_the_next_open(self, store: Store) -> None:
        self._start(store)
        self._end(store, finish=False)
        with pytest.raises(InstanceNotFound, match="ended"):
            self.reopen(store).open("coffee", "monday")
        assert self.reopen(store).list("coffee", ended=True) == ["monday"]

    # Names

    def test_an_id_is_not_used_twice(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", first=True))
        for _ in range(2):
            with pytest.raises(InstanceExists, match="monday"):
                self.reopen(store).create("coffee", "monday", document_of("coffee", "monday"))
            session.release()
        _check_document(self._load(store)[0], document_of("coffee", "monday", first=True))
        assert store.list("coffee") == ["monday"]

    def test_the_id_of_an_ended_instance_is_not_used_again(self, store: Store) -> None:
        self._start(store)
        self._end(store)
        with pytest.raises(InstanceExists, match="monday"):
            self.reopen(store).create("coffee", "monday", document_of("coffee", "monday"))
        assert store.list("coffee") == []
        assert store.read("coffee", "monday")[0]["status"] == "finished"

    def test_what_does_not_exist_is_not_found(self, store: Store) -> None:
        self._start(store, "tuesday")
        for workflow in ("coffee", "tea"):
            for method in (store.open, store.read, store.history):
                with pytest.raises(InstanceNotFound):
                    method(workflow, "monday")
        assert (store.list("tea"), store.list("tea", ended=True)) == ([], [])
        assert store.list("coffee") == ["tuesday"]

    def test_instances_are_listed_in_order(self, store: Store) -> None:
        for name in ("b", "a", "C", "10", "9", "a.b", "a-b"):
            self._start(store, name)
        assert store.list("coffee") == ["10", "9", "C", "a", "a-b", "a.b", "b"]

    def test_workflows_do_not_share_instances(self, store: Store) -> None:
        for workflow in ("coffee", "tea"):
            store.create(workflow, "monday", document_of(workflow, "monday", of=workflow)).release()
        session = store.open("coffee", "monday")
        session.append([record_of(1)])
        store.open("tea", "monday").release()
        session.release()
        assert store.read("tea", "monday")[:2] == (document_of("tea", "monday", of="tea"), [])

    def test_names_that_look_alike_are_different_instances(self, store: Store) -> None:
        names = ["a", "a.json", "a.jsonl", "a.json.json", "a.tmp", "done", "0", "a" * 100, "a..b", "a-"]
        for name in names:
            store.create("coffee", name, document_of("coffee", name, me=name)).release()
        for name in names:
            session = store.open("coffee", name)
            session.append([record_of(1, me=name)])
            session.release()
        assert store.list("coffee") == sorted(names)
        for name in names:
            document, records = self._load(store, name)
            assert (document["context"], records) == ({"me": name}, [record_of(1, me=name)])

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            ".a",
            "-a",
            "_a",
            "a b",
            "a\n",
            "á",
            "a" * 101,
            "a\0",
            "a:b",
            "~",
        ],
    )
    def test_other_names_are_refused(self, store: Store, name: str) -> None:
        for names in (("coffee", name), (name, "monday")):
            for method in (store.open, store.read, store.history):
                with pytest.raises(UsageError):
                    method(*names)
            with pytest.raises(UsageError):
                store.create(*names, document_of(*names))
        with pytest.raises(UsageError):
            store.list(name)
        with pytest.raises(UsageError):
            list(store.claim([name], NOW))

    def test_no_workflow_is_named_done(self, store: Store) -> None:
        with pytest.raises(UsageError, match="done"):
            store.create("done", "monday", document_of("done", "monday"))
