"""The chart of ``wfepy history --gantt``."""

from __future__ import annotations

import os
import shutil
import sys

from ..errors import UsageError
from ..render import beyond_mermaid, can_show_unicode
from ..render.gantt import chart, gantt_mermaid, gantt_svg, gantt_text
from .output import clean, result, result_json, say, wants_color, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from ..project import Project
    from ..render.gantt import Chart

_SUFFIXES = {"": "text", ".txt": "text", ".svg": "svg", ".mmd": "mermaid", ".md": "mermaid"}


def draw(args: Namespace, project: Project, name: str, instance: str) -> None:
    """Write the chart of an instance to where it is wanted."""
    drawn = _chart(project, name, instance, args.n)
    if args.json:
        result_json({"workflow": name, "instance": instance, **_data(drawn)})
        return
    format = args.format or _format_of(args.output)
    text = _render(drawn, format, args)
    if args.output is None:
        result(text.rstrip("\n"))
    else:
        write_file(args.output, text)
        say(f"wrote {clean(args.output)}")
    if format == "mermaid" and (problem := beyond_mermaid(text)):
        hint = "draw its last records by -n, or take --format svg"
        say(f"wfepy: warning: GitHub will show an error here: {problem} ({hint})")


def _format_of(output: str | None) -> str:
    suffix = os.path.splitext(output or "")[1].lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f'there is no format "{suffix[1:]}" for charts',
            where="wfepy history",
            hint="say --format text, mermaid or svg",
        )
    return _SUFFIXES[suffix]


def _render(drawn: Chart, format: str, args: Namespace) -> str:
    if format == "mermaid":
        return gantt_mermaid(drawn)
    if format == "svg":
        return gantt_svg(drawn)
    if args.output is not None:
        return gantt_text(drawn)
    return gantt_text(
        drawn,
        width=shutil.get_terminal_size().columns,
        ascii=not can_show_unicode(getattr(sys.stdout, "encoding", None)),
        color=wants_color(args.flags, sys.stdout),
    )


def _chart(project: Project, name: str, instance: str, last: int | None) -> Chart:
    document, _, _ = project.store.read(name, instance)
    records = list(project.store.history(name, instance))
    whole = last is None or last >= len(records)
    return chart(
        records if whole or last is None else records[len(records) - last :],
        f"{name}/{instance}: {_status(document, records)}",
        project.config.clock(),
        created=str(document.get("created", "")) if whole else "",
        tasks=document.get("tasks", {}),
    )


def _status(document: dict[str, Any], records: list[dict[str, Any]]) -> str:
    """Return the status; a record that the snapshot does not hold yet may have ended it."""
    if records and records[-1].get("event") == "ended":
        status = str(records[-1].get("status"))
    else:
        status = "paused" if document.get("paused") else str(document.get("status", "running"))
    return status.replace("_", " ")


def _data(drawn: Chart) -> dict[str, Any]:
    from dataclasses import asdict

    from ..clock import format_time

    def entry(value: Any) -> dict[str, Any]:
        return {
            key: format_time(each) if hasattr(each, "tzinfo") else each for key, each in asdict(value).items()
        }

    rows = [
        {"name": row.name, "bars": [*map(entry, row.bars)], "marks": [*map(entry, row.marks)]}
        for row in drawn.rows
    ]
    return {"start": format_time(drawn.start), "end": format_time(drawn.end), "rows": rows}
