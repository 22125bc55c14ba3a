"""Get the state from its branch into the state folder, in a job of GitHub Actions.

The token is read from WFEPY_GITHUB_TOKEN; without it, git reaches the remote as it does by itself.
"""

from __future__ import annotations

from wfepy_hooks.commandline import say

from .token import git_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    from wfepy_git.repository import StateRepository  # lazily: --help of the other verbs needs no git

    pulled = StateRepository.from_config(config, git_environment(config)).pull()
    if pulled.commit is None:
        say("wfepy: there is no state yet: the first commit makes its branch")
    else:
        count = len(pulled.changed)
        say(
            f"wfepy: the state is that of {pulled.commit[:12]}, {count} file{'s' if count != 1 else ''} changed"
        )
    return 0
