"""What can wake an instance, and when. Pure: moments are compared as the text that they are kept as."""

from __future__ import annotations

__all__ = ["EVERY_TICK", "deadline_of", "task_wake", "wait_wake", "wake_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .instance import Instance
    from .waitstate import WaitState

EVERY_TICK = ""
"""Earlier than every moment: to be looked at by each tick."""


def wake_of(instance: Instance) -> str | None:
    """Return when a tick has anything to do for an instance.

    :return: :data:`EVERY_TICK`, a moment, or ``None`` if only a signal or a person can wake it
    """
    if instance.paused is not None:
        return None
    marking = instance.marking
    if len(marking.queue) > len(instance.waits) + len(instance.retry_at) + len(instance.items):
        return EVERY_TICK  # at least one task is ready
    names = marking.graph.names
    found = [moment for task in marking.queue if (moment := task_wake(instance, names[task])) is not None]
    return min(found, default=None)


def task_wake(instance: Instance, name: str) -> str | None:
    """Return the same for one task that may run."""
    items = instance.items.get(name)
    if items is not None:
        found = items.wake(instance)
    elif name in instance.waits:
        found = wait_wake(instance, instance.waits[name])
    else:
        found = instance.retry_at.get(name, EVERY_TICK)
    return _earliest((found, instance.deadlines.get(name)))


def wait_wake(instance: Instance, wait: WaitState) -> str | None:
    """Return the same for one wait."""
    if wait.is_poll or (instance.signals and wait.news(instance.signals)):
        return EVERY_TICK
    return _earliest(each or None for each in (wait.until, wait.deadline, wait.remind_at))


def _earliest(moments: Iterable[str | None]) -> str | None:
    return min((each for each in moments if each is not None), default=None)


def deadline_of(instance: Instance, name: str) -> str:
    """Return when a task times out; empty: never."""
    wait = instance.waits.get(name)
    found = [instance.deadlines.get(name, ""), wait.deadline if wait is not None else ""]
    return min(filter(None, found), default="")
