"""Making commits in our own repository: one git process writes blobs, trees and commits.

``git fast-import`` changes only the trees on the way to what is changed, and leaves everything else of the branch as it
is. There is no index and no work tree.
"""

from __future__ import annotations

import time

from .errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .program import Git

__all__ = ["Commit", "make_commits"]

#: Where new commits are until they are pushed.
NEW = "refs/wfepy/new"


class Commit:
    """A commit to be made.

    :ivar message: of it
    :ivar parents: the commits it comes after
    :ivar files: what becomes of files, by path: their data, or ``None`` where they go
    """

    __slots__ = ("files", "message", "parents")

    def __init__(
        self, message: str, parents: Sequence[str] = (), files: Mapping[str, bytes | None] | None = None
    ) -> None:
        self.message = message
        self.parents = list(parents)
        self.files = files or {}


def make_commits(git: Git, commits: Sequence[Commit], name: str, email: str) -> list[str]:
    """Make commits and return their names.

    :param name: who they are by
    :raises GitError: if that fails
    """
    stream: list[bytes] = [b"feature done\n"]
    moment = int(time.time())
    for number, commit in enumerate(commits, 1):
        stream += _commit(commit, number, f"{name} <{email}> {moment} +0000")
    stream += [f"get-mark :{number}\n".encode() for number in range(1, len(commits) + 1)]
    stream.append(b"done\n")
    done = git.run("fast-import", "--quiet", "--force", input=b"".join(stream))
    made = done.out.decode("ascii", "replace").split()
    if len(made) != len(commits):
        raise GitError("git fast-import did not say what it made", where=git.folder)
    return made


def _commit(commit: Commit, number: int, person: str) -> list[bytes]:
    ref = f"{NEW}/{number}"
    parts = [
        f"reset {ref}\n\ncommit {ref}\nmark :{number}\ncommitter {person}\n".encode(),
        _data(commit.message.encode()),
    ]
    for verb, parent in zip(("from", "merge"), commit.parents, strict=False):
        parts.append(f"{verb} {parent}\n".encode())
    # Deletions first: what was a folder may become a file.
    for path, data in sorted(commit.files.items(), key=lambda item: (item[1] is not None, item[0])):
        quoted = b'"' + _escape(path) + b'"'
        if data is None:
            parts.append(b"D " + quoted + b"\n")
        else:
            parts += [b"M 100644 inline " + quoted + b"\n", _data(data)]
    parts.append(b"\n")
    return parts


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


# Names here are printable, but for these two.
_QUOTED = {ord('"'): '\\"', ord("\\"): "\\\\"}


def _escape(path: str) -> bytes:
    return path.translate(_QUOTED).encode("utf-8", "surrogateescape")
