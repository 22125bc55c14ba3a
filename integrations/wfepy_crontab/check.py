"""Explain a cron expression: what it means, when it is due, and where daemons differ.

    wfepy crontab check "*/45 2 * * mon" --timezone Europe/Prague

Exit code 2 if it is wrong, with what to write instead.

With --json: {"expression", "text", "timezone", "fields": {NAME: [NUMBER]}, "next": [{"due", "wall", "rule"}],
"remarks": [TEXT], "daemons": [TEXT]}.
"""

from __future__ import annotations

import argparse
from itertools import islice

from wfepy_hooks import Schedule, ScheduleError, UsageError
from wfepy_hooks.commandline import result, result_json

from .remarks import among_daemons, remarks
from .upcoming import RULES, iso, local, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config, Occurrence

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")


def add_arguments(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("expression", nargs="+", metavar="EXPR", help='five fields, such as "*/10 * * * *"')
    add("--timezone", default="UTC", metavar="Z", help="an IANA name such as Europe/Prague (default: UTC)")
    add("--workflow", metavar="NAME", help="whose H it is; each workflow has its own")
    add("-n", type=_count, default=5, metavar="N", help="how many moments to list (default: 5)")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1000):
        raise argparse.ArgumentTypeError(f"it takes a number from 1 to 1000, not {text!r}")
    return int(text)


def run(args: Namespace, config: Config) -> int:
    expression = " ".join(args.expression)
    seed = _seed(args.workflow, config)
    try:
        schedule = Schedule(expression, args.timezone, seed=seed)
    except ScheduleError as error:
        raise UsageError(str(error)) from error
    found = list(islice(schedule.after(config.clock()), args.n))
    said = remarks(schedule, config.clock(), seed), among_daemons(schedule)
    if args.json:
        result_json(_data(schedule, found, *said))
    else:
        _print(schedule, found, *said)
    return 0


def _seed(workflow: str | None, config: Config) -> str:
    if workflow is None:
        workflow = next(iter(config.workflows)) if len(config.workflows) == 1 else ""
    return f"{config.project}/{workflow}"


def _data(
    schedule: Schedule, found: list[Occurrence], remarks: list[str], daemons: list[str]
) -> dict[str, object]:
    cron = schedule.cron
    return {
        "expression": cron.source,
        "text": cron.text,
        "timezone": schedule.zone.key,
        "fields": {name: list(field.values) for name, field in zip(FIELDS, cron.fields, strict=True)},
        "next": [
            {"due": iso(each), "wall": f"{each.wall:%Y-%m-%dT%H:%M}", "rule": each.rule} for each in found
        ],
        "remarks": remarks,
        "daemons": daemons,
    }


def _print(schedule: Schedule, found: list[Occurrence], remarks: list[str], daemons: list[str]) -> None:
    cron = schedule.cron
    result(cron.text)
    for name, field in zip(FIELDS, cron.fields, strict=True):
        numbers = "any" if field.text == "*" else ", ".join(map(str, field.values))
        result(f"  {name:<16}  {numbers}")
    zone = schedule.zone.key
    result(f"due next, in {zone}:" if zone == "UTC" else f"due next, in {zone} and UTC:")
    for each in found:
        rule = RULES[each.rule].format(wall=f"{each.wall:%H:%M}")
        also = "" if zone == "UTC" else f"  {utc(each.due)}"
        result(f"  {local(each.due, schedule)}{also}  {rule}".rstrip())
    if not found:
        result("  never")
    for title, texts in (("remarks", remarks), ("among daemons", daemons)):
        if texts:
            result(f"{title}:")
            for text in texts:
                result(f"  {text}")
