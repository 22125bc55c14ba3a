"""A workflow as a Mermaid flowchart, which GitHub and GitLab draw inside of Markdown."""

from __future__ import annotations

import textwrap

from . import legend
from .links import is_safe
from .look import EDGE_COLOURS, GROUP, LOOKS
from .text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .groups import Group
    from .model import Diagram, Edge, Node

LABEL_LENGTH = 120

# Written as entities: what ends a quoted label, or starts something in HTML, Markdown or Mermaid. Each was tried
# with Mermaid 11.17 in a browser.
_ENTITIES = {character: f"#{ord(character)};" for character in "#&<>`%;*~\\\u200b"} | {'"': "#quot;"}

_PLAIN = {'"': "'", "#": "", "<": "(", ">": ")", "`": "'", ";": ","}


def to_mermaid(diagram: Diagram) -> str:
    """Return ``diagram`` as the source of a flowchart, with a final newline."""
    return "\n".join(_lines(diagram)) + "\n"


def escape(text: str) -> str:
    """Return ``text`` as it can stand between the double quotes of a label; line breaks are kept."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "<br/>".join(_escape_line(printable(line)) for line in lines)


def _escape_line(line: str) -> str:
    if len(line) > LABEL_LENGTH:
        line = (
            textwrap.shorten(line[:LABEL_LENGTH], LABEL_LENGTH - 2, placeholder="")
            or line[: LABEL_LENGTH - 2]
        )
        line += " …"
    # A backslash before an n would be a line break even as an entity; a blank of no width keeps them apart.
    escaped = "".join(_ENTITIES.get(c, c) for c in line.replace("\\n", "\\\u200bn"))
    if "__" in line:  # __init__ would be bold; make_coffee is left readable
        escaped = escaped.replace("_", "#95;")
    if "$$" in line:  # a formula
        escaped = escaped.replace("$", "#36;")
    if "style" in line or "classDef" in line or ":fa-" in line:
        # Mermaid takes "style x:#...;" for CSS wherever it stands, and drops its semicolon. fa:fa-x is an icon.
        escaped = escaped.replace(":", "#58;")
    return escaped


def _lines(diagram: Diagram) -> Iterator[str]:
    yield "flowchart TD"
    ids = {node.name: f"n{number}" for number, node in enumerate(diagram.nodes)}
    for node in diagram.nodes:
        before, after = _shape(node)
        yield f'  {ids[node.name]}{before}"{_label(node)}"{after}'
    for number, group in enumerate(diagram.groups):
        yield from _subgraph(f"g{number}", group, ids, "  ")
    styles: dict[str, list[int]] = {}
    number = 0
    for node in diagram.nodes:
        for edge in node.edges:
            yield f"  {ids[node.name]} {_arrow(edge)} {ids[edge.target]}"
            if edge.taken is not None:
                styles.setdefault(_STROKES[edge.taken], []).append(number)
            number += 1
    if diagram.legend:
        yield from _legend(diagram, ids)
    yield from _classes(diagram, ids)
    for stroke, edges in styles.items():
        yield f"  linkStyle {','.join(map(str, edges))} {stroke}"
    for node in diagram.nodes:
        yield from _extra(ids[node.name], node)


def _subgraph(identifier: str, group: Group, ids: Mapping[str, str], indent: str) -> Iterator[str]:
    yield f'{indent}subgraph {identifier}["{escape(group.title)}"]'
    for name in group.names:
        yield f"{indent}  {ids[name]}"
    for number, inner in enumerate(group.groups):
        yield from _subgraph(f"{identifier}_{number}", inner, ids, f"{indent}  ")
    yield f"{indent}end"
    # The title of a box that is not filled stands on the page, whose theme knows its colour.
    look = "fill:none" if group.is_loop else f"fill:{GROUP.fill},color:{GROUP.font}"
    dashes = ",stroke-dasharray:5 4" if group.is_loop else ""
    yield f"{indent}style {identifier} {look},stroke:{GROUP.border}{dashes}"


def _legend(diagram: Diagram, ids: Mapping[str, str]) -> Iterator[str]:
    """Yield a box with the states that occur, and words for the arrows and shapes, which would take much room."""
    states = [f"l_{state}" for state in legend.states(diagram)]
    words = [f"{_ARROWS[kind]}: {text}" for kind, text in legend.arrows(diagram).items()]
    words += [f"{_BORDERS[kind]}: {text}" for kind, text in legend.borders(diagram).items()]
    words += [f"{rule}: {text}" for rule, text in legend.joins(diagram).items()]
    yield '  subgraph legend["Legend"]'
    for state, name in zip(legend.states(diagram), states, strict=True):
        yield f'    {name}("{escape(f"{LOOKS[state].sign} {LOOKS[state].words}")}")'
    if words:
        yield f'    l_words["{"<br/>".join(map(escape, words))}"]'
        yield f"    style l_words fill:#ffffff,stroke:none,color:{GROUP.font}"
        states.append("l_words")
    yield "  end"
    # Links that are not seen put it below all tasks, in one row: arrows would pass behind what stands beside them.
    last = [ids[node.name] for node in diagram.nodes if all(edge.is_loop for edge in node.edges)]
    if last and states:
        yield f"  {' & '.join(last)} ~~~ {' & '.join(states)}"
    yield f"  style legend fill:#ffffff,stroke:{GROUP.border},color:{GROUP.font}"


# The theme of the page chooses how others look; on a dark one, a light arrow would be one that stands out.
_STROKES = {True: f"stroke:{EDGE_COLOURS[True][0]}", False: "stroke:#8c959f,opacity:0.75"}
_ARROWS = {
    "taken": "thick green arrow",
    "passed": "faint arrow",
    "open": "thin arrow",
    "loop": "dotted arrow with ↺",
}
_BORDERS = {"bold": "rounded, bold border", "label": "grey box", "region": "dashed box"}


def _shape(node: Node) -> tuple[str, str]:
    if node.join:
        return "{{", "}}"
    return ("([", "])") if node.is_start or node.is_end else ("(", ")")


def _label(node: Node) -> str:
    return escape(node.attributes.get("label") or "\n".join(node.lines))


def _arrow(edge: Edge) -> str:
    line = "-.->" if edge.is_loop else "==>" if edge.taken else "-->"
    text = f"↺ {edge.text}".strip() if edge.is_loop else edge.text
    return f'{line}|"{escape(text)}"|' if text else line


def _classes(diagram: Diagram, ids: dict[str, str]) -> Iterator[str]:
    """Yield the colours of the states that occur, and the marks of start and end points."""
    for state, look in LOOKS.items():
        members = [ids[node.name] for node in diagram.nodes if node.state == state]
        if diagram.legend and state in legend.states(diagram):
            members.append(f"l_{state}")
        if members:
            name = state.replace("_", "-")
            yield f"  classDef {name} fill:{look.fill},stroke:{look.border},color:{look.font}"
            yield f"  class {','.join(members)} {name}"
    bold = [ids[node.name] for node in diagram.nodes if node.is_start or node.is_end]
    if bold:
        yield "  classDef bold stroke-width:3px"
        yield f"  class {','.join(bold)} bold"


def _extra(identifier: str, node: Node) -> Iterator[str]:
    """Yield a link to the source, and what Mermaid can show of the extra attributes: a link and colours."""
    links = (node.attributes.get("URL"), node.attributes.get("href"), node.link)
    link = next(
        (each for each in links if each and each.isprintable() and '"' not in each and is_safe(each)), ""
    )
    if link:
        # A new tab, since pages such as GitHub's draw in a frame, in which no other page can be shown.
        yield f'  click {identifier} href "{link}" "{_tooltip(node)}" _blank'
    names = {"fillcolor": "fill", "color": "stroke", "fontcolor": "color"}
    colours = [
        f"{name}:{node.attributes[key]}"
        for key, name in names.items()
        if node.attributes.get(key, "").lstrip("#").isalnum()
    ]
    if colours:
        yield f"  style {identifier} {','.join(colours)}"


def _tooltip(node: Node) -> str:
    """Return what there is to say about a task; Mermaid shows entities there as they are written."""
    text = ", at ".join(filter(None, (node.state_text, node.location or node.name)))
    return "".join(_PLAIN.get(c, c) for c in printable(" ".join(text.split())))
