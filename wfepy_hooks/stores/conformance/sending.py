"""Tests of stores: signals, from the sender to the session."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ...clock import format_time
from ...errors import (
    InstanceNotFound,
    UsageError,
)
from .base import (
    NOW,
    VALUES,
    StoreTests,
    claim,
    document_of,
    signal_of,
    text,
)

if TYPE_CHECKING:
    from ..protocol import Store


class SendingTests(StoreTests):
    """The inbox."""

    def test_a_signal_that_was_sent_is_in_the_inbox(self, store: Store) -> None:
        self.start(store)
        signal = signal_of("1", data=VALUES, by="ada", sent=format_time(NOW))
        assert store.send("coffee", "monday", signal) is True
        other = self.reopen(store)
        assert text(other.inbox("coffee", "monday")) == text([signal])
        session = other.open("coffee", "monday")
        assert text(session.inbox()) == text([signal])
        assert session.notes == []
        session.release()

    def test_a_signal_needs_no_more_than_an_id_and_a_name(self, store: Store) -> None:
        self.start(store)
        store.send("coffee", "monday", signal_of("1"))
        store.send("coffee", "monday", signal_of("2", by=None, sent=None, data=None))
        assert store.inbox("coffee", "monday") == [signal_of("1"), signal_of("2", data=None)]

    def test_signals_come_in_the_order_in_which_they_were_sent(self, store: Store) -> None:
        self.start(store)
        times = [format_time(NOW + timedelta(microseconds=number)) for number in range(3)]
        sent = [("9", times[0]), ("5", times[1]), ("b", times[1]), ("a", times[2])]
        for id, moment in reversed(sent):
            store.send("coffee", "monday", signal_of(id, sent=moment))
        for id in ("y", "x"):
            store.send("coffee", "monday", signal_of(id))
        ids = [signal["id"] for signal in self.reopen(store).inbox("coffee", "monday")]
        assert ids == ["x", "y", "9", "5", "b", "a"], "by sent and id, those without sent first"

    def test_a_signal_of_an_id_that_is_there_is_not_sent_again(self, store: Store) -> None:
        self.start(store)
        assert store.send("coffee", "monday", signal_of("1", data="first")) is True
        assert self.reopen(store).send("coffee", "monday", signal_of("1", data="second")) is False
        assert store.inbox("coffee", "monday") == [signal_of("1", data="first")]

    def test_of_many_threads_one_sends_the_signal(self, store: Store) -> None:
        self.start(store)
        barrier = threading.Barrier(8)
        outcomes: list[tuple[bool, int]] = []

        def compete(number: int) -> None:
            barrier.wait()
            outcomes.append((store.send("coffee", "monday", signal_of("1", data=number)), number))

        threads = [threading.Thread(target=compete, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [number for was_sent, number in outcomes if was_sent]
        assert store.inbox("coffee", "monday") == [signal_of("1", data=winner)]

    def test_a_signal_can_be_sent_while_the_instance_is_held(self, store: Store) -> None:
        session = store.create("coffee", "monday", document_of("coffee", "monday"))
        assert session.inbox() == []
        assert self.reopen(store).send("coffee", "monday", signal_of("1")) is True
        assert session.inbox() == [signal_of("1")]
        assert store.send("coffee", "monday", signal_of("2")) is True
        session.discard(["1"])
        session.release()
        assert store.inbox("coffee", "monday") == [signal_of("2")]

    def test_a_signal_is_for_one_instance(self, store: Store) -> None:
        for workflow, name in (("coffee", "a"), ("coffee", "b"), ("tea", "a")):
            self.start(store, name, workflow)
        store.send("coffee", "a", signal_of("1"))
        assert (store.inbox("coffee", "b"), store.inbox("tea", "a")) == ([], [])
        session = store.open("coffee", "b")
        assert session.inbox() == []
        session.discard(["1"])
        session.release()
        assert store.inbox("coffee", "a") == [signal_of("1")]

    def test_signals_stay_until_they_are_discarded(self, store: Store) -> None:
        self.start(store)
        for id in ("1", "2", "3"):
            store.send("coffee", "monday", signal_of(id))
        for _ in range(2):
            session = self.reopen(store).open("coffee", "monday")
            assert len(session.inbox()) == 3
            session.release()
        session = store.open("coffee", "monday")
        session.discard([])
        session.discard({"3", "1", "never"})
        assert session.inbox() == [signal_of("2")]
        session.discard(["2", "3"])
        session.discard(["2"])
        assert session.inbox() == []
        session.release()
        assert self.reopen(store).inbox("coffee", "monday") == []

    def test_an_id_can_be_sent_again_after_it_was_discarded(self, store: Store) -> None:
        self.start(store)
        for data in ("first", "second"):
            assert store.send("coffee", "monday", signal_of("1", data=data)) is True
            session = store.open("coffee", "monday")
            assert session.inbox() == [signal_of("1", data=data)]
            session.discard(["1"])
            session.release()

    def test_ids_of_signals_that_look_alike_are_different(self, store: Store) -> None:
        self.start(store)
        ids = sorted(["a", "a.json", "a.json.refused", "a.tmp", "0", "a" * 100, "a..b", "a-"])
        for id in ids:
            assert store.send("coffee", "monday", signal_of(id)) is True
        assert [signal["id"] for signal in store.inbox("coffee", "monday")] == ids
        session = store.open("coffee", "monday")
        session.discard(["a"])
        session.release()
        assert [signal["id"] for signal in store.inbox("coffee", "monday")] == ids[:1] + ids[2:]

    @pytest.mark.parametrize(
        "signal",
        [
            {},
            {"id": "1"},
            {"name": "approve"},
            signal_of("1", ""),
            signal_of(""),
            signal_of("../1"),
            signal_of(".1"),
            signal_of("a b"),
            signal_of("a" * 101),
            {"id": 1, "name": "approve"},
            {"id": "1", "name": None},
            {"id": "1", "name": ["approve"]},
            signal_of("1", by=7),
            signal_of("1", sent=1732342414),
            signal_of("1", data=json.loads("[" * 200 + "]" * 200)),
        ],
        ids=lambda signal: text(signal)[:40],
    )
    def test_what_is_no_signal_is_refused(self, store: Store, signal: dict[str, Any]) -> None:
        self.start(store)
        with pytest.raises(UsageError, match="signal"):
            store.send("coffee", "monday", signal)
        assert store.inbox("coffee", "monday") == []

    def test_a_signal_that_is_no_json_is_refused(self, store: Store) -> None:
        self.start(store)
        for wrong in (object(), float("nan"), {1, 2}):
            with pytest.raises((TypeError, ValueError)):
                store.send("coffee", "monday", signal_of("1", data=[wrong]))
        assert store.inbox("coffee", "monday") == []
        assert store.send("coffee", "monday", signal_of("1")) is True

    def test_signals_are_whoever_reads_them_own(self, store: Store) -> None:
        self.start(store)
        signal = signal_of("1", data=[1])
        store.send("coffee", "monday", signal)
        signal["data"].append(2)
        session = store.open("coffee", "monday")
        for read in (session.inbox, session.inbox, lambda: store.inbox("coffee", "monday")):
            (found,) = read()
            assert found["data"] == [1], "somebody else got the same signal"
            found["data"].append(3)
        session.release()
        assert store.inbox("coffee", "monday")[0]["data"] == [1]

    def test_nobody_sends_to_what_is_not_live(self, store: Store) -> None:
        self.start(store)
        self.end(store)
        self.start(store, "tuesday")
        self.end(store, "tuesday", finish=False)
        for workflow, name in (("coffee", "monday"), ("coffee", "tuesday"), ("coffee", "x"), ("tea", "x")):
            with pytest.raises(InstanceNotFound):
                self.reopen(store).send(workflow, name, signal_of("1"))
            assert store.inbox(workflow, name) == []

    def test_what_nobody_took_before_the_end_stays_in_the_inbox(self, store: Store) -> None:
        self.start(store)
        store.send("coffee", "monday", signal_of("1"))
        self.end(store)
        other = self.reopen(store)
        assert other.inbox("coffee", "monday") == [signal_of("1")]
        assert claim(other) == []
