"""A workflow in DOT, the language of Graphviz."""

from __future__ import annotations

import html
import textwrap

from .look import EDGE_COLOURS, LOOKS, look_of
from .text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Diagram, Edge, Node

FONT = "Helvetica,Arial,sans-serif"
CODE_FONT = "Courier New,Courier,monospace"
# A label longer than these goes on in its tooltip; the picture stays one that fits a page.
LABEL_WIDTH, LABEL_LINES = 32, 4


def to_dot(diagram: Diagram, *, legend: bool = False) -> str:
    """Return ``diagram`` as the source of a directed graph, with a final newline.

    :param legend: explain the colours that occur
    """
    return "\n".join(_lines(diagram, legend)) + "\n"


def quote(text: str) -> str:
    """Return ``text`` as a quoted string that Graphviz shows as it is, line breaks included."""
    # In labels a backslash starts an escape such as \\N, and an ampersand an entity such as &lt;
    lines = text.replace("\r\n", "\n").split("\n")
    escaped = [
        printable(line.replace("\t", " ")).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in lines
    ]
    return '"' + "\\n".join(escaped) + '"'


def _lines(diagram: Diagram, legend: bool) -> Iterator[str]:
    yield f"digraph {quote(diagram.name)} {{"
    graph = {"bgcolor": "white", "fontname": FONT, "nodesep": "0.35", "pad": "0.2", "ranksep": "0.45"}
    yield f"  graph [{_attributes(graph)}]"
    if legend:
        yield f'  graph [labelloc="t", fontsize="10", label=<{_legend(diagram)}>]'
    elif diagram.instance:
        yield f'  graph [labelloc="t", fontsize="14", label={quote(diagram.title)}]'
    node_defaults = {"fontname": FONT, "fontsize": "12", "shape": "box", "margin": "0.18,0.08"}
    yield f"  node [{_attributes(node_defaults)}]"
    colour, font = EDGE_COLOURS[None]
    edge_defaults = {"arrowsize": "0.8", "color": colour, "fontcolor": font}
    edge_defaults |= {"fontname": CODE_FONT, "fontsize": "10"}
    yield f"  edge [{_attributes(edge_defaults)}]"
    for node in diagram.nodes:
        yield f"  {quote(node.name)} [{_attributes(_node(node))}]"
    for node in diagram.nodes:
        for each in node.edges:
            yield f"  {quote(node.name)} -> {quote(each.target)}{_edge(node, each)}"
    yield "}"


def _node(node: Node) -> dict[str, str]:
    look = look_of(node.state)
    style = "bold,rounded,filled" if node.is_start or node.is_end else "rounded,filled"
    attributes = {
        "label": "\n".join(_wrapped(line) for line in node.lines),
        "style": "rounded,dashed" if node.is_missing else style,
        "fillcolor": look.fill,
        "color": look.border,
        "fontcolor": look.font,
        "tooltip": node.location or node.name,
    }
    if node.is_start or node.is_end:
        attributes["penwidth"] = "2.5"
    if node.join:
        attributes["shape"] = "octagon"
        attributes["style"] = attributes["style"].replace("rounded,", "")
        attributes["margin"] = "0.05,0.02"
    return attributes | {key: str(value) for key, value in node.attributes.items()}


def _edge(node: Node, edge: Edge) -> str:
    attributes = {}
    text = f"↺ {edge.text}".strip() if edge.is_loop else edge.text
    if text:
        # The spaces keep the words off the arrow.
        attributes["label"] = "\n".join(f" {line} " for line in _wrapped(text).split("\n"))
        attributes["tooltip"] = " ".join(filter(None, (edge.text or "loop", edge.location)))
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
    """Return the title with a row of the states that occur below it, or of all where none does, as HTML.

    A title takes no part in the layout of the graph, so nothing moves when it is there.
    """
    states = {node.state for node in diagram.nodes if node.state} or set(LOOKS)
    cells = [
        f'<td bgcolor="{look.fill}" color="{look.border}"><font color="{look.font}">'
        f"{look.sign} {look.words}</font></td>"
        for state, look in LOOKS.items()
        if state in states
    ]
    title = html.escape(printable(diagram.title))
    head = f'<td border="0" colspan="{len(cells)}"><font point-size="14">{title}</font></td>'
    rows = f"<tr>{head}</tr><tr>{''.join(cells)}</tr>"
    return f'<table border="0" cellborder="1" cellspacing="3" cellpadding="3">{rows}</table>'


def _wrapped(text: str) -> str:
    lines = textwrap.wrap(text, LABEL_WIDTH, break_on_hyphens=False, max_lines=LABEL_LINES, placeholder=" …")
    return "\n".join(lines) or text


def _attributes(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={quote(value)}" for key, value in attributes.items())
