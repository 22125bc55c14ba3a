"""What every executor must do, as tests. Needs pytest.

Write a subclass whose name begins with ``Test``, and let pytest collect it::

    class TestMyExecutor(ExecutorConformance):
        def make_executor(self):
            return adapted(MyExecutor(workers=2))

What happens to processes when the one that started them is killed cannot be seen from inside it, and is not tested.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from . import probes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from .protocol import Executor

__all__ = ["ExecutorConformance"]

_PATIENCE = 30.0
"""Seconds after which something never happens."""


def _result(future: Future[Any]) -> Any:
    return future.result(timeout=_PATIENCE)


def _error(future: Future[Any]) -> BaseException | None:
    return future.exception(timeout=_PATIENCE)


class ExecutorConformance:
    """Override :meth:`make_executor`.

    :cvar ends_what_is_given_up: whether the slot of a call is free as soon as the call is given up. An adapted
        executor often cannot do that.
    """

    ends_what_is_given_up = True

    def make_executor(self) -> Executor:
        """Return a new executor, with few slots: the tests fill them all."""
        raise NotImplementedError

    @pytest.fixture
    def executor(self) -> Iterator[Executor]:
        executor = self.make_executor()
        yield executor
        executor.close()

    # What comes back

    def test_a_call_returns_what_the_function_returns(self, executor: Executor) -> None:
        assert _result(executor.submit(probes.same)) == ()
        assert _result(executor.submit(probes.same, 1, "two", None)) == (1, "two", None)

    def test_what_a_function_raises_is_the_error_of_its_future(self, executor: Executor) -> None:
        error = _error(executor.submit(probes.fail_with, ValueError("no milk")))
        assert isinstance(error, ValueError)
        assert str(error) == "no milk"

    @pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
    def test_an_exit_is_an_error_like_any_other(self, executor: Executor, error: BaseException) -> None:
        assert type(_error(executor.submit(probes.fail_with, error))) is type(error)
        assert _result(executor.submit(probes.same, 1)) == (1,)

    def test_an_error_does_no_harm_to_other_calls(self, executor: Executor) -> None:
        futures = [
            executor.submit(probes.fail_with, ValueError(n)) if n % 2 else executor.submit(probes.same, n)
            for n in range(20)
        ]
        for n, future in enumerate(futures):
            if n % 2:
                assert isinstance(_error(future), ValueError)
            else:
                assert _result(future) == (n,)

    def test_a_future_calls_back_once(self, executor: Executor) -> None:
        called: list[object] = []
        for function, argument in ((probes.same, 1), (probes.fail_with, ValueError())):
            future = executor.submit(function, argument)
            done = threading.Event()
            future.add_done_callback(called.append)
            future.add_done_callback(lambda _, done=done: done.set())  # type: ignore[misc]
            assert done.wait(_PATIENCE)
            assert called == [future]
            called.clear()

    def test_arguments_are_copied_only_if_it_is_remote(self, executor: Executor) -> None:
        values = [1]
        assert _result(executor.submit(probes.append_to, values)) == 2
        assert (values == [1]) is executor.is_remote

    def test_what_cannot_be_pickled_is_an_error_only_if_it_is_remote(self, executor: Executor) -> None:
        error = _error(executor.submit(lambda: 1))
        assert (error is not None) is executor.is_remote
        assert _result(executor.submit(probes.same, 1)) == (1,)

    def test_a_call_does_not_see_what_another_one_has_set(self, executor: Executor) -> None:
        assert not any(_result(executor.submit(probes.is_set)) for _ in range(3 * executor.slots))

    # At the same time

    def test_submit_does_not_wait_for_the_call(self, executor: Executor) -> None:
        future = executor.submit(time.sleep, 0.5)
        assert not future.done()
        assert _result(future) is None

    def test_as_many_calls_run_at_the_same_time_as_there_are_slots(
        self, executor: Executor, tmp_path: Path
    ) -> None:
        assert executor.slots >= 1
        self._meet(executor, tmp_path)

    def _meet(self, executor: Executor, folder: Path) -> None:
        number = executor.slots
        futures = [executor.submit(probes.meet, os.fspath(folder), str(n), number) for n in range(number)]
        assert [_result(future) for future in futures] == [number] * number

    def test_no_more_calls_run_at_the_same_time(self, executor: Executor, tmp_path: Path) -> None:
        names = [str(n) for n in range(5 * executor.slots)]
        futures = [executor.submit(probes.count_others, os.fspath(tmp_path), name) for name in names]
        assert max(_result(future) for future in futures) <= executor.slots

    def test_any_number_of_calls_may_wait(self, executor: Executor) -> None:
        futures = [executor.submit(probes.same, n) for n in range(300)]
        assert [_result(future) for future in futures] == [(n,) for n in range(300)]

    def test_calls_may_come_from_several_threads(self, executor: Executor) -> None:
        futures: list[Future[Any]] = []

        def submit() -> None:
            futures.extend(executor.submit(probes.same, n) for n in range(20))

        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(_result(future)[0] for future in futures) == sorted(list(range(20)) * 4)

    # Giving up

    def test_other_calls_take_the_place_of_what_is_given_up(self, executor: Executor, tmp_path: Path) -> None:
        if not self.ends_what_is_given_up:
            pytest.skip("it says so itself")
        endless = [executor.submit(time.sleep, 2 * _PATIENCE) for _ in range(executor.slots)]
        time.sleep(0.2)
        for future in endless:
            executor.give_up(future)
        self._meet(executor, tmp_path)

    def test_a_call_that_is_given_up_before_it_begins_never_does(
        self, executor: Executor, tmp_path: Path
    ) -> None:
        running = [executor.submit(time.sleep, 0.3) for _ in range(executor.slots)]
        time.sleep(0.1)
        waiting = [executor.submit(probes.leave_file, os.fspath(tmp_path), str(n)) for n in range(5)]
        for future in waiting[1:]:
            executor.give_up(future)
        for future in (*running, waiting[0]):
            assert _result(future) is None
        assert _result(executor.submit(probes.same, 1)) == (1,)
        if self.ends_what_is_given_up:
            assert os.listdir(tmp_path) == ["0"]

    def test_giving_up_one_call_leaves_the_others_alone(self, executor: Executor) -> None:
        others = [executor.submit(time.sleep, 0.3) for _ in range(executor.slots - 1)]
        endless = executor.submit(time.sleep, 2.0)
        time.sleep(0.1)
        executor.give_up(endless)
        assert [_result(future) for future in others] == [None] * len(others)

    def test_giving_up_what_is_done_does_nothing(self, executor: Executor) -> None:
        for n in range(10):
            future = executor.submit(probes.same, n)
            assert _result(future) == (n,)
            executor.give_up(future)
            executor.give_up(future)
            assert _result(future) == (n,)
        assert _result(executor.submit(probes.same, 1)) == (1,)

    # The end

    def test_closing_waits_for_no_call_and_leaves_no_process(self) -> None:
        before = multiprocessing.active_children()
        executor = self.make_executor()
        futures = [executor.submit(time.sleep, 1.0) for _ in range(executor.slots + 3)]
        time.sleep(0.2)
        began = time.monotonic()
        executor.close()
        if self.ends_what_is_given_up:
            assert time.monotonic() - began < 0.7, "it waited for the calls"
            assert multiprocessing.active_children() == before
        end = time.monotonic() + _PATIENCE
        while not all(future.done() for future in futures[executor.slots :]):
            assert time.monotonic() < end, "whoever waits for a call that never began waits for ever"
            time.sleep(0.01)

    def test_a_closed_executor_takes_no_more_calls(self, executor: Executor) -> None:
        future = executor.submit(probes.same, 1)
        assert _result(future) == (1,)
        executor.close()
        executor.close()
        executor.give_up(future)
        with pytest.raises(RuntimeError):
            executor.submit(probes.same, 1)

    def test_an_executor_that_never_ran_anything_can_be_closed(self) -> None:
        executor = self.make_executor()
        executor.close()
        with pytest.raises(RuntimeError):
            executor.submit(probes.same, 1)
