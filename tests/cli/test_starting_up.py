"""The command itself: help, options, plugins' options and commands, streams that fail, and what it imports."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from cli_folder import COMMAND, FLOW, error_line, flow
from wfepy_hooks.cli.core import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cli_folder import Folder

COMMANDS = [name for group in GROUPS.values() for name in group]

PLUGIN = """
    import wfepy_hooks as wfepy

    @wfepy.hookimpl
    def wfepy_add_options(parser):
        parser.add_argument("--shout", metavar="WORD")

    @wfepy.hookimpl
    def wfepy_add_commands(commands):
        commands.add("greet", help="say hello", module="greeting")

    @wfepy.hookimpl
    def wfepy_configure(config):
        if config.options.shout:
            print("configured with", config.options.shout)
"""
GREETING = """
    def add_arguments(parser):
        parser.add_argument("name")

    def run(args, config):
        print(f"hello {args.name}")
        return 7
"""


# Help and options


def test_the_help_lists_every_command(folder: Folder) -> None:
    said = folder.ok("--help")
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", said, re.MULTILINE), name
    assert max(map(len, said.splitlines())) < 80


def test_the_help_is_as_wide_as_the_terminal(folder: Folder) -> None:
    def said(columns: int) -> str:
        return folder.ok("--help", environ={"COLUMNS": str(columns)})

    assert max(map(len, said(60).splitlines())) < 60
    assert 80 < max(map(len, said(200).splitlines())) < 100
    assert said(60).split() == said(200).split()


def test_the_help_does_not_repeat_the_plugin_whose_name_the_command_has(folder: Folder) -> None:
    said = folder.ok("--help")
    assert re.search(r"^  crontab  .* and more$", said, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_with_an_example(folder: Folder, name: str) -> None:
    said = folder.ok(name, "--help")
    assert said.startswith(f"usage: wfepy {name} ")
    assert re.search(rf"^    .*wfepy {name}\b", said, re.MULTILINE)


def test_no_command_is_a_wrong_call(folder: Folder) -> None:
    done = folder.wfepy()
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: wfepy" in done.stderr


def test_an_unknown_command_or_option_is_told_with_a_suggestion(folder: Folder) -> None:
    assert 'there is no command "tik"; did you mean "tick"?' in error_line(folder.wfepy("tik"), 2)
    assert "--bogus" in error_line(folder.wfepy("--bogus"), 2)
    assert "--bogus" in error_line(folder.wfepy("--bogus", "status"), 2)
    assert "-p needs a value" in error_line(folder.wfepy("status", "-p"), 2)
    assert "not 'blue'" in error_line(folder.wfepy("status", "--color", "blue"), 2)


def test_a_misspelt_command_runs_no_other(folder: Folder) -> None:
    folder.configure()
    line = error_line(folder.wfepy("stauts", "run", "flow"), 2)
    assert 'there is no command "stauts"; did you mean "status"?' in line
    assert folder.state() == {}


def test_help_is_a_word_too(folder: Folder) -> None:
    assert folder.ok("help", "run") == folder.ok("run", "--help")
    assert folder.ok("help") == folder.ok("--help")


def test_the_version_is_told_whatever_is_broken(folder: Folder) -> None:
    folder.write("wfepy.toml", "[wfepy")
    assert re.fullmatch(r"wfepy-hooks \d+\.\d+\.\d+\S* \(Python 3\.\d+\.\S+\)\n", folder.ok("--version"))
    done = folder.wfepy("--help")
    assert done.returncode == 0
    assert "wfepy: warning: " in done.stderr
    assert folder.wfepy("plugins").returncode == 0


@pytest.mark.parametrize(
    "words", [("--config", "sub/wfepy.toml", "status"), ("status", "--config=sub/wfepy.toml", "--all")]
)
def test_options_may_stand_before_and_behind_the_command(folder: Folder, words: tuple[str, ...]) -> None:
    folder.configure()
    (folder.path / "sub").mkdir()
    for name in ("wfepy.toml", "flow.py"):
        (folder.path / name).rename(folder.path / "sub" / name)
    folder.ok("run", "flow", "--config", "sub/wfepy.toml")
    assert (folder.path / "sub/state/flow/default.json").exists()
    assert "there is no file go" in folder.ok(*words)


def test_a_traceback_is_shown_on_demand(folder: Folder) -> None:
    folder.write("flow.py", "1 / 0")
    done = folder.wfepy("run", "flow.py", "--traceback")
    assert done.returncode == 4
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "Traceback" in done.stderr


def test_the_trace_of_hooks_goes_to_standard_error(folder: Folder) -> None:
    folder.configure()
    done = folder.wfepy("run", "flow", "--trace-hooks")
    assert done.stdout.startswith("flow/default waits for b")
    assert "wfepy_task_finished(" in done.stderr


def test_colour_is_for_terminals_or_on_demand(folder: Folder) -> None:
    folder.configure()
    assert "\x1b" not in folder.wfepy("run", "flow").stderr
    assert "\x1b[" in folder.wfepy("run", "flow", "--color", "always").stderr
    assert "\x1b[" in folder.wfepy("bogus", "--color=always", environ={"NO_COLOR": "1"}).stderr


# Plugins


def test_a_plugin_adds_options_and_commands(folder: Folder) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", PLUGIN)
    folder.write("greeting.py", GREETING)
    said = folder.ok("--help")
    assert re.search(r"from plugins:\n(  .*\n)*  greet +say hello \[wfepy_plugins\]", said)
    for words in (("--shout", "x", "greet", "Bob"), ("greet", "Bob", "--shout=x")):
        done = folder.wfepy(*words)
        assert (done.returncode, done.stdout) == (7, "configured with x\nhello Bob\n"), done.stderr
    assert folder.ok("tick", "--shout", "y").startswith("configured with y\n")
    assert folder.ok("tick").startswith("nothing to do")
    error_line(folder.wfepy("tick", "--shout"), 2)


@pytest.mark.parametrize("name", ["view", "commands"])
def test_a_plugin_may_have_any_plain_name(folder: Folder, name: str) -> None:
    folder.configure(extra=f'plugins = ["{name}"]')
    folder.write(f"{name}.py", PLUGIN)
    folder.write("greeting.py", GREETING)
    assert folder.ok("run", "flow", "--shout", "x").startswith("configured with x\n")
    assert "greet" in folder.ok("--help")


def test_the_help_lists_the_options_of_plugins(folder: Folder) -> None:
    folder.configure()
    assert "options from plugins" not in folder.ok("--help")
    folder.write(
        "wfepy_plugins.py",
        """
        import argparse
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_add_options(parser):
            parser.add_argument("-s", "--shout", metavar="WORD", default="hey", help="first (default: %(default)s)")
            parser.add_argument("--plain", action="store_true")
            parser.add_argument("--hidden", help=argparse.SUPPRESS)
        """,
    )
    said = folder.ok("--help").partition("options from plugins:\n")[2].partition("\n\n")[0]
    said = said.replace("-s, --shout", "-s WORD, --shout")  # Python 3.13 names the value once
    assert [line.split() for line in said.splitlines()] == [
        ["-s", "WORD,", "--shout", "WORD", "first", "(default:", "hey)"],
        ["--plain"],
    ]


def test_the_help_is_there_although_a_plugin_fails_to_add_its_options(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        "import wfepy_hooks as w\n@w.hookimpl\ndef wfepy_add_options(parser): parser.add(1)\n",
    )
    done = folder.wfepy("--help")
    assert (done.returncode, "tick" in done.stdout) == (0, True)
    assert "wfepy_plugins: wfepy_add_options raised AttributeError" in done.stderr


def test_a_plugin_cannot_take_the_name_of_a_command(folder: Folder) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", PLUGIN.replace('"greet"', '"tick"'))
    line = error_line(folder.wfepy("tick"), 4)
    assert '"tick"' in line
    assert "no:wfepy_plugins" in line
    assert "tick" in folder.ok("--help")


def test_a_command_whose_code_cannot_be_imported_is_told(folder: Folder) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", PLUGIN.replace('"greeting"', '"nowhere"'))
    assert 'command "greet" of plugin wfepy_plugins' in error_line(folder.wfepy("greet", "Bob"), 4)


def test_an_error_of_ours_is_told_in_one_line_and_to_the_plugins(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy
        from wfepy_hooks.cli import next

        @wfepy.hookimpl
        def wfepy_internal_error(error):
            print('told', error)

        next.run = lambda args, config: {}[7]
        """,
    )
    done = folder.wfepy("next")
    assert "internal error: KeyError: 7" in error_line(done, 1)
    assert "told 7" in done.stdout


# Streams


def piped(folder: Folder, script: str) -> subprocess.CompletedProcess[str]:
    command = script.replace("wfepy", " ".join(COMMAND))
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder.path,
        env=folder.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_is_gone_is_no_error(folder: Folder) -> None:
    folder.configure()
    for number in range(5):
        folder.ok("start", "flow", "--id", f"n{number}")
    for command in ("status", "tick", "--help", "status --json"):
        done = piped(folder, f"wfepy {command} 2>err.log | true")
        assert done.returncode == 0, command
        assert "Error" not in (folder.path / "err.log").read_text()
    assert folder.ok("status").count(" waiting ") == 5


def test_a_log_that_is_gone_stops_no_tick(folder: Folder) -> None:
    folder.configure()
    assert piped(folder, "wfepy run flow 2>&- >/dev/null").returncode == 0
    assert piped(folder, "wfepy run flow --id two >&-").returncode == 0
    if os.path.exists("/dev/full"):
        assert piped(folder, "wfepy run flow --id three 2>/dev/full").returncode == 0
        full = piped(folder, "wfepy run flow --id four >/dev/full")
        assert full.returncode == 1
        assert full.stderr.endswith("standard output: cannot write the results: No space left on device\n")
    folder.write("go", "")
    folder.ok("tick")
    assert folder.ok("status").startswith("no live instances")


def test_a_terminal_without_unicode_gets_escapes(folder: Folder) -> None:
    folder.configure(flow=flow("return wfepy.wait(reason='caf\\xe9 \\u2615 \\ud800 \\x1b[31m [red]')"))
    done = folder.wfepy("run", "flow", environ={"PYTHONIOENCODING": "ascii"})
    assert r"waits for b: caf\xe9 \u2615 \ud800 \x1b[31m [red]" in done.stdout
    folder.ok("run", "flow", "--color", "always", environ={"PYTHONIOENCODING": "ascii"})
    for words in (
        ("status",),
        ("show", "flow"),
        ("history", "flow"),
        ("why", "flow", "b"),
        ("graph", "flow"),
    ):
        assert "\x1b" not in folder.ok(*words, environ={"PYTHONIOENCODING": "ascii"})
        assert "\x1b" not in folder.ok(*words)
    data = json.loads(folder.ok("status", "--json", environ={"PYTHONIOENCODING": "ascii"}))
    assert data["instances"][0]["waiting"]["b"]["reason"] == "caf\xe9 \u2615 \ud800 \x1b[31m [red]"


# Start-up


def test_a_plain_tick_imports_nothing_heavy(folder: Folder) -> None:
    """Start-up is a feature: a tick is a fresh process."""
    folder.configure(flow=FLOW)
    folder.ok("start", "flow")
    folder.ok("tick")  # the cache of entry points is written, and the bytecode
    program = "import sys; from wfepy_hooks.cli import main; code = main(['tick']); print(*sys.modules); sys.exit(code)"
    done = subprocess.run(
        [COMMAND[0], "-S", "-c", f"import sys; sys.path[:] = {_path()!r}; {program}"],
        cwd=folder.path,
        env=folder.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 instance: 1 waiting" in done.stdout
    heavy = (
        "apprise argparse asyncio concurrent.futures croniter dataclasses difflib email.message graphviz "
        "importlib.metadata inspect logging opentelemetry pathlib pluggy rich shutil smtplib sqlite3 subprocess "
        "tempfile textwrap threading traceback"
    )
    assert sorted(set(heavy.split()) & set(done.stdout.split())) == []


def _path() -> list[str]:
    """Return sys.path with what site adds to it: some of its own files import a lot."""
    import sys

    return [each for each in sys.path if each]
