"""What is known here of both sides, and settling by hand what they disagree about."""

from __future__ import annotations

import os

from wfepy_hooks import UsageError

from .errors import GitError
from .layout import INSTANCE, SIGNAL, Entity, entity_of, files_of, is_name, title
from .local import Busy, Local
from .objects import read_blobs
from .scan import scan
from .table import NO_STAMP, Table, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .own import Own

__all__ = ["Standing", "settle_conflict", "unpushed"]


class Standing:
    """What is known here, without asking the remote.

    :ivar url: of the remote
    :ivar pulled: the commit that was looked at last; ``None``: none
    :ivar unpushed: what was changed here since: ``workflow/instance``, signals, schedules
    """

    __slots__ = ("pulled", "unpushed", "url")

    def __init__(self, url: str, pulled: str | None, unpushed: list[str]) -> None:
        self.url = url
        self.pulled = pulled
        self.unpushed = unpushed


def unpushed(own: Own, table: Table) -> list[str]:
    """Return what was changed here since it was the same as the branch."""
    state = own.settings.state
    if not os.path.isdir(state):
        return []
    shared = own.settings.shared
    scanned = scan(state, table, shared)
    gone = {entity_of(path) for path in scanned.missing}
    found = []
    changed = {entity_of(path, shared) for path in scanned.changed}
    for entity in sorted(each for each in changed if each is not None):
        try:
            local = Local.read(state, entity)
        except Busy:
            found.append(title(entity))
            continue
        base = {path: table.blobs[path] for path in files_of(entity) if path in table.blobs}
        if local.blobs != base:
            found.append(title(entity))
    found += [
        title(each) for each in sorted(each for each in gone if each is not None) if each.kind == SIGNAL
    ]
    return list(dict.fromkeys(found))


def settle_conflict(own: Own, table: Table, name: str, side: str) -> str:
    """Let one side of an instance go on, and forget that there were two.

    :param name: ``workflow/instance``
    :param side: ``ours`` or ``theirs``
    :return: the folder with a copy of what was given up here; empty if nothing was
    :raises GitError: if there is no conflict about it, or a tick is at work on it
    """
    workflow, _, instance = name.partition("/")
    if not is_name(workflow) or not is_name(instance):
        raise UsageError(f"{name!r} is no instance", hint="write it as WORKFLOW/INSTANCE")
    entity = Entity(INSTANCE, workflow, instance, "")
    if not any(path in table.behind for path in files_of(entity)):
        raise GitError(
            "there is no conflict about this instance", where=name, hint="wfepy git outbox lists them"
        )
    signals = [entity_of(path) for path in table.behind if path.startswith(f"{workflow}/inbox/{instance}/")]
    signals += [entity_of(path) for path in table.blobs if path.startswith(f"{workflow}/inbox/{instance}/")]
    kept = ""
    for each in [entity, *sorted({signal for signal in signals if signal is not None})]:
        kept = _settle(own, table, each, side) or kept
    table.save()
    return kept


def _settle(own: Own, table: Table, entity: Entity, side: str) -> str:
    paths = files_of(entity)
    known = {path: table.behind.get(path, table.blobs.get(path)) for path in paths}
    theirs = {path: blob for path, blob in known.items() if blob is not None}
    kept = ""
    stamps: dict[str, str] = {}
    if side == "theirs":
        try:
            local = Local.read(own.settings.state, entity)
            if local.blobs != theirs:
                contents = read_blobs(own.git, theirs.values())
                kept = _keep(own, local)
                files = {path: contents[blob] for path, blob in theirs.items()}
                local.replace(files, theirs, durably=True)
            stamps = local.stamps
        except Busy:
            what = "a tick is at work on this instance"
            raise GitError(what, where=title(entity), hint="try again when it has ended") from None
    for path in paths:
        table.note(path, theirs.get(path), stamps.get(path, NO_STAMP))
    return kept


def _keep(own: Own, local: Local) -> str:
    """Copy the files of an entity to a folder of their own, and return it."""
    if not local.blobs:
        return ""
    number = 1
    while os.path.exists(folder := os.path.join(own.settings.home, "given-up", str(number))):
        number += 1
    for path in local.blobs:
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write_file(target, local.data(path))
    return folder
