"""What Mermaid refuses to draw: pages such as GitHub's show an error in its place."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model import Diagram

__all__ = ["beyond_mermaid"]

# Its defaults maxTextSize and maxEdges. Only the page can allow more, a diagram cannot.
LONGEST = 50_000
MOST_ARROWS = 500


def beyond_mermaid(source: str, diagram: Diagram | None = None) -> str:
    """Return what of a drawing is more than Mermaid draws, in words; empty: nothing.

    :param source: the drawing
    :param diagram: what it is of, if it is a flowchart
    """
    problems = []
    characters = len(source.encode("utf-16-le", "surrogatepass")) // 2  # as JavaScript counts them
    if characters > LONGEST:
        problems.append(f"it has {characters:,} characters, and Mermaid takes {LONGEST:,}")
    if diagram is not None:
        # The states in a legend are held in line by arrows that are not seen.
        arrows = sum(len(node.edges) for node in diagram.nodes) + source.count("~~~")
        if arrows > MOST_ARROWS:
            problems.append(f"it has {arrows:,} arrows, and Mermaid takes {MOST_ARROWS:,}")
    return "; ".join(problems)
