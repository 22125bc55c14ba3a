"""The folder of a workflow in the store of files: which instances are in it, and in what state; see :mod:`.files`."""

from __future__ import annotations

import contextlib
import os

from ..errors import InstanceExists, InstanceNotFound
from . import disk, journal
from .filesession import fsync_end, move_history
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "complete_move",
    "hold_history",
    "is_lost",
    "list_folder",
    "not_found",
    "places",
    "refuse_existing",
    "split_names",
    "with_lost",
]
__all__ += ["refuse_existing", "split_names", "with_lost"]


def list_folder(folder: str) -> tuple[list[str], list[str]]:
    """Return the ids of the instances in a folder, sorted, and the ids of histories that lack their snapshot.

    :raises StateError: if the folder cannot be read
    """
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise disk.read_error(error, folder) from error
    return split_names(names)


def split_names(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what :func:`list_folder` does for the names of the files in a folder."""
    instances = [name[:-5] for name in names if name.endswith(".json")]
    histories = [name[:-6] for name in names if name.endswith(".jsonl")]
    known = set(instances)
    return (
        sorted(filter(is_name, instances)),
        [name for name in histories if name not in known and is_name(name)],
    )


def with_lost(folder: str, instances: list[str], orphans: list[str]) -> list[str]:
    """Return the ids of the instances, and those of the orphans whose snapshot is lost, sorted."""
    lost = [instance for instance in orphans if is_lost(folder, instance)]
    return sorted(instances + lost) if lost else instances


def is_lost(folder: str, instance: str) -> bool:
    """Return whether there is a history with records, and a snapshot neither here nor in ``done``."""
    try:
        if not os.path.getsize(f"{folder}/{instance}.jsonl"):
            return False  # it was never created
    except OSError:
        return False
    # In this order, which is the one in which finish() moves it.
    return not any(os.path.lexists(f"{place}/{instance}.json") for place in (folder, f"{folder}/done"))


def complete_move(folder: str, instance: str) -> None:
    """Move a history whose snapshot is in ``done`` after it. A crash may have come between the two."""
    path = f"{folder}/{instance}.jsonl"
    if not os.path.exists(path) or not os.path.exists(f"{folder}/done/{instance}.json"):
        return
    try:
        held = journal.hold(path, create=False)
        if held is not None:
            try:
                if not os.path.exists(f"{folder}/{instance}.json"):
                    move_history(held, folder, instance)
                    fsync_end(folder)
            finally:
                held.close()
    except OSError:
        pass  # it is found where it is, and the next claim tries again


def hold_history(path: str, snapshot: str) -> journal.Journal | None:
    """Lock the history of an instance, and make it if it was lost; ``None`` if somebody else has it.

    :raises FileNotFoundError: if there is no snapshot either
    :raises OSError: if it cannot be opened for writing
    """
    try:
        return journal.hold(path, create=False)
    except FileNotFoundError:
        if not os.path.exists(snapshot):
            raise
        return journal.hold(path, create=True)


def places(folder: str) -> tuple[str, str, str]:
    """Return the folders to look in for the files of an instance, one after the other.

    When it ends, they move from the first to the second, when it is brought back, from there to the third.
    """
    return folder, f"{folder}/done", folder


def refuse_existing(folder: str, instance: str) -> None:
    """Raise :exc:`.InstanceExists` if there is an instance of this id, live or ended."""
    name = f"{instance}.json"
    for path, state in ((f"{folder}/{name}", "a live"), (f"{folder}/done/{name}", "an ended")):
        if os.path.lexists(path):
            raise InstanceExists(
                f"there is {state} instance of this id", where=path, hint="choose another id"
            )


def not_found(folder: str, workflow: str, instance: str) -> InstanceNotFound:
    """Return the error that says why there is no such live instance."""
    where = f"{workflow}/{instance}"
    if os.path.exists(f"{folder}/done/{instance}.json"):
        return InstanceNotFound("the instance has ended", where=where)
    with contextlib.suppress(OSError):
        path = f"{folder}/{instance}.jsonl"
        if os.path.getsize(path):
            hint = f"restore {instance}.json from a backup or from version control, or move {instance}.jsonl away, too"
            return InstanceNotFound("there is a history, and its snapshot is missing", where=path, hint=hint)
    return InstanceNotFound("there is no such instance", where=where)
