"""List the messages that are still to be sent: since when, how often they were tried, and why that failed.

    wfepy notify outbox
    wfepy notify outbox --discard ID
    wfepy notify outbox --discard all

With --json: a list of {"id", "target", "event", "title", "at", "tries", "error", "taken_until"}. Up to the last one,
which may be empty, it is in the hands of a tick, also if that was killed.
"""

from __future__ import annotations

from wfepy_hooks import UsageError
from wfepy_hooks.commandline import add_json, result, result_json, show_table

from ..outbox import Outbox, shown_moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from wfepy_hooks import Config

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
    now = shown_moment(config.clock())
    if args.json:
        result_json([_data(each, now) for each in waiting])
        return 0
    if not waiting:
        result("nothing waits to be sent")
        return 0
    rows = [_row(_data(each, now)) for each in waiting]
    show_table(("SINCE", "TARGET", "TITLE", "TRIES", "LAST ERROR", "ID"), rows, args.flags)
    return 0


def _data(each: Pending, now: str) -> dict[str, Any]:
    message = each.message
    return {
        "id": message.short_id,
        "target": message.target,
        "event": message.event,
        "title": message.title,
        "at": message.at,
        "tries": each.tries,
        "error": each.error,
        "taken_until": each.taken if each.taken > now else "",
    }


def _row(data: dict[str, Any]) -> tuple[str, ...]:
    said = data["error"]
    if data["taken_until"] and not said:
        said = f"none; a tick has it until {data['taken_until']}"
    return data["at"], data["target"], data["title"], str(data["tries"]), said, data["id"]


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
