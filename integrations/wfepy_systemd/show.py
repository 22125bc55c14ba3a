"""Print what wfepy systemd install would write. Nothing is changed.

    wfepy systemd show
    wfepy systemd show --diff       # what would change in the folder of systemd

With --json: {"folder", "units": [{"name", "text", "change", "diff"}], "remove": [NAME]}; "change" is "created",
"updated" or "unchanged".
"""

from __future__ import annotations

from wfepy_hooks import compare_files
from wfepy_hooks.commandline import clean, result, result_json, say, show_files

from .wishes import wishes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--diff", action="store_true", help="show what would change, as diff -u does")


def run(args: Namespace, config: Config) -> int:
    wanted = wishes(args, config)
    if not args.json and not args.diff:
        show_files(wanted.files)
        return 0
    changes = compare_files(wanted.files, wanted.folder)
    if args.json:
        units = [
            {"name": file.path, "text": file.text, "change": change.change, "diff": change.diff()}
            for file, change in zip(wanted.files, changes, strict=True)
        ]
        result_json({"folder": wanted.folder, "units": units, "remove": [each.name for each in wanted.stale]})
        return 0
    diffs = [change.diff().removesuffix("\n") for change in changes]
    diffs += [clean(f"{each.path}: removed") for each in wanted.stale]
    for diff in filter(None, diffs):
        result(diff)
    if not any(diffs):
        say("wfepy: nothing would change")
    return 0
