"""A plugin with a file that travels with the state in git, for the tests of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wfepy_hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from git_folders import Clone
    from wfepy_git.sharing import SharedFiles

PLACE = ".todo/list.jsonl"


def union(ours: bytes, theirs: bytes) -> bytes:
    return b"".join(sorted({*ours.splitlines(keepends=True), *theirs.splitlines(keepends=True)}))


class Todo:
    """A plugin with a file of lines, of which none is ever taken out."""

    def __init__(self, merge: Callable[[bytes, bytes], bytes] = union, path: str = PLACE) -> None:
        self.merge = merge
        self.path = path

    @hookimpl
    def wfepy_git_files(self, files: SharedFiles) -> None:
        files.add(self.path, self.merge)


def note(machine: Clone, *lines: str) -> None:
    file = machine.state / PLACE
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def notes(machine: Clone) -> list[str]:
    file = machine.state / PLACE
    return file.read_text().splitlines() if file.exists() else []
