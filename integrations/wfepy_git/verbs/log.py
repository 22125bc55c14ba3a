"""Show the ticks that are on the branch, the newest first: when, what happened, and on which machine.

    wfepy git log -n 50

With --json: {"ticks": [{"commit", "date", "subject", "body": [LINE], "machine", "is_ours"}]}.
"""

from __future__ import annotations

from wfepy_hooks.commandline import result, result_json, show_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    parser.add_argument("-n", type=_count, default=20, metavar="N", help="how many (default: %(default)s)")
    add_json(parser)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise ValueError(text)
    return number


def run(args: Namespace, config: Config) -> int:
    from ..repository import StateRepository

    repository = StateRepository.from_config(config)
    ticks = repository.log(args.n)
    if args.json:
        result_json({"ticks": [{name: getattr(each, name) for name in each.__slots__} for each in ticks]})
    elif not ticks:
        result(f"nothing is on the branch {repository.settings.branch} yet")
    else:
        rows = [
            (each.date[:16].replace("T", " "), each.commit[:10], each.machine, each.subject) for each in ticks
        ]
        show_table(("DATE", "COMMIT", "MACHINE", "WHAT"), rows, args.flags)
    return 0
