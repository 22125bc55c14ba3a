"""Leases: one machine at a time works on a workflow.

    refs/wfepy/lease/WORKFLOW               a commit that says which machine works on it
    refs/wfepy/until/WORKFLOW/MOMENT        the same commit: until when

Both change by one push, as a whole and by compare-and-swap, so that of two machines that want a lease one gets it. A
machine has two such commits and takes them in turn, for a change of a reference to what it is already would be none.
They are made once: a tick leaves no object behind on the remote, and nothing for ``git gc`` to do.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta, timezone

from wfepy_hooks import parse_time

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

_LEASE, _UNTIL = "refs/wfepy/lease/", "refs/wfepy/until/"
#: How a push says that a reference was not what we thought.
_MOVED = ("stale info", "cannot lock", "fetch first", "non-fast-forward", "already exists")


class LeaseInfo:
    """What a lease says.

    :ivar workflow: whose
    :ivar commit: what the reference is at
    :ivar holder: who has it
    :ivar machine: which folder of which machine that is, see :class:`.Machine`
    :ivar expires: until when; ``None`` if nothing says it
    :ivar untils: the references that say until when, also earlier ones, with what they are at
    """

    __slots__ = ("commit", "expires", "holder", "machine", "untils", "workflow")

    def __init__(self, workflow: str, commit: str = "", text: str = "") -> None:
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        self.workflow = workflow
        self.commit = commit
        self.holder = fields.get("Holder", "another machine")
        self.machine = fields.get("Machine", "")
        self.expires: datetime | None = None
        self.untils: dict[str, str] = {}

    def is_free(self, now: datetime, margin: float) -> bool:
        """Return whether it has expired, by a clock that may differ by ``margin`` seconds from its holder's."""
        return self.expires is None or now > self.expires + timedelta(seconds=margin)


def _ref(workflow: str) -> str:
    return _LEASE + _escaped(workflow)


def _escaped(workflow: str) -> str:
    return workflow.replace(".", "%2E")  # a reference has no two dots, nor does it end with .lock


def _until(workflow: str, moment: datetime) -> str:
    return f"{_UNTIL}{_escaped(workflow)}/{moment.astimezone(timezone.utc):%Y%m%dT%H%M%S.%fZ}"


def _moment(ref: str) -> datetime | None:
    text = ref.rpartition("/")[2]
    with contextlib.suppress(ValueError):
        return parse_time(f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}")
    return None


def read_leases(own: Own) -> dict[str, LeaseInfo]:
    """Return the leases that the remote has, by workflow.

    :raises GitError: if it cannot be reached
    """
    own.fetch_references(f"{_LEASE}*", f"{_UNTIL}*")
    form = "--format=%(refname)%00%(objectname)%00%(contents)%00%00"
    done = own.git.run("for-each-ref", form, _LEASE, _UNTIL)
    found: dict[str, LeaseInfo] = {}
    for each in done.out.decode("utf-8", "backslashreplace").split("\0\0"):  # leases come before their ends
        if not each.strip():
            continue
        ref, commit, text = each.strip("\n").split("\0", 2)
        if ref.startswith(_LEASE):
            workflow = ref.removeprefix(_LEASE).replace("%2E", ".")
            found[workflow] = LeaseInfo(workflow, commit, text)
            continue
        info = found.get(ref.removeprefix(_UNTIL).partition("/")[0].replace("%2E", "."))
        if info is not None:
            info.untils[ref] = commit
            moment = _moment(ref)
            if moment is not None and commit == info.commit:
                info.expires = moment if info.expires is None else max(info.expires, moment)
    return found


class _Held:
    """One lease that is ours: what its reference is at, and which other one says until when."""

    __slots__ = ("commit", "until")

    def __init__(self, commit: str, until: str) -> None:
        self.commit = commit
        self.until = until


class Lease:
    """The leases of some workflows, held together; as a context manager it gives them up in the end.

    :ivar expires: until when they are ours, unless they are renewed
    :ivar machine: who we are
    """

    def __init__(self, own: Own, clock: Callable[[], datetime], seconds: float, machine: Machine) -> None:
        self._own = own
        self._clock = clock
        self._seconds = seconds
        self._held: dict[str, _Held] = {}
        self._next: dict[str, _Held] = {}
        self._may_delete = True
        self.machine = machine
        self.expires = self._then = clock()

    @property
    def workflows(self) -> list[str]:
        """The workflows whose leases these are; none after they are released."""
        return list(self._held)

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
        if self._held:
            self._push(release=False)

    def release(self) -> None:
        """Give them up, so that others need not wait until they expire. Doing it again does nothing.

        :raises GitError: if the remote cannot be reached
        """
        if self._held:
            with contextlib.suppress(LeaseLost):
                self._push(release=True)
            self._held = {}

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

    def _push(self, *, release: bool) -> None:
        while True:
            options, specs = self.fence(release=release)
            words = (
                "push",
                "--porcelain",
                "--no-verify",
                "--atomic",
                *options,
                self._own.remote.name,
                *specs,
            )
            done = self._own.git.attempt(*words)
            if not done.code:
                self.moved()
                return
            refused = rejections(done)
            lost = self.lost_by(refused)
            if lost is not None:
                raise lost
            if not self.refuses_to_delete(refused):
                raise push_error(done, specs[0].partition(":")[2], self._own.remote.url)

    # --- what a push of the state needs --------------------------------------------------------------

    def fence(self, *, release: bool) -> tuple[list[str], list[str]]:
        """Return the options and refspecs by which a push succeeds only while the leases are ours.

        :param release: the push gives them up; otherwise it renews them
        """
        self._then = self._clock() + timedelta(seconds=self._seconds)
        self._next = {}
        options, specs = [], []
        for name, held in self._held.items():
            options.append(f"--force-with-lease={_ref(name)}:{held.commit}")
            if release:
                specs.append(f"{'' if self._may_delete else self._free()}:{_ref(name)}")
            else:
                new = self._next[name] = _Held(self._other(held.commit), _until(name, self._then))
                specs += [f"{new.commit}:{_ref(name)}", f"{new.commit}:{new.until}"]
            if self._may_delete:
                options.append(f"--force-with-lease={held.until}:{held.commit}")
                specs.append(f":{held.until}")
        return options, specs

    def moved(self) -> None:
        """Note that such a push has arrived."""
        self._held = self._next
        self.expires = self._then

    def lost_by(self, refused: Mapping[str, str]) -> LeaseLost | None:
        """Return the error for a push that was refused because a lease is not ours any more."""
        for name in self._held:
            if _is_moved(refused.get(_ref(name), "")):
                return LeaseLost(
                    f"the lease of {name} had expired, and another machine has taken it over",
                    where=self._own.remote.url,
                    hint="the result is kept here; wfepy git push delivers what the other machine left alone",
                )
        return None

    def refuses_to_delete(self, refused: Mapping[str, str]) -> bool:
        """Return whether the remote lets no reference be deleted, and do without that from now on."""
        ours = [why for ref, why in refused.items() if ref.startswith((_LEASE, _UNTIL))]
        if self._may_delete and any("remote rejected" in why for why in ours):
            self._may_delete = False
            return True
        return False

    # --- taking them ---------------------------------------------------------------------------------

    def take(self, wanted: Found) -> list[str]:
        """Put our commits where those are that were found, or where none is.

        :return: the workflows for which something else was there
        :raises GitError: if the remote cannot be reached, or refuses for good
        """
        if not wanted:
            return []
        then = self._clock() + timedelta(seconds=self._seconds)
        options, specs, made = [], [], {}
        for name, info in wanted.items():
            old = info.commit if info else ""
            new = made[name] = _Held(self._other(old), _until(name, then))
            options += [f"--force-with-lease={_ref(name)}:{old}", f"--force-with-lease={new.until}:"]
            specs += [f"{new.commit}:{_ref(name)}", f"{new.commit}:{new.until}"]
            for ref, commit in (info.untils if info and self._may_delete else {}).items():
                options.append(f"--force-with-lease={ref}:{commit}")
                specs.append(f":{ref}")
        hit("lease.before")
        own = self._own
        done = own.git.attempt(
            "push", "--porcelain", "--no-verify", "--atomic", *options, own.remote.name, *specs
        )
        hit("lease.after")
        refused = rejections(done)
        if not done.code or (not refused and self._has_arrived(made)):
            self._held.update(made)
            self.expires = then
            return []
        if not refused:
            raise remote_error(done, own.remote.url)
        missed = [name for name in made if _is_moved(refused.get(_ref(name), ""))]
        if not missed and not self.refuses_to_delete(refused):
            at_fault = next((ref for ref, why in refused.items() if "atomic" not in why), next(iter(refused)))
            raise push_error(done, at_fault, own.remote.url)
        return missed + self.take({name: info for name, info in wanted.items() if name not in missed})

    def _has_arrived(self, made: Mapping[str, _Held]) -> bool:
        """Return whether a push whose answer was lost has arrived."""
        known = read_leases(self._own)
        return all(
            name in known and known[name].untils.get(held.until) == held.commit for name, held in made.items()
        )

    def _other(self, commit: str) -> str:
        """Return that of our commits that a reference is not at."""
        one, two, _ = self.machine.commits(self._own)
        return two if commit == one else one

    def _free(self) -> str:
        return self.machine.commits(self._own)[2]


def _is_moved(why: str) -> bool:
    return any(words in why for words in _MOVED)


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
    held: dict[str, LeaseInfo] = {}
    free: dict[str, LeaseInfo | None] = {}
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
