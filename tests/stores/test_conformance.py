"""The conformance suite itself: a store that is wrong in one way fails the test that is about it."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.errors import InstanceNotFound
from wfepy_hooks.stores.conformance import StoreConformance
from wfepy_hooks.stores.memory import MemorySession, MemoryStore
from wfepy_hooks.stores.sendable import writable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from wfepy_hooks.stores import Store


class _Wrapped(MemorySession):
    """A session that a wrong store makes out of a right one."""

    __slots__ = ()

    @classmethod
    def of(cls, session: MemorySession) -> _Wrapped:
        assert session._entry is not None
        return cls(session.workflow, session.instance, session._entry, reopened=session._reopened)


class _WrongSessions(MemoryStore):
    """A store whose sessions are wrong."""

    wrong: type[_Wrapped]

    def create(self, *args: Any) -> MemorySession:
        return self.wrong.of(super().create(*args))

    def _hold(self, *args: str) -> MemorySession | None:
        session = super()._hold(*args)
        return session and self.wrong.of(session)

    def reopen(self, *args: str) -> MemorySession:
        return self.wrong.of(super().reopen(*args))


class LosesTheLastRecord(_WrongSessions):
    class wrong(_Wrapped):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            super().append(records)
            if len(records) > 1:
                self._held().records.pop()


class KeepsRecordsInTheSession(_WrongSessions):
    class wrong(_Wrapped):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            super().append(records)
            entry = self._held()
            del entry.records[len(entry.records) - len(records) :]


class GivesCoveredRecordsAgain(_WrongSessions):
    class wrong(_Wrapped):
        def load(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
            return super().load()[0], [json.loads(text) for text in self._held().records]


class TearsSnapshots(_WrongSessions):
    class wrong(_Wrapped):
        def snapshot(self, document: dict[str, Any]) -> None:
            old = json.loads(self._held().text)
            super().snapshot(document)
            self._held().text = json.dumps({**json.loads(self._held().text), "context": old["context"]})


class WritesWhatItRefuses(_WrongSessions):
    class wrong(_Wrapped):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            for record in records:
                super().append([record])


class TakesRecordsInAnyOrder(_WrongSessions):
    class wrong(_Wrapped):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            self._held().records += [json.dumps(record) for record in records]


class WritesAfterTheEnd(_WrongSessions):
    class wrong(_Wrapped):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            assert self._entry is not None
            self._entry.records += [json.dumps(record) for record in records]


class ReleasesTwice(_WrongSessions):
    class wrong(_Wrapped):
        def release(self) -> None:
            assert self._entry is not None, "released again"
            super().release()


class KeepsReferences(_WrongSessions):
    class wrong(_Wrapped):
        kept: dict[int, Any] = {}  # noqa: RUF012 - wrong on purpose

        def snapshot(self, document: dict[str, Any]) -> None:
            super().snapshot(document)
            self.kept[id(self._entry)] = document

        def load(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
            document, records = super().load()
            return self.kept.get(id(self._entry)) or document, records


class HandsOutOneDocument(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[str, Any] = {}

    def read(self, workflow: str, instance: str) -> Any:
        answer = super().read(workflow, instance)
        return self.cache.setdefault(repr(answer), answer)


class ConfusesNumbers(_WrongSessions):
    class wrong(_Wrapped):
        def load(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
            document, records = super().load()
            return json.loads(json.dumps(document).replace("1.0,", "1,")), records


class HasNoLock(MemoryStore):
    def _hold(self, workflow: str, instance: str) -> MemorySession | None:
        entry = self._find(workflow, instance)
        if entry.lock.locked():
            entry.lock.release()
        return super()._hold(workflow, instance)


class ClaimsWithoutHolding(MemoryStore):
    def claim(self, *args: Any, **options: Any) -> Iterator[MemorySession]:
        for session in super().claim(*args, **options):
            assert session._entry is not None
            session._entry.lock.release()
            yield session
            session._entry = None


class StopsAtTheFirstBusyOne(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        found: list[str] = []
        for session in super().claim(workflows, now, limit, lambda *name: found.append(name[1])):
            if found:
                session.release()
                return
            yield session


class TellsNobodyOfBusyOnes(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        return super().claim(workflows, now, limit)


class CountsBusyOnes(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        names = list(itertools.islice(((w, i) for w in workflows for i in self.list(w)), limit))
        for workflow, instance in names:
            session = self._hold(workflow, instance)
            if session is not None:
                yield session


class IgnoresTheLimit(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        return super().claim(workflows, now, None, busy)


class ClaimsAllWorkflows(MemoryStore):
    def claim(self, workflows: Any, *args: Any, **options: Any) -> Iterator[MemorySession]:
        everything = sorted({*workflows, *(workflow for workflow, _ in self._entries)})
        return super().claim(everything, *args, **options)


class ClaimsEndedOnes(MemoryStore):
    def list(self, workflow: str, *, ended: bool = False) -> list[str]:
        return sorted({*super().list(workflow), *super().list(workflow, ended=ended)})

    def _hold(self, workflow: str, instance: str) -> MemorySession | None:
        entry = self._find(workflow, instance)
        return MemorySession(workflow, instance, entry) if entry.lock.acquire(blocking=False) else None


class ForgetsTheEnd(_WrongSessions):
    class wrong(_Wrapped):
        def finish(self) -> None:
            self._held()


class UsesTheIdOfAnEndedOneAgain(MemoryStore):
    def create(self, workflow: str, instance: str, document: Any) -> MemorySession:
        if instance in super().list(workflow, ended=True):
            del self._entries[workflow, instance]
        return super().create(workflow, instance, document)


class OverwritesOnCreate(MemoryStore):
    def create(self, workflow: str, instance: str, document: Any) -> MemorySession:
        self._entries.pop((workflow, instance), None)
        return super().create(workflow, instance, document)


class KeepsOnlyTheNewHistory(MemoryStore):
    def history(self, workflow: str, instance: str) -> Iterator[dict[str, Any]]:
        return iter(self.read(workflow, instance)[1])


class ListsInOrderOfCreation(MemoryStore):
    def list(self, workflow: str, *, ended: bool = False) -> list[str]:
        known = super().list(workflow, ended=ended)
        return [instance for place, instance in self._entries if place == workflow and instance in known]


class StripsSuffixes(MemoryStore):
    def create(self, workflow: str, instance: str, document: Any) -> MemorySession:
        return super().create(workflow, instance.removesuffix(".json") or "x", document)

    def _find(self, workflow: str, instance: str) -> Any:
        return super()._find(workflow, instance.removesuffix(".json") or "x")


class TakesAnyName(MemoryStore):
    def create(self, workflow: str, instance: str, document: Any) -> MemorySession:
        clean = "".join(letter for letter in instance if letter.isalnum()) or "x"
        return super().create(workflow, clean[:100] if clean.isascii() else "x", document)


class FindsWhatIsNotThere(MemoryStore):
    def history(self, workflow: str, instance: str) -> Iterator[dict[str, Any]]:
        return super().history(workflow, instance) if (workflow, instance) in self._entries else iter(())


class ClaimsSleepingOnes(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        return super().claim(workflows, now + timedelta(days=100_000), limit, busy)


class OversleepsByASecond(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        return super().claim(workflows, now - timedelta(seconds=1), limit, busy)


class SleepsWhenItDoesNotUnderstand(MemoryStore):
    def claim(self, *args: Any, **options: Any) -> Iterator[MemorySession]:
        for session in super().claim(*args, **options):
            if len(str(session.load()[0].get("wake", "x" * 27))) < 27:
                session.release()
            else:
                yield session


class NeverSleepsWithoutAMoment(MemoryStore):
    def create(self, workflow: str, instance: str, document: Any) -> MemorySession:
        kept = {key: value for key, value in document.items() if key != "wake" or value is not None}
        return super().create(workflow, instance, kept)


class ForgetsKilledTicks(MemoryStore):
    def claim(self, *args: Any, **options: Any) -> Iterator[MemorySession]:
        for session in super().claim(*args, **options):
            document, records = session.load()
            if records and document.get("wake", 0) is None:
                session.release()
            else:
                yield session


class CountsSleepingOnes(MemoryStore):
    def claim(self, workflows: Any, now: Any, limit: Any = None, busy: Any = None) -> Iterator[MemorySession]:
        first = [instance for workflow in workflows for instance in self.list(workflow)][:limit]
        return (each for each in super().claim(workflows, now, None, busy) if each.instance in first)


class DoesNotLookIntoTheInbox(MemoryStore):
    def claim(self, *args: Any, **options: Any) -> Iterator[MemorySession]:
        for session in super().claim(*args, **options):
            if session.load()[0].get("wake", "") is None and session.inbox():
                session.release()
            else:
                yield session


class OverwritesSignals(MemoryStore):
    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        self._find(workflow, instance).inbox.pop(signal.get("id", ""), None)
        return super().send(workflow, instance, signal)


class SendsToTheHolderOnly(MemoryStore):
    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        self.open(workflow, instance).release()
        return super().send(workflow, instance, signal)


class SendsToThePast(MemoryStore):
    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        entry = self._find(workflow, instance)
        text = json.dumps(writable(signal))
        return entry.inbox.setdefault(signal["id"], text) is text


class DeliversInOrderOfArrival(MemoryStore):
    def inbox(self, workflow: str, instance: str) -> list[dict[str, Any]]:
        entry = self._entries.get((workflow, instance))
        return list(map(json.loads, entry.inbox.values())) if entry else []


class TakesAnySignal(MemoryStore):
    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        return super().send(workflow, instance, {"id": "1", "name": "x", "data": signal.get("data")})


class DropsFields(MemoryStore):
    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        known = {key: value for key, value in signal.items() if key in ("id", "name", "data")}
        return super().send(workflow, instance, known)


class ForgetsTheInboxAtTheEnd(_WrongSessions):
    class wrong(_Wrapped):
        def finish(self) -> None:
            self._held().inbox.clear()
            super().finish()


class DiscardsEverything(_WrongSessions):
    class wrong(_Wrapped):
        def discard(self, ids: Any) -> None:
            self._held().inbox.clear()


class DiscardsByPrefix(_WrongSessions):
    class wrong(_Wrapped):
        def discard(self, ids: Any) -> None:
            for each in list(self._held().inbox):
                if each.split(".")[0] in ids:
                    super().discard([each])


class TakesSignalsByReading(_WrongSessions):
    class wrong(_Wrapped):
        def inbox(self) -> list[dict[str, Any]]:
            signals = super().inbox()
            self.discard([signal["id"] for signal in signals])
            return signals


class ReadsAfterTheRelease(_WrongSessions):
    class wrong(_Wrapped):
        def discard(self, ids: Any) -> None:
            if self._entry is not None:
                super().discard(ids)


class HandsOutOneInbox(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[str, Any] = {}

    def inbox(self, workflow: str, instance: str) -> list[dict[str, Any]]:
        answer = super().inbox(workflow, instance)
        return self.cache.setdefault(repr(answer), answer)  # type: ignore[no-any-return]


class BringsBackAtOnce(MemoryStore):
    def reopen(self, workflow: str, instance: str) -> MemorySession:
        session = super().reopen(workflow, instance)
        assert session._entry is not None
        session._entry.text = json.dumps({**json.loads(session._entry.text), "status": "running"})
        session._entry.ended = False
        return session


class BringsBackNothing(_WrongSessions):
    class wrong(_Wrapped):
        def snapshot(self, document: dict[str, Any]) -> None:
            ended = self._held().ended
            super().snapshot(document)
            self._held().ended = ended


class BringsBackWithoutAHold(MemoryStore):
    def reopen(self, workflow: str, instance: str) -> MemorySession:
        entry = self._find(workflow, instance)
        if entry.lock.locked():
            entry.lock.release()
        return super().reopen(workflow, instance)


class BringsBackTheLiving(MemoryStore):
    def reopen(self, workflow: str, instance: str) -> MemorySession:
        entry = self._find(workflow, instance)
        entry.lock.acquire(blocking=False)
        entry.ended = True
        return MemorySession(workflow, instance, entry, reopened=True)


class BringsBackOnlyWhatIsInThePast(MemoryStore):
    def reopen(self, workflow: str, instance: str) -> MemorySession:
        if not self._find(workflow, instance).ended:
            raise InstanceNotFound("the instance has not ended")
        return super().reopen(workflow, instance)


class ListsWhatIsBackTwice(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.past: set[str] = set()

    def list(self, workflow: str, *, ended: bool = False) -> list[str]:
        known = super().list(workflow, ended=ended)
        self.past.update(known if ended else ())
        return sorted({*known, *self.past}) if ended else known


class GoesBackInTime(MemoryStore):
    def note_start(self, workflow: str, key: str, entry: dict[str, Any], keep: Collection[str]) -> bool:
        self._starts.pop(workflow, None)
        return super().note_start(workflow, key, entry, keep)


class NotesAgain(MemoryStore):
    def note_start(self, workflow: str, key: str, entry: dict[str, Any], keep: Collection[str]) -> bool:
        super().note_start(workflow, key, entry, keep)
        return True


class KeepsTheNotesOfAllSchedules(MemoryStore):
    def note_start(self, workflow: str, key: str, entry: dict[str, Any], keep: Collection[str]) -> bool:
        return super().note_start(workflow, key, entry, [*keep, *self.starts(workflow)])


class MixesUpTheNotesOfWorkflows(MemoryStore):
    def starts(self, workflow: str) -> dict[str, dict[str, Any]]:
        return super().starts("coffee" if workflow == "tea" else workflow)


_WRONG: dict[type[MemoryStore], str] = {
    GoesBackInTime: "a_note_only_goes_forward",
    NotesAgain: "a_note_only_goes_forward",
    KeepsTheNotesOfAllSchedules: "notes_of_schedules_that_are_gone_are_forgotten",
    MixesUpTheNotesOfWorkflows: "what_is_noted_is_there_for_others",
    LosesTheLastRecord: "appended_records_are_loaded_in_order",
    KeepsRecordsInTheSession: "each_record_counts_from_the_moment_it_is_appended",
    GivesCoveredRecordsAgain: "only_records_that_the_snapshot_does_not_cover_are_loaded",
    TearsSnapshots: "a_snapshot_replaces_the_one_before",
    WritesWhatItRefuses: "what_is_no_json_is_refused_and_the_old_state_stays",
    TakesRecordsInAnyOrder: "a_record_out_of_order_is_refused_and_nothing_is_added",
    WritesAfterTheEnd: "a_session_that_has_finished_writes_no_more",
    ReleasesTwice: "a_released_session_neither_reads_nor_writes",
    KeepsReferences: "what_the_caller_changes_after_a_snapshot_is_not_saved",
    HandsOutOneDocument: "what_was_loaded_is_the_callers_own",
    ConfusesNumbers: "a_created_instance_is_loaded_as_it_was_saved",
    HasNoLock: "an_instance_that_is_held_cannot_be_opened",
    ClaimsWithoutHolding: "a_claimed_instance_is_held_until_it_is_released",
    StopsAtTheFirstBusyOne: "an_instance_that_is_held_does_not_stop_the_others",
    TellsNobodyOfBusyOnes: "a_claimed_instance_is_held_until_it_is_released",
    CountsBusyOnes: "no_more_are_claimed_than_asked_for",
    IgnoresTheLimit: "no_more_are_claimed_than_asked_for",
    ClaimsAllWorkflows: "only_the_named_workflows_are_claimed",
    ClaimsEndedOnes: "an_ended_instance_is_past",
    ForgetsTheEnd: "a_session_that_has_finished_writes_no_more",
    UsesTheIdOfAnEndedOneAgain: "the_id_of_an_ended_instance_is_not_used_again",
    OverwritesOnCreate: "an_id_is_not_used_twice",
    KeepsOnlyTheNewHistory: "the_history_has_every_record_in_order",
    ListsInOrderOfCreation: "instances_are_listed_in_order",
    StripsSuffixes: "names_that_look_alike_are_different_instances",
    TakesAnyName: "other_names_are_refused",
    FindsWhatIsNotThere: "what_does_not_exist_is_not_found",
    ClaimsSleepingOnes: "an_instance_that_sleeps_is_not_claimed_before_its_moment",
    OversleepsByASecond: "an_instance_that_sleeps_is_not_claimed_before_its_moment",
    NeverSleepsWithoutAMoment: "an_instance_that_sleeps_can_be_opened",
    SleepsWhenItDoesNotUnderstand: "an_instance_is_due_when_nobody_understands_until_when_it_sleeps",
    ForgetsKilledTicks: "an_instance_is_due_while_its_history_is_newer_than_its_snapshot",
    CountsSleepingOnes: "an_instance_that_sleeps_does_not_count",
    DoesNotLookIntoTheInbox: "an_instance_is_due_while_there_is_a_signal",
    OverwritesSignals: "a_signal_of_an_id_that_is_there_is_not_sent_again",
    SendsToTheHolderOnly: "a_signal_can_be_sent_while_the_instance_is_held",
    SendsToThePast: "nobody_sends_to_what_is_not_live",
    DeliversInOrderOfArrival: "signals_come_in_the_order_in_which_they_were_sent",
    TakesAnySignal: "what_is_no_signal_is_refused",
    DropsFields: "a_signal_that_was_sent_is_in_the_inbox",
    ForgetsTheInboxAtTheEnd: "what_nobody_took_before_the_end_stays_in_the_inbox",
    DiscardsEverything: "signals_stay_until_they_are_discarded",
    DiscardsByPrefix: "ids_of_signals_that_look_alike_are_different",
    TakesSignalsByReading: "signals_stay_until_they_are_discarded",
    ReadsAfterTheRelease: "a_released_session_neither_reads_nor_writes",
    HandsOutOneInbox: "signals_are_whoever_reads_them_own",
    BringsBackAtOnce: "one_that_is_not_brought_back_has_ended_as_before",
    BringsBackNothing: "an_ended_instance_can_be_brought_back",
    BringsBackWithoutAHold: "an_ended_instance_that_is_held_cannot_be_held_again",
    BringsBackTheLiving: "only_an_ended_instance_can_be_brought_back",
    BringsBackOnlyWhatIsInThePast: "an_end_that_was_cut_short_can_be_taken_back",
    ListsWhatIsBackTwice: "one_that_was_brought_back_can_end_again",
}


def failing_tests(make: Callable[[], Store]) -> set[str]:
    """Return the tests of the suite that a store fails."""

    class Suite(StoreConformance):
        def make_store(self, folder: Path) -> Store:
            return make()

    suite = Suite()
    failed = set()
    for name in dir(suite):
        if not name.startswith("test_"):
            continue
        test = getattr(suite, name)
        cases = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
        arguments = [{cases[0][0]: value} for value in cases[0][1]] if cases else [{}]
        for values in arguments:
            try:
                test(store=make(), **values)
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is what is looked for
                failed.add(name.removeprefix("test_"))
    return failed


def test_a_right_store_passes() -> None:
    assert failing_tests(MemoryStore) == set()


@pytest.mark.parametrize(("wrong", "test"), _WRONG.items(), ids=[wrong.__name__ for wrong in _WRONG])
def test_a_wrong_store_fails(wrong: type[MemoryStore], test: str) -> None:
    assert test in failing_tests(wrong)


def test_the_suite_demands_a_store() -> None:
    with pytest.raises(NotImplementedError):
        StoreConformance().make_store(None)  # type: ignore[arg-type]
