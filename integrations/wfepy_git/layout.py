"""Which files of a state folder are state, and what each of them belongs to."""

from __future__ import annotations

__all__ = ["INSTANCE", "SCHEDULE", "SHARED", "SIGNAL", "Entity", "entity_of", "files_of", "is_name", "title"]

#: The kinds of what is merged as one: an instance with its files, one signal, the notes of a workflow's schedules, a
#: file of another plugin, whose folder and name stand for workflow and instance.
INSTANCE, SIGNAL, SCHEDULE, SHARED = "instance", "signal", "schedule", "shared"

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ALLOWED = _FIRST | frozenset("._-")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import NamedTuple

    class Entity(NamedTuple):
        """What is merged as one."""

        kind: str
        workflow: str
        instance: str
        name: str

else:
    from collections import namedtuple

    Entity = namedtuple("Entity", ["kind", "workflow", "instance", "name"])  # typing would cost a tick 5 ms


def is_name(text: str) -> bool:
    """Return whether ``text`` can be the name of a workflow or the id of an instance."""
    return 0 < len(text) <= 100 and text[0] in _FIRST and _ALLOWED.issuperset(text)


def entity_of(path: str, shared: Container[str] = ()) -> Entity | None:
    """Return what the file at ``path``, relative to the state folder, belongs to; ``None`` if it is no state.

    :param shared: the files of other plugins that are taken for state, see :mod:`.sharing`
    """
    workflow, *rest = path.split("/")
    if path in shared:
        return Entity(SHARED, workflow, rest[0], "")
    if not is_name(workflow) or workflow == "done" or not rest:
        return None
    if len(rest) == 1 or (len(rest) == 2 and rest[0] == "done"):
        return _instance(workflow, rest[-1])
    if len(rest) == 3 and rest[0] == "inbox" and is_name(rest[1]) and _is_signal(rest[2]):
        return Entity(SIGNAL, workflow, rest[1], rest[2])
    if rest == ["schedule", "starts.json"]:
        return Entity(SCHEDULE, workflow, "", "")
    return None


def _instance(workflow: str, file: str) -> Entity | None:
    stem, dot, ending = file.rpartition(".")
    if dot and ending in ("json", "jsonl") and is_name(stem):
        return Entity(INSTANCE, workflow, stem, "")
    return None


def _is_signal(name: str) -> bool:
    # What was put aside, NAME.json.refused, is for everybody to see.
    return (
        not name.startswith(".") and (name.endswith(".json") or ".json.refused" in name) and _is_plain(name)
    )


def _is_plain(name: str) -> bool:
    return name.isprintable() and not set('"\\') & set(name)


def files_of(entity: Entity) -> tuple[str, ...]:
    """Return the paths of all files that can belong to an entity."""
    kind, workflow, instance, name = entity
    if kind == INSTANCE:
        places = (f"{workflow}/{instance}", f"{workflow}/done/{instance}")
        return tuple(f"{place}.{ending}" for place in places for ending in ("json", "jsonl"))
    if kind == SIGNAL:
        return (f"{workflow}/inbox/{instance}/{name}",)
    if kind == SHARED:
        return (f"{workflow}/{instance}",)
    return (f"{workflow}/schedule/starts.json",)


def title(entity: Entity) -> str:
    """Return what an entity is called in messages."""
    kind, workflow, instance, name = entity
    if kind == SCHEDULE:
        return f"the schedule of {workflow}"
    if kind == SIGNAL:
        return f"{workflow}/{instance}, signal {name.removesuffix('.json')}"
    return f"{workflow}/{instance}"
