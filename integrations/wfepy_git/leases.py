"""Leases: one machine at a time works on a workflow.

A lease is a reference of the remote, ``refs/wfepy/lease/WORKFLOW``, at a commit without files whose message says who
has it and until when. It changes only by compare-and-swap, so of two that want it one gets it. Each commit comes after
the one before, so that a remote that allows no other changes of references allows these.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta

from wfepy_hooks.clock import format_time, parse_time

from .committing import Commit, make_commits
from .errors import GitError, LeaseHeld, LeaseLost
from .machines import Machine
from .own import Own, hit
from .verdicts import push_error, rejections, remote_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    Found = Mapping[str, "LeaseInfo | None"]

__all__ = ["Lease", "LeaseInfo", "acquire", "read_leases"]

_PREFIX = "refs/wfepy/lease/"
#: How a push says that a reference was not what we thought.
_MOVED = ("stale info", "cannot lock", "fetch first", "non-fast-forward", "already exists")


class LeaseInfo:
    """What a lease says.

    :ivar workflow: whose
    :ivar commit: what the reference is at
    :ivar holder: who has it
    :ivar machine: which folder of which machine that is, see :class:`.Machine`
    :ivar expires: until when; ``None`` if it cannot be read
    """

    __slots__ = ("commit", "expires", "holder", "machine", "workflow")

    def __init__(self, workflow: str, commit: str = "", text: str = "") -> None:
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        self.workflow = workflow
        self.commit = commit
        self.holder = fields.get("Holder", "another machine")
        self.machine = fields.get("Machine", "")
        self.expires: datetime | None = None
        with contextlib.suppress(ValueError):
            self.expires = parse_time(fields.get("Expires", ""))

    def is_free(self, now: datetime, margin: float) -> bool:
        """Return whether it has expired, by a clock that may differ by ``margin`` seconds from its holder's."""
        return self.expires is not None and now > self.expires + timedelta(seconds=margin)


def _ref(workflow: str) -> str:
    return _PREFIX + workflow.replace(".", "%2E")  # a reference has no two dots, nor does it end with .lock


def read_leases(own: Own) -> dict[str, LeaseInfo]:
    """Return the leases that the remote has, by workflow.

    :raises GitError: if it cannot be reached
    """
    own.fetch_references(f"{_PREFIX}*")
    done = own.git.run("for-each-ref", "--format=%(refname)%00%(objectname)%00%(contents)%00%00", _PREFIX)
    found = {}
    for each in done.out.decode("utf-8", "backslashreplace").split("\0\0"):
        if each.strip():
            name, commit, text = each.strip("\n").split("\0", 2)
            workflow = name.removeprefix(_PREFIX).replace("%2E", ".")
            found[workflow] = LeaseInfo(workflow, commit, text)
    return found


class Lease:
    """The leases of some workflows, held together; as a context manager it gives them up in the end.

    :ivar expires: until when they are ours, unless they are renewed
    :ivar machine: who we are
    """

    def __init__(self, own: Own, clock: Callable[[], datetime], seconds: float, machine: Machine) -> None:
        self._own = own
        self._clock = clock
        self._seconds = seconds
        self._commits: dict[str, str] = {}
        self._next = clock()
        self.machine = machine
        self.expires = self._next

    @property
    def workflows(self) -> list[str]:
        """The workflows whose leases these are; none after they are released."""
        return list(self._commits)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release them, if that can be done; otherwise they expire."""
        try:
            with contextlib.suppress(GitError):
                self.release()
        finally:
            self.machine.close()

    def renew(self) -> None:
        """Hold them for as long again.

        :raises LeaseLost: if another machine has taken one over
        :raises GitError: if the remote cannot be reached
        """
        if self._commits:
            self._push(self._make(self.renewals()), release=False)

    def release(self) -> None:
        """Give them up, so that others need not wait until they expire. Doing it again does nothing.

        :raises GitError: if the remote cannot be reached
        """
        if not self._commits:
            return
        try:
            self._push([], release=True)
        except LeaseLost:
            pass
        except GitError as error:
            if error.kind == "network":
                raise
            # A remote that lets no reference be deleted: the lease is over in the past.
            past = self._clock() - timedelta(days=365)
            self._push(
                self._make([self._commit(*each, past) for each in self._commits.items()]), release=False
            )
        self._commits = {}

    @contextlib.contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew them in the background as long as this is entered, each time a third of their time is over."""
        from threading import Event, Thread

        over = Event()

        def keep() -> None:
            while not over.wait(self._seconds / 3):
                with contextlib.suppress(GitError):  # the push will tell whether they are still ours
                    self.renew()

        thread = Thread(target=keep, name="wfepy-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    # --- what a push of the state needs --------------------------------------------------------------

    def renewals(self) -> list[Commit]:
        """Return the commits that renew the leases, for :meth:`fence`."""
        self._next = self._clock() + timedelta(seconds=self._seconds)
        return [self._commit(*each, self._next) for each in self._commits.items()]

    def fence(self, made: Sequence[str], *, release: bool) -> tuple[list[str], list[str]]:
        """Return the options and refspecs by which a push succeeds only while the leases are ours.

        :param made: the commits that :meth:`renewals` are
        :param release: the push gives them up
        """
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

    def lost_by(self, refused: Mapping[str, str]) -> LeaseLost | None:
        """Return the error for a push that was refused because a lease is not ours any more."""
        for name in self._commits:
            why = refused.get(_ref(name), "")
            if any(words in why for words in _MOVED):
                return LeaseLost(
                    f"the lease of {name} had expired, and another machine has taken it over",
                    where=self._own.remote.url,
                    hint="the result is kept here; wfepy git push delivers what the other machine left alone",
                )
        return None

    def must_stay(self, refused: Mapping[str, str]) -> bool:
        """Return whether a push was refused because it was to delete the references."""
        why = [refused.get(_ref(name), "") for name in self._commits]
        return any("remote rejected" in each for each in why)

    # --- taking them ---------------------------------------------------------------------------------

    def take(self, wanted: Found) -> list[str]:
        """Put our commits where those are that were found, or where none is.

        :return: the workflows for which something else was there
        :raises GitError: if the remote cannot be reached, or refuses for good
        """
        if not wanted:
            return []
        own, expires = self._own, self._clock() + timedelta(seconds=self._seconds)
        old = {name: info.commit if info else "" for name, info in wanted.items()}
        made = dict(zip(old, self._make([self._commit(*each, expires) for each in old.items()]), strict=True))
        hit("lease.before")
        options = [f"--force-with-lease={_ref(name)}:{commit}" for name, commit in old.items()]
        specs = [f"{commit}:{_ref(name)}" for name, commit in made.items()]
        done = own.git.attempt("push", "--porcelain", "--no-verify", *options, own.remote.name, *specs)
        hit("lease.after")
        refused = rejections(done)
        if done.code and not refused:
            known = read_leases(own)  # it may have arrived all the same
            lacking = [name for name in made if name not in known or known[name].commit != made[name]]
            if len(lacking) == len(made):
                raise remote_error(done, own.remote.url)
            refused = {_ref(name): "(stale info)" for name in lacking}
        for name in made:
            error = push_error(done, _ref(name), own.remote.url) if _ref(name) in refused else None
            if error is None:
                self._commits[name] = made[name]
                self.expires = expires
            elif error.kind != "stale":
                raise error
        return [name for name in made if _ref(name) in refused]

    def _commit(self, workflow: str, old: str, expires: datetime) -> Commit:
        lines = [
            f"Lease of {workflow}",
            "",
            f"Holder: {self._own.settings.holder}",
            f"Machine: {self.machine.name}",
            f"Expires: {format_time(expires)}",
            f"Nonce: {os.urandom(8).hex()}",
        ]
        return Commit("\n".join(lines) + "\n", [old] if old else [])

    def _make(self, commits: Sequence[Commit]) -> list[str]:
        return make_commits(self._own.git, commits, self._own.settings.name, self._own.settings.email)

    def _push(self, made: Sequence[str], *, release: bool) -> None:
        options, specs = self.fence(made, release=release)
        words = ("push", "--porcelain", "--no-verify", "--atomic", *options, self._own.remote.name, *specs)
        done = self._own.git.attempt(*words)
        if done.code:
            lost = self.lost_by(rejections(done))
            raise lost or push_error(done, specs[0].partition(":")[2], self._own.remote.url)
        self.moved(made, release=release)


def acquire(
    own: Own, workflows: Sequence[str], seconds: float, clock: Callable[[], datetime]
) -> tuple[Lease, dict[str, LeaseInfo]]:
    """Take the leases of some workflows.

    :return: the lease of those that could be had, and who has the others
    :raises LeaseHeld: if another process in this folder holds leases
    :raises GitError: if the remote cannot be reached, or refuses
    """
    own.make_home()
    machine = Machine(own.settings.home)
    if not machine.is_alone:
        machine.close()
        what = "another process in this folder is at work and holds the leases"
        raise LeaseHeld(what, where=own.settings.home, holder=own.settings.holder)
    lease = Lease(own, clock, seconds, machine)
    try:
        left = lease.take(dict.fromkeys(workflows, None))
        return lease, _take_over(lease, own, left, clock()) if left else {}
    except BaseException:
        lease.close()
        raise


def _take_over(lease: Lease, own: Own, left: Sequence[str], now: datetime) -> dict[str, LeaseInfo]:
    """Take the leases that are over, and return who has the others."""
    known = read_leases(own)
    held, free = {}, {}
    for name in left:
        info = known.get(name)
        # One of this very folder was left by a crash: its process has ended, or we were not alone here.
        if info is None or info.machine == lease.machine.name or info.is_free(now, own.settings.margin):
            free[name] = info
        else:
            held[name] = info
    missed = lease.take(free)
    if missed:  # somebody was faster
        known = read_leases(own)
        held.update({name: known.get(name) or LeaseInfo(name) for name in missed})
    return held
