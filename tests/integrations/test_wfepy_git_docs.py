"""The page about git lists every setting and every kind of failure, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from wfepy_git import errors
from wfepy_git.command import VERBS
from wfepy_git.settings import RULES

PAGE = Path(__file__).parent.parent.parent / "docs/how-to/git.md"


def rows(heading: str) -> list[str]:
    """Return the first cells of the table below a heading."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [cell for cell in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) if not cell.startswith("---")]


def test_the_page_lists_every_setting() -> None:
    keys = [key for cell in rows("Settings") for key in re.findall(r"`(\w+)`", cell)]
    assert keys == list(RULES)


def test_the_page_lists_every_kind_of_failure() -> None:
    kinds = {getattr(errors, name).kind for name in errors.__all__} - {errors.GitError.kind}
    assert set(rows("When something goes wrong")) - {"kind"} == kinds


def test_the_page_mentions_every_verb() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"wfepy git {verb}" not in text and f"`{verb}`" not in text] == []


def test_every_error_says_what_to_exit_with_and_has_one_word_for_it() -> None:
    made = [getattr(errors, name) for name in errors.__all__]
    assert {each.exit_code for each in made} == {3}
    assert len({each.kind for each in made}) == len(made)
