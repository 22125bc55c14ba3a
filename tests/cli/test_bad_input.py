"""Whatever is wrong is told in one clear line, with the right exit code, and nothing is lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time

import pytest

from cli_folder import COMMAND, FLOW, Folder, error_line, flow, misbehaving
from wfepy_hooks.hookspecs import DECISION, HOOKS, OBSERVATION

# The configuration


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[wfepy]\nstat = "x"\n', 'did you mean "state"?'),
        ('[workflow.flow]\nmodule = "flow"\n', 'did you mean "workflows"?'),
        ('[wfepy]\nplugins = "one"\n', "a list of names"),
        ("[wfepy]\nstrict = 1\n", "true or false"),
        ("[workflows.flow]\n", "module"),
        ("[wfepy\n", "wfepy.toml"),
        ("\x00", "wfepy.toml"),
    ],
    ids=["typo", "typo in a table", "wrong type", "wrong flag", "nothing in it", "no TOML", "binary"],
)
def test_a_wrong_config_is_told_with_its_file(folder: Folder, text: str, said: str) -> None:
    folder.write("wfepy.toml", text)
    line = error_line(folder.wfepy("tick"), 4)
    assert "wfepy.toml" in line
    assert said in line


def test_a_config_that_is_not_there_is_told(folder: Folder) -> None:
    assert "nowhere.toml" in error_line(folder.wfepy("tick", "--config", "nowhere.toml"), 4)


def test_a_working_directory_that_is_gone_is_told(folder: Folder) -> None:
    (folder.path / "gone").mkdir()
    command = f"cd gone; rmdir ../gone; exec {' '.join(COMMAND)}"
    for words, code in (("status", 2), ("run x.py", 2), ("--help", 0)):
        done = subprocess.run(
            ["sh", "-c", f"{command} {words}"],
            cwd=folder.path,
            env=folder.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert "the working directory is gone" in done.stderr
        assert "Traceback" not in done.stderr
        (folder.path / "gone").mkdir()


# The workflow


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def a(:\n", "flow.py:1: SyntaxError"),
        ("\n1 / 0\n", "ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
        ("import nowhere\n", "nowhere"),
        ("from other import x\n", "import cycle"),
        ("x = 1\n", "there is no task in it"),
        ("\x00", "null bytes"),
    ],
    ids=["syntax", "raises", "exits", "missing module", "import cycle", "no task", "binary"],
)
def test_a_module_that_cannot_be_loaded_is_told_with_its_place(folder: Folder, text: str, said: str) -> None:
    folder.write("flow.py", text)
    folder.write("other.py", "from flow import y\nx = 1\n")
    line = error_line(folder.wfepy("run", "flow.py"), 4)
    assert said in line
    assert "flow" in line
    assert folder.state() == {}


def test_a_missing_module_is_told(folder: Folder) -> None:
    folder.write("wfepy.toml", '[workflows.flow]\nmodule = "nowhere"\n')
    assert 'no module "nowhere"' in error_line(folder.wfepy("start", "flow"), 4)
    assert "no such file" in error_line(folder.wfepy("run", "other.py"), 4)


def test_all_problems_of_a_graph_are_told_at_once(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('"b"', '"bb"').replace("@wfepy.end_point()", "", 1))
    done = folder.wfepy("run", "flow")
    error_line(done, 4)
    assert 'did you mean "b"?' in done.stderr
    assert "flow.py:" in done.stderr


# The state


def broken(text: str) -> dict[str, str]:
    """Return ways to break a state file."""
    document = json.loads(text)
    return {
        "empty": "",
        "truncated": text[: len(text) // 2],
        "not JSON": "hello\n",
        "a list": "[]\n",
        "conflict": f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n",
        "newer schema": json.dumps({**document, "schema": 99}),
        "no schema": json.dumps({key: value for key, value in document.items() if key != "schema"}),
        "schema of text": json.dumps({**document, "schema": "1"}),
        "another workflow": json.dumps({**document, "workflow": "tea"}),
        "another instance": json.dumps({**document, "instance": "other"}),
        "unknown tasks": text.replace('"b"', '"bb"'),
        "no tasks": json.dumps({**document, "tasks": 3}),
        "binary": "\x00\x01\x02",
        "deep": "[" * 100_000,
        "evil tag": json.dumps({**document, "context": {"$object": "os:system", "state": {}}}),
    }


KINDS = list(broken("{}"))


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an instance that waits, ``bad``, and of one that has just begun, ``good``."""
    folder = Folder(tmp_path_factory.mktemp("states"))
    folder.configure()
    folder.ok("run", "flow", "--id", "bad")
    folder.ok("start", "flow", "--id", "good")
    return folder.state()


def break_one(folder: Folder, states: dict[str, bytes], kind: str) -> None:
    """Be in the folder of these files, of which that of ``bad`` is broken."""
    folder.configure()
    for name, data in states.items():
        file = folder.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    file = folder.path / "state/flow/bad.json"
    file.write_text(broken(file.read_text())[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_state_file_is_told_kept_and_stops_no_other(
    folder: Folder, states: dict[str, bytes], kind: str
) -> None:
    break_one(folder, states, kind)
    before = folder.state()
    line = error_line(folder.wfepy("tick"), 3)
    assert "bad" in line
    after = folder.state()
    assert {path: data for path, data in after.items() if "bad" in path} == {
        path: data for path, data in before.items() if "bad" in path
    }
    assert b'"waiting"' in after["state/flow/good.json"]
    checked = folder.wfepy("check")
    assert checked.returncode == 3
    assert "1 unreadable" in checked.stdout


@pytest.mark.parametrize("kind", ["empty", "truncated", "conflict", "no tasks"])
def test_the_status_shows_a_broken_file_beside_the_others(
    folder: Folder, states: dict[str, bytes], kind: str
) -> None:
    break_one(folder, states, kind)
    folder.ok("run", "flow", "--id", "good")
    done = folder.wfepy("status")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    rows = done.stdout.splitlines()
    assert "unreadable" in rows[1]
    assert "there is no file go" in rows[2]
    assert rows[-1] == "2 live instances: 1 unreadable, 1 waiting"


def test_line_ends_of_windows_are_no_harm(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    for file in (folder.path / "state/flow").iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    folder.write("go", "")
    assert "finished" in folder.ok("tick")


@pytest.mark.slow
def test_a_state_of_100_megabytes_is_read(folder: Folder) -> None:
    folder.configure(flow=flow('context["big"] = "x" * 100_000_000'))
    folder.ok("run", "flow")
    folder.write("go", "")
    assert "finished" in folder.ok("run", "flow")


# What a context may hold


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("__import__('socket').socket()", "socket"),
        ("lambda: 1", "function"),
        ("[context]", "context"),
        ("open(__file__)", "file"),
        ("__import__('os')", "module"),
        ("(each for each in ())", "generator"),
    ],
)
def test_a_value_that_cannot_be_saved_is_told_by_its_path(folder: Folder, value: str, said: str) -> None:
    folder.configure()
    folder.ok("run", "flow")
    before = folder.data("show", "flow")["context"]
    folder.configure(flow=flow(f'context["odd"] = {{"x": {value}}}'))
    folder.write("go", "")
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert 'task "b": context["odd"]["x"]' in line
    assert said in line
    assert folder.data("show", "flow")["context"] == before
    folder.configure()
    assert "finished" in folder.ok("run", "flow")


@pytest.mark.parametrize(
    "value", ["float('nan')", "float('-inf')", "'\\ud800'", "2**70", "b'\\x00'", "(1, {2})"]
)
def test_an_odd_value_survives(folder: Folder, value: str) -> None:
    folder.configure(
        flow=flow(
            f"""
            if "odd" in context:
                assert repr(context["odd"]) == repr({value}), context["odd"]
            context["odd"] = {value}
            """
        )
    )
    folder.ok("run", "flow")
    folder.write("go", "")
    assert "finished" in folder.ok("run", "flow")
    folder.ok("show", "flow")


# The disk

#: A process of root ignores the mode of a folder, unless this is taken from it.
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


@pytest.mark.skipif(bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="root, and no setpriv")
def test_a_read_only_folder_is_told_before_anything_runs(folder: Folder) -> None:
    folder.configure()
    folder.ok("start", "flow")
    state = folder.path / "state/flow"
    before = folder.state()
    modes = {path: path.stat().st_mode for path in (state, *state.iterdir())}
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        line = error_line(folder.wfepy("tick", prefix=UNPRIVILEGED), 3)
        done = folder.wfepy("status", prefix=UNPRIVILEGED)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert "state/flow" in line
    assert done.returncode == 0
    assert folder.state() == before
    assert not (folder.path / "ran.log").exists()
    folder.ok("tick")
    assert (folder.path / "ran.log").read_text() == "a\n"


def test_a_full_disk_is_told_and_the_state_is_kept(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('"count"] =', '"big"] = "x" * 100_000; context["count"] ='))
    folder.ok("start", "flow", "--id", "one")
    before = folder.state()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    error_line(folder.wfepy("tick", preexec_fn=limit), 3)
    assert folder.state() == before
    folder.ok("tick")


# Plugins

#: What calls each hook, where "run" does not.
COMMANDS = {
    "wfepy_graph_attributes": ("graph", "flow"),
    "wfepy_collect_schedules": ("next",),
    "wfepy_report_header": ("status", "--trace-config"),
}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_that_raises_in_a_hook_is_named_and_nothing_is_lost(folder: Folder, hook: str) -> None:
    folder.configure(flow=misbehaving("raise OSError('no file go')"))
    arguments = ", ".join(HOOKS[hook].arguments)
    plugin = folder.write(
        "wfepy_plugins.py",
        f"""
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def {hook}({arguments}):
            raise RuntimeError("boom")
        """,
    )
    if hook == "wfepy_instance_finished":
        folder.write("go", "")
    done = folder.wfepy(*COMMANDS.get(hook, ("run", "flow")))
    _assert_told(hook, done)
    plugin.unlink()
    folder.write("go", "")
    assert "finished" in folder.ok("run", "flow")


def _assert_told(hook: str, done: subprocess.CompletedProcess[str]) -> None:
    ours = [line for line in done.stderr.splitlines() if "boom" in line]
    never = ("wfepy_upgrade_state", "wfepy_internal_error", "wfepy_provide_argument", "wfepy_task_reminder")
    if hook in never:
        assert ours == []  # nothing happened that calls it
        return
    assert "wfepy_plugins" in ours[-1]
    if HOOKS[hook].kind is OBSERVATION:
        assert done.returncode == (0 if hook == "wfepy_instance_finished" else 1)  # by the task
        assert "the run goes on" in ours[-1]
    else:
        assert done.returncode == 4
        assert "internal error" not in done.stderr
        assert ours[-1].startswith("wfepy: error: ") or hook == "wfepy_run_task"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (:\n", "SyntaxError"),
        ("1 / 0\n", "ZeroDivisionError"),
        (
            "import wfepy_hooks\n@wfepy_hooks.hookimpl\ndef wfepy_task_finishd(task):\n    pass\n",
            "wfepy_task_finished",
        ),
        ("def wfepy_task_finished(task):\n    pass\n", "not marked with @hookimpl"),
    ],
    ids=["syntax", "raises", "misspelt hook", "no decorator"],
)
def test_a_plugin_that_does_not_load_stops_what_runs_workflows(folder: Folder, text: str, said: str) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", text)
    line = error_line(folder.wfepy("tick"), 4)
    assert said in line
    assert "-p no:wfepy_plugins" in line
    assert said in folder.wfepy("--help").stdout
    listed = folder.wfepy("plugins")
    assert listed.returncode == 4
    assert said in listed.stdout
    folder.ok("--version")
    folder.ok("tick", "-p", "no:wfepy_plugins")


# Tasks


def assert_goes_on(folder: Folder) -> None:
    """Check that the instance can finish, and that what was done is not done again."""
    folder.write("go", "")
    assert "finished" in folder.ok("run", "flow")
    assert (folder.path / "ran.log").read_text() == "a\n"


def test_sys_exit_in_a_task_is_a_failure_of_the_task(folder: Folder) -> None:
    folder.configure(flow=misbehaving("import sys; sys.exit(0)"))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    assert "the task called sys.exit(0)" in done.stdout
    assert_goes_on(folder)


def test_a_keyboard_interrupt_that_a_task_raises_itself_is_a_failure_of_it(folder: Folder) -> None:
    folder.configure(flow=misbehaving("raise KeyboardInterrupt"))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    assert "flow/default failed in b: KeyboardInterrupt" in done.stdout
    assert_goes_on(folder)


def test_a_task_that_kills_its_process_runs_again(folder: Folder) -> None:
    folder.configure(flow=misbehaving("os.kill(os.getpid(), 9)"))
    assert folder.wfepy("run", "flow").returncode == -signal.SIGKILL
    assert_goes_on(folder)


def test_a_megabyte_of_print_goes_through(folder: Folder) -> None:
    folder.configure(flow=misbehaving('print("x" * 1_000_000)'))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 0
    assert done.stdout.startswith("x" * 1_000_000 + "\n")
    assert folder.data("run", "flow")["waiting"] == {"b": "there is no file go"}
    assert_goes_on(folder)


def test_a_changed_working_directory_is_put_back(folder: Folder) -> None:
    text = FLOW.replace("return True", 'os.chdir("/"); return True', 1)
    folder.configure(flow=text)
    assert "waits for b" in folder.ok("run", "flow")
    assert_goes_on(folder)


def test_closed_and_replaced_streams_are_no_harm(folder: Folder) -> None:
    folder.configure(flow=misbehaving("import sys; sys.stdout.close(); sys.stderr = None"))
    assert folder.wfepy("run", "flow").returncode == 0
    assert_goes_on(folder)


def wait_for(folder: Folder, name: str) -> None:
    for _ in range(300):
        if (folder.path / name).exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{name} did not appear")


HANG = """
open("hangs", "w").close()
import time
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_task_that_never_returns_can_be_interrupted(folder: Folder, number: signal.Signals) -> None:
    folder.configure(flow=misbehaving(HANG))
    process = folder.spawn("run", "flow")
    wait_for(folder, "hangs")
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "wfepy: interrupted; what was done is saved" in said
    assert_goes_on(folder)


def test_a_second_interrupt_ends_at_once(folder: Folder) -> None:
    folder.configure(
        flow=misbehaving(
            """
            open("hangs", "w").close()
            while True:
                try:
                    __import__("time").sleep(60)
                except BaseException:
                    open("caught", "w").close()
            """
        )
    )
    process = folder.spawn("run", "flow")
    wait_for(folder, "hangs")
    process.send_signal(signal.SIGINT)
    wait_for(folder, "caught")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopping at once" in said
    assert_goes_on(folder)


def test_of_two_ticks_at_once_one_works_and_the_other_says_so(folder: Folder) -> None:
    body = """
    open("hangs", "w").close()
    while not os.path.exists("go"):
        __import__("time").sleep(0.05)
    """
    folder.configure(flow=misbehaving(body))
    first = folder.spawn("run", "flow")
    try:
        wait_for(folder, "hangs")
        for words in (("tick",), ("run", "flow")):
            second = folder.wfepy(*words)
            assert second.returncode == 0
            assert "flow/default is held by another tick" in second.stderr
        assert "another tick holds" in error_line(folder.wfepy("run", "flow", "--wait", "0.2"), 3)
        assert "ready" in folder.ok("status")
        folder.write("go", "")
        assert first.wait(timeout=20) == 0
    finally:
        first.kill()
        first.communicate()
    assert (folder.path / "ran.log").read_text() == "a\n"


def test_a_decision_of_the_wrong_type_is_told(folder: Folder) -> None:
    folder.configure(flow=misbehaving("1 / 0"))
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_decide_retry(error):
            return "yes"
        """,
    )
    assert HOOKS["wfepy_decide_retry"].kind is DECISION
    line = error_line(folder.wfepy("run", "flow"), 4)
    assert "RetryDecision" in line
    assert "wfepy_plugins" in line
