"""Where the project is in its repository and how it is installed; found out once, so that the generator is pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from wfepy_hooks import ConfigError, StashKey, UsageError

from .installing import Installation, find_installation
from .yamltext import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config

__all__ = ["PLACE", "Place", "find_place", "place_of"]

#: What the actions that keep files take for a pattern.
_PATTERNS = frozenset("*?[]!~#,")


@dataclass(frozen=True, slots=True)
class Place:
    """A project in a repository.

    :ivar top: absolute path of the repository's work tree; empty in tests that need no files
    :ivar folder: path of the project in it, with ``/``; empty: at its top
    :ivar state: path of the state in it
    :ivar notes: path of what ``wfepy git`` keeps beside the state
    :ivar installation: how the project is installed, if the config does not say it
    """

    top: str
    folder: str = ""
    state: str = ".wfepy/state"
    notes: str = ".wfepy/git"
    installation: Installation = field(default_factory=Installation)


#: What generators use; found out when it is first asked for, or set before that.
PLACE: StashKey[Place] = StashKey()


def place_of(config: Config) -> Place:
    """Return where the project is.

    :raises UsageError: if it is in no git repository
    :raises ConfigError: if its paths cannot be in a workflow file
    """
    found = config.stash.get(PLACE, None)
    if found is None:
        found = find_place(config)
        config.stash[PLACE] = found
    return found


def find_place(config: Config) -> Place:
    """Look where the project is; see :func:`place_of`."""
    from wfepy_git.settings import read_settings as git_settings

    root = os.path.realpath(config.root)
    top = _top_of(root)
    folder = _inside("the folder of the project", root, top)
    state = _inside("the folder of the state", os.path.realpath(config.state), top)
    notes = _inside("the folder of the state", os.path.realpath(git_settings(config).home), top)
    if not state or _PATTERNS & set(state + notes):
        hint = 'write such as state = ".wfepy/state"'
        raise ConfigError(
            "this path of the state cannot be kept by GitHub Actions", where=state or ".", hint=hint
        )
    return Place(top, folder, state, notes, find_installation(root, top))


def _top_of(folder: str) -> str:
    top = folder
    while not os.path.exists(os.path.join(top, ".git")):  # in a linked work tree it is a file
        above = os.path.dirname(top)
        if above == top:
            hint = "git init makes one; GitHub Actions run what is in a repository"
            raise UsageError("this folder is in no git repository", where=folder, hint=hint)
        top = above
    return top


def _inside(what: str, path: str, top: str) -> str:
    relative = os.path.relpath(path, top)
    if relative.split(os.sep)[0] == os.pardir:
        raise ConfigError(f"{what} is outside of the repository", where=path, hint=f"move it into {top}")
    return "" if relative == os.curdir else plain(what, relative.replace(os.sep, "/"))
