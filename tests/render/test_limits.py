"""What Mermaid refuses to draw is known before a page shows an error in its place."""

from __future__ import annotations

import pytest

from wfepy_hooks.render import Diagram, Edge, Node, beyond_mermaid, to_mermaid


def fan(edges: int, *, legend: bool = False) -> Diagram:
    """Return a task with so many transitions; it is done, and the others are not."""
    names = [f"b{number}" for number in range(edges)]
    start = Node("a", state="done", edges=tuple(Edge(name) for name in names))
    return Diagram("w", (start, *(Node(name, state="pending") for name in names)), legend=legend)


@pytest.mark.parametrize(("edges", "problem"), [(500, ""), (501, "it has 501 arrows, and Mermaid takes 500")])
def test_more_arrows_than_mermaid_takes_are_told(edges: int, problem: str) -> None:
    assert beyond_mermaid(to_mermaid(fan(edges)), fan(edges)) == problem


def test_the_unseen_arrows_of_a_legend_count() -> None:
    drawn = fan(500, legend=True)
    assert beyond_mermaid(to_mermaid(drawn), drawn).startswith("it has 501 arrows")


def test_more_text_than_mermaid_takes_is_told_in_the_characters_of_javascript() -> None:
    assert beyond_mermaid("x" * 50_000) == ""
    assert beyond_mermaid("x" * 50_001) == "it has 50,001 characters, and Mermaid takes 50,000"
    assert beyond_mermaid("\N{SLICE OF PIZZA}" * 25_001).startswith("it has 50,002 characters")
    assert beyond_mermaid("\udcff") == "", "a byte of a file name that is no UTF-8"


def test_all_that_is_too_much_is_told_at_once() -> None:
    drawn = fan(501)
    assert beyond_mermaid("x" * 60_000, drawn) == (
        "it has 60,000 characters, and Mermaid takes 50,000; it has 501 arrows, and Mermaid takes 500"
    )
