"""A workflow in DOT, the language of Graphviz."""

from __future__ import annotations

import html
import re
import textwrap

from . import legend
from .links import is_safe
from .look import EDGE_COLOURS, GROUP, LOOKS, look_of
from .text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .groups import Group
    from .model import Diagram, Edge, Node

FONT = "Helvetica,Arial,sans-serif"
CODE_FONT = "Courier New,Courier,monospace"
# A label longer than these goes on in its tooltip; the picture stays one that fits a page.
LABEL_WIDTH, LABEL_LINES = 32, 4
# Where a long word is broken: in my_long_name, or in a["long"]["condition"].
_BREAKS = re.compile(r"([\t\n ]+|(?<=[_.,/\](])(?=[^\s_.,/\](]))")
# Entries of the legend side by side.
LEGEND_COLUMNS = 4


def to_dot(diagram: Diagram) -> str:
    """Return ``diagram`` as the source of a directed graph, with a final newline."""
    return "\n".join(_lines(diagram)) + "\n"


def quote(text: str) -> str:
    """Return ``text`` as a quoted string that Graphviz shows as it is, line breaks included."""
    # In labels a backslash starts an escape such as \\N, and an ampersand an entity such as &lt;
    lines = text.replace("\r\n", "\n").split("\n")
    escaped = [
        printable(line.replace("\t", " ")).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in lines
    ]
    return '"' + "\\n".join(escaped) + '"'


def _lines(diagram: Diagram) -> Iterator[str]:
    yield f"digraph {quote(diagram.name)} {{"
    graph = {"bgcolor": "white", "fontname": FONT, "nodesep": "0.35", "pad": "0.2", "ranksep": "0.45"}
    if diagram.groups:
        graph["newrank"] = (
            "true"  # else each box is put in order by itself, and the head of a loop may end up below
        )
    yield f"  graph [{_attributes(graph)}]"
    if diagram.legend:
        yield f'  graph [labelloc="t", fontsize="10", label=<{_legend(diagram)}>]'
    elif diagram.instance:
        yield f'  graph [labelloc="t", fontsize="14", label={quote(diagram.title)}]'
    node_defaults = {"fontname": FONT, "fontsize": "12", "shape": "box", "margin": "0.18,0.08"}
    if any(node.link or node.attributes for node in diagram.nodes):
        node_defaults["target"] = "_top"  # in place of the page around the picture, not inside of it
    yield f"  node [{_attributes(node_defaults)}]"
    colour, font = EDGE_COLOURS[None]
    edge_defaults = {"arrowsize": "0.8", "color": colour, "fontcolor": font}
    edge_defaults |= {"fontname": CODE_FONT, "fontsize": "10"}
    yield f"  edge [{_attributes(edge_defaults)}]"
    # In reading order, before the boxes: dot follows the arrows from the first one on, so that those lead back that do.
    for node in diagram.nodes:
        yield f"  {quote(node.name)} [{_attributes(_node(node))}]"
    for number, group in enumerate(diagram.groups):
        yield from _cluster(f"cluster_{number}", group, "  ")
    for node in diagram.nodes:
        for each in node.edges:
            yield f"  {quote(node.name)} -> {quote(each.target)}{_edge(node, each)}"
    yield "}"


def _cluster(identifier: str, group: Group, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {identifier} {{"
    look = {
        "label": _wrapped(group.title),
        "style": "rounded,dashed" if group.is_loop else "rounded,filled",
        "color": GROUP.border,
        "fontcolor": GROUP.font,
        "fontsize": "11",
        "labeljust": "l",
        "margin": "12",
        "tooltip": group.title,
    }
    look["bgcolor" if group.is_loop else "fillcolor"] = "transparent" if group.is_loop else GROUP.fill
    yield f"{indent}  graph [{_attributes(look)}]"
    for name in group.names:
        yield f"{indent}  {quote(name)}"
    for number, inner in enumerate(group.groups):
        yield from _cluster(f"{identifier}_{number}", inner, f"{indent}  ")
    yield f"{indent}}}"


def _node(node: Node) -> dict[str, str]:
    look = look_of(node.state)
    style = "bold,rounded,filled" if node.is_start or node.is_end else "rounded,filled"
    attributes = {
        "label": "\n".join(_wrapped(line) for line in node.lines),
        "style": "rounded,dashed" if node.is_missing else style,
        "fillcolor": look.fill,
        "color": look.border,
        "fontcolor": look.font,
        "tooltip": node.tooltip,
    }
    if node.link and "href" not in node.attributes:  # which means the same
        attributes["URL"] = node.link
    if node.is_start or node.is_end:
        attributes["penwidth"] = "2.5"
    if node.join:
        attributes["shape"] = "octagon"
        attributes["style"] = attributes["style"].replace("rounded,", "")
        attributes["margin"] = "0.05,0.02"
    extra = {key: str(value) for key, value in node.attributes.items()}
    return attributes | {key: value for key, value in extra.items() if is_safe(value) or not _is_link(key)}


def _is_link(attribute: str) -> bool:
    return attribute.lower().endswith(("url", "href"))


def _edge(node: Node, edge: Edge) -> str:
    attributes = {}
    text = f"↺ {edge.text}".strip() if edge.is_loop else edge.text
    if text:
        # The spaces keep the words off the arrow.
        attributes["label"] = "\n".join(f" {line} " for line in _wrapped(text).split("\n"))
        attributes["tooltip"] = " ".join(filter(None, (edge.text or "loop", edge.location)))
    if edge.link:
        attributes |= {"URL": edge.link, "target": "_top"}
    styles = ["dashed"] if edge.is_loop else []
    if edge.taken is not None:
        attributes["color"], attributes["fontcolor"] = EDGE_COLOURS[edge.taken]
        styles += ["bold"] if edge.taken else []
    if styles:
        attributes["style"] = ",".join(styles)
    if edge.target == node.name:  # else its ends and those of other edges lie on top of each other
        attributes |= {"tailport": "se", "headport": "ne"}
    return f" [{_attributes(attributes)}]" if attributes else ""


def _legend(diagram: Diagram) -> str:
    """Return the title with what occurs below it, as HTML.

    A title takes no part in the layout of the graph, so nothing moves when it is there.
    """
    cells = [_state_cell(state) for state in legend.states(diagram)]
    for kind, words in legend.arrows(diagram).items():
        arrow, colour = _ARROWS[kind]
        cells.append(_cell(_pair(f'<font color="{colour}"><b>{arrow}</b></font>', words)))
    for kind, words in legend.borders(diagram).items():
        cells.append(_cell(words, _BORDERS[kind]))
    cells += [
        _cell(_pair(f"<b>{rule}</b>", words), colspan=2) for rule, words in legend.joins(diagram).items()
    ]
    title = html.escape(printable(diagram.title))
    head = f'<td border="0" colspan="{LEGEND_COLUMNS}"><font point-size="14">{title}</font></td>'
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in [*_rows(cells), ['<td border="0" height="9"></td>']])
    return f'<table border="0" cellborder="1" cellspacing="3" cellpadding="3"><tr>{head}</tr>{rows}</table>'


_ARROWS = {
    "taken": ("&#x2192;", EDGE_COLOURS[True][0]),
    "passed": ("&#x2192;", EDGE_COLOURS[False][0]),
    "open": ("&#x2192;", EDGE_COLOURS[None][0]),
    "loop": ("&#x21e2; &#x21ba;", EDGE_COLOURS[None][0]),
}
_BORDERS = {
    "bold": f'cellpadding="5" border="2" style="rounded" color="{GROUP.font}"',
    "label": f'cellpadding="5" bgcolor="{GROUP.fill}" style="rounded" color="{GROUP.border}"',
    "region": f'cellpadding="5" style="rounded,dashed" color="{GROUP.border}"',
}


def _pair(sign: str, words: str) -> str:
    """Return a sign with its words behind it, in cells of their own, since a viewer's font may be wider than ours."""
    # Graphviz gives both a share of what room is left; they stay together.
    cells = f'<td align="right">{sign}</td><td align="left">{words}</td>'
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="3"><tr>{cells}</tr></table>'


def _state_cell(state: str) -> str:
    look = LOOKS[state]
    text = f'<font color="{look.font}">{look.sign} {look.words}</font>'
    return _cell(text, f'bgcolor="{look.fill}" color="{look.border}"')


def _cell(text: str, look: str = 'border="0"', colspan: int = 1) -> str:
    span = f' colspan="{colspan}"' if colspan > 1 else ""
    return f"<td {look}{span}>{text}</td>"


def _rows(cells: list[str]) -> Iterator[list[str]]:
    """Yield the rows of the legend; Graphviz lets no row of a table be empty."""
    row: list[str] = []
    room = LEGEND_COLUMNS
    for cell in cells:
        width = 2 if 'colspan="2"' in cell else 1
        if width > room:
            yield row
            row, room = [], LEGEND_COLUMNS
        row.append(cell)
        room -= width
    if row:
        yield row


def _wrapped(text: str) -> str:
    wrapper = textwrap.TextWrapper(
        LABEL_WIDTH, break_on_hyphens=False, max_lines=LABEL_LINES, placeholder=" …"
    )
    if any(len(word) > LABEL_WIDTH - 2 for word in text.split()):  # it has no room beside the sign of a state
        wrapper.wordsep_simple_re = _BREAKS
    return "\n".join(wrapper.wrap(text)) or text


def _attributes(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={quote(value)}" for key, value in attributes.items())
