"""What is known of the files that are the same here and on the branch: the base of each merge.

    HOME/synced     a line about itself, then one for each file: its blob, its stamp, its path

A stamp is the time, size and inode that a file had when it was the same as its blob, so that a push reads only the
files that have another one. It is a cache of a kind: without it, everything is read and compared again.
"""

from __future__ import annotations

import contextlib
import json
import os
import time

from wfepy_hooks import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["NO_STAMP", "Table", "size_of", "stamp_of", "write_file"]

_FORMAT = 1
#: The stamp of a file that is to be read, whatever it looks like.
NO_STAMP = "- - -"
#: A file that was written so few nanoseconds before it was read may be written again and look the same.
_BEAT = 50_000_000


def stamp_of(status: os.stat_result, read_at: int | None = None) -> str:
    """Return the stamp of a file.

    :param read_at: when it was read, in nanoseconds; ``None`` if we have written it ourselves
    """
    if read_at is not None and abs(read_at - status.st_mtime_ns) < _BEAT:
        return f"- {status.st_size} -"
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"


def size_of(stamp: str) -> int:
    """Return the size in a stamp; more than any file has if it is not known."""
    size = stamp.split(" ")[1]
    return int(size) if size != "-" else 1 << 62


class Table:
    """The files that are the same here and on the branch.

    :ivar commit: the commit that was looked at last; ``None``: none, the branch is not there
    :ivar saved: what :attr:`commit` is on the disk
    :ivar blobs: the blob of each file by its path in the state folder
    :ivar stamps: the stamp of each of them
    :ivar folders: the stamp of each folder whose files need not be looked at while it has this stamp
    :ivar behind: the blobs that ``commit`` has of files that could not be taken over; ``None``: it lacks the file
    :ivar rewound: those of them that could not because somebody has rewound the branch
    :ivar unseen: files of plugins that were not looked at when ``commit`` was, for the plugins are new
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self._path = os.path.join(settings.home, "synced")
        self._about = [_FORMAT, settings.remote, url, settings.branch, settings.path, settings.state]
        self._shared = settings.shared.keys()
        self.commit: str | None = None
        self.saved: str | None = None
        self.blobs: dict[str, str] = {}
        self.stamps: dict[str, str] = {}
        self.folders: dict[str, str] = {}
        self.behind: dict[str, str | None] = {}
        self.rewound: list[str] = []
        self.unseen: set[str] = set()

    @classmethod
    def load(cls, settings: Settings, url: str) -> Table:
        """Read it; it is empty if it is missing, damaged, or about another remote, branch or path.

        :param url: of the remote
        """
        table = cls(settings, url)
        try:
            with open(table._path, encoding="utf-8") as stream:
                text = stream.read()
            head, _, rest = text.partition("\n")
            known = json.loads(head)
            if known["about"] != table._about or not rest.endswith("end\n"):
                return table
            lines = [line.split("\t") for line in rest.split("\n")[:-2]]
            table.blobs = {path: blob for blob, _, path in lines}
            table.stamps = {path: stamp for _, stamp, path in lines}
            table.commit, table.behind, table.folders = known["commit"], known["behind"], known["folders"]
            table.rewound = known["rewound"]
            table._follow_plugins(set(known.get("shared", ())))
            table.saved = table.commit
        except (OSError, ValueError, KeyError, TypeError):
            return cls(settings, url)
        return table

    def _follow_plugins(self, known: set[str]) -> None:
        self.unseen = self._shared - known
        for path in known - self._shared:  # whose plugin is gone, so that it is nobody's
            self.note(path, None)

    def save(self) -> None:
        """Write it, in one step that survives any crash.

        :raises OSError: if it cannot be written
        """
        head = {
            "about": self._about,
            "commit": self.commit,
            "behind": self.behind,
            "rewound": [path for path in self.rewound if path in self.behind],
            "folders": self.folders,
            "shared": sorted(self._shared - self.unseen),
        }
        stamps = self.stamps
        lines = [f"{blob}\t{stamps.get(path, NO_STAMP)}\t{path}\n" for path, blob in self.blobs.items()]
        if faults.hit:
            faults.hit("git.table.before")
        write_file(self._path, "".join([json.dumps(head), "\n", *lines, "end\n"]).encode())
        self.saved = self.commit
        if faults.hit:
            faults.hit("git.table.after")

    def forget(self) -> None:
        """Know nothing any more: whatever is here and on the branch is compared anew."""
        self.commit = None
        self.blobs, self.stamps, self.folders, self.behind, self.rewound = {}, {}, {}, {}, []
        self.unseen = set()

    def note(self, path: str, blob: str | None, stamp: str = NO_STAMP) -> None:
        """Note that a file is the same here and on the branch, or in neither."""
        self.behind.pop(path, None)
        if blob is None:
            self.blobs.pop(path, None)
            self.stamps.pop(path, None)
        else:
            self.blobs[path] = blob
            self.stamps[path] = stamp


def write_file(path: str, data: bytes) -> None:
    """Replace a file of ours; after a crash the old or the new one is there, after a power failure maybe none."""
    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
