from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from building import Build
from wfepy_hooks import end_point, followed_by, start_point
from wfepy_hooks.render import LOOKS, Diagram, Edge, Group, Node, diagram, to_dot, to_picture
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


def linked(location: str) -> str:
    return f"https://example.org/a b&c/{location.rpartition('/')[2].replace(':', '#L')}"


def test_boxes_links_and_a_legend_as_dot(
    press: Workflow, waiting_press: Instance, here: str, golden: Callable[[str, str], None]
) -> None:
    golden("press.dot", to_dot(diagram(press, root=here, boxes=["editors", "press"])))
    drawn = diagram(press, instance=waiting_press, root=here, link=linked, legend=True)
    golden("press_waiting.dot", to_dot(drawn))


@pytest.mark.outside
def test_graphviz_accepts_every_golden_file(
    request: pytest.FixtureRequest, require: Callable[..., None]
) -> None:
    require("dot")
    for file in sorted((request.path.parent / "golden").glob("*.dot")):
        svg = to_picture(file.read_text(encoding="utf-8"), "svg")
        assert b"</svg>" in svg, file


@pytest.mark.outside
def test_a_click_on_a_task_or_a_condition_leads_to_its_source(
    press: Workflow, waiting_press: Instance, here: str, require: Callable[..., None]
) -> None:
    require("dot")
    drawn = diagram(press, instance=waiting_press, root=here, link=linked)
    root = ElementTree.fromstring(to_picture(to_dot(drawn), "svg"))
    svg, xlink = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
    found = {}
    for group in root.iter(f"{svg}g"):
        title = group.find(f"{svg}title")
        link = group.find(f".//{svg}a[@{xlink}href]")
        if group.get("class") in ("node", "edge") and title is not None and link is not None:
            found[str(title.text)] = link.get(f"{xlink}href")
    nodes = {node.name: node.link for node in drawn.nodes}
    edges = {
        f"{node.name}->{edge.target}": edge.link
        for node in drawn.nodes
        for edge in node.edges
        if edge.condition
    }
    assert found == nodes | edges
    assert len(edges) == 2


def test_the_whole_reason_of_a_wait_is_in_the_tooltip(press: Workflow, waiting_press: Instance) -> None:
    line = statement(to_dot(diagram(press, instance=waiting_press)), '"review" [')
    reason = "waiting: an editor reads the whole text of 40 pages and says whether it is good enough"
    terms = "signal approve by ann or bob, until 2026-01-08 09:30Z, times out at 2026-01-09 08:00Z"
    assert f"{reason} ({terms})" in line.partition('tooltip="')[2]
    assert terms not in line.partition('tooltip="')[0]


def test_a_link_of_a_plugin_wins_unless_it_runs_code() -> None:
    def line(**attributes: str) -> str:
        node = Node("a", link="https://example.org/source", attributes=attributes)
        return statement(to_dot(Diagram("w", (node,))), '"a" [')

    assert 'URL="https://wiki.example"' in line(URL="https://wiki.example")
    assert "source" not in line(URL="https://wiki.example")
    assert "source" not in line(href="https://wiki.example")
    assert 'URL="https://example.org/source"' in line(URL="javascript:alert(1)")
    assert "alert" not in line(URL="java\nscript:alert(1)", labelhref="data:text/html,alert")


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


@pytest.mark.outside
def test_the_head_of_a_loop_is_above_what_it_repeats_whatever_boxes_there_are(
    require: Callable[..., None],
) -> None:
    require("dot")
    build = Build()
    build.add("begin", start_point(), followed_by("outer"))
    build.add("outer", followed_by("middle"))
    build.add("middle", followed_by("inner"))
    build.add("inner", followed_by("inner", lambda context: False), followed_by("check"))
    build.add("check", followed_by("middle", lambda context: False), followed_by("review"))
    build.add("review", followed_by("outer", lambda context: False), followed_by("done"))
    build.add("done", end_point())
    drawn = diagram(build.workflow())
    boxed = replace(drawn, groups=(Group("x", ("outer", "middle"), labels=("x",)),))
    for each in (drawn, boxed):
        lines = to_picture(to_dot(each), "plain").decode().splitlines()
        heights = {words[1]: float(words[3]) for words in map(str.split, lines) if words[0] == "node"}
        assert sorted(heights, key=heights.__getitem__, reverse=True) == [node.name for node in drawn.nodes]


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("_".join(["longer"] * 6), ["✓ longer_longer_longer_longer_", "longer_longer"]),
        ("x" * 40, ["✓ " + "x" * 30, "x" * 10]),
        ("make_coffee and_" + "x" * 15, ["✓ make_coffee", "and_" + "x" * 15]),
    ],
)
def test_a_long_name_is_broken_between_its_words(word: str, lines: list[str]) -> None:
    line = statement(to_dot(Diagram("w", (Node(word, state="done"),))), f'"{word}" [')
    assert line.partition('label="')[2].partition('"')[0].split(r"\n") == lines


def test_the_legend_explains_the_states_that_occur(waiting_coffee: Instance) -> None:
    drawn = diagram(waiting_coffee.workflow, instance=waiting_coffee)
    source = to_dot(replace(drawn, legend=True))
    legend = statement(source, 'graph [labelloc="t"')
    for words in ("done", "waiting", "skipped", "pending"):
        assert f"{words}</font>" in legend
    assert "failed" not in legend
    assert "<table" not in to_dot(drawn)
    assert "done" not in to_dot(diagram(waiting_coffee.workflow, legend=True))


def test_the_legend_explains_joins_arrows_and_borders(press: Workflow, waiting_press: Instance) -> None:
    legend = statement(to_dot(diagram(press, instance=waiting_press, legend=True)), 'graph [labelloc="t"')
    for words in (
        "taken",
        "not decided yet",
        "starts the loop over",
        "start or end point",
        "tasks with a label",
    ):
        assert words in legend
    assert "runs when all branches came" in legend
    assert "runs at the first branch that comes" in legend
    assert "not taken" not in legend
    legend = statement(to_dot(diagram(press, boxes=[], legend=True)), 'graph [labelloc="t"')
    assert "starts the loop over" in legend
    for words in ("taken", "not decided yet", "with a label", "repeat together"):
        assert words not in legend


def test_the_same_workflow_gives_the_same_bytes(article: Workflow) -> None:
    assert to_dot(diagram(article)) == to_dot(diagram(article))


def test_a_workflow_without_tasks_is_valid() -> None:
    assert to_dot(Diagram("w", ())).startswith('digraph "w" {\n')
