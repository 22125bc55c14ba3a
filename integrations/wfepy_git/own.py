"""Our own repository beside the state: what the remote has, without a trace in the user's checkout.

HOME/.gitignore      so that the user's git does not see the folder
HOME/repository/     a bare repository: the last commits of the branch, and what is made of them
HOME/synced          see :mod:`.table`
HOME/pushing         commits that were on their way when nobody said whether they had arrived
HOME/outbox          why the last push failed
HOME/lock            held by whoever works here
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time

from wfepy_hooks import LockedError, StateWriteError, faults

from .errors import GitError, Missing
from .objects import read_ref
from .program import Git
from .remotes import find_remote
from .table import write_file
from .verdicts import is_no_branch, remote_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from .remotes import Remote
    from .settings import Settings

__all__ = ["Own", "hit"]

#: Where the branch of the remote is here, as it was when it was fetched last.
TIP = "refs/wfepy/tip"
#: The base of merges: it is kept as long as the table names it.
BASE = "refs/wfepy/base"
#: How many commits are fetched to find out whether one is an ancestor of another.
_DEPTHS = (50, 1000)
#: After so many files in one of 256 folders of loose objects, or so many packs, they are collected.
_LOOSE, _PACKS = 20, 40


def hit(point: str) -> None:
    """Reach a moment at which a crash is tested."""
    if faults.hit:
        faults.hit(f"git.{point}")


class Own:
    """Our own repository, and the remote that it knows.

    :ivar settings: where everything is
    :ivar folder: of the repository
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str], more: Mapping[str, str]) -> None:
        self.settings = settings
        self.folder = os.path.join(settings.home, "repository")
        self._environ = environ
        self._more = more
        self._remote: Remote | None = None
        self._git: Git | None = None

    @property
    def remote(self) -> Remote:
        """The remote; found out when it is first asked for."""
        if self._remote is None:
            self._remote = find_remote(self.settings, self._environ, self._more)
        return self._remote

    @property
    def git(self) -> Git:
        """What runs git in the repository, which is made if it is not there."""
        if self._git is None:
            environ = self.remote.environ
            self._make(environ)
            self._git = Git(self.folder, {**environ, "GIT_DIR": self.folder}, self.settings.timeout)
        return self._git

    def _make(self, environ: Mapping[str, str]) -> None:
        if os.path.exists(f"{self.folder}/wfepy"):
            return
        try:
            self.make_home()
            Git(self.settings.home, environ, self.settings.timeout).run(
                "init", "--quiet", "--bare", self.folder
            )
            write_file(f"{self.folder}/wfepy", b"1\n")  # it is whole
        except OSError as error:
            raise _no_home(error, self.settings.home) from error

    def make_home(self) -> None:
        """Make the folder, which the user's git is not to see."""
        home = self.settings.home
        if not os.path.exists(f"{home}/.gitignore"):
            os.makedirs(home, exist_ok=True)
            write_file(f"{home}/.gitignore", b"*\n")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from working with this folder.

        :raises LockedError: if one does so for longer than the timeout
        """
        try:
            self.make_home()
            descriptor = os.open(f"{self.settings.home}/lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise _no_home(error, self.settings.home) from error
        try:
            until = time.monotonic() + self.settings.timeout
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        what = "another wfepy git is at work with this folder"
                        raise LockedError(what, where=self.settings.home, hint="try again") from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    # --- the branch ----------------------------------------------------------------------------------

    def fetch(self, depth: int = 1) -> str | None:
        """Fetch the last commit of the branch and return it; ``None`` if there is no such branch.

        :param depth: how many commits before it come with it, itself included
        :raises GitError: if the remote cannot be reached
        """
        hit("fetch.before")
        if self._fetch(depth, f"+{self.settings.ref}:{TIP}"):
            hit("fetch.after")
            return read_ref(self.folder, TIP)
        return None

    def _fetch(self, depth: int, *refspecs: str) -> bool:
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", f"--depth={depth}")
        done = self.git.attempt(*words, self.remote.name, *refspecs)
        if is_no_branch(done):
            return False
        if done.code:
            raise remote_error(done, self.remote.url)
        return True

    def fetch_references(self, *patterns: str) -> None:
        """Fetch other references, such as ``refs/wfepy/lease/*``, under their own names; what is gone goes here."""
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune", self.remote.name)
        done = self.git.attempt(*words, *(f"+{pattern}:{pattern}" for pattern in patterns))
        if done.code and not is_no_branch(done):
            raise remote_error(done, self.remote.url)

    def ancestors(self, tip: str, wanted: Collection[str]) -> list[str]:
        """Return which of some commits come before ``tip``, or are it, as far back as we look; the oldest first."""
        for depth in _DEPTHS:
            self._fetch(depth, self.settings.ref)
            done = self.git.run("rev-list", f"--max-count={depth}", tip)
            commits = done.out.decode("ascii").split()
            found = [commit for commit in reversed(commits) if commit in wanted]
            if found or len(commits) < depth:
                return found
        return []

    def require_branch(self, known: str | None) -> None:
        """Raise :exc:`.Missing` for a branch that was there and is not any more."""
        if known is not None:
            branch = self.settings.branch
            hint = f"restore it there: it was at {known[:12]}; or push it anew: wfepy git push --recreate"
            raise Missing(f"the branch {branch} is gone", where=self.remote.url, hint=hint)

    # --- what is remembered beside the table ---------------------------------------------------------

    def read(self, name: str) -> Any:
        """Return what was written under a name, or ``None``."""
        try:
            with open(os.path.join(self.settings.home, name), encoding="utf-8") as stream:
                return json.load(stream)
        except (OSError, ValueError):
            return None

    def write(self, name: str, value: Any) -> None:
        """Write JSON under a name; ``None``: nothing is to be there.

        :raises StateWriteError: if that failed
        """
        path = os.path.join(self.settings.home, name)
        try:
            if value is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            else:
                write_file(path, json.dumps(value).encode())
        except OSError as error:
            raise _no_home(error, self.settings.home) from error

    def collect(self) -> None:
        """Pack what has piled up, and drop what no reference needs, if it is worth it."""
        objects = f"{self.folder}/objects"
        if _count(f"{objects}/17", "") > _LOOSE or _count(f"{objects}/pack", ".pack") > _PACKS:
            with contextlib.suppress(GitError):  # another time
                self.git.run("-c", "gc.packRefs=false", "gc", "--quiet", "--prune=now")


def _count(folder: str, ending: str) -> int:
    try:
        return sum(name.endswith(ending) for name in os.listdir(folder))
    except OSError:
        return 0


def _no_home(error: OSError, home: str) -> StateWriteError:
    what = f"cannot be written: {error.strerror}"
    return StateWriteError(what, where=str(error.filename or home), hint="wfepy git keeps its notes there")
