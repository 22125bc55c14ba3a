"""Writing a project from templates: into an empty folder, and never over anything."""

from __future__ import annotations

import os

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["require_empty", "write_project"]

TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "starter")


def require_empty(folder: str, shown: str) -> None:
    """Refuse a folder that holds anything but ``.git``.

    :param shown: the folder as the user has named it
    :raises UsageError: if it is not empty, no folder, or cannot be read
    """
    hint = "choose another folder; nothing was written"
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError("it is there and no folder", where=shown, hint=hint)
    try:
        empty = not os.path.exists(folder) or set(os.listdir(folder)) <= {".git"}
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=shown, hint=hint) from error
    if not empty:
        raise UsageError("the folder is not empty", where=shown, hint=hint)


def write_project(folder: str, files: Mapping[str, str], words: Mapping[str, str]) -> list[str]:
    """Write the files of a project, all or none, and return their paths in it.

    :param files: each template in ``wfepy_hooks/starter``, and the path of what is made of it
    :param words: what the templates ask for
    :raises UsageError: if one of them cannot be written
    """
    contents = _contents(files, words)
    made: list[str] = []
    try:
        for path, text in contents.items():
            _write(os.path.join(folder, path), text, made)
    except BaseException as error:
        # Half a project would be in the way of the next try, which wants an empty folder.
        _remove(made)
        if not isinstance(error, OSError):
            raise
        where = error.filename or folder
        hint = "nothing of it is left; mend that, and try again"
        raise UsageError(
            f"the project cannot be written: {error.strerror}", where=where, hint=hint
        ) from error
    return list(contents)


def _write(place: str, text: str, made: list[str]) -> None:
    """Write a file and the folders that it needs, and note them in ``made``."""
    folders = []
    above = os.path.dirname(place)
    while not os.path.lexists(above):
        folders.append(above)
        above = os.path.dirname(above)
    for each in reversed(folders):
        os.mkdir(each)
        made.append(each)
    # "x": never over a file that somebody else has made meanwhile
    with open(place, "x", encoding="utf-8", newline="\n") as file:
        made.append(place)
        file.write(text)


def _remove(made: list[str]) -> None:
    from contextlib import suppress

    for each in reversed(made):
        with suppress(OSError):  # what somebody else has put into a folder stays
            (os.rmdir if os.path.isdir(each) else os.unlink)(each)


def _contents(files: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file by its path in the project."""
    from string import Template

    contents = {}
    for template, path in files.items():
        with open(os.path.join(TEMPLATES, template), encoding="utf-8") as file:
            contents[Template(path).substitute(words)] = Template(file.read()).substitute(words)
    return contents
