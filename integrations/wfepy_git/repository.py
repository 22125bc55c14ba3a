"""The state of a project in git: what ``wfepy git`` does, for programs."""

from __future__ import annotations

import os

from .errors import GitError, LeaseHeld
from .leases import Lease, acquire, read_leases
from .own import Own
from .pushing import Push
from .settings import read_settings
from .sharing import shared_files
from .standing import Standing, settle_conflict, unpushed
from .table import Table
from .taking import settle, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any

    from wfepy_hooks import Config

    from .leases import LeaseInfo
    from .log import Tick
    from .settings import Settings

__all__ = ["Pulled", "Pushed", "StateRepository"]


class Pulled:
    """What a pull has done.

    :ivar commit: the last one of the branch; ``None``: there is no branch yet
    :ivar changed: what was taken over: ``workflow/instance``, signals, schedules, files of plugins
    :ivar busy: what a tick is at work on; the next pull takes it over
    """

    __slots__ = ("busy", "changed", "commit")

    def __init__(self, commit: str | None, changed: list[str], busy: list[str]) -> None:
        self.commit = commit
        self.changed = changed
        self.busy = busy


class Pushed:
    """What a push has done.

    :ivar commit: the last one of the branch; ``None``: there is no branch
    :ivar is_changed: whether there was anything to push
    :ivar attempts: how often it was tried
    :ivar subject: of the commit; empty if there is none
    :ivar changed: what it has changed
    :ivar busy: what a tick is at work on; the next push delivers it
    """

    __slots__ = ("attempts", "busy", "changed", "commit", "is_changed", "subject")

    def __init__(self, push: Push) -> None:
        self.commit = push.commit
        self.is_changed = bool(push.subject)
        self.attempts = push.attempts
        self.subject = push.subject
        self.changed = push.titles
        self.busy = push.taken.busy


class StateRepository:
    """The state of a project on a branch of a remote.

    :ivar settings: what the config says
    """

    def __init__(self, config: Config, settings: Settings, environ: Mapping[str, str]) -> None:
        self.settings = settings
        settings.shared = shared_files(config)
        self._config = config
        self._own = Own(settings, config.environ, environ)
        self._lease: Lease | None = None

    @classmethod
    def from_config(cls, config: Config, environ: Mapping[str, str] | None = None) -> StateRepository:
        """Return the repository that ``[plugins.wfepy_git]`` names.

        :param environ: what git gets in addition: ``GIT_CONFIG_COUNT`` and so on with a token, an identity
        :raises ConfigError: if the settings are wrong
        :raises PluginError: if a plugin shares a file that cannot be shared
        """
        return cls(config, read_settings(config), environ or {})

    def pull(self) -> Pulled:
        """Take over what is new on the branch; what was changed here stays.

        :raises Conflict: :raises BadState: after everything else was taken over
        :raises GitError: if the remote cannot be reached
        """
        own = self._own
        with own.locked():
            table = self._table()
            tip = own.fetch()
            if tip is None:
                own.require_branch(table.commit)
            settle(own, table, tip)
            taken = take(own, table, tip, is_pull=True)
            own.collect()
            if taken.problem is not None:
                self._keep(taken.problem)
                raise taken.problem
            return Pulled(tip, taken.changed, taken.busy)

    def push(self, notes: Sequence[str] = (), *, recreate: bool = False, release: bool = False) -> Pushed:
        """Bring what was changed here to the branch, after what is new there; see :mod:`.pushing`.

        While a lease of this repository is held, it succeeds only if that is still ours.

        :param notes: lines for the message of the commit
        :param recreate: make a branch anew that is gone
        :param release: give up the lease with it
        :raises Conflict: after everything else was pushed
        :raises GitError: if it was refused or has not arrived; the result is kept, see :attr:`has_outbox`
        """
        lease = self._lease if self._lease is not None and self._lease.workflows else None
        with self._own.locked():
            table = self._table()
            push = Push(self._own, notes, lease)
            try:
                push.run(table, recreate=recreate, release=release)
            except GitError as error:
                self._keep(error)
                raise
            self._own.collect()
            if push.taken.problem is not None:
                self._keep(push.taken.problem)
                raise push.taken.problem
            self._own.write("outbox", None)
            return Pushed(push)

    def lease(self, workflows: Sequence[str], seconds: float | None = None) -> Lease:
        """Keep other machines from ticking these workflows, until it is released or expires.

        :param seconds: for how long; by default what the config says
        :raises LeaseHeld: if another machine has one of them
        :raises GitError: if the remote cannot be reached
        """
        lease, held = self.lease_what_is_free(workflows, seconds)
        for info in held.values():
            lease.close()
            raise held_by(info, self._own)
        return lease

    def lease_what_is_free(
        self, workflows: Sequence[str], seconds: float | None = None
    ) -> tuple[Lease, dict[str, LeaseInfo]]:
        """Do the same for those that nobody has, and return who has the others."""
        lease, held = acquire(self._own, workflows, seconds or self.settings.lease, self._config.clock)
        self._lease = lease
        return lease, held

    def standing(self) -> Standing:
        """Return what is known here, without asking the remote."""
        with self._own.locked():
            table = self._table()
            return Standing(self._own.remote.url, table.commit, unpushed(self._own, table))

    def tip(self) -> str | None:
        """Return the commit that the branch is at now; ``None``: there is no such branch.

        :raises GitError: if the remote cannot be reached
        """
        with self._own.locked():
            return self._own.fetch()

    def settle_conflict(self, name: str, side: str) -> str:
        """Let one side of a conflict go on, see :func:`.standing.settle_conflict`."""
        with self._own.locked():
            kept = settle_conflict(self._own, self._table(), name, side)
        outbox = self.outbox
        if outbox and name in outbox["instances"]:
            outbox["instances"].remove(name)
            self._own.write("outbox", outbox if outbox["instances"] or side == "ours" else None)
        return kept

    def _table(self) -> Table:
        return Table.load(self.settings, self._own.remote.url)

    def leases(self) -> list[LeaseInfo]:
        """Return who has which workflow now."""
        return list(read_leases(self._own).values())

    @property
    def has_outbox(self) -> bool:
        """Whether the last push has failed, so that there are results here that nobody else knows."""
        return os.path.exists(os.path.join(self.settings.home, "outbox"))

    @property
    def outbox(self) -> dict[str, Any] | None:
        """Why it has failed: ``kind``, ``error``, ``since`` and, of a conflict, ``instances``."""
        found: dict[str, Any] | None = self._own.read("outbox")
        return found

    def deliver_outbox(self) -> Pushed | None:
        """Push what the last push has left, if it has left anything."""
        return self.push() if self.has_outbox else None

    def log(self, limit: int = 20) -> list[Tick]:
        """Return the last commits of the branch that changed the state, the newest first."""
        from .log import read_log

        return read_log(self._own, limit)

    def beat(self, idle: timedelta) -> str | None:
        """Push a commit that changes nothing if the branch has none that is younger than ``idle``; return it.

        :raises GitError: if it was refused, or the remote cannot be reached
        """
        from .heartbeat import beat

        with self._own.locked():
            return beat(self._own, idle, self._config.clock())

    def _keep(self, error: GitError) -> None:
        """Note that there is something that is not pushed."""
        from wfepy_hooks import format_time

        known = self._own.read("outbox") or {}
        note = {
            "kind": error.kind,
            "error": str(error),
            "since": known.get("since") or format_time(self._config.clock()),
            "instances": getattr(error, "instances", []),
        }
        self._own.write("outbox", note)


def held_by(info: LeaseInfo, own: Own) -> LeaseHeld:
    """Return the error that says who has a lease."""
    until = f" until {info.expires:%Y-%m-%d %H:%M:%SZ}" if info.expires else ""
    return LeaseHeld(
        f"{info.holder} works on {info.workflow}{until}",
        where=own.remote.url,
        hint=f"it goes on with it; if it has died, the lease is free {own.settings.margin:g} s after that",
        workflow=info.workflow,
        holder=info.holder,
        expires=info.expires,
    )
