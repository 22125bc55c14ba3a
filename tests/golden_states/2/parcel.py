"""A child, and a loop that was repeated."""

# mypy: ignore-errors
# It is as a user would write it, without types.

from __future__ import annotations

import os

import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("carry")
def pack(context):
    context["packed"] = context.get("packed", 0) + 1
    return True


@wfepy.task()
@wfepy.followed_by("pack", lambda context: context["packed"] < 2)
@wfepy.followed_by("deliver")
def carry(context):
    return True


@wfepy.task()
@wfepy.end_point()
def deliver(context):
    return "GO" in os.environ
