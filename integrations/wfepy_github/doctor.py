"""Look for what keeps the ticks from happening on GitHub, and say what to do.

    wfepy github doctor
    wfepy github doctor --json

It exits with 1 if anything is an error: the workflow file is missing, differs from what the config asks for, was edited
by hand, is not on the default branch or uses an action that is not pinned; the state cannot be pushed, or a file of it
is too large for GitHub; the last commit of the state is older than last_tick, or a tick is later than overdue.

With --json: {"findings": [{"check", "level", "what", "hint"}]}; "level" is "ok", "warning" or "error".
"""

from __future__ import annotations

from wfepy_hooks.commandline import add_json, clean, result, result_json

from .checks import ERROR, examine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="leave out what asks the remote")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    findings = examine(config, offline=args.offline)
    if args.json:
        result_json({"findings": [each.to_json() for each in findings]})
    else:
        for each in findings:
            result(
                clean(f"{each.level:<7} {each.check}: {each.what}" + (f"; {each.hint}" if each.hint else ""))
            )
    return 1 if any(each.level == ERROR for each in findings) else 0
