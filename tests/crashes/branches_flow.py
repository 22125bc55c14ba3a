"""Eight branches that run in processes, between a start and a join."""

from __future__ import annotations

import os
from typing import Any

import wfepy_hooks as wfepy

FOLDER = os.path.dirname(os.path.abspath(__file__))


def effect(text: str) -> None:
    """Do something that the world sees, at once."""
    file = os.open(os.path.join(FOLDER, "effects.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{text}\n".encode())
    os.close(file)


@wfepy.start_point()
@wfepy.task()
def start(context: Any) -> bool:
    effect("start")
    return True


def _branch(number: int) -> Any:
    def branch(context: Any) -> bool:
        effect(f"b{number}")
        context[f"b{number}"] = number
        return True

    branch.__name__ = branch.__qualname__ = f"b{number}"
    return wfepy.task()(wfepy.followed_by("end")(branch))


for _number in range(8):
    globals()[f"b{_number}"] = _branch(_number)
    start = wfepy.followed_by(f"b{_number}")(start)


@wfepy.join_point("all")
@wfepy.end_point()
@wfepy.task()
def end(context: Any) -> bool:
    effect("end")
    return True
