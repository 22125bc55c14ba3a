"""Every hook has a page that is made from its specification, and on it a small complete plugin that commands run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import hookpages
import hooktypes
from cli_folder import Folder
from test_readme import Block, blocks, commands
from wfepy_hooks.hookspecs import HOOKS

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs/reference/hooks"
#: A generated part, as cog finds it: what is called, and what that returned.
GENERATED = re.compile(
    r"^<!-- \[\[\[cog import (\w+); cog\.out\(\1\.(\w+)\((?:\"(\w+)\")?\)\) \]\]\] -->\n"
    r"(.*?)^<!-- \[\[\[end\]\]\] -->$",
    re.MULTILINE | re.DOTALL,
)
MODULES = {"hookpages": hookpages, "hooktypes": hooktypes}


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def generated(page: str) -> list[tuple[str, str]]:
    """Return the calls in a page, and what is below each."""
    return [(f"{each[1]} {each[2]}".strip(), each[3]) for each in GENERATED.findall(text_of(page))]


def plugins(hook: str) -> list[Block]:
    """Return the files of a page that are plugins with an implementation of its hook."""
    return [
        block
        for block in blocks(text_of(hook))
        if block.file and block.language == "python" and hook in implemented(block.text)
    ]


def implemented(source: str) -> set[str]:
    return set(hookpages.marked_functions(ast.parse(source)))


def test_every_hook_has_a_page_and_no_page_is_about_a_hook_that_is_gone() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*HOOKS, "index", "types"}


@pytest.mark.parametrize("page", [*HOOKS, "index", "types"])
def test_what_is_generated_is_what_the_specifications_say_now(page: str) -> None:
    found = GENERATED.findall(text_of(page))
    assert found, "it has no generated part"
    for module, function, argument, below in found:
        assert below == getattr(MODULES[module], function)(*filter(None, [argument]))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_begins_with_the_reference_of_its_hook(hook: str) -> None:
    assert text_of(hook).startswith(f"# {hook}\n\n<!-- [[[cog")
    assert [call for call, _ in generated(hook)] == [f"page {hook}"]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_has_a_small_plugin_that_implements_its_hook_and_is_run(hook: str) -> None:
    found = plugins(hook)
    assert found, "no file of the page is a plugin with this hook"
    assert all(5 <= block.text.count("\n") <= 40 for block in found)
    behind = [block for block in blocks(text_of(hook)) if block.start > found[0].end]
    typed = [command for block in behind if block.language == "console" for command in commands(block.text)]
    assert any(re.search(r"\b(wfepy|pytest) ", command) for command in typed)
    assert len(typed) <= 4


@pytest.mark.parametrize("hook", HOOKS)
def test_what_an_example_shows_can_be_typed_without_anything_else(hook: str) -> None:
    """All that a page has of Python is a file, and its workflow is configured where there is one."""
    for block in blocks(text_of(hook).partition("## Example")[2]):
        assert block.file or block.language == "console", block.text


def test_the_order_of_calls_has_every_hook_once() -> None:
    assert sorted(hookpages.call_order()) == sorted(HOOKS)


def test_the_menu_of_the_site_has_the_pages_in_that_order() -> None:
    menu = re.findall(r"- reference/hooks/(\w+)\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert menu == ["index", "types", *hookpages.call_order()]


def test_the_types_of_all_arguments_are_described() -> None:
    ours = set(re.findall(r"^## (\w+)$", text_of("types"), re.MULTILINE))
    used = set(re.findall(r"types\.md#(\w+)", "".join(map(hookpages.page, HOOKS))))
    assert used == {name.lower() for name in ours}


def test_bundled_plugins_are_found_by_their_code_however_they_are_registered() -> None:
    assert "wfepy_hooks.builtin" in hookpages.implementers("wfepy_run_task")
    # By an object, in wfepy_configure.
    assert "wfepy_logging" in hookpages.implementers("wfepy_task_finished")
    assert "wfepy_notify" not in hookpages.implementers("wfepy_run_task")
    found = {name for hook in HOOKS for name in hookpages.implementers(hook)}
    assert found <= {"wfepy_hooks.builtin", *hookpages.GUIDES}


#: What does not happen in the tick below.
ELSEWHERE = {"wfepy_graph_attributes", "wfepy_internal_error", "wfepy_task_reminder", "wfepy_upgrade_state"}
FLOW = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("mend", on="failed")
    def break_it(context, tool):
        raise wfepy.GiveUp("it is broken")

    @wfepy.task()
    @wfepy.end_point()
    def mend(context):
        return True
"""


def watching() -> str:
    """Return a plugin that notes each call of a hook in a file."""
    results = {"wfepy_argument_names": '["tool"]', "wfepy_provide_argument": '"hammer"'}
    lines = ["import wfepy_hooks as wfepy", "", "def note(hook):", '    print(hook, file=open("calls", "a"))']
    for hook in HOOKS:
        lines += ["", "@wfepy.hookimpl(tryfirst=True)", f"def {hook}():", f'    note("{hook}")']
        lines.append(f"    return {results.get(hook)}")
    return "\n".join(lines)


def test_the_hooks_are_called_in_the_order_that_the_docstring_tells(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.configure(flow=FLOW)
    folder.write("wfepy_plugins.py", watching())
    folder.ok("start", "flow")
    (tmp_path / "calls").unlink()
    folder.ok("tick", "--trace-config")
    calls = list(dict.fromkeys((tmp_path / "calls").read_text(encoding="utf-8").split()))
    assert calls == [hook for hook in hookpages.call_order() if hook not in ELSEWHERE]
