"""Take over what is new on the branch; what was changed here and not pushed stays.

    wfepy git pull

With --json: {"commit", "changed": [NAME], "busy": [NAME]}; busy is what a tick is at work on, for the next pull.
"""

from __future__ import annotations

from types import SimpleNamespace

from wfepy_hooks.commandline import clean, result, result_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from ..repository import Pulled


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    add_json(parser)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    return None if words else SimpleNamespace(json=False)


def run(args: Namespace, config: Config) -> int:
    from ..repository import StateRepository

    repository = StateRepository.from_config(config)
    pulled = repository.pull()
    tell_busy(pulled.busy)
    if args.json:
        result_json({"commit": pulled.commit, "changed": pulled.changed, "busy": pulled.busy})
    else:
        result(pulled_line(pulled, repository.settings.branch))
    return 0


def pulled_line(pulled: Pulled, branch: str) -> str:
    """Return what a pull has done, in one line."""
    if pulled.commit is None:
        return f"there is no branch {branch} yet; wfepy git push makes it"
    at = f"{branch} is at {pulled.commit[:12]}"
    return f"{at}: {listed(pulled.changed)} taken over" if pulled.changed else f"{at}, and nothing is new"


def listed(names: list[str], most: int = 5) -> str:
    """Return names on one line, the first of many."""
    shown = ", ".join(map(clean, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def tell_busy(names: list[str]) -> None:
    if names:
        say(f"wfepy: {listed(names)}: a tick is at work there; the next time")
