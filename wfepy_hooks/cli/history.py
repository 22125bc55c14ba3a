"""Show what happened to one instance, oldest first.

    wfepy history coffee table-4 -n 20
    wfepy history coffee table-4 --gantt -o table-4.svg

--gantt draws when each task ran, waited and failed: as text, as Mermaid for a Markdown page, or as SVG, which needs no
other program. All times are UTC.

INSTANCE may be left out where there is only one, or one is called "default". With --json: {"workflow", "instance",
"records": [...]}, the records as docs/reference/state-format.md describes them.
"""

from __future__ import annotations

from ..errors import UsageError
from ..marking import EDGE_TEXTS
from ..operate import signature
from ..operations import PAST
from ..project import Project
from .loglines import duration
from .naming import pick_instance, pick_workflow
from .output import clean, result, result_json
from .tables import LONGEST, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import Any

    from ..config import Config

FORMATS = ("text", "mermaid", "svg")


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="id of the instance")
    parser.add_argument("-n", type=_count, metavar="N", help="only the last N records")
    parser.add_argument("--full", action="store_true", help="long values, too")
    parser.add_argument("--gantt", action="store_true", help="draw it as a chart over time")
    parser.add_argument("--format", choices=FORMATS, help="of the chart: text (the default), mermaid or svg")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the chart there; its suffix is the format if none is given",
    )
    add_json(parser)


def _count(text: str) -> int:
    if not text.isdecimal():
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"it takes a number of records, not {text!r}")
    return int(text)


def run(args: Namespace, config: Config) -> int:
    _check(args)
    name = pick_workflow(config, args.workflow)
    project = Project(config)
    instance = pick_instance(project, name, args.instance)
    if args.gantt:
        from .gantt import draw  # lazily: few draw

        draw(args, project, name, instance)
        return 0
    records = list(project.store.history(name, instance))
    if args.n is not None:
        records = records[max(len(records) - args.n, 0) :]
    if args.json:
        result_json({"workflow": name, "instance": instance, "records": records})
        return 0
    for record in records:
        result(clean(_line(record, None if args.full else LONGEST)))
    if not records and args.n is None:
        result(f"nothing has happened to {name}/{instance} yet")
    return 0


def _check(args: Namespace) -> None:
    if not args.gantt and (args.format or args.output):
        option = "--format" if args.format else "-o"
        raise UsageError(f"{option} is for charts", where="wfepy history", hint="add --gantt")
    if args.gantt and args.json and (args.format or args.output):
        option = "--format" if args.format else "-o"
        raise UsageError(
            f"--json and {option} exclude each other", where="wfepy history", hint="leave one of them out"
        )


def _line(record: dict[str, Any], longest: int | None) -> str:
    """Return a record such as ``3  2026-11-23T06:13:34Z  make_coffee completed 0.012s -> add_milk: taken``."""
    words = _WORDS.get(str(record.get("event")), _attempt)(record, longest)
    return "  ".join(
        [f"{record.get('seq', '?'):>4}", f"{str(record.get('at', ''))[:19]}Z", *filter(None, words)]
    )


def _attempt(record: dict[str, Any], longest: int | None) -> list[str]:
    """Return what an attempt came to, or any event that this does not know."""
    what = [str(record.get("task", record.get("event", "?")))]
    if "item" in record:
        what.append(f"[{record['item']}]")
    if record.get("generation"):
        what.append(f"(pass {record['generation'] + 1})")
    if record.get("event") != "created":
        what.append(str(record.get("status", "")).replace("_", " "))
    if record.get("attempt", 1) > 1:
        what.append(f"at attempt {record['attempt']}")
    if "took" in record:
        what.append(duration(record["took"]))
    reasons = [str(record[key]) for key in ("error", "reason") if record.get(key)]
    text = " ".join(filter(None, what)) + (f": {'; '.join(reasons)}" if reasons else "")
    return [text, _terms(record), _next(record), _result(record, longest), _changes(record, longest)]


def _terms(record: dict[str, Any]) -> str:
    """Return what a task waits for, or when it is tried again."""
    terms = record.get("wait", {})
    parts = (
        [f"signal {' or '.join(terms['signals'])}"] if terms.get("signals") and not terms.get("child") else []
    )
    if terms.get("child"):
        parts.append(f"child {terms['child']}")
    if terms.get("until"):
        parts.append(f"until {terms['until'][:19]}Z")
    if record.get("retry_at"):
        parts.append(f"again at {record['retry_at'][:19]}Z")
    deadlines = [each for each in (terms.get("deadline"), record.get("deadline")) if each]
    if deadlines:
        parts.append(f"times out at {min(deadlines)[:19]}Z")
    if record.get("consumed"):
        parts.append(f"took {', '.join(record['consumed'])}")
    return f"({'; '.join(parts)})" if parts else ""


def _next(record: dict[str, Any]) -> str:
    parts = []
    for each in record.get("next", ()):
        dest, _, word = each.rpartition(": ")
        parts.append(f"{dest}: {EDGE_TEXTS.get(word, word)}")
    return f"-> {', '.join(parts)}" if parts else ""


def _result(record: dict[str, Any], longest: int | None) -> str:
    import json

    return f"= {cut(json.dumps(record['result'], ensure_ascii=False), longest)}" if "result" in record else ""


def _signal(record: dict[str, Any], longest: int | None) -> list[str]:
    import json

    by = f" by {record['by']}" if record.get("by") else ""
    sent = f", sent {record['sent'][:19]}Z" if record.get("sent") else ""
    data = f" = {cut(json.dumps(record['data'], ensure_ascii=False), longest)}" if "data" in record else ""
    return [f"signal {record.get('name')}{by}{data}{sent}", f"(id {record.get('id')})"]


def _reminder(record: dict[str, Any], longest: int | None) -> list[str]:
    return [f"{record.get('task')} was reminded of, again at {str(record.get('remind_at'))[:19]}Z"]


def _items(record: dict[str, Any], longest: int | None) -> list[str]:
    count = len(record.get("items", ()))
    return [f"{record.get('task')} has {count} item{'s' if count != 1 else ''}", _changes(record, longest)]


def _operator(record: dict[str, Any], longest: int | None) -> list[str]:
    """Return what a person did, such as ``make_coffee was rewound by ann: it was cold``."""
    verb = str(record.get("verb"))
    number = f" (pass {record['generation'] + 1})" if record.get("generation") else ""
    what = f"{record['task']}{number}" if "task" in record else "the instance"
    return [
        f"{what} was {PAST.get(verb, verb)} {signature(record)}",
        _next(record),
        _changes(record, longest),
    ]


_WORDS: dict[str, Callable[[dict[str, Any], int | None], list[str]]] = {
    "signal": _signal,
    "reminder": _reminder,
    "items": _items,
    "operator": _operator,
}


def _changes(record: dict[str, Any], longest: int | None) -> str:
    import json

    if "context" in record:
        return "set the whole context"
    parts = [
        f"{key} = {cut(json.dumps(value, ensure_ascii=False), longest)}"
        for key, value in record.get("set", {}).items()
    ]
    parts += [f"removed {key}" for key in record.get("del", ())]
    return f"[{', '.join(parts)}]" if parts else ""
