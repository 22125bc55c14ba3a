"""When there is something to do next in a test."""

from __future__ import annotations

from ..clock import parse_time
from ..scheduling import START, collect_schedules
from ..stores.names import wake_of
from ..timing import parse_duration

__all__ = ["next_wake"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..timing import Duration
    from .world import World


def next_wake(world: World, now: datetime, end: datetime, every: Duration | None) -> datetime:
    """Return the next moment after ``now`` at which a tick has something to do, or ``end`` if that comes first."""
    moments = [end, *_wakes(world), *_starts(world, now)]
    if every is not None:
        step = parse_duration(every, "every")
        if not step:
            raise ValueError("every must be longer than nothing")
        moments.append(now + step)
    return min(each for each in moments if each > now or each == end)


def _wakes(world: World) -> Iterator[datetime]:
    for workflow in world.config.workflows:
        for instance in world.store.list(workflow):
            wake = wake_of(world.store.read(workflow, instance)[0])
            # Else it is due at each tick, or only a signal wakes it.
            if wake[:1].isdigit():
                yield parse_time(wake)


def _starts(world: World, now: datetime) -> Iterator[datetime]:
    for entry in collect_schedules(world.config):
        if entry.kind == START:
            found = entry.schedule().next(now)
            if found is not None:
                yield found.due
