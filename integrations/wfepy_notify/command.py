"""Try who is told what, and look after what could not be sent yet.

    wfepy notify test               # a message to each target, now
    wfepy notify test team
    wfepy notify outbox             # what waits, how often it was tried, and why it failed
    wfepy notify outbox --discard ID

Who is told about what is in [plugins.wfepy_notify] of the config file; the page docs/how-to/notify.md says how. With
--json, outbox prints a list of {"id", "target", "event", "title", "at", "tries", "error"}, test one of
{"target", "error"}.
"""

from __future__ import annotations

import time

from wfepy_hooks import ConfigError, UsageError
from wfepy_hooks.commandline import add_json, clean, result, result_json, say, show_table

from .message import Message
from .outbox import Outbox
from .settings import PLUGIN, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config

    from .outbox import Pending
    from .settings import Settings, Target

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    test = verbs.add_parser(
        "test",
        help="send a test message now",
        description="Send each target a test message now, and say what came of it; the exit code is 1 if one fails.",
        allow_abbrev=False,
    )
    test.add_argument("targets", nargs="*", metavar="TARGET", help="only to this one (may be repeated)")
    add_json(test)
    outbox = verbs.add_parser(
        "outbox",
        help="list what is still to be sent",
        description="List what could not be sent yet, with how often it was tried and why it failed; or give it up.",
        allow_abbrev=False,
    )
    outbox.add_argument(
        "--discard", action="append", metavar="ID", help='do not send this one; "all" is all of them'
    )
    add_json(outbox)


def run(args: Namespace, config: Config) -> int:
    if not config.plugin_settings.get(PLUGIN):
        raise ConfigError(
            "nobody is told anything: there is no [plugins.wfepy_notify]",
            where=config.file or config.root,
            hint='add [plugins.wfepy_notify.targets.team] with url = "..."',
        )
    settings = read_settings(config)
    return _test(args, config, settings) if args.verb == "test" else _outbox(args, config)


def _test(args: Namespace, config: Config, settings: Settings) -> int:
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
    from .delivery import send_within
    from .outbox import shown_moment

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


def _outbox(args: Namespace, config: Config) -> int:
    outbox = Outbox(config.state, config.clock)
    outbox.read()
    if args.discard:
        return _discard(args.discard, outbox)
    waiting = list(outbox.pending.values())
    if args.json:
        names = ("id", "target", "event", "title", "at", "tries", "error")
        result_json([dict(zip(names, _row(each), strict=True)) for each in waiting])
        return 0
    if not waiting:
        result("nothing waits to be sent")
        return 0
    rows = [
        (at, target, title, str(tries), error, id)
        for id, target, _, title, at, tries, error in map(_row, waiting)
    ]
    show_table(("SINCE", "TARGET", "TITLE", "TRIES", "LAST ERROR", "ID"), rows, args.flags)
    return 0


def _row(each: Pending) -> tuple[str, str, str, str, str, int, str]:
    message = each.message
    return message.short_id, message.target, message.event, message.title, message.at, each.tries, each.error


def _discard(words: list[str], outbox: Outbox) -> int:
    with outbox.locked():
        known = {each.message.short_id: id for id, each in outbox.pending.items()}
        for word in words:
            if word != "all" and word not in known:
                raise UsageError(f'no message "{word}" waits', hint="wfepy notify outbox lists what does")
        chosen = list(outbox.pending) if "all" in words else [known[word] for word in words]
        if chosen:
            outbox.append({"dropped": chosen, "at": outbox.now()})
    result(f"{len(chosen)} message{'s' if len(chosen) != 1 else ''} discarded")
    return 0
