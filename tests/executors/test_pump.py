"""The pump and an executor: many calls from one thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import executor_tasks
from pumping import drain
from wfepy_hooks.executors import (
    InlineExecutor,
    ProcessExecutor,
    Pump,
    ThreadExecutor,
    TimeLimitExceeded,
    WorkerDied,
    adapted,
)

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture
def pump() -> Any:
    """A pump with two threads."""
    pump = Pump(lambda: ThreadExecutor(2))
    yield pump
    pump.close()


def test_what_has_ended_is_handed_out_once_with_its_key(pump: Pump) -> None:
    for number in range(20):
        pump.start_call(("call", number), divmod, number, 3)
    assert pump.running == 20
    found = drain(pump)
    assert sorted((each.key, each.value) for each in found) == [
        (("call", n), divmod(n, 3)) for n in range(20)
    ]
    assert all(each.error is None and each.took >= 0 for each in found)
    assert (pump.running, pump.wait(), pump.wait(0)) == (0, [], [])


def test_an_error_is_handed_out_as_data(pump: Pump) -> None:
    def leave(error: BaseException) -> None:
        raise error

    for error in (ValueError("no milk"), SystemExit(3), KeyboardInterrupt()):
        pump.start_call("call", leave, error)
        (ended,) = pump.wait(30)
        assert (ended.value, ended.error) == (None, error)
        assert repr(ended) == f"Finished('call', None, {error!r})"


def test_wait_ends_with_the_first_call_that_ends(pump: Pump) -> None:
    go_on = threading.Event()
    pump.start_call("slow", go_on.wait)
    pump.start_call("quick", int)
    assert [each.key for each in pump.wait(30)] == ["quick"]
    assert "slow" in pump
    assert "quick" not in pump
    go_on.set()
    assert [each.key for each in pump.wait(30)] == ["slow"]


def test_wait_returns_everything_that_has_ended_by_then(pump: Pump) -> None:
    for number in range(2):
        pump.start_call(number, int)
    time.sleep(0.1)
    assert {each.key for each in pump.wait(30)} == {0, 1}


def test_wait_ends_at_its_timeout(pump: Pump) -> None:
    go_on = threading.Event()
    pump.start_call("slow", go_on.wait)
    for timeout in (0.0, 0.05):
        began = time.monotonic()
        assert pump.wait(timeout) == []
        assert timeout <= time.monotonic() - began < timeout + 1.0
    go_on.set()
    assert len(pump.wait()) == 1


def test_wait_with_nothing_in_flight_is_a_pause(pump: Pump) -> None:
    began = time.monotonic()
    assert pump.wait(0.05) == []
    assert time.monotonic() - began >= 0.05
    assert pump.wait() == []


def test_a_key_is_in_flight_once(pump: Pump) -> None:
    go_on = threading.Event()
    pump.start_call("key", go_on.wait)
    with pytest.raises(ValueError, match=r"^a call 'key' is in flight already$"):
        pump.start_call("key", int)
    go_on.set()
    assert pump.wait(30)[0].value is True
    pump.start_call("key", int)
    assert pump.wait(30)[0].value == 0


def test_calls_begin_in_order_and_never_more_than_there_are_slots(pump: Pump) -> None:
    began: list[int] = []
    at_once: list[int] = []
    lock = threading.Lock()
    running = 0

    def call(number: int) -> None:
        nonlocal running
        with lock:
            began.append(number)
            running += 1
            at_once.append(running)
        time.sleep(0.002)
        with lock:
            running -= 1

    for number in range(30):
        pump.start_call(number, call, number)
    drain(pump)
    assert max(at_once) == 2
    assert all(abs(place - number) <= 2 for place, number in enumerate(began))


def test_the_executor_gets_no_more_calls_than_it_has_slots() -> None:
    futures: list[Future[Any]] = []

    class Slow:
        slots = 3

        def submit(self, function: Any, *args: Any) -> Future[Any]:
            futures.append(Future())
            return futures[-1]

    pump = Pump(lambda: adapted(Slow()))
    for number in range(5):
        pump.start_call(number, int)
    assert len(futures) == 3
    futures[1].set_result("done")
    assert [(each.key, each.value) for each in pump.wait(30)] == [(1, "done")]
    assert len(futures) == 4
    pump.close()
    assert all(future.cancelled() or future.done() for future in futures)


def test_the_executor_is_made_when_it_is_needed_and_closed_in_the_end() -> None:
    made = []

    def make() -> ThreadExecutor:
        made.append(ThreadExecutor(1))
        return made[-1]

    pump = Pump(make)
    pump.close()
    assert made == []
    pump = Pump(make)
    for number in range(3):
        pump.start_call(number, int)
        pump.wait(30)
    pump.close()
    pump.close()
    (executor,) = made
    with pytest.raises(RuntimeError):
        executor.submit(int)
    with pytest.raises(RuntimeError, match="the pump is closed"):
        pump.start_call(1, int)


def test_without_an_executor_calls_run_here() -> None:
    pump = Pump()
    for number in range(3):
        pump.start_call(number, threading.get_ident)
    assert {each.value for each in drain(pump)} == {threading.get_ident()}
    pump.close()


def test_an_executor_that_fails_fails_the_call() -> None:
    class Broken:
        def submit(self, function: Any, *args: Any) -> Future[Any]:
            raise ConnectionError("the cluster is away")

    pump = Pump(lambda: adapted(Broken()))
    pump.start_call("call", int)
    (ended,) = pump.wait(30)
    assert repr(ended.error) == "ConnectionError('the cluster is away')"
    pump.close()


def test_a_worker_that_dies_is_the_end_of_its_call() -> None:
    pump = Pump(lambda: ProcessExecutor(2))
    pump.start_call("dies", os._exit, 3)
    pump.start_call("lives", abs, -1)
    found = {each.key: each for each in drain(pump)}
    assert isinstance(found["dies"].error, WorkerDied)
    assert found["lives"].value == 1
    pump.close()


# Cancelling


def test_a_call_that_is_cancelled_before_it_begins_never_does(pump: Pump) -> None:
    go_on = threading.Event()
    called: list[int] = []
    for number in range(2):
        pump.start_call(f"running {number}", go_on.wait)
    for number in range(3):
        pump.start_call(number, called.append, number)
    pump.cancel(1)
    pump.cancel("nobody")
    assert pump.running == 4
    pump.start_call(1, called.append, 11)  # the key is free
    go_on.set()
    assert len(drain(pump)) == 5
    assert sorted(called) == [0, 2, 11]


def test_another_call_takes_the_place_of_one_that_is_cancelled(pump: Pump) -> None:
    go_on = threading.Event()
    for number in range(3):
        pump.start_call(number, go_on.wait)
    pump.start_call("after", int)
    for number in range(3):
        pump.cancel(number)
    assert [each.key for each in drain(pump)] == ["after"]
    go_on.set()
    assert pump.wait(0.05) == []


# Time limits


def test_a_thread_past_its_limit_is_left_and_replaced() -> None:
    executor = ThreadExecutor(2)
    pump = Pump(lambda: executor)
    go_on = threading.Event()
    for number in range(2):
        pump.start_call(number, go_on.wait, time_limit=0.1)
    pump.start_call("after", int, time_limit=30)
    found = {each.key: each for each in drain(pump)}
    for number in range(2):
        error = found[number].error
        assert isinstance(error, TimeLimitExceeded)
        assert isinstance(error, TimeoutError)
        assert str(error) == "it took longer than its time limit of 0.1 s"
        assert 0.1 <= found[number].took < 5
    assert found["after"].value == 0
    assert executor.abandoned == 2
    go_on.set()
    pump.close()


def test_a_process_past_its_limit_is_killed_and_replaced(tmp_path: Path) -> None:
    pump = Pump(lambda: ProcessExecutor(1))
    pump.start_call("pid", os.getpid)
    (first,) = pump.wait(30)
    pump.start_call("stubborn", executor_tasks.burn, 1000.0, time_limit=0.2)
    pump.start_call("after", os.getpid, time_limit=30)
    found = {each.key: each for each in drain(pump)}
    assert isinstance(found["stubborn"].error, TimeLimitExceeded)
    assert found["after"].value != first.value
    assert not Path(f"/proc/{first.value}").exists()
    pump.close()


def test_the_limit_counts_from_the_start_of_the_call(pump: Pump) -> None:
    for number in range(8):
        pump.start_call(number, time.sleep, 0.1, time_limit=0.35)
    assert [each.error for each in drain(pump)] == [None] * 8


def test_a_call_that_ended_too_late_failed_whoever_looked_when(pump: Pump) -> None:
    pump.start_call("late", time.sleep, 0.1, time_limit=0.05)
    pump.start_call("in time", time.sleep, 0.0, time_limit=0.05)
    time.sleep(0.2)
    found = {each.key: each for each in drain(pump)}
    assert isinstance(found["late"].error, TimeLimitExceeded)
    assert found["in time"].error is None


def test_limits_of_calls_that_have_ended_are_forgotten(pump: Pump) -> None:
    for number in range(3000):
        pump.start_call(number, int, time_limit=1000)
        if number % 50 == 0:
            drain(pump)
    drain(pump)
    assert len(pump._limits) < 300


# Interrupts and the end


@pytest.mark.parametrize("make", [lambda: ThreadExecutor(2), lambda: ProcessExecutor(2), InlineExecutor])
def test_closing_waits_for_nothing(make: Any) -> None:
    pump = Pump(make)
    seconds = 0.01 if make is InlineExecutor else 60
    for number in range(5):
        pump.start_call(number, time.sleep, seconds)
    began = time.monotonic()
    pump.wait(0.1)
    pump.close()
    assert time.monotonic() - began < 5
    assert pump.running == 0


class Interrupted(KeyboardInterrupt):
    """From the handler of a signal."""


@pytest.fixture
def interrupt_after() -> Any:
    """A function that lets a signal raise :class:`Interrupted` in this thread after some seconds."""

    def handle(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("timeout", [None, 30.0])
def test_an_interrupt_gets_out_of_a_wait_at_once(
    pump: Pump, interrupt_after: Any, timeout: float | None
) -> None:
    go_on = threading.Event()
    pump.start_call("slow", go_on.wait)
    interrupt_after(0.1)
    began = time.monotonic()
    with pytest.raises(Interrupted):
        pump.wait(timeout)
    assert time.monotonic() - began < 1
    assert pump.running == 1
    go_on.set()
    assert [each.key for each in pump.wait(30)] == ["slow"]


def test_an_interrupt_at_any_moment_leaves_a_pump_that_can_be_closed() -> None:
    # In a process of its own: an interrupt may well hit code of pytest.
    code = """
import signal, time
from wfepy_hooks.executors import Pump, ThreadExecutor
is_armed = False
def handle(number, frame):
    if is_armed:
        raise KeyboardInterrupt
def work(pump):  # a function, for in Python 3.13 the end of a loop is not always inside the try around it
    for each in range(2000):
        pump.start_call(each, int)
    while pump.running:
        pump.wait()
signal.signal(signal.SIGALRM, handle)
longest = interrupted = 0
for number in range(100):
    pump = Pump(lambda: ThreadExecutor(2))
    try:
        is_armed = True
        signal.setitimer(signal.ITIMER_REAL, 0.0003 + number * 0.0001)
        work(pump)
        is_armed = False
    except KeyboardInterrupt:
        is_armed = False
        interrupted += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    began = time.monotonic()
    pump.close()
    longest = max(longest, time.monotonic() - began)
print(interrupted > 50, longest < 4)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.stdout == "True True\n", ended.stderr


def test_a_signal_that_another_thread_got_is_handled_soon() -> None:
    code = """
import signal, threading, time
from wfepy_hooks.executors import Pump, ThreadExecutor
pump = Pump(lambda: ThreadExecutor(1))
pump.start_call("slow", time.sleep, 1000)
threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT)).start()
try:
    pump.wait()
except KeyboardInterrupt:
    pump.close()
    print("interrupted")
"""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.stdout, ended.stderr) == ("interrupted\n", "")
    assert time.monotonic() - began < 5
