"""A workflow of branches that run side by side, importable by worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import Any

import wfepy_hooks as wfepy

#: Where two threads meet, or neither of them goes on.
MEETING = threading.Barrier(2, timeout=30)


@wfepy.start_point()
@wfepy.task()
@wfepy.followed_by("left")
@wfepy.followed_by("right")
@wfepy.followed_by("here")
def begin(context: Any) -> Any:
    return True


def _branch(context: Any, name: Any) -> Any:
    context[name] = os.getpid()
    if context.get("clash"):
        context["both"] = name
    if context.get("dies") == name and not os.path.exists(context["marker"]):
        with open(context["marker"], "w"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    if context.get("meet"):
        MEETING.wait()
    time.sleep(context.get("sleep", 0))
    return True


@wfepy.task()
@wfepy.followed_by("end")
def left(context: Any, now: Any) -> Any:
    return _branch(context, "left")


@wfepy.task()
@wfepy.followed_by("end")
def right(context: Any, attempt: Any) -> Any:
    return _branch(context, "right")


@wfepy.task()
@wfepy.followed_by("end")
def here(context: Any, instance: Any) -> Any:
    context["here"] = os.getpid()
    return True


@wfepy.join_point("all")
@wfepy.end_point()
@wfepy.task()
def end(context: Any) -> Any:
    return True


@wfepy.task(each=lambda context: list(range(context["n"])))
@wfepy.start_point()
@wfepy.end_point()
async def squares(context: Any, item: Any) -> Any:
    await asyncio.sleep(0.05)
    return item * item


@wfepy.task(each=lambda context: ["a", "b"])
@wfepy.start_point()
@wfepy.end_point()
def writing(context: Any, item: Any) -> Any:
    context[item] = item
