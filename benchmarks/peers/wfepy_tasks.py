"""Three tasks in a chain, for WfEpy. The first one waits until there is a file named "go"."""

from __future__ import annotations

import os

import wfepy  # type: ignore[import-not-found]  # installed in its own environment only


@wfepy.task()  # type: ignore[untyped-decorator]  # WfEpy has no types
@wfepy.start_point()  # type: ignore[untyped-decorator]  # WfEpy has no types
@wfepy.followed_by("second")  # type: ignore[untyped-decorator]  # WfEpy has no types
def first(context: object) -> bool:
    return os.path.exists("go")


@wfepy.task()  # type: ignore[untyped-decorator]  # WfEpy has no types
@wfepy.followed_by("third")  # type: ignore[untyped-decorator]  # WfEpy has no types
def second(context: object) -> bool:
    return True


@wfepy.task()  # type: ignore[untyped-decorator]  # WfEpy has no types
@wfepy.end_point()  # type: ignore[untyped-decorator]  # WfEpy has no types
def third(context: object) -> bool:
    return True
