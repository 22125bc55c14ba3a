"""List the messages that are still to be sent: since when, how often they were tried, and why that failed.

    wfepy notify outbox
    wfepy notify outbox --discard ID
    wfepy notify outbox --discard all

With --json: a list of {"id", "target", "event", "title", "at", "tries", "error"}.
"""

from __future__ import annotations

from wfepy_hooks import UsageError
from wfepy_hooks.commandline import add_json, result, result_json, show_table

from ..outbox import Outbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config

    from ..outbox import Pending


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--discard", action="append", metavar="ID", help='do not send this one; "all" is all of them'
    )
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
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
