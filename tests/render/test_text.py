from __future__ import annotations

import unicodedata

import pytest

from wfepy_hooks.render import Diagram, Edge, Node, can_show_unicode, diagram, to_text
from wfepy_hooks.render.text import columns, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.instance import Instance
    from wfepy_hooks.workflow import Workflow


def test_a_workflow_as_text(coffee: Workflow, article: Workflow, golden: Callable[[str, str], None]) -> None:
    golden("coffee.txt", to_text(diagram(coffee)))
    golden("article.txt", to_text(diagram(article)))


def test_an_instance_as_text(
    waiting_coffee: Instance, second_pass: Instance, golden: Callable[[str, str], None]
) -> None:
    golden("coffee_waiting.txt", to_text(diagram(waiting_coffee.workflow, instance=waiting_coffee)))
    golden("article_second_pass.txt", to_text(diagram(second_pass.workflow, instance=second_pass)))


def test_boxes_and_a_legend_as_text(
    press: Workflow, waiting_press: Instance, golden: Callable[[str, str], None]
) -> None:
    golden("press.txt", to_text(diagram(press, boxes=["editors", "press"])))
    drawn = diagram(press, instance=waiting_press, legend=True)
    golden("press_waiting.txt", to_text(drawn))
    plain = to_text(drawn, ascii=True)
    golden("press_waiting_ascii.txt", plain)
    assert plain.isascii()


def test_ascii_only(second_pass: Instance, golden: Callable[[str, str], None]) -> None:
    text = to_text(diagram(second_pass.workflow, instance=second_pass), ascii=True)
    assert text.isascii()
    golden("article_second_pass_ascii.txt", text)


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_keep_to_the_width(second_pass: Instance, width: int, ascii: bool) -> None:
    text = to_text(diagram(second_pass.workflow, instance=second_pass), width=width, ascii=ascii)
    assert max(map(len, text.splitlines())) <= width


def test_a_word_longer_than_a_line_is_not_broken() -> None:
    name = "x" * 100
    assert name in to_text(Diagram("w", (Node(name),))).splitlines()


def test_a_transition_about_another_outcome_says_so() -> None:
    drawn = Diagram("w", (Node("a", edges=(Edge("b", on="failed", decision="outcome"),)),))
    assert "on failed  \N{EN DASH} another outcome" in to_text(drawn)


def test_wide_characters_count_twice() -> None:
    condition = " and ".join(f'c["{word}"]' for word in ("準備完了", "承認済み", "送信待ち", "日本語の") * 3)
    text = to_text(Diagram("w", (Node("a", edges=(Edge("b", condition),)),)))
    for line in text.splitlines():
        assert sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in line) <= 80


def test_control_characters_cannot_reach_the_terminal() -> None:
    nodes = (
        Node(
            "a", labels=("\x1b[31mred", "a\nb"), note="\r\udc80\a", edges=(Edge("b", 'c["\x9b"] \u202e\xa0'),)
        ),
    )
    text = to_text(Diagram("w\x00", nodes))
    assert all(line.isprintable() for line in text.splitlines())
    assert r"\x1b[31mred" in text
    assert r"\udc80" in text
    text.encode()


def test_ascii_shows_other_characters_as_escapes() -> None:
    assert r"\u017elu\u0165" in to_text(Diagram("w", (Node("žluť"),)), ascii=True)


@pytest.mark.parametrize(
    ("encoding", "can"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False), ("no such", False)],
)
def test_the_encoding_decides_whether_unicode_can_be_shown(encoding: str | None, can: bool) -> None:
    assert can_show_unicode(encoding) is can


def test_missing_tasks_and_many_inputs() -> None:
    inputs = tuple(f"branch_{number}" for number in range(40))
    nodes = (Node("a", is_missing=True), Node("b", join="all", inputs=inputs))
    assert to_text(Diagram("w", nodes)) == "w\na  [no such task]\nb  [join: all]\n"


def test_columns_are_those_of_a_terminal() -> None:
    assert columns("abc") == 3
    assert columns("日本") == 4
    assert columns("e\u0301a\u0308") == 2, "an accent that combines takes none"


@pytest.mark.parametrize(
    ("text", "most", "tail", "expected"),
    [
        ("coffee", 6, 0, "coffee"),
        ("coffees", 6, 0, "coffe…"),
        ("coffees", 6, 2, "cof…es"),
        ("日本日本", 6, 0, "日本…"),
        ("日本日本", 6, 1, "日…本"),
        ("日本日本日本", 6, 5, "…日本"),
        ("e\u0301" * 7, 3, 0, "e\u0301e\u0301…"),
    ],
)
def test_text_that_is_too_long_keeps_its_beginning_and_its_end(
    text: str, most: int, tail: int, expected: str
) -> None:
    assert cut(text, most, tail=tail) == expected


def test_a_workflow_without_tasks_is_its_name() -> None:
    assert to_text(Diagram("w", ())) == "w\n"
