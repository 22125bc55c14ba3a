"""The hooks that this plugin offers to others."""

from __future__ import annotations

from wfepy_hooks import hookspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Config

    from .sharing import SharedFiles


@hookspec
def wfepy_git_files(files: SharedFiles, config: Config) -> None:
    """Let files of a plugin travel with the state, such as what it has still to do.

    When: once for each pull, push and look at them, when it begins.
    Kind: setup; an exception ends the command.
    Arguments:
        files: call its ``add(path, merge)`` for each, see :class:`wfepy_git.sharing.SharedFiles`.
        config: whose state it is.
    """


@hookspec
def wfepy_git_ticked(workflows: Sequence[str], exit_code: int, config: Config) -> None:
    """Do what is to be in a plugin's files when others get them, such as sending what waits.

    When: in ``wfepy git tick``, after the tick and before the push, while no other machine ticks these workflows; not
        where all of them were left to other machines.
    Kind: observation; an exception is logged.
    Arguments:
        workflows: those that were ticked.
        exit_code: of the tick; 130 if somebody has interrupted it.
        config: whose state it is.
    """
