"""The page about GitHub Actions lists every setting, every step, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from github_project import workflow_text
from wfepy_github.command import VERBS
from wfepy_github.settings import KEYS

PAGE = (Path(__file__).parents[2] / "docs/how-to/github.md").read_text(encoding="utf-8")


def test_the_page_lists_every_setting() -> None:
    (table,) = re.findall(r"(?<=<!-- settings -->\n).*?(?=<!-- end -->)", PAGE, re.DOTALL)
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(KEYS)


def test_the_page_lists_every_step_that_is_ours() -> None:
    steps = re.findall(r"^\| ([A-Z][^|]*) \|.*\| (?:yes|no) \|", PAGE, re.MULTILINE)
    named = re.findall(r"- name: (.*)", workflow_text().partition("  tick:")[2])
    assert steps == [name for name in named if name not in ("Check out", "Set up Python", "Install")]


def test_every_verb_is_on_the_page() -> None:
    assert [verb for verb in VERBS if verb != "deliver" and f"wfepy github {verb}" not in PAGE] == []
