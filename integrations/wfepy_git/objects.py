"""The objects of our own repository: what a commit holds, and what the blobs are."""

from __future__ import annotations

import os

from .errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .program import Git

__all__ = ["blob_of", "changes_between", "files_of_commit", "read_blobs", "read_ref", "write_ref"]

_NONE = "0" * 40


def blob_of(data: bytes) -> str:
    """Return the name of the blob that holds ``data``."""
    import hashlib  # lazily: it takes 4 ms, and most ticks change nothing

    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def changes_between(git: Git, before: str, after: str, path: str) -> dict[str, str | None] | None:
    """Return the blobs of ``after`` that differ from those of ``before``, by their paths below ``path``.

    :return: ``None`` for a path that ``after`` lacks; ``None`` for all if ``before`` is not here any more
    """
    done = git.attempt(
        "diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", before, after, "--", path
    )
    if done.code:
        return None
    words = done.out.decode("utf-8", "surrogateescape").split("\0")
    found: dict[str, str | None] = {}
    for number in range(0, len(words) - 1, 2):
        _, mode, _, blob, _ = words[number].split(" ")
        found[words[number + 1][len(path) + 1 :]] = blob if _is_file(mode) else None
    return found


def files_of_commit(git: Git, commit: str, path: str) -> dict[str, str]:
    """Return the blobs of a commit by their paths below ``path``."""
    done = git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", path)
    found = {}
    for line in done.out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        head, _, name = line.partition("\t")
        mode, _, blob = head.split(" ")
        if _is_file(mode):
            found[name[len(path) + 1 :]] = blob
    return found


def _is_file(mode: str) -> bool:
    return mode.startswith("100")  # no link, which could lead anywhere, and no submodule


def read_blobs(git: Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return the data of blobs.

    :raises GitError: if one of them is not here
    """
    wanted = sorted(set(blobs))
    if not wanted:
        return {}
    out = git.run("cat-file", "--batch", input=("\n".join(wanted) + "\n").encode()).out
    found, place = {}, 0
    for blob in wanted:
        end = out.index(b"\n", place)
        words = out[place:end].split(b" ")
        if len(words) != 3:
            what = f"the blob {blob} is missing in our own repository"
            raise GitError(what, where=git.folder, hint="remove this folder; the next pull makes it anew")
        size = int(words[2])
        found[blob] = out[end + 1 : end + 1 + size]
        place = end + size + 2
    return found


def read_ref(folder: str, ref: str) -> str | None:
    """Return what a reference of our own repository is; nobody else packs them."""
    try:
        with open(os.path.join(folder, ref), encoding="ascii") as stream:
            return stream.read().strip() or None
    except FileNotFoundError:
        return None


def write_ref(folder: str, ref: str, commit: str) -> None:
    """Set a reference of our own repository, which keeps the commit from being collected."""
    from .table import write_file

    path = os.path.join(folder, ref)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_file(path, f"{commit}\n".encode())
