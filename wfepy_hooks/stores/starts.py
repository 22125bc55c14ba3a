"""Up to which moment each schedule of a workflow has begun its instances, in the store of files.

    ROOT/<workflow>/schedule/starts.json

The file belongs to the state as the instances do, and changes only when a schedule is new or something is begun.
"""

from __future__ import annotations

import json

from ..errors import StateFormatError
from . import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

__all__ = ["read_starts", "updated", "write_start"]

_FILE = "starts.json"


def read_starts(folder: str) -> dict[str, dict[str, Any]]:
    """Return what :meth:`.Store.starts` does for the workflow in ``folder``."""
    path = f"{folder}/schedule/{_FILE}"
    try:
        data = disk.read_file(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise disk.read_error(error, path) from error
    try:
        found = json.loads(data)
        if all(len(each["until"]) == 27 and each["until"][26] == "Z" for each in found.values()):
            return dict(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    hint = "restore it from git, or remove it: then nothing that was missed is made up for"
    raise StateFormatError("it does not say what the schedules have begun", where=path, hint=hint)


def write_start(folder: str, key: str, entry: dict[str, Any], keep: Collection[str]) -> bool:
    """Do what :meth:`.Store.note_start` does for the workflow in ``folder``.

    Nothing is locked. Of two that write at the same time one may win with the earlier moment; then the next tick meets
    the instance of the later one, which is there already, and notes it again.
    """
    known = read_starts(folder)
    changed = updated(known, key, entry, keep)
    if changed is None:
        return False
    text = json.dumps(changed, indent=2, sort_keys=True) + "\n"
    path = f"{folder}/schedule"
    try:
        disk.make_folder(path)
        disk.replace_file(path, _FILE, text.encode())
    except OSError as error:
        raise disk.write_error(error, "what the schedules have begun", f"{path}/{_FILE}") from error
    return True


def updated(
    known: dict[str, dict[str, Any]], key: str, entry: dict[str, Any], keep: Collection[str]
) -> dict[str, dict[str, Any]] | None:
    """Return ``known`` with ``entry`` under ``key``, or ``None`` if there is one that is as late or later."""
    if key in known and known[key]["until"] >= entry["until"]:
        return None
    kept = {each: value for each, value in known.items() if each in keep}
    return {**kept, key: entry}
