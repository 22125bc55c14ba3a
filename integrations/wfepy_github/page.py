"""The summary of a step: a table of the instances, and their graphs, in the Markdown that GitHub shows."""

from __future__ import annotations

from wfepy_hooks import InstanceStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MOST_BYTES", "Row", "page"]

#: GitHub shows no summary of more than 1 MiB. Steps of one job have one each.
MOST_BYTES = 1_000_000
#: The table leaves room for graphs.
MOST_BYTES_OF_ROWS = 600_000
LONGEST = 300
#: ASCII that means something in Markdown, a table of it, or HTML.
_SIGNS = frozenset("\\`*_{}[]()<>#+-.!|~$&@:=")
_BAD = (InstanceStatus.FAILED, InstanceStatus.DEAD_END, "failing")
_LOOKS = {
    InstanceStatus.FINISHED: "✓ finished",
    InstanceStatus.CANCELLED: "\N{EN DASH} cancelled",
    InstanceStatus.FAILED: "✗ failed",
    InstanceStatus.DEAD_END: "✗ dead end",
    "failing": "✗ failing",
    "retrying": "↻ retrying",
    "waiting": "… waiting",
}


class Row:
    """What came of one instance.

    :ivar workflow: :ivar instance: which one
    :ivar status: a status of an instance, or ``failing``, ``retrying`` or ``waiting``
    :ivar failed: :ivar waiting: what there is to say of tasks by their names
    :ivar graph: its picture in Mermaid, or nothing
    """

    __slots__ = ("failed", "graph", "instance", "status", "waiting", "workflow")

    def __init__(self, workflow: str, instance: str, status: str) -> None:
        self.workflow = workflow
        self.instance = instance
        self.status = status
        self.failed: dict[str, str] = {}
        self.waiting: dict[str, str] = {}
        self.graph = ""

    @property
    def name(self) -> str:
        """``workflow/instance``."""
        return f"{self.workflow}/{self.instance}"

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look at it."""
        return self.status in _BAD


def page(rows: Sequence[Row]) -> str:
    """Return the summary, cut so that GitHub shows it; what is bad comes first."""
    ordered = sorted(rows, key=lambda row: (not row.is_bad, row.status == InstanceStatus.FINISHED))
    head = f"### wfepy: {_counts(rows)}\n\n| instance | status | tasks |\n| --- | --- | --- |\n"
    table, left = _fitting([_row_text(row) for row in ordered], MOST_BYTES_OF_ROWS)
    text = head + table + (f"\n… and {left} more instances\n" if left else "")
    room = MOST_BYTES - len(text.encode()) - 100
    graphs, left = _fitting([_graph_text(row) for row in ordered if row.graph], room)
    return text + graphs + (f"\n… and {left} more graphs\n" if left else "")


def _fitting(texts: list[str], most: int) -> tuple[str, int]:
    """Return as many texts as fit into so many bytes, joined, and how many do not."""
    for number, text in enumerate(texts):
        most -= len(text.encode(errors="backslashreplace"))
        if most < 0:
            return "".join(texts[:number]), len(texts) - number
    return "".join(texts), 0


def _counts(rows: Iterable[Row]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        word = row.status.replace("_", " ")
        counts[word] = counts.get(word, 0) + 1
    total = sum(counts.values())
    return f"{total} instance{'s' if total != 1 else ''}: " + ", ".join(
        f"{n} {word}" for word, n in counts.items()
    )


def _row_text(row: Row) -> str:
    tasks = "<br>".join([*_tasks("✗", row.failed), *_tasks("…", row.waiting)])
    return f"| {cell(row.name)} | {_LOOKS.get(row.status) or cell(row.status)} | {tasks} |\n"


def _tasks(sign: str, tasks: dict[str, str]) -> Iterator[str]:
    for name, said in tasks.items():
        yield f"{sign} " + ": ".join(filter(None, [f"**{cell(name)}**" if name else "", cell(said)]))


def cell(text: str) -> str:
    """Return ``text`` for a cell of a table: on one line, not too long, and nothing in it means anything."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 2] + " …"
    return "".join(_escaped(each) for each in text.strip())


def _escaped(character: str) -> str:
    if character in _SIGNS:
        return f"\\{character}"
    if character.isprintable():
        return character
    return "<br>" if character == "\n" else " "


def _graph_text(row: Row) -> str:
    return f"\n<details><summary>{_html(row.name)}</summary>\n\n```mermaid\n{row.graph.rstrip()}\n```\n\n</details>\n"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
