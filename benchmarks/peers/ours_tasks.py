"""Three tasks in a chain, for wfepy-hooks. The first one waits until there is a file named "go"."""

from __future__ import annotations

import os

import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("second")
def first(context: object) -> bool:
    return os.path.exists("go")


@wfepy.task()
@wfepy.followed_by("third")
def second(context: object) -> bool:
    return True


@wfepy.task()
@wfepy.end_point()
def third(context: object) -> bool:
    return True
