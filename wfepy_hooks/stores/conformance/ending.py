"""Tests of stores: instances that have ended, and the names of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ...errors import (
    InstanceExists,
    InstanceNotFound,
    LockedError,
    StateError,
    UsageError,
)
from ..names import has_ended
from .base import (
    NOW,
    StoreTests,
    check_document,
    check_records,
    claim,
    document_of,
    record_of,
    signal_of,
    text,
)

if TYPE_CHECKING:
    from ..protocol import Store


class EndingTests(StoreTests):
    """Ends, ids and names."""

    # The end

    def test_an_ended_instance_is_past(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        other = self.reopen(store)
        assert claim(other) == []
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])
        with pytest.raises(InstanceNotFound, match="ended"):
            other.open("coffee", "monday")
        document, records, ended = other.read("coffee", "monday")
        assert (document["status"], records, ended) == ("finished", [], True)

    def test_a_session_that_has_finished_writes_no_more(self, store: Store) -> None:
        self.start(store)
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
        assert claim(other) == []
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])

    def test_a_crash_before_the_end_is_mended_by_the_next_open(self, store: Store) -> None:
        self.start(store)
        self.end(store, finish=False)
        with pytest.raises(InstanceNotFound, match="ended"):
            self.reopen(store).open("coffee", "monday")
        assert self.reopen(store).list("coffee", ended=True) == ["monday"]

    # Bringing back

    def test_an_ended_instance_can_be_brought_back(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", milk=True))
        session.append([record_of(1)])
        session.release()
        self.end(store)
        session = self.reopen(store).reopen("coffee", "monday")
        assert (session.workflow, session.instance, session.notes) == ("coffee", "monday", [])
        document, records = session.load()
        assert (document["status"], document["context"], records) == ("finished", {"milk": True}, [])
        session.append([record_of(2)])
        session.snapshot({**document_of("coffee", "monday", records=2, milk=True)})
        session.append([record_of(3)])
        session.release()
        other = self.reopen(store)
        assert (other.list("coffee"), other.list("coffee", ended=True)) == (["monday"], [])
        document, records, ended = other.read("coffee", "monday")
        assert (document["status"], records, ended) == ("running", [record_of(3)], False)
        check_records(list(other.history("coffee", "monday")), [record_of(seq) for seq in (1, 2, 3)])
        assert claim(other) == [("coffee", "monday")]

    def test_one_that_was_brought_back_can_end_again(self, store: Store) -> None:
        self.start(store)
        for _ in range(2):
            self.end(store)
            assert (store.list("coffee"), store.list("coffee", ended=True)) == ([], ["monday"])
            self.bring_back(self.reopen(store))
            assert (store.list("coffee"), store.list("coffee", ended=True)) == (["monday"], [])
        self.end(store)
        assert (store.list("coffee"), store.list("coffee", ended=True)) == ([], ["monday"])

    def test_the_session_that_brings_an_instance_back_can_end_it(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        session = store.reopen("coffee", "monday")
        session.snapshot(document_of("coffee", "monday"))
        session.snapshot(document_of("coffee", "monday", status="failed"))
        session.finish()
        session.release()
        other = self.reopen(store)
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])
        assert other.read("coffee", "monday")[0]["status"] == "failed"

    def test_one_that_is_not_brought_back_has_ended_as_before(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        before = text(store.read("coffee", "monday"))
        session = store.reopen("coffee", "monday")
        session.load()
        session.release()
        other = self.reopen(store)
        assert text(other.read("coffee", "monday")) == before
        assert (other.list("coffee"), other.list("coffee", ended=True)) == ([], ["monday"])
        with pytest.raises(InstanceNotFound, match="ended"):
            other.open("coffee", "monday")
        session = other.reopen("coffee", "monday")
        session.append([record_of(1)])
        session.release()
        document, records, ended = self.reopen(store).read("coffee", "monday")
        assert (document["status"], records, ended) == ("finished", [record_of(1)], True)
        assert claim(self.reopen(store)) == []
        self.bring_back(self.reopen(store))
        assert store.list("coffee") == ["monday"]

    def test_an_ended_instance_that_is_held_cannot_be_held_again(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        session = store.reopen("coffee", "monday")
        for other in (store, self.reopen(store)):
            with pytest.raises(LockedError, match="monday"):
                other.reopen("coffee", "monday")
        session.snapshot(document_of("coffee", "monday"))
        for other in (store, self.reopen(store)):
            with pytest.raises(LockedError, match="monday"):
                other.open("coffee", "monday")
        session.release()
        store.open("coffee", "monday").release()

    def test_only_an_ended_instance_can_be_brought_back(self, store: Store) -> None:
        self.start(store)
        for workflow, name in (("coffee", "monday"), ("coffee", "tuesday"), ("tea", "monday")):
            with pytest.raises(InstanceNotFound):
                store.reopen(workflow, name)
        store.open("coffee", "monday").release()

    def test_an_end_that_was_cut_short_can_be_taken_back(self, store: Store) -> None:
        self.start(store)
        self.end(store, finish=False)
        self.bring_back(self.reopen(store))
        assert (store.list("coffee"), store.list("coffee", ended=True)) == (["monday"], [])

    def test_the_inbox_of_an_ended_instance_comes_back_with_it(self, store: Store) -> None:
        self.start(store)
        store.send("coffee", "monday", signal_of("1"))
        self.end(store)
        session = store.reopen("coffee", "monday")
        assert session.inbox() == [signal_of("1")]
        session.snapshot({**document_of("coffee", "monday"), "wake": None})
        session.release()
        assert claim(self.reopen(store)) == [("coffee", "monday")]
        store.send("coffee", "monday", signal_of("2"))
        assert len(store.inbox("coffee", "monday")) == 2

    # Names

    def test_an_id_is_not_used_twice(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday", first=True))
        for _ in range(2):
            with pytest.raises(InstanceExists, match="monday"):
                self.reopen(store).create("coffee", "monday", document_of("coffee", "monday"))
            session.release()
        check_document(self.load(store)[0], document_of("coffee", "monday", first=True))
        assert store.list("coffee") == ["monday"]

    def test_the_id_of_an_ended_instance_is_not_used_again(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        with pytest.raises(InstanceExists, match="monday"):
            self.reopen(store).create("coffee", "monday", document_of("coffee", "monday"))
        assert store.list("coffee") == []
        assert store.read("coffee", "monday")[0]["status"] == "finished"

    def test_what_does_not_exist_is_not_found(self, store: Store) -> None:
        self.start(store, "tuesday")
        for workflow in ("coffee", "tea"):
            for method in (store.open, store.read, store.history):
                with pytest.raises(InstanceNotFound):
                    method(workflow, "monday")
        assert (store.list("tea"), store.list("tea", ended=True)) == ([], [])
        assert store.list("coffee") == ["tuesday"]

    def test_instances_are_listed_in_order(self, store: Store) -> None:
        for name in ("b", "a", "C", "10", "9", "a.b", "a-b"):
            self.start(store, name)
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
            document, records = self.load(store, name)
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
            for method in (store.open, store.reopen, store.read, store.history):
                with pytest.raises(UsageError):
                    method(*names)
            with pytest.raises(UsageError):
                store.inbox(*names)
            with pytest.raises(UsageError):
                store.create(*names, document_of(*names))
            with pytest.raises(UsageError):
                store.send(*names, signal_of("1"))
        with pytest.raises(UsageError):
            store.list(name)
        with pytest.raises(UsageError):
            list(store.claim([name], NOW))

    def test_no_workflow_is_named_done(self, store: Store) -> None:
        with pytest.raises(UsageError, match="done"):
            store.create("done", "monday", document_of("done", "monday"))
