from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from wfepy_hooks.render import LOOKS, Diagram, Edge, Node, diagram, to_dot, to_picture
from wfepy_hooks.render.dot import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.instance import Instance
    from wfepy_hooks.workflow import Workflow

HOSTILE = [
    'a "quoted" word',
    "back\\slash",
    "ends in a backslash \\",
    r"\N \G \l \n",
    "two\nlines",
    "<b>no HTML</b>",
    "&lt; & &amp; &#65;",
    "${{ github.token }}",
    "{record | like}",
    "příliš žluť 日本語 ↺",
    "a:b;c->d",
    "// no comment /* none */ # none",
    "node",
    "0.5",
    "-",
    "\x1b[31m",
]


def test_a_workflow_as_dot(
    coffee: Workflow, article: Workflow, here: str, golden: Callable[[str, str], None]
) -> None:
    golden("coffee.dot", to_dot(diagram(coffee, root=here)))
    golden("article.dot", to_dot(diagram(article, root=here)))


def test_an_instance_as_dot(
    waiting_coffee: Instance, second_pass: Instance, here: str, golden: Callable[[str, str], None]
) -> None:
    drawn = diagram(waiting_coffee.workflow, instance=waiting_coffee, root=here)
    golden("coffee_waiting.dot", to_dot(drawn))
    golden("coffee_legend.dot", to_dot(replace(drawn, legend=True)))
    golden("article_second_pass.dot", to_dot(diagram(second_pass.workflow, instance=second_pass, root=here)))


def test_quoting() -> None:
    assert quote('"') == r'"\""'
    assert quote("\\") == r'"\\"'
    assert quote("a\r\nb\nc\t") == r'"a\nb\nc "'
    assert quote("\x00") == r'"\\x00"'
    assert quote("${{ x }} č") == '"${{ x }} č"'


def texts_in(svg: bytes) -> set[str]:
    root = ElementTree.fromstring(svg)
    return {
        "".join(text.itertext()).replace("\xa0", " ").strip()
        for text in root.iter("{http://www.w3.org/2000/svg}text")
    }


def shown(text: str) -> list[str]:
    return [line.replace("\x1b", r"\x1b") for line in text.split("\n")]


@pytest.mark.outside
def test_graphviz_shows_every_text_as_it_is(require: Callable[..., None]) -> None:
    require("dot")
    nodes = [Node(text, edges=(Edge(HOSTILE[0], f"if {text}"),)) for text in HOSTILE]
    nodes += [Node(f"note {n}", state="waiting", note=text, location=text) for n, text in enumerate(HOSTILE)]
    nodes += [
        Node(f"label {n}", labels=(text,), attributes={"tooltip": text}) for n, text in enumerate(HOSTILE)
    ]
    found = texts_in(to_picture(to_dot(Diagram(HOSTILE[0], tuple(nodes), legend=True)), "svg"))
    for text in HOSTILE:
        if "\n" not in text:  # in a label of several parts the lines are wrapped anew
            assert {text.replace("\x1b", r"\x1b")} <= found
    assert set(shown("&lt; & &amp; &#65;")) <= found


@pytest.mark.outside
def test_two_names_that_differ_in_a_backslash_are_two_nodes(require: Callable[..., None]) -> None:
    require("dot")
    nodes = tuple(Node(name) for name in ("a\n", "a\\n", "a\\", "a\\\\", "a"))
    assert to_picture(to_dot(Diagram("w", nodes)), "svg").count(b'class="node"') == len(nodes)


def statement(source: str, start: str) -> str:
    return next(line for line in source.splitlines() if line.strip().startswith(start))


def test_start_and_end_points_are_bold_and_loops_dashed(article: Workflow) -> None:
    source = to_dot(diagram(article))
    assert 'style="bold,rounded,filled"' in statement(source, '"start" [')
    assert 'style="bold,rounded,filled"' in statement(source, '"done" [')
    assert "bold" not in statement(source, '"draft" [')
    loop = statement(source, '"collect" -> "draft"')
    assert 'style="dashed"' in loop
    assert 'label=" ↺ not is_approved(context) "' in loop


@pytest.mark.parametrize("state", LOOKS)
def test_a_state_colours_its_task(state: str) -> None:
    line = statement(to_dot(Diagram("w", (Node("a", state=state),))), '"a" [')
    assert f'fillcolor="{LOOKS[state].fill}"' in line
    assert f'fontcolor="{LOOKS[state].font}"' in line


def test_the_tooltip_is_the_place_in_the_source(coffee: Workflow, here: str) -> None:
    line = statement(to_dot(diagram(coffee, root=here)), '"start" [')
    assert re.search(r'tooltip="conftest\.py:\d+"', line)


def test_extra_attributes_come_last_and_win() -> None:
    node = Node(
        "a", attributes={"URL": "https://example.org/?a=1&b=2", "fillcolor": "gold", "label": 'the "a"'}
    )
    line = statement(to_dot(Diagram("w", (node,))), '"a" [')
    assert line.count("fillcolor=") == 1
    assert 'fillcolor="gold"' in line
    assert r'label="the \"a\""' in line
    assert 'URL="https://example.org/?a=1&amp;b=2"' in line


def test_a_long_condition_is_cut_and_whole_in_the_tooltip() -> None:
    condition = " and ".join(f"context['field_{number}']" for number in range(30))
    line = statement(to_dot(Diagram("w", (Node("a", edges=(Edge("b", condition),)),))), '"a" ->')
    label = line.partition('label="')[2].partition('"')[0]
    assert len(label) < 200
    assert " … " in label
    assert condition in line


def test_the_legend_explains_the_states_that_occur(waiting_coffee: Instance) -> None:
    drawn = diagram(waiting_coffee.workflow, instance=waiting_coffee)
    source = to_dot(replace(drawn, legend=True))
    legend = statement(source, 'graph [labelloc="t"')
    for words in ("done", "waiting", "skipped", "pending"):
        assert f"{words}</font>" in legend
    assert "failed" not in legend
    assert "<table" not in to_dot(drawn)
    assert "done" not in to_dot(diagram(waiting_coffee.workflow, legend=True))


def test_the_same_workflow_gives_the_same_bytes(article: Workflow) -> None:
    assert to_dot(diagram(article)) == to_dot(diagram(article))


def test_a_workflow_without_tasks_is_valid() -> None:
    assert to_dot(Diagram("w", ())).startswith('digraph "w" {\n')
