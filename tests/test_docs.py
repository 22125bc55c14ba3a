"""What the documentation tabulates is so."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wfepy_hooks.arguments import ARGUMENTS
from wfepy_hooks.cron import ALIASES, parse_cron
from wfepy_hooks.errors import ScheduleError
from wfepy_hooks.schedule import Schedule

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_lists_the_parameters_that_a_task_may_ask_for() -> None:
    text = (DOCS / "explanation/semantics.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| parameter \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == sorted(ARGUMENTS)


def rows(checked: str) -> list[list[str]]:
    """Return the rows of the table of `reference/schedules.md` below this mark, without its head."""
    text = (DOCS / "reference/schedules.md").read_text(encoding="utf-8")
    (table,) = re.findall(rf"^<!-- checked: {checked} -->\n\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def code(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


def test_what_the_page_says_is_written_for_a_crontab_is() -> None:
    table = [(form, code(crontab)) for written, crontab in rows("written")[2:] for form in code(written)]
    assert [[parse_cron(form).text] for form, _ in table] == [crontab for _, crontab in table]
    assert {form for form, _ in table if form.startswith("@")} == set(ALIASES)


def test_what_the_page_says_is_refused_is_and_what_to_write_is_accepted() -> None:
    for refused, _, instead in rows("refused")[2:]:
        for form in code(refused):
            with pytest.raises(ScheduleError):
                parse_cron(form)
        (right,) = code(instead)
        parse_cron(right)


def test_what_the_page_says_of_changed_clocks_is_so() -> None:
    head, _, *table = rows("Europe/Prague")
    zone = ZoneInfo("Europe/Prague")
    for expression, *cells in table:
        for title, cell in zip(head[1:], cells, strict=True):
            start = datetime.fromisoformat(title[:10]).replace(tzinfo=zone)
            # Aware datetimes of one zone are added up by the wall.
            due = Schedule(code(expression)[0], zone.key).between(start, start + timedelta(days=1))
            assert " ".join(f"{each.due.astimezone(zone):%H:%M%z}" for each in due) == cell, (
                expression,
                title,
            )


def test_the_numbers_of_what_it_is_not_for_are_those_of_the_benchmarks() -> None:
    page = (DOCS / "explanation/not-for.md").read_text(encoding="utf-8")
    measured = (DOCS.parent / "benchmarks/README.md").read_text(encoding="utf-8")
    told = re.findall(r"\b[0-9.]+ m?s\b", page)
    assert len(told) > 10
    assert [number for number in told if number not in measured] == []


def test_what_the_explanations_say_that_a_test_holds_is_a_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", tests, re.MULTILINE))
    for page in ("delivery.md", "security.md"):
        named = re.findall(r"`(test_\w+)`", (DOCS / "explanation" / page).read_text(encoding="utf-8"))
        assert len(named) > 10
        assert [name for name in named if name not in defined] == [], page


def test_each_word_of_the_glossary_is_explained_where_it_links_to() -> None:
    text = (DOCS / "reference/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[[^]]+\]\(([^)#]+)#?([^)]*)\) \|$", text, re.MULTILINE)
    words = [word for word, _, _ in rows]
    assert words == sorted(set(words))
    assert len(words) == text.count("\n| ") - 2  # but for the head of the table
    for word, path, anchor in rows:
        page = (DOCS / "reference" / path).read_text(encoding="utf-8")
        assert word in page.lower().replace("_", " "), f"{path} does not have the word {word}"
        assert not anchor or anchor in anchors(page), f"{word}: {path} has no #{anchor}"


def anchors(page: str) -> set[str]:
    """Return what the headings of a page can be linked by, on GitHub and on the site."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
