from __future__ import annotations

import re

import pytest

from wfepy_hooks.render import Diagram, Edge, Node, diagram, to_mermaid
from wfepy_hooks.render.mermaid import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.instance import Instance
    from wfepy_hooks.workflow import Workflow


def test_a_workflow_as_mermaid(
    coffee: Workflow, article: Workflow, golden: Callable[[str, str], None]
) -> None:
    golden("coffee.mmd", to_mermaid(diagram(coffee)))
    golden("article.mmd", to_mermaid(diagram(article)))


def test_an_instance_as_mermaid(
    waiting_coffee: Instance, second_pass: Instance, golden: Callable[[str, str], None]
) -> None:
    golden("coffee_waiting.mmd", to_mermaid(diagram(waiting_coffee.workflow, instance=waiting_coffee)))
    golden("article_second_pass.mmd", to_mermaid(diagram(second_pass.workflow, instance=second_pass)))


def test_boxes_links_and_a_legend_as_mermaid(
    press: Workflow, waiting_press: Instance, here: str, golden: Callable[[str, str], None]
) -> None:
    golden("press.mmd", to_mermaid(diagram(press, root=here, boxes=["editors", "press"])))
    drawn = diagram(
        press,
        instance=waiting_press,
        root=here,
        link=lambda location: f"https://example.org/{location.rpartition('/')[2].replace(':', '#L')}",
        legend=True,
    )
    golden("press_waiting.mmd", to_mermaid(drawn))


def test_a_link_of_a_plugin_wins_unless_it_runs_code() -> None:
    def source(url: str) -> str:
        return to_mermaid(Diagram("w", (Node("a", link="flow.py#L1", attributes={"URL": url}),)))

    assert 'click n0 href "https://wiki.example" "a"' in source("https://wiki.example")
    assert 'click n0 href "flow.py#L1" "a"' in source("JavaScript:alert(1)")
    assert 'click n0 href "flow.py#L1" "a"' in source("https://wiki.example\n  n0 --> n0")


def test_the_tooltip_is_all_there_is_to_say() -> None:
    node = Node(
        "a",
        state="waiting",
        note='for "go" <now>; #1 `x`\n' + "long " * 50,
        link="a.py#L1",
        location="a.py:1",
    )
    (line,) = (line for line in to_mermaid(Diagram("w", (node,))).splitlines() if "click" in line)
    words = f"waiting: for 'go' (now), 1 'x' {'long ' * 49}long , at a.py:1"
    assert line == f'  click n0 href "a.py#L1" "{words}" _blank'


# What Mermaid makes of each was looked at in a browser (11.17): it shows the left column.
@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('get("x")', "get(#quot;x#quot;)"),
        ("a[b] {c} | d", "a[b] {c} | d"),
        ("${{ x }}", "${{ x }}"),
        ("a < b && c", "a #60; b #38;#38; c"),
        ("#quot;", "#35;quot#59;"),
        ("`code` *x* ~~y~~", "#96;code#96; #42;x#42; #126;#126;y#126;#126;"),
        ("%% no comment", "#37;#37; no comment"),
        ("make_coffee", "make_coffee"),
        ("__init__", "#95;#95;init#95;#95;"),
        ("style x:#fff;", "style x#58;#35;fff#59;"),
        ("fa:fa-car", "fa#58;fa-car"),
        ("$$x$$", "#36;#36;x#36;#36;"),
        ("back\\n", "back#92;#8203;n"),
        ("two\nlines\r\nthree", "two<br/>lines<br/>three"),
        ("\x1b", "#92;x1b"),
        ("příliš 日本", "příliš 日本"),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_long_line_is_cut() -> None:
    assert escape("x" * 200) == "x" * 118 + " …"
    assert escape("word " * 50) == "word " * 23 + "…"


def test_names_that_mermaid_reserves_are_only_labels() -> None:
    names = ("end", "subgraph", "graph", "click", "default", "o", "x")
    source = to_mermaid(Diagram("w", tuple(Node(name, edges=(Edge("end"),)) for name in names)))
    outside_of_quotes = re.sub(r'"[^"]*"', "", source)
    assert not re.search(r"\b(end|subgraph|click|default|o|x)\b", outside_of_quotes)


def test_a_link_and_colours_of_a_plugin_are_shown() -> None:
    node = Node(
        "a", attributes={"URL": "https://example.org", "fillcolor": "gold", "color": "#123456", "x": "y"}
    )
    source = to_mermaid(Diagram("w", (node,)))
    assert '  click n0 href "https://example.org" "a" _blank\n' in source
    assert "  style n0 fill:gold,stroke:#123456\n" in source


def test_attributes_that_would_break_the_source_are_left_out() -> None:
    node = Node("a", attributes={"URL": 'x"\nclick', "fillcolor": "red;x:y", "label": 'b"'})
    assert to_mermaid(Diagram("w", (node,))) == 'flowchart TD\n  n0("b#quot;")\n'


def test_a_workflow_without_tasks_is_valid() -> None:
    assert to_mermaid(Diagram("w", ())) == "flowchart TD\n"


def test_the_legend_stands_below_every_task_that_nothing_follows() -> None:
    again = (Edge("b", is_loop=True),)
    nodes = (Node("a", edges=(Edge("b"), Edge("c"))), Node("b", state="done", edges=again), Node("c"))
    source = to_mermaid(Diagram("w", nodes, legend=True))
    assert "  n1 & n2 ~~~ l_done & l_words\n" in source
