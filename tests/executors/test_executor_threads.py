"""The executor of threads: what the conformance suite does not say."""

from __future__ import annotations

import concurrent.futures
import contextvars
import gc
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

import pytest

from wfepy_hooks.executors import ThreadExecutor


@pytest.fixture
def executor() -> Any:
    executor = ThreadExecutor(2)
    yield executor
    executor.close()


def eventually(condition: Any) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return bool(condition())


def test_threads_start_as_they_are_needed(executor: ThreadExecutor) -> None:
    assert executor._seats == []
    for _ in range(5):
        assert executor.submit(int).result() == 0
    assert len(executor._seats) == 1


def test_an_abandoned_thread_is_counted_until_it_ends(executor: ThreadExecutor) -> None:
    go_on = threading.Event()
    futures = [executor.submit(go_on.wait) for _ in range(2)]
    while not all(future.running() for future in futures):
        time.sleep(0.001)
    assert executor.abandoned == 0
    for future in futures:
        executor.give_up(future)
        executor.give_up(future)
    assert executor.abandoned == 2
    assert executor.submit(int).result(10) == 0
    go_on.set()
    assert [future.result(10) for future in futures] == [True, True]
    assert eventually(lambda: executor.abandoned == 0)


def test_a_call_that_waits_takes_the_place_at_once(executor: ThreadExecutor) -> None:
    go_on = threading.Event()
    futures = [executor.submit(go_on.wait) for _ in range(2)]
    waiting = executor.submit(int)
    while not all(future.running() for future in futures):
        time.sleep(0.001)
    executor.give_up(futures[0])
    assert waiting.result(10) == 0
    go_on.set()


def test_closing_ends_the_threads(executor: ThreadExecutor) -> None:
    for future in [executor.submit(time.sleep, 0.01) for _ in range(4)]:
        future.result()
    threads = [seat.thread for seat in executor._seats]
    executor.close()
    assert [thread.is_alive() for thread in threads] == [False, False]


def test_a_call_can_close_its_executor(executor: ThreadExecutor) -> None:
    assert executor.submit(executor.close).result(10) is None


def test_what_never_began_is_told_to_everybody_who_waits(executor: ThreadExecutor) -> None:
    go_on = threading.Event()
    running = [executor.submit(go_on.wait) for _ in range(2)]
    waiting = [executor.submit(int) for _ in range(2)]
    waiting[0].cancel()
    executor.close()
    go_on.set()
    assert concurrent.futures.wait([*waiting, *running], 10).not_done == set()
    assert all(future.cancelled() for future in waiting)


def test_a_call_sees_the_context_variables_of_who_submits(executor: ThreadExecutor) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("here")
    assert executor.submit(variable.get).result() == "here"
    executor.submit(variable.set, "there").result()
    assert variable.get() == "here"


def test_nothing_of_a_call_is_kept_when_it_is_over(executor: ThreadExecutor) -> None:
    class Large:
        def method(self) -> None:
            raise ValueError(self)

    large = Large()
    reference = weakref.ref(large)
    future = executor.submit(large.method)
    assert isinstance(future.exception(), ValueError)
    assert eventually(lambda: executor._open == 0)
    gc.disable()  # nothing may depend on it
    try:
        del large, future
        assert eventually(lambda: reference() is None)
    finally:
        gc.enable()


@pytest.mark.parametrize("slots", [0, -1])
def test_there_is_at_least_one_slot(slots: int) -> None:
    with pytest.raises(ValueError, match="at least one slot"):
        ThreadExecutor(slots)


@pytest.mark.parametrize("ending", ["executor.close()", "pass", "sys.exit(3)", "raise ValueError"])
def test_a_thread_that_never_ends_does_not_keep_the_process_from_ending(ending: str) -> None:
    code = f"""
import sys, threading, time
from wfepy_hooks.executors import ThreadExecutor
executor = ThreadExecutor(2)
futures = [executor.submit(threading.Event().wait), executor.submit(time.sleep, 1000)]
while not all(future.running() for future in futures):
    time.sleep(0.001)
{ending}
"""
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True, check=False)
    assert ended.returncode == {"sys.exit(3)": 3, "raise ValueError": 1}.get(ending, 0)
    assert time.monotonic() - began < 5
