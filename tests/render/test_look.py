from __future__ import annotations

import pytest

from colours import contrast
from wfepy_hooks.marking import EDGE_WORDS, STATUS_WORDS
from wfepy_hooks.render.look import EDGE_COLOURS, LOOKS, look_of
from wfepy_hooks.render.model import Edge


@pytest.mark.parametrize("state", ["", *LOOKS])
def test_words_on_a_coloured_task_are_legible(state: str) -> None:
    look = look_of(state)
    assert contrast(look.fill, look.font) >= 7


@pytest.mark.parametrize("taken", EDGE_COLOURS)
def test_words_beside_an_arrow_are_legible(taken: bool | None) -> None:
    assert contrast("#ffffff", EDGE_COLOURS[taken][1]) >= 4.5


def test_every_status_has_a_look() -> None:
    assert set(STATUS_WORDS) | {"waiting", "retrying"} == set(LOOKS)


def test_a_state_is_told_by_more_than_its_colour() -> None:
    assert len({look.words for look in LOOKS.values()}) == len(LOOKS)
    assert all(len(look.sign) == len(look.plain) == 1 and look.plain.isascii() for look in LOOKS.values())


def test_an_unknown_state_shows_its_word() -> None:
    assert look_of("on_hold").words == "on_hold"


def test_every_decision_says_whether_the_transition_was_taken() -> None:
    taken = {word: Edge("a", decision=word).taken for word in ("", *EDGE_WORDS)}
    assert {word for word, each in taken.items() if each} == {"taken", "true"}
    assert {word for word, each in taken.items() if each is None} == {"", "pending"}
