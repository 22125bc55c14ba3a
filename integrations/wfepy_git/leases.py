"""Leases: one machine at a time works on a workflow.

A lease is a reference of the remote, ``refs/wfepy/lease/WORKFLOW``, at a commit without files whose message says who
has it and until when. It changes only by compare-and-swap, so of two that want it one gets it. Each commit comes after the
one before, so that a remote that allows no other changes of references allows these.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import timedelta

from wfepy_hooks.clock import format_time, parse_time

from .committing import Commit, make_commits
from .errors import GitError, LeaseHeld, LeaseLost
from .own import Own, hit
from .verdicts import push_error, rejections, remote_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from .program import Done

__all__ = ["Lease", "LeaseInfo", "acquire", "read_leases"]

_PREFIX = "refs/wfepy/lease/"


class LeaseInfo:
    """What a lease says.

    :ivar workflow: whose
    :ivar commit: what the reference is at
    :ivar holder: who has it
    :ivar machine: which folder of which machine that is
    :ivar expires: until when; ``None`` if it cannot be read
    """

    __slots__ = ("commit", "expires", "holder", "machine", "workflow")

    def __init__(self, workflow: str, commit: str, text: str) -> None:
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        self.workflow = workflow
        self.commit = commit
        self.holder = fields.get("Holder", "somebody")
        self.machine = fields.get("Machine", "")
        self.expires: datetime | None = None
        with contextlib.suppress(ValueError):
            self.expires = parse_time(fields.get("Expires", ""))

    def is_free(self, now: datetime, margin: float) -> bool:
        """Return whether it has expired, by a clock that may differ by ``margin`` seconds from its holder's."""
        return self.expires is not None and now > self.expires + timedelta(seconds=margin)


def _ref(workflow: str) -> str:
    return _PREFIX + workflow.replace(".", "%2E")  # a reference must not have two dots, nor end with .lock


def read_leases(own: Own) -> dict[str, LeaseInfo]:
    """Return the leases that the remote has, by workflow."""
    own.fetch_references(f"{_PREFIX}*")
    format = "%(refname)%00%(objectname)%00%(contents)%00%00"
    done = own.git.run("for-each-ref", f"--format={format}", _PREFIX)
    found = {}
    for each in done.out.decode("utf-8", "backslashreplace").split("\0\0"):
        if each.strip():
            name, commit, text = each.strip("\n").split("\0", 2)
            workflow = name.removeprefix(_PREFIX).replace("%2E", ".")
            found[workflow] = LeaseInfo(workflow, commit, text)
    return found


class Lease:
    """The leases of some workflows, held together; as a context manager it gives them up in the end.

    :ivar workflows: whose they are
    :ivar expires: until when they are ours, unless they are renewed
    """

    def __init__(self, own: Own, clock: Callable[[], datetime], seconds: float, machine: _Machine) -> None:
        self._own = own
        self._clock = clock
        self._seconds = seconds
        self._machine = machine
        self._commits: dict[str, str] = {}
        self.expires = clock()
        self._next = self.expires

    @property
    def workflows(self) -> list[str]:
        return list(self._commits)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(GitError):  # it expires by itself
            self.release()
        self._machine.close()

    # --- what a push needs ---------------------------------------------------------------------------

    def renewals(self) -> list[Commit]:
        """Return the commits that renew the leases."""
        self._next = self._clock() + timedelta(seconds=self._seconds)
        return [self.commit(workflow, self._next, [old]) for workflow, old in self._commits.items()]

    def commit(self, workflow: str, expires: datetime, parents: Sequence[str]) -> Commit:
        """Return the commit that a lease is."""
        lines = [
            f"Lease of {workflow}",
            "",
            f"Holder: {self._own.settings.holder}",
            f"Machine: {self._machine.name}",
            f"Expires: {format_time(expires)}",
            f"Nonce: {os.urandom(8).hex()}",
        ]
        return Commit("\n".join(lines) + "\n", parents)

    def fence(self, made: Sequence[str], *, release: bool) -> tuple[list[str], list[str]]:
        """Return the options and refspecs by which a push succeeds only while the leases are ours."""
        options = [f"--force-with-lease={_ref(name)}:{old}" for name, old in self._commits.items()]
        new = [""] * len(self._commits) if release else made
        return options, [f"{commit}:{_ref(name)}" for name, commit in zip(self._commits, new, strict=True)]

    def moved(self, made: Sequence[str], *, release: bool) -> None:
        """Note that such a push has arrived."""
        if release:
            self._commits = {}
        else:
            self._commits = dict(zip(self._commits, made, strict=True))
            self.expires = self._next

    def lost_by(self, refused: Mapping[str, str]) -> str:
        """Return the workflow whose lease was taken over, by what a push was refused for; empty: none."""
        for name in self._commits:
            why = refused.get(_ref(name), "")
            if "stale info" in why or "cannot lock" in why or "fetch first" in why:
                return name
        return ""

    # --- alone ---------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Hold them for as long again.

        :raises LeaseLost: if another machine has taken one over
        :raises GitError: if the remote cannot be reached
        """
        if not self._commits:
            return
        settings = self._own.settings
        made = make_commits(self._own.git, self.renewals(), settings.name, settings.email)
        self._push(made, release=False)

    def release(self) -> None:
        """Give them up, so that others need not wait until they expire. Doing it again does nothing.

        :raises GitError: if the remote cannot be reached
        """
        if not self._commits:
            return
        try:
            self._push([], release=True)
        except LeaseLost:
            self._commits = {}
        except GitError:
            # A remote that lets no reference be deleted: the lease is over in the past.
            settings, past = self._own.settings, self._clock() - timedelta(days=365)
            commits = [self.commit(name, past, [old]) for name, old in self._commits.items()]
            self._push(make_commits(self._own.git, commits, settings.name, settings.email), release=False)
            self._commits = {}

    def _push(self, made: Sequence[str], *, release: bool) -> None:
        options, specs = self.fence(made, release=release)
        done = self._own.git.attempt(
            "push", "--porcelain", "--no-verify", "--atomic", *options, self._own.remote.name, *specs
        )
        if not done.code:
            self.moved(made, release=release)
            return
        lost = self.lost_by(rejections(done))
        if lost:
            what = f"the lease of {lost} has expired, and another machine has taken it over"
            raise LeaseLost(what, where=self._own.remote.url)
        raise push_error(done, specs[0].partition(":")[2], self._own.remote.url)


class _Machine:
    """This folder of this machine: of two processes in it, one can hold leases.

    :ivar name: it is not the same for a copy of the folder
    :ivar is_alone: whether no other process has leases here
    """

    def __init__(self, own: Own) -> None:
        own.make_home()
        path = os.path.join(own.settings.home, "ticking")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        status = os.fstat(self._descriptor)
        if not status.st_size:
            os.write(self._descriptor, os.urandom(8).hex().encode())
        token = os.pread(self._descriptor, 16, 0).decode("ascii", "replace")
        self.name = f"{os.uname().nodename} {token} {status.st_dev:x}:{status.st_ino:x}"
        self.is_alone = True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.is_alone = False

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def acquire(
    own: Own, workflows: Sequence[str], seconds: float, clock: Callable[[], datetime]
) -> tuple[Lease, dict[str, LeaseInfo]]:
    """Take the leases of some workflows.

    :return: the lease of those that could be had, and who has the others
    :raises LeaseHeld: if another process works in this folder
    :raises GitError: if the remote cannot be reached, or refuses
    """
    machine = _Machine(own)
    if not machine.is_alone:
        machine.close()
        what = "another process in this folder holds leases"
        raise LeaseHeld(
            what, where=own.settings.home, hint="it goes on with them", holder=own.settings.holder
        )
    lease = Lease(own, clock, seconds, machine)
    held: dict[str, LeaseInfo] = {}
    try:
        left = lease_all(lease, own, dict.fromkeys(workflows, None), clock, seconds)
        if left:
            held = _take_over(lease, own, left, clock, seconds)
    except BaseException:
        lease.__exit__()
        raise
    return lease, held


def _take_over(
    lease: Lease,
    own: Own,
    left: Mapping[str, LeaseInfo | None],
    clock: Callable[[], datetime],
    seconds: float,
) -> dict[str, LeaseInfo]:
    """Take the leases that are over, and return who has the others."""
    known = read_leases(own)
    held: dict[str, LeaseInfo] = {}
    free: dict[str, LeaseInfo | None] = {}
    for name in left:
        info = known.get(name)
        # One of this very folder whose process has ended, or the lock would not be ours, was left by a crash.
        if info is None or info.machine == lease._machine.name or info.is_free(clock(), own.settings.margin):
            free[name] = info
        else:
            held[name] = info
    missed = lease_all(lease, own, free, clock, seconds)
    if missed:  # somebody was faster
        known = read_leases(own)
        held.update({name: known.get(name) or LeaseInfo(name, "", "") for name in missed})
    return held


def lease_all(
    lease: Lease,
    own: Own,
    wanted: Mapping[str, LeaseInfo | None],
    clock: Callable[[], datetime],
    seconds: float,
) -> dict[str, LeaseInfo | None]:
    """Try to put our commits where others are, or none; return the workflows for which something else was there."""
    if not wanted:
        return {}
    expires = clock() + timedelta(seconds=seconds)
    commits = [lease.commit(name, expires, [info.commit] if info else []) for name, info in wanted.items()]
    made = make_commits(own.git, commits, own.settings.name, own.settings.email)
    hit("lease.before")
    options = [
        f"--force-with-lease={_ref(name)}:{info.commit if info else ''}" for name, info in wanted.items()
    ]
    specs = [f"{commit}:{_ref(name)}" for name, commit in zip(wanted, made, strict=True)]
    done = own.git.attempt("push", "--porcelain", "--no-verify", *options, own.remote.name, *specs)
    hit("lease.after")
    return _sorted_out(lease, own, wanted, made, expires, done)


def _sorted_out(
    lease: Lease,
    own: Own,
    wanted: Mapping[str, LeaseInfo | None],
    made: Sequence[str],
    expires: datetime,
    done: Done,
) -> dict[str, LeaseInfo | None]:
    refused = rejections(done)
    if done.code and not refused:
        known = read_leases(own)  # it may have arrived all the same
        refused = {_ref(name): "stale info" for name, commit in zip(wanted, made, strict=True)
                   if name not in known or known[name].commit != commit}  # fmt: skip  # one condition
        if len(refused) == len(made):
            raise remote_error(done, own.remote.url)
    left: dict[str, LeaseInfo | None] = {}
    for (name, info), commit in zip(wanted.items(), made, strict=True):
        if _ref(name) not in refused:
            lease._commits[name] = commit
            lease.expires = expires
        else:
            error = push_error(done, _ref(name), own.remote.url)
            if error.kind != "stale":
                raise error
            left[name] = info
    return left
