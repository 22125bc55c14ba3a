"""Write the workflow file for this project, and say what to do next.

    wfepy github init

A file that somebody has edited by hand, or that wfepy has not made, is left alone without --force.
"""

from __future__ import annotations

import os

from wfepy_hooks import collect_schedules
from wfepy_hooks.commandline import clean, result

from .crons import crons
from .place import place_of
from .settings import read_settings
from .sync import sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from wfepy_hooks.config import Config


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="overwrite a file that was edited by hand")


def run(args: Namespace, config: Config) -> int:
    change = sync(config, force=args.force)
    result(clean(f"{change.change} {os.path.relpath(change.path)}"))
    result("")
    result("next:")
    for number, step in enumerate(_steps(config), 1):
        result(clean(f"  {number}. {step}"))
    return 0


def _steps(config: Config) -> Iterator[str]:
    settings, place = read_settings(config), place_of(config)
    if _is_on_a_branch_of_its_own(config) and not _is_ignored(place.state, place.top):
        yield f"add {place.state.partition('/')[0]}/ to .gitignore: the state is on a branch of its own"
    yield f"commit {settings.path} and push it to the default branch: schedules run from nowhere else"
    yield (
        "in Settings > Actions > General, let actions run; the file asks for contents: write by itself, "
        "which an organization can forbid"
    )
    if settings.environment:
        secrets = f", and in it the secrets {', '.join(settings.secrets)}" if settings.secrets else ""
        yield f"in Settings > Environments, make {settings.environment}{secrets}; let nobody have to approve it"
    if not crons(collect_schedules(config)):
        yield 'give a workflow a schedule such as "H/10 * * * *" in the config: nothing ticks by itself yet'
    yield f"begin: gh workflow run {settings.name}.yml, or Run workflow in the tab Actions"
    yield "see after some hours whether it ticks: wfepy github doctor"


def _is_on_a_branch_of_its_own(config: Config) -> bool:
    from wfepy_git.settings import BRANCH
    from wfepy_git.settings import read_settings as git_settings

    return git_settings(config).branch == BRANCH


def _is_ignored(path: str, top: str) -> bool:
    import subprocess

    try:
        command = ["git", "-C", top, "check-ignore", "-q", "--no-index", f"{path}/x"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return True  # without git, nothing can be told
