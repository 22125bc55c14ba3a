"""What asynchronous calls leave behind, interrupts, and the end of the event loop, which is certain."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from pumping import brew, drain
from wfepy_hooks.executors import Pump


@pytest.fixture
def pump() -> Any:
    pump = Pump(was_interrupted=lambda: False)
    yield pump
    pump.close()


async def never_end() -> None:
    """Go on when cancelled."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)


def test_closing_lets_what_runs_clean_up(caplog: pytest.LogCaptureFixture) -> None:
    pump = Pump()
    steps = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    async def leave_behind() -> None:
        asyncio.create_task(slow())  # noqa: RUF006 - wrong on purpose

    async def generate() -> Any:
        try:
            yield 1
        finally:
            steps.append("closed")

    generator = generate()

    async def take_one() -> int:
        found: int = await generator.__anext__()
        return found

    pump.start_async("slow", slow)
    pump.start_async("leave", leave_behind)
    pump.start_async("one", take_one)
    while pump.running > 1:
        pump.wait(30)
    pump.wait(0.01)
    with caplog.at_level(logging.DEBUG):
        pump.close()
        pump.close()
    assert sorted(steps) == ["cleaned up", "cleaned up", "closed"]
    assert caplog.messages == []
    assert pump.running == 0


def test_a_pump_that_never_waited_can_be_closed() -> None:
    pump = Pump()
    pump.start_async("slow", never_end)
    pump.close()
    with pytest.raises(RuntimeError, match="the pump is closed"):
        pump.start_async("more", lambda: brew(1))


def test_closing_is_over_soon_whatever_blocks(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()
    ended = threading.Event()

    async def block() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            go_on.wait()
            ended.set()

    pump = Pump()
    pump.start_async("blocks", block)
    pump.wait(0.01)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        pump.close()
    assert time.monotonic() - began < 5
    assert caplog.messages == [
        "an async task blocks the event loop although cancelled, and was left to itself"
    ]
    go_on.set()
    assert ended.wait(10)


def test_errors_while_cleaning_up_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    steps = []

    async def clean_up() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            steps.append("cleaned up")

    async def fail(error: BaseException) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise error

    async def leave_behind(error: BaseException) -> None:
        asyncio.create_task(fail(error))  # noqa: RUF006 - wrong on purpose

    pump = Pump()
    for number, error in enumerate((SystemExit(3), KeyboardInterrupt(), SystemExit(4))):
        pump.start_async(number, lambda error=error: fail(error))  # type: ignore[misc]
        pump.start_async(f"left {number}", lambda error=error: leave_behind(error))  # type: ignore[misc]
    pump.start_async("last", clean_up)
    pump.wait(0.01)
    with caplog.at_level(logging.WARNING):
        pump.close()
    assert steps == ["cleaned up"]
    assert sorted(caplog.messages) == [
        "something that an async task left behind raised KeyboardInterrupt",
        "something that an async task left behind raised SystemExit",
        "something that an async task left behind raised SystemExit",
    ]


def test_what_was_left_behind_cannot_end_the_tick(pump: Pump, caplog: pytest.LogCaptureFixture) -> None:
    async def leave(error: type[BaseException]) -> None:
        await asyncio.sleep(0.01)
        raise error

    async def leave_behind() -> None:
        for error in (SystemExit, KeyboardInterrupt):
            asyncio.create_task(leave(error))  # noqa: RUF006 - wrong on purpose

    pump.start_async("leave", leave_behind)
    pump.start_async("slow", lambda: brew(1, 0.2))
    with caplog.at_level(logging.WARNING):
        assert {each.key for each in drain(pump)} == {"leave", "slow"}
    assert [message for message in caplog.messages if "left behind" in message] == [
        "something that an async task left behind raised SystemExit",
        "something that an async task left behind raised KeyboardInterrupt",
    ]


@pytest.mark.parametrize("ending", ["pump.close()", "pass"])
def test_a_thread_of_asyncio_that_never_ends_does_not_keep_the_process_from_ending(ending: str) -> None:
    code = f"""
import asyncio, threading
from wfepy_hooks.executors import Pump
pump = Pump()
pump.start_async("slow", lambda: asyncio.to_thread(threading.Event().wait), time_limit=0.1)
print(pump.wait(30)[0].error)
{ending}
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.stdout, ended.stderr) == ("it took longer than its time limit of 0.1 s\n", "")


# Interrupts


@pytest.mark.parametrize("work", ["lambda: asyncio.sleep(60)", "compute", "block"])
def test_an_interrupt_gets_out_of_a_wait_at_once(work: str) -> None:
    # In a process of its own: it may hit asyncio itself, which then complains of what it has forgotten.
    code = f"""
import asyncio, signal, time
from wfepy_hooks.executors import Pump
async def compute():
    while True:
        await asyncio.sleep(0)
async def block():
    time.sleep(60)
def handle(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, handle)
for number in range(5):
    pump = Pump(was_interrupted=lambda: True)
    pump.start_async("work", {work})
    pump.start_async("other", lambda: asyncio.sleep(60))
    signal.setitimer(signal.ITIMER_REAL, 0.02 + number * 0.0003)
    began = time.monotonic()
    try:
        pump.wait()
    except KeyboardInterrupt:
        interrupted = time.monotonic() - began
    pump.close()
    print(interrupted < 1, time.monotonic() - began < 4)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "True True\n" * 5, ended.stderr


def test_an_interrupt_is_taken_for_one_of_the_keyboard_if_nobody_says_otherwise() -> None:
    async def interrupt() -> None:
        raise KeyboardInterrupt

    pump = Pump()
    pump.start_async("interrupt", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pump.wait(30)
    pump.close()


def test_an_interrupt_is_told_by_nobody_else() -> None:
    code = """
import asyncio, signal, time
from wfepy_hooks.executors import Pump
async def block():
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(60)
def handle(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, handle)
pump = Pump()
pump.start_async("block", block)
pump.start_async("other", lambda: asyncio.sleep(60))
try:
    pump.wait()
except KeyboardInterrupt:
    pump.close()
    print("interrupted")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.stdout, ended.stderr) == ("interrupted\n", "")


def test_closing_leaves_no_open_file() -> None:
    # In a process of its own: what other tests have left to the garbage collector is closed whenever that runs.
    code = """
import asyncio, os
from wfepy_hooks.executors.pump import Pump
def run():
    pump = Pump()
    pump.start_async("brew", lambda: asyncio.sleep(0))
    assert pump.wait()
    pump.close()
    return len(os.listdir("/dev/fd"))
print(len({run() for _ in range(4)}))
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.stdout, ended.stderr) == ("1\n", "")
