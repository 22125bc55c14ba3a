"""Files of other plugins that are on the branch beside the state: which they are, and how two of them are merged.

A plugin names them in ``wfepy_git_files``. No other file of the branch comes into the state folder, and nobody's but
these go there.
"""

from __future__ import annotations

from wfepy_hooks import PluginError

from .layout import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from wfepy_hooks import Config

    Merge: TypeAlias = Callable[[bytes, bytes], bytes]

__all__ = ["SharedFiles", "shared_files", "tell_ticked"]

#: Folders of the state that are of git, and of one machine.
_OURS = frozenset([".git", ".wake"])


class SharedFiles:
    """The files of plugins that travel with the state."""

    def __init__(self) -> None:
        self.merges: dict[str, Merge] = {}

    def add(self, path: str, merge: Merge) -> None:
        """Let a file travel with the state.

        Whoever changes it holds its ``flock``, and looks after that whether it is still the file of that name, for it
        is replaced by another one. A last line without an end is left out. It is not there or empty as long as there
        is nothing to say; one that is deleted on one side comes back from the other one.

        :param path: in the state folder, such as ``.notify/outbox.jsonl``: a folder that begins with a dot, and a file
            of lines
        :param merge: returns what becomes of what is here and what is on the branch, whenever they differ, whoever has
            changed it. What it returns must not depend on which side is which and, merged with either of them again,
            be the same, or machines would never agree. One side as it is means that the other says nothing more; it
            gets whatever is on the branch, and is to pass over what it does not know
        :raises PluginError: if it is no such path, or another plugin has it
        """
        folder, _, name = path.partition("/")
        if not folder.startswith(".") or not is_name(folder[1:]) or folder in _OURS:
            raise PluginError(f"{path!r} is in no folder of a plugin", hint="write such as .NAME/FILE.jsonl")
        if not is_name(name) or not name.endswith(".jsonl"):
            raise PluginError(f"{path!r} is no file of lines", hint="write such as .NAME/FILE.jsonl")
        if path in self.merges:
            raise PluginError(f"two plugins share the file {path}")
        self.merges[path] = merge


def shared_files(config: Config) -> Mapping[str, Merge]:
    """Return how the files of plugins are merged, by path.

    :raises PluginError: if a plugin names one that cannot be shared, or raised something else
    """
    files = SharedFiles()
    config.plugins.setup("wfepy_git_files", files=files, config=config)
    return files.merges


def tell_ticked(config: Config, workflows: Sequence[str], exit_code: int) -> None:
    """Let plugins do what others are to know of; whatever they do, what was ticked is pushed."""
    found = {"workflows": workflows, "exit_code": exit_code, "config": config}
    config.plugins.notify("wfepy_git_ticked", None, **found)
