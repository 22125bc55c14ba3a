"""Get the state from its branch into the state folder, in a job of GitHub Actions.

The token is read from WFEPY_GITHUB_TOKEN; without it, git reaches the remote as it does by itself.
"""

from __future__ import annotations

from wfepy_hooks.commandline import say

from .commit import open_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    pulled = open_repository(config).pull()
    if pulled.commit is None:
        say("wfepy: there is no state yet: the first commit makes its branch")
    else:
        changed = f"{len(pulled.changed)} changed" if pulled.changed else "nothing new"
        say(f"wfepy: the state is that of {pulled.commit[:12]}: {changed}")
    return 0
