"""The conformance suite of executors: ours pass it, and one that is wrong in one way fails the test about that."""

from __future__ import annotations

import contextvars
import inspect
import multiprocessing
import tempfile
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.executors import InlineExecutor, ProcessExecutor, ThreadExecutor, adapted
from wfepy_hooks.executors.conformance import ExecutorConformance

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.executors import Executor


class TestThreads(ExecutorConformance):
    def make_executor(self) -> Executor:
        return ThreadExecutor(3)


class TestOneThread(ExecutorConformance):
    def make_executor(self) -> Executor:
        return ThreadExecutor(1)


class TestProcesses(ExecutorConformance):
    def make_executor(self) -> Executor:
        return ProcessExecutor(2)


class SubmitsOnly:
    """What a stranger has: a pool behind a ``submit``, and no more."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2)
        self.slots = 2
        self.is_remote = False

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._pool.submit(function, *args)

    def shutdown(self, wait: bool) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=True)


class TestAStranger(ExecutorConformance):
    ends_what_is_given_up = False
    test_other_calls_take_the_place_of_what_is_given_up = None  # type: ignore[assignment]  # so it is not collected

    def make_executor(self) -> Executor:
        return adapted(SubmitsOnly())


@pytest.mark.slow
class TestAProcessPool(ExecutorConformance):
    ends_what_is_given_up = False
    test_other_calls_take_the_place_of_what_is_given_up = None  # type: ignore[assignment]  # as above

    def make_executor(self) -> Executor:
        return adapted(ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")))


# Wrong ones


class WaitsForTheCall(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future = super().submit(function, *args)
        threading.Event().wait(0.6)
        return future


class RunsOneAtATime(ThreadExecutor):
    lock = threading.Lock()

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        def call() -> Any:
            with self.lock:
                return function(*args)

        return super().submit(call)


class RunsEverythingAtOnce(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        return ThreadExecutor(1).submit(function, *args)


class SwallowsErrors(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        def call() -> Any:
            try:
                return function(*args)
            except Exception:  # noqa: BLE001 - wrong on purpose
                return None

        return super().submit(call)


class TurnsExitsIntoErrors(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        def call() -> Any:
            try:
                return function(*args)
            except (SystemExit, KeyboardInterrupt) as error:
                raise RuntimeError(str(error)) from error

        return super().submit(call)


class DropsTheArguments(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        return super().submit(function, *args[:1])


class CallsBackTwice(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        class Twice(Future[Any]):
            def add_done_callback(self, fn: Callable[[Any], object]) -> None:
                super().add_done_callback(fn)
                super().add_done_callback(fn)

        future = super().submit(function, *args)
        future.__class__ = Twice
        return future


class SaysItIsRemote(ThreadExecutor):
    is_remote = True


class SharesContextVariables(ThreadExecutor):
    shared = contextvars.copy_context()

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        lock = threading.Lock()

        def call() -> Any:
            with lock:
                return self.shared.copy().run(function, *args) if args else self.shared.run(function)

        return super().submit(call)


class NeverGivesUp(ThreadExecutor):
    def give_up(self, future: Future[Any]) -> None:
        future.cancel()


class GivesUpOnlyWhatRuns(ThreadExecutor):
    def give_up(self, future: Future[Any]) -> None:
        if future.running():
            super().give_up(future)


class GivesUpEverything(ThreadExecutor):
    gave_up = False

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        def call() -> Any:
            value = function(*args)
            assert not self.gave_up
            return value

        return super().submit(call)

    def give_up(self, future: Future[Any]) -> None:
        self.gave_up = True
        super().give_up(future)


class ChangesWhatIsDone(ThreadExecutor):
    def give_up(self, future: Future[Any]) -> None:
        if future.done():
            future._result = None
        super().give_up(future)


class WaitsAtTheEnd(ThreadExecutor):
    def close(self) -> None:
        threads = [seat.thread for seat in self._seats]
        super().close()
        for thread in threads:
            thread.join()


class ForgetsWhatWaits(ThreadExecutor):
    def close(self) -> None:
        self._drain()
        super().close()


class IsNeverClosed(ThreadExecutor):
    def close(self) -> None:
        pass


class ClosesOnce(ThreadExecutor):
    def close(self) -> None:
        assert not self._closed
        super().close()


class LosesCallsOfOtherThreads(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        if threading.current_thread() is not threading.main_thread() and args == (7,):
            return super().submit(function, 8)
        return super().submit(function, *args)


class HasALimit(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        if self._open > 100:
            raise RuntimeError("the queue is full")
        return super().submit(function, *args)


class DiesOfAnError(ThreadExecutor):
    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future = super().submit(function, *args)
        if args and isinstance(args[0], ValueError):
            future.add_done_callback(lambda _: self.close())
            time.sleep(0.05)
        return future


_WRONG: dict[type[ThreadExecutor], str] = {
    WaitsForTheCall: "submit_does_not_wait_for_the_call",
    RunsOneAtATime: "as_many_calls_run_at_the_same_time_as_there_are_slots",
    RunsEverythingAtOnce: "no_more_calls_run_at_the_same_time",
    SwallowsErrors: "what_a_function_raises_is_the_error_of_its_future",
    TurnsExitsIntoErrors: "an_exit_is_an_error_like_any_other",
    DropsTheArguments: "a_call_returns_what_the_function_returns",
    CallsBackTwice: "a_future_calls_back_once",
    SaysItIsRemote: "arguments_are_copied_only_if_it_is_remote",
    SharesContextVariables: "a_call_does_not_see_what_another_one_has_set",
    NeverGivesUp: "other_calls_take_the_place_of_what_is_given_up",
    GivesUpOnlyWhatRuns: "a_call_that_is_given_up_before_it_begins_never_does",
    GivesUpEverything: "giving_up_one_call_leaves_the_others_alone",
    ChangesWhatIsDone: "giving_up_what_is_done_does_nothing",
    WaitsAtTheEnd: "closing_waits_for_no_call_and_leaves_no_process",
    ForgetsWhatWaits: "closing_waits_for_no_call_and_leaves_no_process",
    IsNeverClosed: "an_executor_that_never_ran_anything_can_be_closed",
    ClosesOnce: "a_closed_executor_takes_no_more_calls",
    LosesCallsOfOtherThreads: "calls_may_come_from_several_threads",
    HasALimit: "any_number_of_calls_may_wait",
    DiesOfAnError: "an_error_does_no_harm_to_other_calls",
}


def fails(make: Callable[[], Executor], test: str) -> bool:
    """Return whether an executor fails a test of the suite."""

    class Suite(ExecutorConformance):
        def make_executor(self) -> Executor:
            return make()

    method = getattr(Suite(), f"test_{test}")
    cases = [mark.args[1] for mark in getattr(method, "pytestmark", ()) if mark.name == "parametrize"]
    wanted = inspect.signature(method).parameters
    with tempfile.TemporaryDirectory() as folder:
        executor = make()
        given = {"executor": executor, "tmp_path": Path(folder), "error": cases[0][0] if cases else None}
        try:
            method(**{name: given[name] for name in wanted})
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is what is looked for
            return True
        finally:
            ThreadExecutor.close(executor) if isinstance(executor, ThreadExecutor) else executor.close()
    return False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never happens is to be noticed soon."""
    monkeypatch.setattr("wfepy_hooks.executors.conformance._PATIENCE", 1.0)
    monkeypatch.setattr("wfepy_hooks.executors.probes._PATIENCE", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("wrong", "test"), _WRONG.items(), ids=[wrong.__name__ for wrong in _WRONG])
def test_a_wrong_executor_fails(wrong: type[ThreadExecutor], test: str) -> None:
    assert not fails(lambda: ThreadExecutor(2), test)
    assert fails(lambda: wrong(2), test)


def test_the_suite_demands_an_executor() -> None:
    with pytest.raises(NotImplementedError):
        ExecutorConformance().make_executor()


# The one that conforms as far as an executor can that runs nothing beside


def test_the_inline_executor_calls_at_once() -> None:
    executor = InlineExecutor()
    assert (executor.slots, executor.is_remote) == (1, False)
    assert executor.submit(threading.get_ident).result(0) == threading.get_ident()


@pytest.mark.parametrize(
    "test",
    [
        "what_a_function_raises_is_the_error_of_its_future",
        "an_exit_is_an_error_like_any_other",
        "a_future_calls_back_once",
        "arguments_are_copied_only_if_it_is_remote",
        "giving_up_what_is_done_does_nothing",
        "a_closed_executor_takes_no_more_calls",
    ],
)
def test_the_inline_executor_does_what_it_can(test: str) -> None:
    assert not fails(InlineExecutor, test)
