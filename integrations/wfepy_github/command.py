"""Let GitHub Actions run the ticks of this project, with the state on a branch of its repository.

    wfepy github init           # writes .github/workflows/wfepy.yml, and says what to do next
    wfepy github sync           # after the config has changed
    wfepy github sync --check   # for CI: exits with 1 if the file is not what the config asks for
    wfepy github doctor

fetch, advance, commit and deliver are what the steps of the workflow call.

Settings are in [plugins.wfepy_github] of the config file, the remote and the branch in [plugins.wfepy_git].
"""

from __future__ import annotations

from importlib import import_module

from wfepy_hooks.commandline import add_verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

__all__ = ["add_arguments", "run"]

VERBS = {
    "init": "write the workflow file, and say what to do next",
    "sync": "write the workflow file anew after the config has changed",
    "doctor": "look for what keeps the ticks from happening",
    "fetch": "in a job: get the state from its branch",
    "advance": "in a job: do a tick",
    "commit": "in a job: push the state to its branch",
    "deliver": "in a job: record the signal that the job was started with",
}


def add_arguments(parser: ArgumentParser) -> None:
    add_verbs(parser, __package__, VERBS)


def run(args: Namespace, config: Config) -> int:
    code: int = import_module(f"{__package__}.{args.verb}").run(args, config)
    return code
