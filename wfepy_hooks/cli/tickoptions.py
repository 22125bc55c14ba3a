"""The options of a command that ticks, and where what it prints goes: of ``wfepy tick``, and of commands of plugins."""

from __future__ import annotations

from types import SimpleNamespace

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .ticklog import TickLog

__all__ = ["add_tick_arguments", "plain_tick_arguments", "tick_log"]


def add_tick_arguments(parser: ArgumentParser) -> None:
    """Declare the options of a command that ticks."""
    from .parsing import add_json

    parser.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="only this one (may be repeated)")
    parser.add_argument(
        "--due", action="store_true", help="leave out the workflows whose schedule is not due; for schedulers"
    )
    parser.add_argument(
        "--log",
        metavar="FILE",
        help="append what the tick and its tasks print to FILE, which is renamed to FILE.1 and so on at 1 MB",
    )
    parser.add_argument(
        "--mail-errors",
        action="store_true",
        help="with --log: print it too, if the exit code is not 0, so that cron mails it",
    )
    add_json(parser)


def plain_tick_arguments(words: list[str]) -> SimpleNamespace | None:
    """Return what the parser would for a command line as schedulers have it, and ``None`` for any other."""
    found = SimpleNamespace(workflows=[], due=False, log=None, mail_errors=False, json=False)
    rest = iter(words)
    for word in rest:
        if word == "--due":
            found.due = True
        elif word == "--mail-errors":
            found.mail_errors = True
        elif word == "--log":
            found.log = next(rest, "-")
        elif not word.startswith("-"):
            found.workflows.append(word)
        else:
            return None
    return None if (found.log or "").startswith("-") or (found.mail_errors and not found.log) else found


def tick_log(args: Namespace) -> TickLog | None:
    """Return the log that a tick and all who observe it write to, if the options name one.

    :raises UsageError: if they contradict each other
    """
    if args.log is None:
        if args.mail_errors:
            raise UsageError("--mail-errors says nothing without --log", hint="add --log FILE")
        return None
    if args.json:
        raise UsageError("--json and --log cannot both have the results", hint="leave one of them out")
    from .ticklog import TickLog  # lazily: only schedulers want one

    return TickLog(args.log, mail_errors=args.mail_errors)
