"""No process outlives the one that started it, and an interrupt of the terminal is told once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # where executor_tasks is

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")

BUSY = {
    "sleeping": "time.sleep, 1000",
    "computing": "executor_tasks.burn, 1000",
    "holding the interpreter": "executor_tasks.hold_the_interpreter",
    "waiting for a program": "os.system, 'exec sleep 3'",
    "idle": "int",
}

SCRIPT = """
import os, sys, time
import executor_tasks
from wfepy_hooks.executors import ProcessExecutor
executor = ProcessExecutor({slots})
for future in [executor.submit(time.sleep, 0.3) for _ in range({slots})]:
    future.result()
busy = [executor.submit({call}) for _ in range({slots})]
time.sleep(0.2)
print("ready", flush=True)
{ending}
time.sleep(1000)
"""


Start: TypeAlias = "Callable[[str], Family]"


class Family:
    """The processes that a script starts, found by a mark in their environment."""

    def __init__(self, code: str) -> None:
        self._mark = f"WFEPY_FAMILY={uuid.uuid4().hex}"
        name, _, value = self._mark.partition("=")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, name: value, "PYTHONPATH": HERE},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def members(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:  # it has just ended, or is a zombie
                continue
        return found

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> str:
        """Return what was written to standard error, once everything has ended: within 2 seconds."""
        end = time.monotonic() + 2.0
        self.process.wait(10)
        while self.members() and time.monotonic() < end:
            time.sleep(0.01)
        assert self.members() == []
        _, errors = self.process.communicate(timeout=10)
        return errors

    def kill(self) -> None:
        while members := self.members():
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.poll()
        self.process.communicate(timeout=10)


@pytest.fixture
def start() -> Iterator[Callable[[str], Family]]:
    """A function that starts a script."""
    families = []

    def make(code: str) -> Family:
        families.append(Family(code))
        return families[-1]

    yield make
    for family in families:
        family.kill()


@pytest.mark.parametrize("call", BUSY.values(), ids=BUSY)
def test_workers_end_with_a_process_that_is_killed(start: Start, call: str) -> None:
    family = start(SCRIPT.format(slots=2, call=call, ending=""))
    family.wait_until_ready()
    workers = family.members()
    assert len(workers) >= 3
    family.process.kill()
    if "sleep 3" in call:
        # The program itself is nothing of ours, and ends when it likes; the worker that waits for it does not.
        time.sleep(1.0)
        programs = {pid for pid in family.members() if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()}
        assert set(family.members()) == programs
        time.sleep(2.0)
    family.end()


@pytest.mark.slow
def test_eight_busy_workers_end_with_a_process_that_is_killed(start: Start) -> None:
    family = start(SCRIPT.format(slots=8, call="executor_tasks.burn, 1000", ending=""))
    family.wait_until_ready()
    assert len(family.members()) >= 9
    family.process.kill()
    assert family.end() == ""


def test_workers_end_although_a_fork_of_the_process_goes_on(start: Start) -> None:
    # It holds the pipes of the workers open; that of the resource tracker too, which is then nothing of ours.
    ending = "os.fork() or (time.sleep(4), os._exit(0))"
    family = start(SCRIPT.format(slots=2, call="time.sleep, 1000", ending=ending))
    family.wait_until_ready()
    time.sleep(0.3)
    workers = [pid for pid in family.members() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(workers) == 2
    family.process.kill()
    family.process.wait(10)
    end = time.monotonic() + 2.0
    while set(workers) & set(family.members()):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("ending", ["executor.close(); os._exit(0)", "sys.exit(0)", "os._exit(0)"])
def test_workers_end_with_a_process_that_ends(start: Start, ending: str) -> None:
    family = start(SCRIPT.format(slots=2, call="executor_tasks.burn, 1000", ending=ending))
    family.wait_until_ready()
    assert family.end() == ""
    assert family.process.returncode == 0


INTERRUPTED = """
import os, sys, time
import executor_tasks
from wfepy_hooks.executors import ProcessExecutor
# An interrupt of a first import can be lost: Python itself ignores what is raised in the callback of a weak reference.
first = ProcessExecutor(1)
first.submit(int).result()
first.close()
executor = ProcessExecutor(2)
try:
    print("ready", flush=True)
    for future in [executor.submit(time.sleep, 30) for _ in range(2)]:
        future.result()
except KeyboardInterrupt:
    executor.close()
    sys.exit(130)
"""


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.05, 0.1, 0.4])
def test_an_interrupt_of_the_whole_group_is_told_by_nobody_else(start: Start, pause: float) -> None:
    family = start(INTERRUPTED)
    family.wait_until_ready()
    time.sleep(pause)
    os.killpg(family.process.pid, signal.SIGINT)
    assert family.end() == ""
    assert family.process.returncode == 130
