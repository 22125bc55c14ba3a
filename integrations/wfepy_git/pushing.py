"""Bringing to the branch what was changed here, until it has arrived or is refused for good."""

from __future__ import annotations

import os
import random
import time

from .committing import Commit, make_commits
from .errors import GitError, Network, Stale
from .layout import INSTANCE, files_of, title
from .objects import write_ref
from .own import BASE, TIP, Own, hit
from .subjects import Change, message, subject
from .table import NO_STAMP, Table, size_of
from .taking import Taken, settle, take
from .verdicts import push_error, rejections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .examining import Plan
    from .leases import Lease

__all__ = ["Push"]

#: How often a push is tried when others are faster; how often when the remote does not answer.
_ATTEMPTS, _SILENT = 12, 3


class Push:
    """One push with all its attempts.

    :ivar attempts: how many there were
    :ivar commit: what the branch is then
    :ivar subject: of the commit; empty if there was nothing to push
    :ivar titles: what it changed
    :ivar taken: what came of bringing both sides together
    """

    def __init__(self, own: Own, notes: Sequence[str], lease: Lease | None = None) -> None:
        self._own = own
        self._notes = list(notes)
        self._lease = lease
        self._releases = False
        #: What is told of each commit that was sent.
        self._sent: dict[str, tuple[str, list[str]]] = {}
        self._holder = own.settings.holder
        self.attempts = 0
        self.commit: str | None = None
        self.subject = ""
        self.titles: list[str] = []
        self.taken = Taken()

    def run(self, table: Table, *, recreate: bool = False, release: bool = False) -> None:
        """Push until it has arrived.

        :param release: give up the lease by the same push
        :raises GitError: if it is refused, or cannot be brought there; then everything here is as it was
        """
        tip, silent = table.commit, 0
        self._releases = release
        if tip is None or self._own.read("pushing"):
            tip = self._look(table, recreate)
        while True:
            self.taken = take(self._own, table, tip, recreate=recreate)
            self.commit = tip
            problem = self.taken.problem
            if problem is not None and problem.kind == "bad state":
                raise problem
            if not self.taken.kept:
                return
            error = self._attempt(table, tip)
            if error is None:
                return
            silent += isinstance(error, Network)
            if not isinstance(error, (Stale, Network)) or self.attempts >= _ATTEMPTS or silent >= _SILENT:
                raise error
            time.sleep(random.uniform(0.2, 1) * min(0.05 * 2**self.attempts, 2))
            try:
                tip = self._look(table, recreate)
            except Network:
                raise error from None
            recreate = False

    def _look(self, table: Table, recreate: bool) -> str | None:
        """Return the last commit of the branch as it is now."""
        tip = self._own.fetch()
        if tip is None and not recreate:
            self._own.require_branch(table.commit)
        arrived = settle(self._own, table, tip)
        for commit in self._sent.keys() & arrived:
            self.subject, self.titles = self._sent[commit]
            if self._lease is not None:
                self._lease.moved()
        return tip

    def _attempt(self, table: Table, tip: str | None) -> GitError | None:
        """Make a commit of what is to be pushed and push it; ``None`` if it has arrived."""
        self.attempts += 1
        own, plans = self._own, self.taken.kept
        changes = [_change(plan, table) for plan in plans]
        text = message(changes, self._notes, os.urandom(8).hex(), self._holder)
        files = {path: data for plan in plans for path, data in _files(plan).items()}
        inside = {f"{own.settings.path}/{path}": data for path, data in files.items()}
        commits = [Commit(text, [tip] if tip else [], inside)]
        hit("commit.before")
        made = make_commits(own.git, commits, own.settings.name, own.settings.email)
        hit("commit.after")
        titles = [title(plan.entity) for plan in plans]
        self._sent[made[0]] = (subject(changes), titles)
        self._note_on_its_way(made[0], plans)
        hit("push.before")
        error = self._send(made, tip)
        hit("push.after")
        if error is not None:
            return error
        self.commit, self.subject, self.titles = made[0], subject(changes), titles
        self._arrived(table, made[0])
        return None

    def _note_on_its_way(self, commit: str, plans: Sequence[Plan]) -> None:
        files: dict[str, str | None] = {}
        stamps: dict[str, str] = {}
        for plan in plans:
            blobs = plan.local.blobs if plan.local else {}
            files.update({path: blobs.get(path) for path in files_of(plan.entity)})
            stamps.update(plan.local.stamps if plan.local else {})
        known = self._own.read("pushing") or []
        known = [each for each in known if each["commit"] != commit][-20:]
        self._own.write("pushing", [*known, {"commit": commit, "files": files, "stamps": stamps}])

    def _send(self, made: Sequence[str], tip: str | None) -> GitError | None:
        own, ref = self._own, self._own.settings.ref
        words = ["push", "--porcelain", "--no-verify", f"--force-with-lease={ref}:{tip or ''}"]
        specs = [f"{made[0]}:{ref}"]
        if self._lease is not None:
            words.append("--atomic")
            more, fence = self._lease.fence(release=self._releases)
            words += more
            specs += fence
        try:
            done = own.git.attempt(*words, own.remote.name, *specs)
        except Network as error:
            return error
        if not done.code:
            if self._lease is not None:
                self._lease.moved()
            return None
        if self._lease is not None:
            refused = rejections(done)
            lost = self._lease.lost_by(refused)
            if lost is not None:
                return lost
            if self._lease.refuses_to_delete(refused):
                return Stale("the remote lets no reference be deleted", where=own.remote.url)
        return push_error(done, ref, own.remote.url)

    def _arrived(self, table: Table, commit: str) -> None:
        own = self._own
        for each in (own.read("pushing") or [])[-1:]:
            for path, blob in each["files"].items():
                table.note(path, blob, each["stamps"].get(path, NO_STAMP))
        table.commit = commit
        if not self.taken.busy and self.taken.problem is None:
            table.folders = self.taken.folders
        hit("arrived")
        write_ref(own.folder, BASE, commit)
        write_ref(own.folder, TIP, commit)
        table.save()
        own.write("pushing", None)


def _files(plan: Plan) -> dict[str, bytes | None]:
    """Return what becomes of the files of an entity on the branch."""
    local = plan.local
    if local is None:
        return {}
    files: dict[str, bytes | None] = {path: None for path in plan.theirs if path not in local.blobs}
    files.update(
        {path: local.data(path) for path, blob in local.blobs.items() if plan.theirs.get(path) != blob}
    )
    return files


def _change(plan: Plan, table: Table) -> Change:
    local = plan.local
    if local is None or plan.entity.kind != INSTANCE:
        return Change(plan.entity, is_gone=local is None or not local.blobs)
    histories = [path for path in local.blobs if path.endswith(".jsonl")]
    history = max((local.data(path) for path in histories), key=len, default=b"")
    known: int | None = 0
    if plan.theirs:
        sizes = [size_of(table.stamps.get(path, NO_STAMP)) for path in plan.theirs if path.endswith(".jsonl")]
        known = max(sizes, default=0)
        known = known if known <= len(history) else None
    return Change(plan.entity, history, known)
