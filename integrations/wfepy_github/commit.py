"""Commit what has changed in the state, and push it to its branch, in a job of GitHub Actions.

Where nothing has changed there is no commit, but for one after heartbeat_days: GitHub stops the schedules of a public
repository in which nothing has happened for 60 days. What cannot be pushed is kept here, and told with its reason.
"""

from __future__ import annotations

from datetime import timedelta

from wfepy_hooks import WfepyError
from wfepy_hooks.commandline import clean, say

from .actionslog import set_outputs, tell
from .settings import read_settings
from .token import git_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_git.repository import StateRepository
    from wfepy_hooks import Config

#: Who commits, as GitHub shows it.
BOT = "github-actions[bot]"
BOT_ADDRESS = "41898282+github-actions[bot]@users.noreply.github.com"


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    repository = open_repository(config)
    try:
        pushed = repository.push()
    except WfepyError as error:
        if config.environ.get("GITHUB_ACTIONS") == "true":
            tell(
                "error", f"the state could not be pushed, and is kept as an artifact: {error}", title="wfepy"
            )
        raise
    if pushed.is_changed:
        say(clean(f"wfepy: pushed {(pushed.commit or '')[:12]}: {pushed.subject}"))
    elif not _beat(repository, config):
        say("wfepy: nothing has changed, so there is no commit")
    set_outputs(config.environ, {"commit": pushed.commit or "", "changed": str(pushed.is_changed).lower()})
    return 0


def open_repository(config: Config) -> StateRepository:
    """Return the state on its branch, to be changed as GitHub's own robot where the config names nobody."""
    from wfepy_git.repository import StateRepository

    repository = StateRepository.from_config(config, git_environment(config))
    if config.environ.get("GITHUB_ACTIONS") == "true":
        known, settings = config.plugin_settings.get("wfepy_git", {}), repository.settings
        settings.name = known.get("name", BOT)
        settings.email = known.get("email", BOT_ADDRESS)
        settings.holder = known.get(
            "holder", f"GitHub Actions, run {config.environ.get('GITHUB_RUN_ID', '')}"
        )
    return repository


def _beat(repository: StateRepository, config: Config) -> bool:
    """Commit for its own sake if the last commit is too old, and return whether that was so."""
    days = read_settings(config).heartbeat_days
    if not days or repository.beat(timedelta(days=days)) is None:
        return False
    say(f"wfepy: nothing has changed for {days} days; a heartbeat was pushed, so that GitHub goes on")
    return True
