"""A workflow with everything in it: a loop, a condition, a wait, a handled failure, a join."""

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


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("draft")
@wfepy.followed_by("approve")
@wfepy.followed_by("translate", lambda context: context.get("languages"))
@wfepy.followed_by("upload")
def start(context: Any) -> bool:
    effect("start 0")
    return True


@wfepy.task()
@wfepy.followed_by("review")
def draft(context: Any) -> bool:
    effect(f"draft {context.get('drafts', 0)}")
    context["drafts"] = context.get("drafts", 0) + 1
    return True


@wfepy.task()
@wfepy.followed_by("draft", lambda context: context["drafts"] < 3)
@wfepy.followed_by("publish")
def review(context: Any) -> bool:
    effect(f"review {context['drafts'] - 1}")
    return True


@wfepy.task()
@wfepy.followed_by("publish")
def approve(context: Any) -> bool | wfepy.Wait:
    context["asked"] = context.get("asked", 0) + 1
    if context["asked"] < 3:
        return wfepy.wait(reason="the editor")
    effect("approve 0")
    return True


@wfepy.task()
@wfepy.followed_by("publish")
def translate(context: Any) -> bool:
    effect("translate 0")
    return True


@wfepy.task()
@wfepy.followed_by("publish")
@wfepy.followed_by("apologise", on="failed")
def upload(context: Any) -> bool:
    effect("upload 0")
    raise wfepy.GiveUp("no network")


@wfepy.task()
@wfepy.followed_by("publish")
def apologise(context: Any) -> bool:
    effect("apologise 0")
    return True


@wfepy.task()
@wfepy.join_point()
@wfepy.end_point()
def publish(context: Any) -> bool:
    effect("publish 0")
    return True
