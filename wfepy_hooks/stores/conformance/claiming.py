"""Tests of stores: who holds an instance, and which ones a tick gets."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ...clock import format_time
from ...errors import (
    LockedError,
    StateError,
    WfepyError,
)
from .base import (
    NOW,
    StoreTests,
    check_document,
    claim,
    document_of,
    record_of,
    signal_of,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..protocol import Session, Store


class ClaimingTests(StoreTests):
    """Holding and claiming."""

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
        self.start(store)
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
            session.inbox,
            lambda: session.discard(["1"]),
            lambda: session.append([record_of(1)]),
            lambda: session.snapshot(document_of("coffee", "monday", wrong=1)),
        ]
        for call in calls:
            with pytest.raises(StateError):
                call()
        document, records = self.load(store)
        check_document(document, document_of("coffee", "monday"))
        assert records == []

    def test_releasing_writes_nothing(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        session.append([record_of(1)])
        before = text(store.read("coffee", "monday"))
        session.release()
        assert text(self.reopen(store).read("coffee", "monday")) == before

    # Claiming

    def test_every_live_instance_is_claimed_once(self, store: Store) -> None:
        names = [f"cup-{number}" for number in range(30)]
        for name in reversed(names):
            self.start(store, name)
        claimed = claim(self.reopen(store))
        assert sorted(claimed) == sorted(("coffee", name) for name in names)

    def test_only_the_named_workflows_are_claimed(self, store: Store) -> None:
        for workflow in ("coffee", "tea", "milk"):
            self.start(store, workflow=workflow)
        assert claim(store, "tea", "coffee") == [("tea", "monday"), ("coffee", "monday")]
        assert claim(store, "water") == []

    def test_a_claimed_instance_is_held_until_it_is_released(self, store: Store) -> None:
        self.start(store, "monday")
        self.start(store, "tuesday")
        sessions = list(store.claim(["coffee"], NOW))
        busy: list[tuple[str, str]] = []
        other = self.reopen(store)
        assert claim(other, busy=lambda workflow, instance: busy.append((workflow, instance))) == []
        assert sorted(busy) == [("coffee", "monday"), ("coffee", "tuesday")]
        assert claim(other) == []
        for session in sessions:
            session.release()
        assert len(claim(other)) == 2

    def test_an_instance_that_is_held_does_not_stop_the_others(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self.start(store, name)
        session = store.open("coffee", "b")
        assert sorted(claim(store)) == [("coffee", "a"), ("coffee", "c")]
        session.release()

    def test_no_more_are_claimed_than_asked_for(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self.start(store, name)
        for limit, count in ((0, 0), (1, 1), (2, 2), (3, 3), (9, 3)):
            assert len(set(claim(store, limit=limit))) == count
        session = store.open("coffee", "b")
        assert len(claim(store, limit=2)) == 2, "one that is held must not count"
        session.release()

    def test_a_claim_that_is_abandoned_holds_nothing_more(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self.start(store, name)
        for session in store.claim(["coffee"], NOW):
            session.release()
            break
        assert len(claim(store)) == 3

    # What is due

    def test_an_instance_that_sleeps_is_not_claimed_before_its_moment(self, store: Store) -> None:
        later, moment = NOW + timedelta(microseconds=1), NOW - timedelta(microseconds=1)
        self.sleep(store, "a", format_time(moment))
        self.sleep(store, "b", format_time(NOW))
        self.sleep(store, "c", format_time(later))
        self.sleep(store, "d", None)
        self.start(store, "e")
        other = self.reopen(store)
        assert sorted(name for _, name in claim(other)) == ["a", "b", "e"]
        assert sorted(name for _, name in claim(other, now=moment)) == ["a", "e"]
        assert sorted(name for _, name in claim(other, now=later)) == ["a", "b", "c", "e"]

    @pytest.mark.parametrize(
        "wake",
        [True, 0, 1e12, "", "soon", [], "2126-11-23", "2126-11-23T06:13:34Z", "2126-13-23T06:13:34.000000Z"],
    )
    def test_an_instance_is_due_when_nobody_understands_until_when_it_sleeps(
        self, store: Store, wake: object
    ) -> None:
        self.sleep(store, "monday", wake)
        assert claim(store) == [("coffee", "monday")]

    def test_an_instance_that_sleeps_can_be_opened(self, store: Store) -> None:
        self.sleep(store, "monday", None)
        store.open("coffee", "monday").release()
        assert store.list("coffee") == ["monday"]
        assert claim(store) == []

    def test_the_last_snapshot_says_until_when_an_instance_sleeps(self, store: Store) -> None:
        self.start(store)
        later = NOW + timedelta(days=90)
        wakes: list[tuple[str | None, datetime, bool]] = [
            (format_time(later), NOW, False),
            (format_time(later), later, True),
            (format_time(NOW), NOW, True),
            (None, later, False),
        ]
        for wake, now, is_due in wakes:
            session = store.open("coffee", "monday")
            session.snapshot({**document_of("coffee", "monday"), "wake": wake})
            session.release()
            assert bool(claim(self.reopen(store), now=now)) is is_due

    def test_an_instance_is_due_while_its_history_is_newer_than_its_snapshot(self, store: Store) -> None:
        self.sleep(store, "monday", None)
        session = store.open("coffee", "monday")
        session.append([record_of(1)])
        session.release()
        assert claim(self.reopen(store)) == [("coffee", "monday")]
        session = store.open("coffee", "monday")
        session.snapshot({**document_of("coffee", "monday", records=1), "wake": None})
        session.release()
        assert claim(self.reopen(store)) == []

    def test_an_instance_is_due_while_there_is_a_signal(self, store: Store) -> None:
        self.sleep(store, "monday", None)
        self.sleep(store, "tuesday", None)
        store.send("coffee", "monday", signal_of("1"))
        for _ in range(2):
            assert claim(self.reopen(store)) == [("coffee", "monday")]
        session = store.open("coffee", "monday")
        session.discard(["1"])
        session.release()
        assert claim(self.reopen(store)) == []

    def test_an_instance_that_sleeps_does_not_count(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            self.sleep(store, name, None)
        self.start(store, "d")
        assert claim(store, limit=1) == [("coffee", "d")]

    def test_an_instance_that_sleeps_and_has_ended_is_past(self, store: Store) -> None:
        document = {**document_of("coffee", "monday", status="finished"), "wake": None}
        store.create("coffee", "monday", document).release()
        assert claim(self.reopen(store)) == []
        assert store.list("coffee", ended=True) == ["monday"]
