"""What the tests let executors call, in a module that a worker process can import."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
import threading
import time
from typing import Any

import wfepy_hooks as wfepy


def burn(seconds: float) -> None:
    """Use the processor."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def kill_self(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(30)


def crash() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


def die_once(file: str) -> str:
    """Die at the first call, return at the second."""
    if os.path.exists(file):
        return "alive"
    with open(file, "w"):
        pass
    os._exit(3)


def die_with_a_child_left(seconds: int) -> None:
    """Leave a program behind that has everything open that this process has."""
    os.system(f"sleep {seconds} &")
    os._exit(5)


def use_memory(limit: int) -> int:
    """Ask for more memory than there may be."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    return len(b"x" * (2 * limit))


def die_while_sending() -> bytes:
    """Send half of the answer."""
    from multiprocessing import connection

    def send(self: Any, data: Any, write: object = None) -> None:
        os.write(self.fileno(), bytes(data)[: len(data) // 2])
        os._exit(3)

    connection.Connection._send = send  # type: ignore[attr-defined]
    return b"x" * 1000


def hold_the_interpreter() -> None:
    """Run C code that lets no other thread run, for hours."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def where() -> tuple[int, str]:
    return os.getpid(), os.getcwd()


def go_to(folder: str) -> None:
    os.chdir(folder)


def stubborn(seconds: float, file: str) -> str:
    """Say that it is there, and go on whatever happens."""
    with open(file, "w"):
        pass
    time.sleep(seconds)
    return "done"


def say(text: str) -> None:
    sys.stdout.write(text)


def environment(name: str) -> str | None:
    return os.environ.get(name)


def start_program_interruptible() -> int:
    """Return what becomes of a program that is interrupted."""
    import subprocess

    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.strip() == "True"


class Careless(Exception):
    """Cannot be unpickled."""

    def __init__(self, one: object, two: object) -> None:
        super().__init__(f"{one} and {two}")


def fail_carelessly() -> None:
    raise Careless("milk", "beans")


class Changing(Exception):
    """Comes back with another text."""

    def __init__(self, text: str) -> None:
        super().__init__(f"changed {text}")


def fail_and_change() -> None:
    raise Changing("twice")


def a_lock() -> Any:
    return threading.Lock()


class Unreadable:
    """Can be pickled, and not unpickled."""

    def __reduce__(self) -> Any:
        return _refuse, ()


def _refuse() -> None:
    raise ValueError("not here")


def unreadable() -> Unreadable:
    return Unreadable()


# A workflow


class Order:
    """What may be in a context."""

    def __init__(self, cups: int) -> None:
        self.cups = cups


@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def brew(context: Any) -> bool:
    context["cups"] = context.get("cups", 0) + 1
    return True


@wfepy.task()
def brew_order(context: Any) -> bool:
    context["order"].cups += 1
    context["second"] = Order(7)
    return True


@wfepy.task()
def pause(context: Any) -> wfepy.Wait:
    return wfepy.wait(until="3d", signal="go", reason="closed")


@wfepy.task()
def add(context: Any, item: int, now: object) -> Any:
    return item + 1, now


@wfepy.task()
def forget_to_return(context: Any) -> None:
    context["forgot"] = True


@wfepy.task()
def spill(context: Any) -> None:
    context["spilled"] = True
    raise ValueError("no milk")


@wfepy.task()
def give_up(context: Any) -> None:
    raise wfepy.GiveUp("no beans")


@wfepy.task()
def leave(context: Any) -> None:
    sys.exit(4)


@wfepy.task()
def interrupt(context: Any) -> None:
    raise KeyboardInterrupt


@wfepy.task()
def keep_socket(context: Any) -> bool:
    context["socket"] = threading.Lock()
    return True


@wfepy.task()
def spill_and_keep(context: Any) -> None:
    context["socket"] = threading.Lock()
    raise ValueError("no milk")


@wfepy.task()
def answer_lock(context: Any) -> Any:
    return threading.Lock()


@wfepy.task()
def answer_unreadable(context: Any) -> Any:
    return Unreadable()


@wfepy.task()
def fail_careless(context: Any) -> None:
    fail_carelessly()


@wfepy.task()
def kill(context: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(30)
