"""Making coffee: two branches that meet in a join, milk foam only on request, and a task that waits for a person."""

from __future__ import annotations

import os

import wfepy_hooks as wfepy

EMPTY_CUP = "cup-is-empty"


def wants_cappuccino(context: wfepy.Context) -> bool:
    return bool(context.data.get("cappuccino"))


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("grind_beans")
@wfepy.followed_by("heat_water")
def start(context: wfepy.Context) -> bool:
    context["steps"] = []
    return True


@wfepy.task()
@wfepy.followed_by("make_coffee")
def grind_beans(context: wfepy.Context) -> bool:
    context["steps"].append("beans ground")
    return True


@wfepy.task()
@wfepy.followed_by("make_coffee")
def heat_water(context: wfepy.Context) -> bool:
    context["steps"].append("water heated")
    return True


@wfepy.task()
@wfepy.join_point()
# only make foam when we've been asked for a cappuccino
@wfepy.followed_by("make_foam", wants_cappuccino)
# always add milk
@wfepy.followed_by("add_milk")
def make_coffee(context: wfepy.Context) -> bool:
    context["steps"].append("coffee made")
    return True


@wfepy.task()
@wfepy.followed_by("serve")
def make_foam(context: wfepy.Context) -> bool:
    context["steps"].append("foam made")
    return True


@wfepy.task()
@wfepy.followed_by("serve")
def add_milk(context: wfepy.Context) -> bool:
    context["steps"].append("milk added")
    return True


@wfepy.task()
@wfepy.join_point()
@wfepy.followed_by("drink_coffee")
def serve(context: wfepy.Context) -> bool:
    context["steps"].append("served")
    return True


@wfepy.task(labels=["person"])
@wfepy.followed_by("end")
def drink_coffee(context: wfepy.Context) -> bool | wfepy.Wait:
    """Nobody sits and watches the drinker: the process ends, and the next tick looks again."""
    if not os.path.exists(EMPTY_CUP):
        return wfepy.wait(reason=f"the cup is not empty yet: no file {EMPTY_CUP}")
    context["steps"].append("drunk")
    return True


@wfepy.task()
@wfepy.end_point()
def end(context: wfepy.Context) -> bool:
    """The cup goes to the sink. A crash may make a task run again, so it copes with having been here before."""
    if os.path.exists(EMPTY_CUP):
        os.remove(EMPTY_CUP)
    return True
