"""The hooks around a whole command: what a plugin learns of a tick as such, and of how it ended."""

from __future__ import annotations

import signal

import pytest

from cli_folder import Folder, flow

PLUGIN = """
    import wfepy_hooks as wfepy

    def note(text):
        with open("seen.log", "a") as file:
            print(text, file=file)

    @wfepy.hookimpl
    def wfepy_configure(config):
        note("configured")

    @wfepy.hookimpl
    def wfepy_command_started(config, command):
        note(f"{command} begins")

    @wfepy.hookimpl
    def wfepy_tick_started(instance):
        note(f"{instance.id} begins")

    @wfepy.hookimpl
    def wfepy_command_finished(config, command, exit_code):
        note(f"{command} ends: {exit_code}")

    @wfepy.hookimpl
    def wfepy_unconfigure(config):
        note("unconfigured")
"""


@pytest.fixture
def watched(folder: Folder) -> Folder:
    folder.configure()
    folder.write("wfepy_plugins.py", PLUGIN)
    return folder


def seen(folder: Folder) -> list[str]:
    log = folder.path / "seen.log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_a_tick_of_several_instances_is_one_command(watched: Folder) -> None:
    for name in ("one", "two"):
        watched.ok("start", "flow", "--id", name)
    seen(watched)
    watched.ok("tick")
    assert seen(watched) == [
        *("configured", "tick begins", "one begins", "two begins", "tick ends: 0", "unconfigured"),
    ]


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ("1 / 0", ("run", "flow"), 1),
        ("", ("tick", "no-such-workflow"), 4),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", ("run", "flow"), 130),
    ],
    ids=["a task fails", "an error ends it", "it is interrupted"],
)
def test_the_exit_code_is_that_of_the_process(
    watched: Folder, body: str, words: tuple[str, ...], code: int
) -> None:
    watched.write("flow.py", flow(body or "pass"))
    assert watched.wfepy(*words).returncode == code
    assert seen(watched)[-2:] == [f"{words[0]} ends: {code}", "unconfigured"]


def test_a_command_that_is_killed_never_ends(watched: Folder) -> None:
    watched.write("flow.py", flow("import os; os.kill(os.getpid(), 9)"))
    assert watched.wfepy("run", "flow").returncode == -signal.SIGKILL
    assert "run ends" not in " ".join(seen(watched))


def test_a_plugin_that_raises_there_does_not_change_the_exit_code(watched: Folder) -> None:
    watched.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_command_started(command):
            raise RuntimeError("at the start")

        @wfepy.hookimpl
        def wfepy_command_finished(command):
            raise RuntimeError("at the end")
        """,
    )
    done = watched.wfepy("run", "flow")
    assert done.returncode == 0
    assert "at the start" in done.stderr
    assert "at the end" in done.stderr


def test_help_is_no_command(watched: Folder) -> None:
    watched.ok("tick", "--help")
    watched.ok("--version")
    assert [line for line in seen(watched) if "begins" in line] == []
