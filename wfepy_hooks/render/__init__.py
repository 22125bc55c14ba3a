"""Pictures of workflows: text, DOT and Mermaid from pure Python; SVG, PNG and PDF through Graphviz."""

from __future__ import annotations

from .dot import to_dot
from .groups import Group
from .limits import beyond_mermaid
from .links import source_links
from .look import LOOKS, Look
from .mermaid import to_mermaid
from .model import Diagram, Edge, Node, diagram, merge_attributes
from .picture import PictureError, to_picture, write_picture
from .text import can_show_unicode, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "LOOKS",
    "RENDERERS",
    "Diagram",
    "Edge",
    "Group",
    "Look",
    "Node",
    "PictureError",
    "beyond_mermaid",
    "can_show_unicode",
    "diagram",
    "merge_attributes",
    "source_links",
    "to_dot",
    "to_mermaid",
    "to_picture",
    "to_text",
    "write_picture",
]

#: The built-in renderers by name: each turns a diagram into the contents of a file.
RENDERERS: Mapping[str, Callable[[Diagram], str | bytes]] = {
    "dot": to_dot,
    "mermaid": to_mermaid,
    "text": to_text,
    "svg": lambda diagram: to_picture(to_dot(diagram), "svg"),
    "png": lambda diagram: to_picture(to_dot(diagram), "png"),
    "pdf": lambda diagram: to_picture(to_dot(diagram), "pdf"),
}
