"""A workflow whose context is the default one, a dict."""

# mypy: ignore-errors
# It is as a user would write it, without types.

from __future__ import annotations

import os

import wfepy_hooks as wfepy


@wfepy.task(labels=["slow"])
@wfepy.start_point()
@wfepy.followed_by("greet")
def ask(context):
    context["asked"] = context.get("asked", 0) + 1
    return "GO" in os.environ


@wfepy.task()
@wfepy.end_point()
def greet(context):
    context.data["greeted"] = True
    return True
