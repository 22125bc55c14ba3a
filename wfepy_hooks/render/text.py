"""A workflow as text: a list of its tasks and where each leads, for terminals and logs."""

from __future__ import annotations

import re
import unicodedata

from ..marking import EDGE_TEXTS
from . import legend
from .look import DASH, LOOKS, look_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .groups import Group
    from .model import Diagram, Edge, Node

# What lines are drawn with: an arrow that is not the last of its task, the last one, the line past the first,
# the margin of a loop, the sign of a loop, and those of a transition that was taken or passed over.
UNICODE = ("├─", "└─", "│ ", "┆ ", "↺", "✓", DASH)
ASCII = ("|-", "`-", "| ", ": ", "<-", "+", "-")
NO_BREAK = "\N{NO-BREAK SPACE}"


def to_text(diagram: Diagram, *, width: int = 80, ascii: bool = False) -> str:
    """Return ``diagram`` as lines of text, with a final newline.

    :param width: columns that a line should not exceed; a word that is longer is not broken
    :param ascii: use no other characters; text that has some is shown with backslash escapes
    """
    writer = _Writer(width, ascii)
    writer.put("", printable(diagram.title))
    for node in diagram.nodes:
        writer.node(node)
    writer.groups(diagram.groups, [node.name for node in diagram.nodes])
    if diagram.legend:
        writer.legend(diagram)
    return "\n".join(writer.lines) + "\n"


def can_show_unicode(encoding: str | None) -> bool:
    """Return whether a stream of this encoding can show the signs that are not ASCII."""
    try:
        f"├└│┆↺✓…▸✗·{DASH}".encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def printable(text: str) -> str:
    """Return ``text`` with everything that a terminal would not simply print as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def wrap(text: str, width: int, first: str = "", following: str = "") -> list[str]:
    """Return ``text`` as lines of up to ``width`` columns, where some characters take two; no word is broken.

    :param first: :param following: what the first line starts with, and the others
    """
    lines, line, blank = [], first, ""
    is_empty = True
    for word in re.split("( +)", text):
        if not word.strip(" "):
            blank = word
        elif is_empty or columns(line) + len(blank) + columns(word) <= width:
            line += word if is_empty else blank + word
            is_empty = False
        else:
            lines.append(line)
            line = following + word
    return [*lines, line]


def cut(text: str, most: int, *, tail: int = 0, dots: str = "…") -> str:
    """Return ``text`` in the room of ``most`` columns; of one that is longer, the beginning and the end.

    :param tail: how many characters of the end to keep, as far as there is room
    """
    if columns(text) <= most:
        return text
    kept = text[len(text) - tail :]
    while kept and columns(dots + kept) > most:
        kept = kept[1:]
    room, head = most - columns(dots + kept), 0
    while (room := room - columns(text[head])) >= 0:
        head += 1
    return text[:head] + dots + kept


class _Writer:
    def __init__(self, width: int, ascii: bool) -> None:
        self.width = max(width, 40)
        self.ascii = ascii
        signs = ASCII if ascii else UNICODE
        self.branch, self.last, self.line, self.margin, self.loop, self.taken, self.passed = signs
        self.lines: list[str] = []

    def node(self, node: Node) -> None:
        indent = self.margin * node.depth
        look = look_of(node.state)
        sign = f"{look.plain if self.ascii else look.sign} " if node.state else ""
        marks = f"[{', '.join(_marks(node))}]" if _marks(node) else ""
        labels = "{" + ", ".join(node.labels) + "}" if node.labels else ""
        text = _joined(node.name, marks, labels, node.state_text).replace("(pass ", f"(pass{NO_BREAK}")
        self.put(indent + sign, text, indent + " " * len(sign) + self.line + "  ")
        for place, edge in enumerate(node.edges, 1):
            self.edge(edge, indent + " " * len(sign), place == len(node.edges))

    def edge(self, edge: Edge, indent: str, is_last: bool) -> None:
        arrow = self.last if is_last else self.branch
        back = f"{self.loop} back to " if edge.is_loop else ""
        on = "" if edge.on == "done" else f"on {edge.on}"
        condition = f"if {edge.condition}" if edge.condition else ""
        text = _joined(back + edge.target, on, condition) + self._decision(edge)
        following = " " * len(self.line) if is_last else self.line
        self.put(f"{indent}{arrow} ", text, f"{indent}{following}     ")

    def _decision(self, edge: Edge) -> str:
        if edge.taken is None:
            return ""
        text = EDGE_TEXTS.get(edge.decision, edge.decision).replace(" ", NO_BREAK)
        return f"  {self.taken if edge.taken else self.passed}{NO_BREAK}{text}"

    def groups(self, groups: Iterable[Group], order: list[str]) -> None:
        """List the tasks of each label that has a box in a picture; the loops have their margin."""
        for group in groups:
            if not group.is_loop:
                self.put(
                    "",
                    printable(f"{{{group.title}}}: {', '.join(sorted(_members(group), key=order.index))}"),
                    "    ",
                )
            self.groups(group.groups, order)

    def legend(self, diagram: Diagram) -> None:
        looks = [LOOKS[state] for state in legend.states(diagram)]
        signs = [f"{look.plain if self.ascii else look.sign}{NO_BREAK}{look.words}" for look in looks]
        self.put(
            "legend: " if signs else "legend:",
            "  ".join(each.replace(" ", NO_BREAK) for each in signs),
            "        ",
        )
        for rule, words in legend.joins(diagram).items():
            self.put("  ", f"{rule}: {words}", "      ")
        for kind, words in legend.arrows(diagram).items():
            if kind == "loop":
                margin = self.margin.strip()
                self.put("  ", f"{self.loop} {words}, whose tasks stand behind {margin}", "      ")
            elif kind != "open":
                self.put(
                    "  ",
                    f"{self.taken if kind == 'taken' else self.passed} behind an arrow: {words}",
                    "      ",
                )

    def put(self, first: str, text: str, following: str = "") -> None:
        """Add one paragraph: ``first`` starts its first line, ``following`` the others."""
        if self.ascii:
            text = text.replace(NO_BREAK, "\0").encode("ascii", "backslashreplace").decode("ascii")
            text = text.replace("\0", NO_BREAK)
        self.lines += [line.replace(NO_BREAK, " ") for line in wrap(text, self.width, first, following)]


def _marks(node: Node) -> list[str]:
    marks = []
    if node.is_missing:
        marks.append("no such task")
    if node.is_start:
        marks.append("start")
    if node.is_loop_head:
        marks.append("loop")
    if node.join:
        inputs = ", ".join(node.inputs)
        marks.append(f"{node.join_rule} ({inputs})" if len(inputs) <= 200 else node.join_rule)
    if node.is_end:
        marks.append("end, cancels the rest" if node.terminates else "end")
    return marks


def _members(group: Group) -> list[str]:
    return [*group.names, *(name for inner in group.groups for name in _members(inner))]


def _joined(*parts: str) -> str:
    """Join parts that come from the workflow, which may hold anything."""
    return printable("  ".join(filter(None, parts)))


def columns(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)
