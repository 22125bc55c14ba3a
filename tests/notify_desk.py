"""A project whose people are told, on a clock of its own: what the tests of wfepy_notify share."""

from __future__ import annotations

import sys
import textwrap
from argparse import Namespace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project, Report
from wfepy_notify.message import Message
from wfepy_notify.outbox import Outbox

FLOW = """
import os
import wfepy_hooks as wfepy

@wfepy.approval(by=("ann", "bob"), deadline="3d", choices=("approve", "reject"), remind_every="1d")
@wfepy.start_point()
@wfepy.followed_by("publish", lambda context: context["review"] == "approve")
def review(context):
    pass

@wfepy.task(labels={"web"}, retry=wfepy.Retry(2, delay="1h", jitter=0))
@wfepy.end_point()
def publish(context):
    if os.path.exists("broken"):
        raise ConnectionError("no network")
    return True
"""


class Sender:
    """A plugin that sends messages by keeping them.

    :ivar answers: what it does with the next messages: ``True``, or an exception to raise; then all are sent
    """

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[Any] = []

    @wfepy.hookimpl
    def wfepy_notify_send(self, message: Message) -> Any:
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = answer()
        if answer is True:
            self.sent.append(message)
        return answer


def finish(config: Config, code: int) -> None:
    told = {"config": config, "command": config.command, "exit_code": code}
    config.plugins.notify("wfepy_command_finished", None, **told)


class Desk:
    """A folder with a project, and what was sent from it.

    :ivar now: the time
    :ivar environ: the environment variables of the ticks
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)
        self.environ: dict[str, str] = {"WFEPY_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": str(folder)}
        self.sender = Sender()
        self.extra: list[object] = []
        self.write("flow.py", FLOW)
        self.target()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def target(self, settings: str = 'events = ["waiting"]', common: str = "", more: str = "") -> None:
        """Write the config file, with one target, ``team``."""
        self.configure(f"""
            [plugins.wfepy_notify]
            {common}
            [plugins.wfepy_notify.targets.team]
            {settings}
            {more}
            """)

    def configure(self, tables: str) -> None:
        toml = (
            '[wfepy]\nplugins = ["wfepy_notify"]\nproject = "paper"\n[workflows.flow]\nmodule = "flow.py"\n'
        )
        self.write("wfepy.toml", toml + textwrap.dedent(tables))

    def config(self) -> Config:
        sys.modules.pop("flow", None)  # that of another test, or of before it was rewritten
        config = Config.load(
            self.folder / "wfepy.toml", cwd=self.folder, environ=self.environ, clock=lambda: self.now
        )
        config.plugins.require_healthy()
        for plugin in (self.sender, *self.extra):
            config.plugins.register(plugin)
        return config

    def start(self, *ids: str) -> None:
        with self.config() as config:
            for id in ids:
                Project(config).start("flow", id)

    def tick(self) -> list[Report]:
        """Do what ``wfepy tick`` does."""
        with self.config() as config:
            config.command, code = "tick", 130
            try:
                reports = list(Project(config).tick())
                code = 0
            finally:
                finish(config, code)
            return reports

    def command(self, name: str, verb: str) -> None:
        """Do what a command does that changes nothing."""
        with self.config() as config:
            config.command, config.options = name, Namespace(verb=verb)
            finish(config, 0)

    def tick_by_program(self) -> list[Report]:
        """Tick as a program does that uses the engine as a library."""
        with self.config() as config:
            return list(Project(config).tick())

    def signal(self, id: str, data: str) -> None:
        with self.config() as config:
            wfepy.send_signal(Project(config), "flow", id, "review", data=data, by="ann", now=self.now)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.sender.sent]

    @property
    def outbox(self) -> Outbox:
        outbox = Outbox(str(self.folder / ".wfepy/state"), lambda: self.now)
        outbox.read()
        return outbox

    @property
    def waiting(self) -> list[str]:
        return [each.message.title for each in self.outbox.pending.values()]


def make_desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk in whose folder the test is; what loading a workflow changes is undone."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return Desk(folder)
