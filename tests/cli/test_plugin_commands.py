"""What is said of the commands and options of plugins that are wrong: by name, and never as a bug of ours."""

from __future__ import annotations

import pytest

from cli_folder import FLOW
from wfepy_hooks.testing import ProjectFolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from wfepy_hooks.testing import RunResult

COMMAND = """
import wfepy_hooks as wfepy


class Greet:
    "Say hello."

    def add_arguments(self, parser):
        {arguments}

    def run(self, args, config):
        {body}


@wfepy.hookimpl
def wfepy_add_commands(commands):
    commands.add("greet", help="say hello", module={module})


@wfepy.hookimpl
def wfepy_internal_error(error):
    print("told", error)


@wfepy.hookimpl
def wfepy_command_finished(exit_code):
    print("ended with", exit_code)
"""
OPTION = """
import wfepy_hooks as wfepy


@wfepy.hookimpl
def wfepy_add_options(parser):
    {}
"""


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path / "project", {"wfepy.toml": ""})


def greet(
    project: ProjectFolder,
    *words: str,
    arguments: str = "pass",
    body: str = "return 0",
    module: str = "Greet",
) -> RunResult:
    project.write("wfepy_plugins.py", COMMAND.format(arguments=arguments, body=body, module=module))
    return project.run("greet", *words)


@pytest.mark.parametrize(
    ("arguments", "body"),
    [("pass", "1 / 0"), ("1 / 0", "return 0"), ("pass", "import json; json.loads('no')")],
)
def test_what_a_command_raises_is_told_of_its_plugin(
    project: ProjectFolder, arguments: str, body: str
) -> None:
    done = greet(project, arguments=arguments, body=body).assert_exit_code(4)
    assert 'wfepy: error: command "greet" of plugin wfepy_plugins: it raised ' in done.err
    place = "wfepy_plugins.py:8" if arguments == "1 / 0" else "wfepy_plugins.py:11"
    assert f"{place}); tell its authors" in done.err  # not the line of a library that it uses
    assert ("told" in done.out) is (arguments == "pass")
    assert ("ended with 4" in done.out) is (arguments == "pass")


def test_an_error_of_a_commands_own_words_stays_as_it_is(project: ProjectFolder) -> None:
    done = greet(project, body='raise wfepy.UsageError("not today", hint="come back")').assert_exit_code(2)
    assert done.err == "wfepy: error: not today; come back\n"
    assert "told" not in done.out


@pytest.mark.parametrize("result", ["True", "'three'", "2.0"])
def test_a_result_that_is_no_exit_code_is_refused(project: ProjectFolder, result: str) -> None:
    done = greet(project, body=f"return {result}").assert_exit_code(4)
    assert f"plugin wfepy_plugins: its run must return the exit code, a number, not {result}" in done.err
    assert "told" not in done.out


@pytest.mark.parametrize(("body", "code"), [("return 7", 7), ("pass", 0), ("raise SystemExit(5)", 5)])
def test_a_command_says_with_what_wfepy_exits(project: ProjectFolder, body: str, code: int) -> None:
    greet(project, body=body).assert_exit_code(code)


@pytest.mark.parametrize(
    ("module", "what"),
    [
        ("Greet()", "neither the name of one nor a function that returns one, but of type Greet"),
        ("'nowhere'", "its code cannot be loaded: ModuleNotFoundError: No module named 'nowhere'\n"),
        ("lambda: 1 / 0", "wfepy_plugins.py:16)"),
    ],
)
def test_what_is_no_code_of_a_command_is_told(project: ProjectFolder, module: str, what: str) -> None:
    assert what in greet(project, module=module).assert_exit_code(4).err


@pytest.mark.parametrize("option", ["--state", "-q", "--trace-config", "-plain"])
def test_an_option_that_wfepy_itself_takes_first_is_refused(project: ProjectFolder, option: str) -> None:
    for done in (
        greet(project, arguments=f"parser.add_argument('-x', {option!r})"),
        greet(project, arguments=f"parser.add_argument_group().add_argument({option!r})"),
    ):
        done.assert_exit_code(4)
        assert f"of plugin wfepy_plugins: the option {option} would never be set" in done.err


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("parser.add_argument('--config')", "the option --config would never be set"),
        ("parser.add_argument_group().add_argument('--config')", "the option --config would never be set"),
        ("parser.add_argument('where')", "wfepy_add_options adds where, which is no option"),
        ("parser.add_argument('--json')", "wfepy status has an option --json already"),
        ("parser.add_argument('--loud', help='100% of it')", "write %% for a per cent sign"),
    ],
)
def test_an_option_that_cannot_be_is_told_of_its_plugin(project: ProjectFolder, call: str, what: str) -> None:
    project.write("wfepy_plugins.py", OPTION.format(call))
    done = project.run("status").assert_exit_code(4)
    assert done.err.startswith("wfepy: error: plugin wfepy_plugins: ")
    assert what in done.err


def test_an_option_of_two_plugins_names_both(project: ProjectFolder) -> None:
    call = OPTION.format("parser.add_argument('--loud')")
    project.write("one.py", call)
    project.write("wfepy_plugins.py", call)
    err = project.run("-p", "one", "status").assert_exit_code(4).err
    assert err == (
        "wfepy: error: plugin one: the plugin wfepy_plugins has an option --loud already; "
        "run without one of them by -p no:one\n"
    )


def test_a_help_that_cannot_be_shown_does_not_take_that_of_wfepy_with_it(project: ProjectFolder) -> None:
    project.write("wfepy_plugins.py", OPTION.format("parser.add_argument('--loud', help='100% of it')"))
    done = project.run("--help").assert_exit_code(0)
    assert "run workflows:" in done.out
    assert "wfepy: warning: plugin wfepy_plugins: the help of --loud cannot be shown" in done.err
    err = greet(project, "--help", arguments="parser.add_argument('--loud', help='5% off')").err
    assert 'command "greet" of plugin wfepy_plugins: the help of --loud cannot be shown' in err


SETTINGS = """
import wfepy_hooks as wfepy


@wfepy.hookimpl
def wfepy_configure(config):
    {}


@wfepy.hookimpl
def wfepy_report_header(config):
    {}
    return "a line"
"""
REFUSE = 'raise wfepy.ConfigError("the key token is missing", where="wfepy.toml: [plugins.slack]")'


@pytest.mark.parametrize(
    ("configure", "report"), [(REFUSE, "pass"), ("pass", REFUSE), (REFUSE, REFUSE), ("pass", "1 / 0")]
)
def test_the_plugins_are_listed_although_one_refuses_its_settings(
    project: ProjectFolder, configure: str, report: str
) -> None:
    project.write("wfepy_plugins.py", SETTINGS.format(configure, report))
    done = project.run("plugins").assert_exit_code(4)
    assert "plugin   wfepy_plugins, " in done.out
    wrong = "ZeroDivisionError" if "/" in report else "wfepy.toml: [plugins.slack]: the key token is missing"
    (line,) = [line for line in done.out.splitlines() if line.startswith("failed")]
    assert line.startswith(f"failed   wfepy_plugins, {project.path}")
    assert wrong in line
    assert ("a line" in done.out) is (report == "pass")
    (failure,) = project.run("plugins", "--json").assert_exit_code(4).json["failures"]
    assert wrong in failure["error"]
    if configure != "pass":
        assert wrong in project.run("status").assert_exit_code(4).err
        project.run("new", "elsewhere").assert_exit_code(0)


NAMES = """
import wfepy_hooks as wfepy


@wfepy.hookimpl
def wfepy_argument_names():
    return ["tool", "now"]
"""


def test_a_plugin_cannot_provide_what_tasks_get_from_wfepy_itself(project: ProjectFolder) -> None:
    project.write("wfepy_plugins.py", NAMES)
    project.write("wfepy.toml", '[workflows.flow]\nmodule = "flow"\n')
    project.write("flow.py", FLOW)
    err = project.run("run", "flow").assert_exit_code(4).err
    assert "wfepy_argument_names: tasks get now from wfepy itself" in err
    assert "look at the plugins that implement it: wfepy_plugins" in err


OFFERING = """
import wfepy_hooks as wfepy


class Spec:
    @wfepy.hookspec
    def wfepy_gate_opens(self):
        "Say whether it opens."


@wfepy.hookimpl
def wfepy_add_hookspecs(pluginmanager):
    pluginmanager.add_hookspecs(Spec)
"""


def test_the_hooks_that_a_plugin_offers_are_listed_with_it(project: ProjectFolder) -> None:
    project.write("wfepy_plugins.py", OFFERING)
    out = project.run("plugins").assert_exit_code(0).out
    assert "           wfepy_add_hookspecs\n           offers wfepy_gate_opens\n" in out
    found = {each["name"]: each["offers"] for each in project.run("plugins", "--json").json["plugins"]}
    assert (found["wfepy_plugins"], found["engine"]) == (["wfepy_gate_opens"], [])
