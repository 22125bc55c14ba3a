"""Print what wfepy crontab install would put into the crontab. Nothing is changed.

    wfepy crontab show
    wfepy crontab show --diff       # what would change in the crontab
    wfepy crontab show --cron-d     # the file for /etc/cron.d

With --json: {"id", "lines": [LINE], "text"}; with --diff instead of "text": "diff".
"""

from __future__ import annotations

import difflib
import os

from wfepy_hooks.commandline import result, result_json, say

from .blocks import put
from .settings import read_settings
from .wishes import add_cron_d, add_wishes, crontab_of, system_file, wanted_block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from .blocks import Block
    from .settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--diff", action="store_true", help="show what would change, as diff -u does")
    add_wishes(parser)
    add_cron_d(parser)


def run(args: Namespace, config: Config) -> int:
    settings = read_settings(config, args)
    block = wanted_block(args, config, settings)
    text = os.fsdecode(block.render()) if not args.diff else _diff(args, config, settings, block)
    if args.json:
        key = "diff" if args.diff else "text"
        result_json({"id": block.id, "lines": block.lines, key: text})
    elif text:
        result(text.rstrip("\n"))
    else:
        say("wfepy: nothing would change")
    return 0


def _diff(args: Namespace, config: Config, settings: Settings, block: Block) -> str:
    if args.cron_d:
        file = system_file(config, settings)
        return unified(file.read(), block.render(), file.path)
    table = crontab_of(config, settings).read()
    return unified(table, put(table, block), "crontab")


def unified(before: bytes | None, after: bytes | None, name: str) -> str:
    """Return what differs, as ``diff -u`` shows it; empty if nothing does."""
    old, new = (os.fsdecode(each or b"").split("\n") for each in (before, after))
    return "\n".join(difflib.unified_diff(old, new, name, f"{name} (wfepy)", lineterm=""))
