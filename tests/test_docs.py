"""The documentation lists every hook and every command, and nothing that is not there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from wfepy_hooks import hookspecs
from wfepy_hooks.arguments import ARGUMENTS
from wfepy_hooks.configfile import ENGINE_KEYS

DOCS = Path(__file__).parent.parent / "docs"
TABLE = re.compile(r"(?<=<!-- hooks -->\n).*?(?=<!-- end -->)", re.DOTALL)


def docstring(hook: str) -> str:
    return (
        inspect.getdoc(getattr(hookspecs, hook)) or ""
    )  # without the indent, which Python 3.13 takes away itself


def hook_table() -> str:
    lines = ["| hook | kind | called |", "| --- | --- | --- |"]
    for name, hook in hookspecs.HOOKS.items():
        (when,) = re.findall(r"^When: (.*?)$\nKind:", docstring(name), re.MULTILINE | re.DOTALL)
        when = re.sub(r"\s+", " ", when).replace("``", "`")
        lines.append(f"| `{name}({', '.join(hook.arguments)})` | {hook.kind} | {when.rstrip('.')} |")
    return "\n".join([*lines, ""])


def test_the_table_of_hooks_is_the_specifications_own(request: pytest.FixtureRequest) -> None:
    page = DOCS / "plugins.md"
    text = page.read_text(encoding="utf-8")
    expected = TABLE.sub(lambda _: hook_table(), text)
    if request.config.getoption("--update-golden"):
        page.write_text(expected, encoding="utf-8")
    else:
        assert text == expected


def test_every_specification_has_its_fixed_parts() -> None:
    for name in hookspecs.HOOKS:
        parts = re.findall(r"^(When|Kind|Arguments|Result):", docstring(name), re.MULTILINE)
        assert parts == ["When", "Kind", "Arguments", "Result"], name


def test_the_page_lists_the_parameters_that_a_task_may_ask_for() -> None:
    text = (DOCS / "semantics.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| parameter \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == sorted(ARGUMENTS)


def test_the_page_lists_the_keys_of_the_config_that_have_an_effect_today() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| `\[wfepy\]` \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(ENGINE_KEYS)
