"""Taking over what is new on the branch: the state folder, the table and the branch are brought together."""

from __future__ import annotations

import os

from .errors import BadState, Conflict
from .examining import BAD, BUSY, Examination
from .layout import files_of, title
from .local import Busy
from .merging import KEEP, MERGED, OLDER, SPLIT, TAKE
from .objects import blob_of, changes_between, files_of_commit, write_ref
from .own import BASE, Own, hit
from .scan import is_whole, scan
from .table import NO_STAMP, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .errors import GitError
    from .examining import Plan

__all__ = ["Taken", "settle", "take"]

#: Up to so many files are made durable one by one.
_FEW = 500


class Taken:
    """What came of it.

    :ivar changed: what was taken over from the branch
    :ivar kept: what was changed here and is to be pushed
    :ivar busy: what a tick is at work on; it is looked at again the next time
    :ivar problem: the error for what could not be brought together
    :ivar folders: the stamps of the folders of ended instances
    """

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.kept: list[Plan] = []
        self.busy: list[str] = []
        self.problem: GitError | None = None
        self.folders: dict[str, str] = {}


def settle(own: Own, table: Table, tip: str | None) -> set[str]:
    """Find out whether commits that were on their way have arrived, take those into the table, and return them."""
    pushing = own.read("pushing") or []
    if not pushing or tip is None or tip == table.commit:
        return set()  # one that is still on its way arrives only if nobody else changes the branch before
    commits = {each["commit"]: each for each in pushing}
    known = table.commit or ""
    found = own.ancestors(tip, {*commits, known}) if tip not in commits or len(commits) > 1 else [tip]
    if known in found:
        found = found[found.index(known) + 1 :]  # what arrived before is in the table
    for commit in found:  # the newer ones, which may have changed the same files, later
        for path, blob in commits[commit]["files"].items():
            table.note(path, blob, commits[commit]["stamps"].get(path, NO_STAMP))
        table.commit = commit
    return set(found)


def take(own: Own, table: Table, tip: str | None, *, recreate: bool = False, is_pull: bool = False) -> Taken:
    """Bring the state folder and the commit ``tip`` together, and save the table.

    :param tip: the last commit of the branch; ``None``: there is none
    :param recreate: the branch is to be made anew from what is here
    :param is_pull: what was changed here is of interest only where the branch has changed, too
    :raises StateError: if a file of the state cannot be read or written; what was done before is done
    """
    if recreate:
        table.forget()
    state = own.settings.state
    if table.blobs and not os.path.isdir(state):
        table.forget()  # a new checkout: nothing of this is here
    if is_pull and tip == table.commit and not table.behind and not table.unseen and is_whole(state, table):
        return Taken()
    scanned = scan(state, table, own.settings.shared)
    theirs = {**_theirs(own, table, tip), **_unseen(own, table, tip)}
    has_new_plugin, table.unseen = bool(table.unseen), set()
    taken = Taken()
    taken.folders = scanned.folders
    if not theirs and not table.behind and not scanned.changed and not scanned.missing:
        _finish(own, table, tip, scanned.folders, is_new=has_new_plugin)
        return taken
    was_rewound = _once(lambda: _was_rewound(own, table, tip))
    shared = own.settings.shared
    examination = Examination(own.git, state, table, scanned, theirs, was_rewound, shared)
    plans = examination.plans()
    _carry_out_all(plans, examination, table, taken)
    taken.problem = _problem(plans, own)
    is_all = not taken.kept and not taken.busy and not any(plan.is_stuck for plan in plans)
    is_new = has_new_plugin or bool(table.behind) or any(plan.decision != KEEP for plan in plans)
    _finish(own, table, tip, scanned.folders if is_all else {}, is_new=is_new)
    return taken


def _once(find_out: Callable[[], bool]) -> Callable[[], bool]:
    """Return a function that finds out when it is first called, and remembers it."""
    known: list[bool] = []

    def answer() -> bool:
        if not known:
            known.append(find_out())
        return known[0]

    return answer


def _carry_out_all(plans: Sequence[Plan], examination: Examination, table: Table, taken: Taken) -> None:
    count = sum(len(plan.theirs) for plan in plans if plan.decision == TAKE)
    for plan in plans:
        _carry_out(plan, examination, table, taken, durably=count <= _FEW)
    if count > _FEW:
        os.sync()


def _theirs(own: Own, table: Table, tip: str | None) -> dict[str, str | None]:
    """Return what has changed on the branch since the commit of the table."""
    if tip is None or tip == table.commit:
        return {}
    path = own.settings.path
    if table.commit is not None:
        changed = changes_between(own.git, table.commit, tip, path)
        if changed is not None:
            return changed
    files = files_of_commit(own.git, tip, path)
    lacking: dict[str, str | None] = dict.fromkeys(table.blobs)
    return {each: blob for each, blob in {**lacking, **files}.items() if table.blobs.get(each) != blob}


def _unseen(own: Own, table: Table, tip: str | None) -> dict[str, str]:
    """Return what the branch has of files whose plugins are new here, however long it has it."""
    if tip is None:
        return {}
    found = {}
    for path in table.unseen:
        folder, _, name = path.partition("/")
        files = files_of_commit(own.git, tip, f"{own.settings.path}/{folder}")
        found.update({path: files[name]} if name in files else {})
    return found


def _was_rewound(own: Own, table: Table, tip: str | None) -> bool:
    known = table.commit
    return known is not None and tip is not None and known not in own.ancestors(tip, {known})


def _carry_out(plan: Plan, examination: Examination, table: Table, taken: Taken, *, durably: bool) -> None:
    local, decision = plan.local, plan.decision
    if local is None or plan.is_stuck:
        if decision == BUSY:
            taken.busy.append(title(plan.entity))
        _leave_behind(plan, table)
        return
    if decision in (TAKE, MERGED):
        files = {path: examination.content(blob) for path, blob in plan.theirs.items()}
        blobs = dict(plan.theirs)
        if decision == MERGED:
            path = files_of(plan.entity)[0]
            files[path], blobs[path] = plan.merged, blob_of(plan.merged)
        try:
            local.replace(files, blobs, durably=durably)
        except Busy:
            taken.busy.append(title(plan.entity))
            _leave_behind(plan, table)
            return
        if local.blobs != plan.theirs:
            decision = KEEP
        taken.changed.append(title(plan.entity))
    for path in files_of(plan.entity):
        blob = plan.theirs.get(path)
        if blob == local.blobs.get(path):
            table.note(path, blob, local.stamps.get(path, NO_STAMP))
        elif blob != table.blobs.get(path):
            table.note(path, blob)
        table.behind.pop(path, None)
    if decision == KEEP:
        taken.kept.append(plan)


def _leave_behind(plan: Plan, table: Table) -> None:
    """Note what the branch has of an entity that stays as it is."""
    for path in files_of(plan.entity):
        blob = plan.theirs.get(path)
        if blob != table.blobs.get(path):
            table.behind[path] = blob
            if plan.decision == OLDER:
                table.rewound.append(path)
        else:
            table.behind.pop(path, None)


def _problem(plans: Sequence[Plan], own: Own) -> GitError | None:
    flaws = [flaw for plan in plans if plan.decision == BAD for flaw in plan.flaws]
    where = f"{own.remote.url} {own.settings.branch}"
    if flaws:
        files = "; ".join(f"{path}: {flaw}" for path, flaw in flaws[:5])
        what = f"{len(flaws)} file{'s are' if flaws[1:] else ' is'} no state that can be trusted: {files}"
        hint = "nothing of it was taken over or pushed; mend it, on the branch by a commit"
        return BadState(what, where=where, hint=hint, files=flaws)
    split = [title(plan.entity) for plan in plans if plan.decision == SPLIT]
    older = [title(plan.entity) for plan in plans if plan.decision == OLDER]
    if not split and not older:
        return None
    parts = []
    if split:
        parts.append(f"{_listed(split)} went on here and on another machine, in different ways")
    if older:
        parts.append(f"the branch was rewound by somebody, and has an older state of {_listed(older)}")
    hint = (
        f"both are kept; wfepy git outbox --take theirs {(split + older)[0]} gives up what is here, "
        "--take ours what is on the branch"
    )
    return Conflict("; ".join(parts), where=where, hint=hint, instances=split + older)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _finish(own: Own, table: Table, tip: str | None, folders: dict[str, str], *, is_new: bool) -> None:
    """Save the table, if there is anything new in it."""
    if table.saved == tip and not is_new and folders.items() <= table.folders.items():
        return
    is_other = table.saved != tip
    if is_other and tip is not None:
        write_ref(own.folder, BASE, tip)
    table.commit, table.folders = tip, folders
    hit("taken")
    table.save()
    if is_other:
        hit("settled")
        own.write("pushing", None)
