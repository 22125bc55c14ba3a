"""Bring what was changed here to the branch, after taking over what is new there.

    wfepy git push

What cannot be pushed is kept and goes with the next push. With --json: {"commit", "is_changed", "attempts", "subject",
"changed": [NAME], "busy": [NAME]}.
"""

from __future__ import annotations

from types import SimpleNamespace

from wfepy_hooks.commandline import result, result_json

from .pull import listed, tell_busy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from ..repository import Pushed


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    parser.add_argument(
        "-m", "--note", action="append", default=[], metavar="TEXT", help="add TEXT to the message"
    )
    parser.add_argument(
        "--recreate",
        action="store_true",
        help="make the branch anew from what is here, if somebody has removed it",
    )
    add_json(parser)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    return None if words else SimpleNamespace(json=False, note=[], recreate=False)


def run(args: Namespace, config: Config) -> int:
    from ..repository import StateRepository

    repository = StateRepository.from_config(config)
    pushed = repository.push(args.note, recreate=args.recreate)
    tell_busy(pushed.busy)
    if args.json:
        result_json({name: getattr(pushed, name) for name in pushed.__slots__})
    else:
        result(pushed_line(pushed, repository.settings.branch))
    return 0


def pushed_line(pushed: Pushed, branch: str) -> str:
    """Return what a push has done, in one line."""
    if not pushed.is_changed:
        at = f"; {branch} is at {pushed.commit[:12]}" if pushed.commit else ""
        return f"nothing to push{at}"
    again = f", at attempt {pushed.attempts}" if pushed.attempts > 1 else ""
    return f"{branch} is at {str(pushed.commit)[:12]}{again}: {listed([pushed.subject])}"
