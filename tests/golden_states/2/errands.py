"""The workflow whose instances are kept here: something of everything that an instance can wait for.

A task that waits for nothing in particular, or fails, stops doing so where the environment variable GO is set.
"""

# mypy: ignore-errors
# It is as a user would write it, without types.

from __future__ import annotations

import os

import wfepy_hooks as wfepy


def is_waited_for() -> bool:
    return "GO" not in os.environ


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("nap")
@wfepy.followed_by("review")
@wfepy.followed_by("call")
@wfepy.followed_by("shop")
@wfepy.followed_by("send", lambda context: context.get("send"))
@wfepy.followed_by("ask", lambda context: context.get("ask"))
def begin(context):
    return True


@wfepy.task()
@wfepy.followed_by("end")
def nap(context):
    """Sleeps until a moment."""
    return wfepy.sleep("2d")


@wfepy.approval(by=("ann", "bob", "eve"), quorum=2, deadline="36000d", remind_every="30d")
@wfepy.followed_by("end")
@wfepy.followed_by("end", on="timeout")
def review(context):
    """Waits for people; the vote of one of them is there."""
    context["reviewed"] = context.get("reviewed", 0) + 1


@wfepy.task(retry=wfepy.Retry(9, delay="1h"))
@wfepy.followed_by("end")
@wfepy.followed_by("end", on="failed")
def call(context):
    """Fails, and is tried again at a moment."""
    context["calls"] = context.get("calls", 0) + 1
    if is_waited_for():
        raise OSError("nobody is there")
    return True


@wfepy.task(each=lambda context: ["milk", "tea", "salt", "rice"], max_parallel=2, deadline="36000d")
@wfepy.followed_by("end")
def shop(context, item, attempt):
    """Some items are there, one fails, one is waited for."""
    if item == "tea" and is_waited_for():
        raise LookupError("there is no tea")
    if item == "salt" and is_waited_for():
        return wfepy.wait(reason="the salt comes tomorrow")
    return f"{item} ({attempt})"


@wfepy.task()
@wfepy.followed_by("end")
def send(context):
    """Waits for the end of a child."""
    return wfepy.start_child("parcel", id=f"of-{context['send']}", data={"to": "Bob"})


@wfepy.task(deadline="3d")
@wfepy.followed_by("end", on="any")
@wfepy.followed_by("shout", on="timeout")
def ask(context, signals):
    """Times out, or has."""
    answer = signals.take("answer")
    return answer is not None or wfepy.wait(signal="answer", reason="nobody answers")


@wfepy.task()
@wfepy.followed_by("end")
def shout(context):
    return not is_waited_for()


@wfepy.task()
@wfepy.join_point()
@wfepy.end_point()
def end(context):
    return True
