"""What a failed test shows of an instance: the graph with the states, and what else there is to know."""

from __future__ import annotations

from ..errors import InstanceNotFound, WfepyError
from ..render import diagram, to_text
from ..waking import deadline_of
from ..why import wait_terms

__all__ = ["described", "shown_path"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import EllipsisType
    from typing import Any

    from ..instance import Instance
    from .expecting import Expecting
    from .world import World

#: So many tasks of a path are shown, half of them at either end.
_MOST_TASKS = 60
#: So much of a context is shown, and of one of its items.
_MOST = 1000
_MOST_OF_ITEM = 200
#: A context that is longer than a line of this length has a line for each item.
_WIDTH = 100
_MOST_CHILDREN = 5


def described(runner: Expecting) -> str:
    """Return it as text."""
    world, workflow = runner._world, runner._workflow
    try:
        instance = runner.instance
    except InstanceNotFound:
        drawn = to_text(diagram(world.project.workflow(workflow), name=workflow))
        lines = ["no instance has begun", _time(world)]
    else:
        drawn = to_text(diagram(instance.workflow, instance=instance, name=workflow))
        lines = [_time(world), *_about(world, instance, runner.path)]
    doubles = world.doubles.get(workflow, {}).values()
    lines += [f"{each.task} is a double, called {each.times}" for each in doubles]
    return drawn + "".join(f"{line}\n" for line in lines)


def shown_path(tasks: Sequence[str | EllipsisType]) -> str:
    """Return a path in one line, without the middle of one that loops have made long."""
    names = ["..." if each is ... else each for each in tasks]
    if len(names) > _MOST_TASKS:
        half = _MOST_TASKS // 2
        names = [*names[:half], f"({len(names) - _MOST_TASKS} more)", *names[-half:]]
    return " -> ".join(names) or "nothing is done"


def _time(world: World) -> str:
    return f"time: {world.clock.now:%Y-%m-%d %H:%M:%S}Z"


def _about(world: World, instance: Instance, path: list[str]) -> Iterator[str]:
    yield f"path: {shown_path(path)}"
    for name, wait in instance.waits.items():
        deadline = deadline_of(instance, name)
        terms = [*wait_terms(wait), *([f"times out at {deadline[:19]}Z"] if deadline else [])]
        if terms:
            yield f"{name} waits {', '.join(terms)}"
    yield from _children(world, instance)
    for signal in instance.signals:
        note = world.sent_notes.get((instance.workflow.name, instance.id, signal.id), "")
        yield f"signal not taken: {signal!r}" + (f"; when it was sent, {note}" if note else "")
    for sent in world.store.inbox(instance.workflow.name, instance.id):
        yield f"signal sent, which comes with the next tick: {sent['name']}"
    yield from _context(instance.context)


def _children(world: World, instance: Instance) -> Iterator[str]:
    """Tell of the instances that this one has begun, and what they stand at: not seldom it is the fault of one."""
    mine = {"workflow": instance.workflow.name, "instance": instance.id}
    found = [
        (workflow, id)
        for ended in (False, True)  # first those that it may wait for
        for workflow in world.config.workflows
        for id in world.store.list(workflow, ended=ended)
        if mine.items() <= (world.store.read(workflow, id)[0].get("parent") or {}).items()
    ]
    for workflow, id in found[:_MOST_CHILDREN]:
        try:
            child = world.project.read(workflow, id)
        except WfepyError as error:
            yield f"child {workflow}/{id}: {error}"
            continue
        stuck = [f"{name}: {error}" for name, error in child.errors.items()]
        stuck += [
            f"{name} waits" + (f": {wait.reason}" if wait.reason else "")
            for name, wait in child.waits.items()
        ]
        yield f"child {workflow}/{id}: {'; '.join([child.status.replace('_', ' '), *stuck])}"
    if found[_MOST_CHILDREN:]:
        yield f"and more children: {len(found) - _MOST_CHILDREN}"


def _context(context: Any) -> Iterator[str]:
    """Tell the items of a context or its attributes, in one line if that is not too long."""
    items = context if isinstance(context, dict) else getattr(context, "__dict__", None)
    text = repr(context)
    if len(text) <= _WIDTH or not items:
        yield f"context: {_cut(text, _MOST)}"
        return
    yield f"context: {type(context).__name__}"
    for key, value in items.items():
        yield f"  {key} = {_cut(repr(value), _MOST_OF_ITEM)}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
