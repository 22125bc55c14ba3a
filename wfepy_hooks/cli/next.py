"""Show what the schedules will do: when ticks are due and instances begin, in the workflow's time zone and in UTC.

    wfepy next
    wfepy next -n 20 --workflow nightly

Where clocks are changed, the RULE says what becomes of a time that comes twice or not at all. A start whose moment has
passed, since no tick came, is listed as due now.

With --json: {"events": [{"workflow", "kind": "tick" or "start", "due", "local", "timezone", "rule", "instance",
"missed", "overdue", "wall", "expression", "cron"}], "errors": [TEXT]}. "cron" is the expression in numbers; "missed"
counts the moments that are passed over; "rule" is "", "gap", "first pass" or "second pass", and "wall" the time of day
that it is about.
"""

from __future__ import annotations

from itertools import islice

from ..clock import format_time, parse_time
from ..errors import ConfigError, WfepyError
from ..schedule import find_zone
from ..scheduling import START, collect_schedules
from ..starting import instance_id, overdue
from .output import result, result_json, tell_error
from .tables import show_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from ..config import Config
    from ..schedule import Occurrence, Schedule
    from ..scheduling import ScheduleEntry
    from ..stores import Store

    Event = dict[str, Any]

#: Moments of each schedule: more than anybody reads, and found in seconds.
_MOST = 10_000
_RULES = {
    "gap": "{} is skipped by the change of clocks: right after it",
    "first pass": "{} comes twice: the first time",
    "second pass": "{} comes twice: the second time",
}


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument(
        "-n", type=_count, default=5, metavar="N", help="how many of each schedule (default: %(default)s)"
    )
    parser.add_argument(
        "--workflow", action="append", metavar="NAME", help="only this workflow (may be repeated)"
    )
    add_json(parser)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"it takes a number from 1 to {_MOST}, not {text!r}")
    return int(text)


def run(args: Namespace, config: Config) -> int:
    for name in args.workflow or ():
        if name not in config.workflows:
            from ..suggest import did_you_mean

            raise ConfigError(
                f'there is no workflow "{name}"', hint=did_you_mean(name, list(config.workflows))
            )
    entries = collect_schedules(config, args.workflow)
    now, store = config.clock(), config.make_store()
    events: list[Event] = []
    errors: list[WfepyError] = []
    for entry in entries:
        try:
            events += _events(entry, now, args.n, store)
        except WfepyError as error:
            errors.append(error)
    events.sort(key=lambda event: (event["due"], event["workflow"], event["kind"]))
    if args.json:
        result_json({"events": events, "errors": [str(each) for each in errors]})
    else:
        for each in errors:
            tell_error(each, args.flags)
        _show(events, entries, args, config)
    return max((each.exit_code for each in errors), default=0)


def _events(entry: ScheduleEntry, now: datetime, most: int, store: Store) -> Iterator[Event]:
    schedule = entry.schedule()
    if entry.kind == START:
        for due, missed in overdue(entry, schedule, store, now):
            for found in schedule.latest(due):
                yield {**_event(entry, schedule, found), "missed": missed, "overdue": True}
    for each in islice(schedule.after(now), most):
        yield _event(entry, schedule, each)


def _event(entry: ScheduleEntry, schedule: Schedule, found: Occurrence) -> Event:
    return {
        "workflow": entry.workflow,
        "kind": entry.kind,
        "due": format_time(found.due),
        "local": found.due.astimezone(schedule.zone).isoformat(timespec="seconds"),
        "timezone": entry.timezone,
        "rule": found.rule,
        "wall": found.wall.strftime("%H:%M"),
        "instance": instance_id(found.due) if entry.kind == START else None,
        "missed": 0,
        "overdue": False,
        "expression": entry.expression,
        "cron": schedule.cron.text,
    }


def _show(events: list[Event], entries: list[ScheduleEntry], args: Namespace, config: Config) -> None:
    if not entries:
        where = f" in {config.file}" if config.file else ""
        hint = 'write start = "0 9 * * mon" or schedule = "H/10 * * * *" below [workflows.NAME]'
        result(f"no workflow has a schedule; {hint}{where}")
        return
    rows = [_row(event) for event in events]
    if rows:
        show_table(("WHEN", "UTC", "WORKFLOW", "WHAT", "RULE"), rows, args.flags)


def _row(event: Event) -> tuple[str, ...]:
    due = parse_time(event["due"])
    local = due.astimezone(find_zone(event["timezone"]))
    what = f"start {event['instance']}" if event["kind"] == START else "tick"
    rule = _RULES[event["rule"]].format(event["wall"]) if event["rule"] else ""
    if event["overdue"]:
        missed = f", {event['missed']} missed before it" if event["missed"] else ""
        rule = f"due now: the next tick begins it{missed}"
    return f"{local:%Y-%m-%d %H:%M %Z}", f"{due:%Y-%m-%d %H:%MZ}", event["workflow"], what, rule
