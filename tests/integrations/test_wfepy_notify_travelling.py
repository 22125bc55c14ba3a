"""The outbox travels with the state: what one machine or job could not send another one does, and none goes twice."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli_folder import COMMAND
from git_folders import Clone, Remote
from receivers import MailReceiver, free_port

MakeClone = Callable[..., Clone]

OUTBOX = ".wfepy/state/.notify/outbox.jsonl"
URL = "mailto://%s127.0.0.1:${PORT}?from=wfepy@example.org&to=ann@example.org&mode=insecure&format=text"
#: What sends without a server.
SENDER = """
import os
import wfepy_hooks

@wfepy_hooks.hookimpl
def wfepy_notify_send(message):
    if os.environ.get("DOWN"):
        raise ConnectionError("it is down")
    with open(os.environ["TOLD"], "a") as stream:
        stream.write(f"{message.instance} {os.path.basename(os.getcwd())}\\n")
    return True
"""


class Machine(Clone):
    """A clone whose commands are processes of their own, as cron and runners have them."""

    def run(self, *words: str, **environ: str) -> str:
        done = subprocess.run(
            [*COMMAND, *words], cwd=self.path, env={**self.environ, **environ},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path, remote: Remote) -> Callable[[str], Machine]:
    def make(name: str, target: str = "") -> Machine:
        made = Machine(tmp_path / name, remote)
        made.configure(more=f'[plugins.wfepy_notify.targets.team]\nevents = ["waiting"]\n{target}\n')
        made.environ["TOLD"] = str(tmp_path / "told")
        if not target:
            (made.path / "wfepy_plugins.py").write_text(SENDER)
        return made

    return make


@pytest.fixture
def post() -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    yield receiver
    receiver.close()


def told(machine: Clone) -> list[str]:
    file = Path(machine.environ["TOLD"])
    return file.read_text().splitlines() if file.exists() else []


def waiting(machine: Machine) -> list[tuple[str, int]]:
    return [
        (each["title"].split(" ")[1], each["tries"])
        for each in json.loads(machine.run("notify", "outbox", "--json"))
    ]


def job(machine: Machine, **environ: str) -> None:
    """Do what a job of GitHub Actions does, in a checkout that nobody has used."""
    for verb in ("fetch", "advance", "commit"):
        machine.run("github", verb, **environ)


def test_a_mail_that_a_job_could_not_send_is_sent_by_the_next_one(
    machine: Callable[..., Machine], remote: Remote, post: MailReceiver
) -> None:
    first = machine("first", f'url = "{URL % "ann:${PASSWORD}@"}"')
    second = machine("second", f'url = "{URL % ""}"')
    first.start("x")
    job(first, PORT=str(free_port()), PASSWORD="hunter2", GITHUB_ACTIONS="true")
    assert post.mails == []
    outbox = remote.show(OUTBOX)
    assert "flow/x waits in b" in outbox
    assert [word for word in ("mailto", "hunter2", "PASSWORD") if word in outbox] == [], (
        "no URL and no secret"
    )
    job(second, PORT=str(post.port), GITHUB_ACTIONS="true")
    assert [str(mail["subject"]) for mail in post.mails] == ["first: flow/x waits in b"]
    tip = remote.tip()
    second.run("github", "advance", PORT=str(post.port))
    second.run("github", "commit")
    assert (len(post.mails), remote.tip()) == (1, tip)


def test_what_one_of_two_machines_has_sent_the_other_one_does_not(
    machine: Callable[..., Machine], remote: Remote
) -> None:
    one, two = machine("one"), machine("two")
    one.start("x")
    one.run("git", "tick", DOWN="1")
    two.run("git", "pull")
    assert waiting(two) == [("flow/x", 1)]
    one.run("git", "tick")
    assert told(one) == ["x one"]
    two.run("git", "tick")
    assert told(one) == ["x one"]
    tip = remote.tip()
    one.run("git", "tick")
    two.run("git", "tick")
    assert remote.tip() == tip, "there is nothing to say"


def test_who_has_the_lease_of_a_workflow_tells_of_it(machine: Callable[..., Machine]) -> None:
    one, two = machine("one"), machine("two")
    one.start("x")
    one.run("git", "tick", DOWN="1")
    two.run("git", "pull")
    with one.repository().lease(["flow"], 60):
        two.run("git", "tick")  # other is free
        assert told(one) == []
    two.run("git", "tick")
    assert told(one) == ["x two"]


def test_outboxes_that_went_on_in_two_ways_are_put_together(machine: Callable[..., Machine]) -> None:
    one, two = machine("one"), machine("two")
    one.start("x")
    one.run("tick", DOWN="1")
    one.run("git", "push")
    two.run("git", "pull")
    one.run("tick")
    two.start("y")
    two.run("tick", DOWN="1")
    assert waiting(two) == [("flow/x", 1), ("flow/y", 1)]
    one.run("git", "push")
    two.run("git", "push")
    assert waiting(two) == [("flow/y", 1)]
    one.run("git", "pull")
    one.run("tick")
    assert told(one) == ["x one", "y one"]


def test_a_message_that_a_person_has_discarded_is_gone_everywhere(machine: Callable[..., Machine]) -> None:
    one, two = machine("one"), machine("two")
    one.start("x")
    one.run("git", "tick", DOWN="1")
    two.run("git", "pull")
    two.run("notify", "outbox", "--discard", "all")
    two.run("git", "push")
    one.run("git", "tick")
    assert told(one) == []


def test_a_branch_of_before_and_a_machine_that_knew_no_outbox_are_taken_as_they_are(
    machine: Callable[..., Machine], clone: MakeClone, remote: Remote
) -> None:
    old, one = clone("old"), machine("one")
    old.start("y")
    old.push()
    one.run("git", "pull")
    assert not (one.path / OUTBOX).exists()
    one.start("x")
    one.run("git", "tick", "flow", DOWN="1")
    assert OUTBOX in remote.files()
    old.pull()
    assert not (old.path / OUTBOX).exists()
    old.start("z")
    old.push()
    assert OUTBOX in remote.files()
    new = machine("new")
    os.rename(old.path / ".wfepy", new.path / ".wfepy")  # the plugin is new here, the folder is not
    new.run("git", "pull")
    assert sorted(name for name, _ in waiting(new)) == ["flow/x", "flow/y"]
