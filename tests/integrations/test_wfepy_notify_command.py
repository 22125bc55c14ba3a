"""``wfepy notify``, and what a whole command says of notifying: the process is a real one here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_folder import FLOW, Folder, error_line
from receivers import HttpReceiver, free_port

BLOCKED = """
import sys


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "apprise":
            raise ModuleNotFoundError("it is not installed")


sys.meta_path.insert(0, Blocker())
sys.modules["apprise"] = None
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    yield receiver
    receiver.close()


def target(url: str, more: str = "") -> str:
    return f'[plugins.wfepy_notify.targets.team]\nurl = "{url}"\nevents = ["waiting"]\n{more}'


def test_a_test_message_is_sent_at_once(folder: Folder, web: HttpReceiver) -> None:
    folder.configure(extra=target(web.url))
    assert folder.ok("notify", "test").startswith("team: sent in ")
    assert folder.data("notify", "test", "team") == [{"target": "team", "error": ""}]
    assert len(web.titles) == 2
    assert web.titles[0].endswith(": a test message")


def test_a_test_message_that_fails_says_why_and_exits_1(folder: Folder) -> None:
    folder.configure(extra=target("json://${HOOK_TOKEN}@127.0.0.1"))
    done = folder.wfepy("notify", "test")
    assert (done.returncode, done.stderr) == (
        1,
        "team: not sent: the environment variable HOOK_TOKEN is not set, which its url asks for\n",
    )
    assert 'there is no target "tema"' in error_line(folder.wfepy("notify", "test", "tema"), 2)


@pytest.mark.parametrize(("verb", "word"), [("test", "Exit code 1"), ("outbox", "--discard all")])
def test_each_verb_has_a_help_of_its_own(folder: Folder, verb: str, word: str) -> None:
    folder.configure()
    assert word in folder.ok("notify", verb, "--help")


def test_what_waits_is_listed_and_discarded(folder: Folder) -> None:
    folder.configure(extra=target(f"json://127.0.0.1:{free_port()}"))
    folder.ok("start", "flow", "--id", "1")
    done = folder.wfepy("tick")
    assert done.returncode == 0
    assert done.stderr.count("wfepy_notify: could not tell team of ") == 1
    (row,) = folder.data("notify", "outbox")
    assert (row["target"], row["event"], row["tries"]) == ("team", "waiting", 1)
    assert row["id"] in folder.ok("notify", "outbox")
    assert 'no message "x" waits' in error_line(folder.wfepy("notify", "outbox", "--discard", "x"), 2)
    assert folder.ok("notify", "outbox", "--discard", row["id"]) == "1 message discarded\n"
    assert folder.ok("notify", "outbox") == "nothing waits to be sent\n"


def test_a_tick_to_which_nothing_is_due_sends_what_waits(folder: Folder, web: HttpReceiver) -> None:
    folder.configure(extra=target("${TEAM_URL}"), flow=FLOW.replace("wait(reason", 'wait(until="1d", reason'))
    folder.ok("start", "flow", "--id", "1")
    folder.ok("tick")
    folder.environ["TEAM_URL"] = web.url
    folder.ok("status")
    assert web.titles == []
    assert "nothing is due" in folder.ok("tick")
    assert len(web.titles) == 1


def test_what_could_not_be_sent_is_in_the_log_of_the_tick(folder: Folder) -> None:
    folder.configure(extra=target("${TEAM_URL}"))
    folder.ok("start", "flow", "--id", "1")
    done = folder.wfepy("tick", "--log", "tick.log")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = (folder.path / "tick.log").read_text()
    assert "wfepy_notify: could not tell team of " in log
    assert "flow/1 b waiting" in log


def test_without_settings_the_command_says_what_to_write(folder: Folder) -> None:
    folder.configure()
    assert "add [plugins.wfepy_notify.targets.team]" in error_line(folder.wfepy("notify", "test"), 4)


def test_without_apprise_everything_works_that_does_not_need_it(folder: Folder) -> None:
    folder.write("blocked/sitecustomize.py", BLOCKED)
    folder.environ["PYTHONPATH"] = str(folder.path / "blocked")
    folder.configure()
    folder.ok("start", "flow", "--id", "1")
    folder.ok("tick")
    folder.write("wfepy_plugins.py", """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_notify_send(message):
            with open("sent", "a") as file:
                file.write(message.title)
            return True
        """)  # fmt: skip
    folder.configure(extra='[plugins.wfepy_notify.targets.team]\nevents = ["waiting"]\n')
    folder.ok("start", "flow", "--id", "2")
    folder.ok("tick")
    assert "flow/2 waits in b" in (folder.path / "sent").read_text()


def test_without_apprise_a_url_is_a_clear_error(folder: Folder) -> None:
    folder.write("blocked/sitecustomize.py", BLOCKED)
    folder.environ["PYTHONPATH"] = str(folder.path / "blocked")
    folder.configure(extra=target("json://127.0.0.1"))
    for command in (["tick"], ["notify", "test"]):
        line = error_line(folder.wfepy(*command), 4)
        assert "need Apprise, which is not installed; pip install 'wfepy-hooks[notify]'" in line
    folder.ok("-p", "no:wfepy_notify", "start", "flow")


def modules_of_a_tick(folder: Folder) -> set[str]:
    done = folder.wfepy("tick", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


def test_a_tick_with_nothing_to_tell_imports_little(folder: Folder) -> None:
    folder.configure()
    folder.ok("tick")
    plain = modules_of_a_tick(folder)
    assert {name for name in plain if name.startswith("wfepy_notify")} == {
        "wfepy_notify",
        "wfepy_notify.hooks",
    }
    assert "pluggy" not in plain
    folder.configure(extra=target("json://127.0.0.1"))
    folder.ok("tick")
    more = {name for name in modules_of_a_tick(folder) - plain if not name.startswith("wfepy_hooks")}
    assert more == {f"wfepy_notify.{name}" for name in ("message", "observer", "outbox", "settings")}
