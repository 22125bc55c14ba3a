"""Send a test message to each target now, past the outbox and the rate limit.

    wfepy notify test
    wfepy notify test team

Exit code 1 if one of them could not be sent. With --json: a list of {"target", "error"}; no error is empty.
"""

from __future__ import annotations

import time

from wfepy_hooks import UsageError
from wfepy_hooks.commandline import add_json, clean, result, result_json, say

from ..message import Message
from ..settings import read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config

    from ..settings import Settings, Target


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="only to this one (may be repeated)")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    settings = read_settings(config)
    known = {target.name: target for target in settings.targets}
    for name in args.targets:
        if name not in known:
            raise UsageError(f'there is no target "{name}"', hint=f"known are {', '.join(known)}")
    errors = {name: _send_test(config, settings, known[name], args.json) for name in args.targets or known}
    if args.json:
        result_json([{"target": name, "error": error} for name, error in errors.items()])
    return 1 if any(errors.values()) else 0


def _send_test(config: Config, settings: Settings, target: Target, quiet: bool) -> str:
    """Send one target a message, say what came of it, and return the error if it is one."""
    from ..delivery import send_within
    from ..outbox import shown_moment

    at = shown_moment(config.clock())
    events = ", ".join(target.events)
    body = f"This is a test of [plugins.wfepy_notify.targets.{target.name}].\n\nIt is told about: {events}."
    title = f"{config.project}: a test message"
    started = time.monotonic()
    message = Message(target.name, "test", f"test-{at}", at, title=title, body=body)
    error = send_within(config, target, message, settings.limit)
    if not quiet:
        took = f"{time.monotonic() - started:.1f} s"
        (say if error else result)(
            clean(f"{target.name}: {f'not sent: {error}' if error else f'sent in {took}'}")
        )
    return error
