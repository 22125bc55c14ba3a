"""The pump and its event loop: coroutines that end, that will not end, and that leave things behind."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest

from pumping import brew, drain
from wfepy_hooks.executors import Pump, ThreadExecutor, TimeLimitExceeded


@pytest.fixture
def pump() -> Any:
    pump = Pump(lambda: ThreadExecutor(2), was_interrupted=lambda: False)
    yield pump
    pump.close()


def test_what_a_coroutine_returns_is_handed_out(pump: Pump) -> None:
    for cups in range(10):
        pump.start_async(cups, lambda cups=cups: brew(cups))  # type: ignore[misc]
    assert pump.running == 10
    found = drain(pump)
    assert sorted((each.key, each.value, each.error) for each in found) == [(n, n, None) for n in range(10)]


def test_a_thousand_coroutines_wait_at_the_same_time() -> None:
    best = 9.0
    for _ in range(5):  # the machine may be busy with something else
        began = time.perf_counter()
        pump = Pump()
        for number in range(1000):
            pump.start_async(number, lambda: asyncio.sleep(0.1))
        assert len(drain(pump)) == 1000
        pump.close()
        best = min(best, time.perf_counter() - began)
        if best < 0.25:
            return
    pytest.fail(f"took {best} s at best")


def test_they_are_handed_out_together_if_they_end_together(pump: Pump) -> None:
    event = asyncio.Event()

    async def open_it() -> None:
        event.set()

    for number in range(500):
        pump.start_async(number, event.wait)
    pump.start_async("open", open_it)
    rounds = 0
    while pump.running:
        rounds += bool(pump.wait(30))
    assert rounds <= 3


@pytest.mark.parametrize(
    "error", [ValueError("no milk"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError("mine")]
)
def test_what_a_coroutine_raises_is_data(pump: Pump, error: BaseException) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    pump.start_async("fails", fail)
    pump.start_async("works", lambda: brew(1))
    found = {each.key: each for each in drain(pump)}
    assert type(found["fails"].error) is type(error)
    assert found["works"].value == 1


def test_what_cannot_be_awaited_is_an_error_of_the_call(pump: Pump) -> None:
    def fail() -> Awaitable[None]:
        raise ValueError("no milk")

    nothing: Callable[[], Any] = int
    pump.start_async("fails", fail)
    pump.start_async("nothing", nothing)
    found = {each.key: each.error for each in drain(pump)}
    assert isinstance(found["fails"], ValueError)
    assert isinstance(found["nothing"], TypeError)


def test_anything_may_be_awaited(pump: Pump) -> None:
    class Coffee:
        def __await__(self) -> Generator[Any, None, str]:
            yield from asyncio.sleep(0).__await__()
            return "coffee"

    pump.start_async("key", Coffee)
    assert pump.wait(30)[0].value == "coffee"


def test_calls_of_both_kinds_end_beside_each_other(pump: Pump) -> None:
    go_on = threading.Event()

    async def let_go() -> str:
        await asyncio.sleep(0.05)
        go_on.set()
        return "let go"

    pump.start_call("thread", go_on.wait)
    pump.start_async("async", let_go)
    assert {each.key: each.value for each in drain(pump)} == {"thread": True, "async": "let go"}
    pump.start_call("thread", time.sleep, 0.05)
    began = time.monotonic()
    assert [each.key for each in pump.wait(30)] == ["thread"]
    assert time.monotonic() - began < 0.5


def test_coroutines_go_on_only_during_a_wait_and_each_wait_gets_them_further(pump: Pump) -> None:
    steps = []

    async def walk() -> None:
        for step in range(5):
            steps.append(step)
            await asyncio.sleep(0)

    pump.start_async("walk", walk)
    time.sleep(0.01)
    assert steps == []
    rounds = 0
    while not pump.wait(0):
        rounds += 1
        assert rounds < 20
    assert steps == [0, 1, 2, 3, 4]


def test_a_wait_ends_at_its_timeout(pump: Pump) -> None:
    pump.start_async("slow", lambda: asyncio.sleep(60))
    began = time.monotonic()
    assert pump.wait(0.1) == []
    assert 0.1 <= time.monotonic() - began < 1


def test_coroutines_see_the_context_variables_of_the_start_and_not_those_of_others(pump: Pump) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def change(name: str) -> list[str]:
        seen = [variable.get()]
        variable.set(name)
        await asyncio.sleep(0.001)
        return [*seen, variable.get()]

    for name in ("a", "b"):
        variable.set(f"before {name}")
        pump.start_async(name, lambda name=name: change(name))  # type: ignore[misc]
    variable.set("here")
    assert {each.key: each.value for each in drain(pump)} == {
        "a": ["before a", "a"],
        "b": ["before b", "b"],
    }
    assert variable.get() == "here"


def test_threads_and_programs_of_asyncio_work(pump: Pump) -> None:
    async def call() -> tuple[int, bytes]:
        process = await asyncio.create_subprocess_exec("echo", "milk", stdout=asyncio.subprocess.PIPE)
        text, _ = await process.communicate()
        return await asyncio.to_thread(threading.get_ident), text

    pump.start_async("call", call)
    (ended,) = pump.wait(30)
    assert ended.error is None
    assert ended.value[0] != threading.get_ident()
    assert ended.value[1] == b"milk\n"


def test_a_plain_function_can_be_given_to_the_threads_of_the_loop(pump: Pump) -> None:
    async def call() -> str:
        return await asyncio.get_running_loop().run_in_executor(None, "milk".upper)

    pump.start_async("call", call)
    assert pump.wait(30)[0].value == "MILK"


# Time limits and cancelling


def test_a_coroutine_past_its_limit_is_cancelled_and_can_clean_up(pump: Pump) -> None:
    steps = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    pump.start_async("slow", slow, time_limit=0.05)
    pump.start_async("quick", lambda: brew(1), time_limit=30)
    found = {each.key: each for each in drain(pump)}
    assert isinstance(found["slow"].error, TimeLimitExceeded)
    assert str(found["slow"].error) == "it took longer than its time limit of 0.05 s"
    assert steps == ["cleaned up"]
    assert found["slow"].took < 0.8
    assert found["quick"].value == 1


def test_what_is_returned_after_the_limit_does_not_count(pump: Pump) -> None:
    async def slow() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "late"
        return "never"

    pump.start_async("slow", slow, time_limit=0.05)
    (ended,) = pump.wait(30)
    assert isinstance(ended.error, TimeLimitExceeded)
    assert ended.value is None


def test_a_coroutine_that_blocks_the_loop_is_found_too_late(pump: Pump) -> None:
    async def block() -> None:
        time.sleep(0.1)

    pump.start_async("blocks", block, time_limit=0.05)
    (ended,) = pump.wait(30)
    assert isinstance(ended.error, TimeLimitExceeded)


async def never_end(steps: list[str]) -> None:
    """Go on when cancelled."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            steps.append("no")


def test_a_coroutine_that_will_not_end_is_left_after_a_second(
    pump: Pump, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[str] = []
    pump.start_async("stubborn", lambda: never_end(steps), time_limit=0.05)
    began = time.monotonic()
    (ended,) = pump.wait(30)
    assert isinstance(ended.error, TimeLimitExceeded)
    assert 1.0 < time.monotonic() - began < 3.0
    pump.start_async("stubborn", lambda: brew(1))  # the key is free
    assert pump.wait(30)[0].value == 1
    with caplog.at_level(logging.WARNING):
        pump.close()
    assert caplog.messages == ["1 async task(s) went on although cancelled, and were left to themselves"]


def test_a_cancelled_coroutine_is_handed_out_to_nobody(pump: Pump) -> None:
    steps = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            steps.append("cleaned up")

    pump.start_async("slow", slow)
    assert pump.wait(0.01) == []
    pump.cancel("slow")
    assert (pump.running, steps) == (0, [])
    assert pump.wait(0.01) == []
    assert steps == ["cleaned up"]
    pump.start_async("never begun", slow)
    pump.cancel("never begun")
    assert pump.wait(0.01) == []
    assert steps == ["cleaned up"]
