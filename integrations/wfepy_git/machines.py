"""Which machine this is: a lease that it left behind by a crash is its own to take."""

from __future__ import annotations

import fcntl
import os

from .committing import Commit, make_commits
from .objects import write_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .own import Own

__all__ = ["Machine"]


class Machine:
    """This folder of this machine. Of its processes one at a time can hold leases.

    :param home: the folder
    :ivar name: not the same for a copy of the folder, nor on another machine
    :ivar is_alone: whether no other process holds leases here
    """

    def __init__(self, home: str) -> None:
        self._descriptor = os.open(os.path.join(home, "ticking"), os.O_RDWR | os.O_CREAT, 0o666)
        self._commits: list[str] = []
        status = os.fstat(self._descriptor)
        self.is_alone = True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.is_alone = False
        token = os.pread(self._descriptor, 16, 0)
        if len(token) < 16 and self.is_alone:
            token = os.urandom(8).hex().encode()
            os.pwrite(self._descriptor, token, 0)
        # The inode tells a copy of the folder from it, which has the same token.
        place = f"{status.st_dev:x}:{status.st_ino:x}"
        self.name = f"{os.uname().nodename} {token.decode('ascii', 'replace')} {place}"

    def commits(self, own: Own) -> list[str]:
        """Return the commits that our leases are: two in turn, and one that says that there is none."""
        if not self._commits:
            about = [own.settings.holder, self.name]
            known = own.read("machine")
            if isinstance(known, dict) and known.get("about") == about:
                self._commits = known["commits"]
            else:
                self._commits = self._make(own)
                own.write("machine", {"about": about, "commits": self._commits})
        return self._commits

    def _make(self, own: Own) -> list[str]:
        settings = own.settings
        texts = [
            f"{title}\n\nHolder: {settings.holder}\nMachine: {self.name}\nTurn: {turn}\n"
            for turn, title in enumerate(("Lease", "Lease", "No lease"), 1)
        ]
        made = make_commits(own.git, [Commit(text) for text in texts], settings.name, settings.email)
        for turn, commit in enumerate(made, 1):
            write_ref(own.folder, f"refs/wfepy/machine/{turn}", commit)
        return made

    def close(self) -> None:
        """Let other processes hold leases."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
