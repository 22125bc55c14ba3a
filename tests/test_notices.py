"""Who tells what this package logs where nobody has set up logging: looked at, since pytest has set it up."""

from __future__ import annotations

import logging

from wfepy_hooks.notices import logger, told_by


class Teller(logging.NullHandler):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True
        super().close()


def test_the_handler_of_a_command_is_made_once_when_it_is_needed_and_closed_with_the_command() -> None:
    made: list[Teller] = []

    def make() -> Teller:
        made.append(Teller())
        return made[-1]

    before = logging.lastResort
    with told_by(make):
        assert (made, logging.lastResort) == ([], before)
        assert logger() is logging.getLogger("wfepy_hooks")
        assert logger("wfepy_hooks.plugins").name == "wfepy_hooks.plugins"
        assert made == [logging.lastResort]
        assert [each.is_closed for each in made] == [False]
    assert [each.is_closed for each in made] == [True]
    assert logging.lastResort is before


def test_a_command_in_a_command_has_its_own() -> None:
    outer, inner, before = Teller(), Teller(), logging.lastResort
    with told_by(lambda: outer):
        logger()
        with told_by(lambda: inner):
            assert logging.lastResort is outer
            logger()
            assert logging.lastResort is inner
        assert logging.lastResort is outer
        assert (inner.is_closed, outer.is_closed) == (True, False)
    assert logging.lastResort is before


def test_outside_of_a_command_logging_is_left_alone() -> None:
    before = logging.lastResort
    with told_by(Teller):
        pass
    logger()
    assert logging.lastResort is before
