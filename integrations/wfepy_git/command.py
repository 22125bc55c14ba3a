"""Keep the state on a branch of a git remote, so that several machines can share it.

    wfepy git tick --due        # pull, tick, push: what cron runs on each machine
    wfepy git pull              # take over what is new on the branch
    wfepy git push              # bring what was changed here there
    wfepy git status

The state folder and .wfepy/git beside it are all that is touched here: work tree, index, branches and configuration of
your checkout stay as they are. The branch is wfepy-state unless [plugins.wfepy_git] of the config file says otherwise;
its keys are remote, branch, path, timeout, lease, margin, holder, name and email.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import SimpleNamespace

    from wfepy_hooks.commandline import TickLog
    from wfepy_hooks.config import Config

__all__ = ["add_arguments", "log_of", "plain_arguments", "run"]

VERBS = {
    "pull": "take over what is new on the branch",
    "push": "bring what was changed here to the branch",
    "tick": "pull, tick and push, while no other machine ticks the same workflows",
    "status": "show the branch, what is not pushed, and who works on what",
    "outbox": "show what is not pushed and why; settle conflicts",
    "log": "show the ticks that are on the branch",
}


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_verbs  # lazily: it imports argparse, which takes 8 ms

    add_verbs(parser, f"{__package__}.verbs", VERBS)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    """Return what the parser would for a command line as schedulers have it, and ``None`` for any other."""
    if words[:1] in (["pull"], ["push"], ["tick"]):
        module = import_module(f"{__package__}.verbs.{words[0]}")
        found: SimpleNamespace | None = module.plain_arguments(words[1:])
        if found is not None:
            found.verb = words[0]
            return found
    return None


def log_of(args: Namespace) -> TickLog | None:
    """Return the log that a tick and all who observe it write to, if there is one."""
    if args.verb != "tick":
        return None
    from wfepy_hooks.commandline import tick_log

    return tick_log(args)


def run(args: Namespace, config: Config) -> int:
    code: int = import_module(f"{__package__}.verbs.{args.verb}").run(args, config)
    return code
