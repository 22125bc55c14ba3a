"""A bare repository as the remote, and clones of it with a project in each, for the tests of git."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from wfepy_git.repository import StateRepository
from wfepy_hooks.clock import system_clock
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project
from wfepy_hooks.sending import send_signal

#: ``a`` is done at once, ``b`` takes signals until it is told to stop; ``other`` is another workflow of the same.
FLOW = """
import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("b")
def a(context):
    context["seen"] = []
    return True


@wfepy.task()
@wfepy.end_point()
def b(context, signals):
    for signal in signals.take_all("go"):
        context["seen"].append(signal.data)
    if signals.take("stop") is not None:
        return True
    return wfepy.wait(signal=["go", "stop"])
"""

ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "WFEPY_"))},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/nowhere/gitconfig",  # not /dev/null, which git config --global would replace
}


def git(folder: Path, *words: str, environ: dict[str, str] | None = None) -> str:
    """Run git as a user does, and return what it prints."""
    identity = ("-c", "user.name=user", "-c", "user.email=user@example.org")
    done = subprocess.run(
        ["git", *identity, *words],
        cwd=folder,
        env=environ or ENVIRON,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout


class Remote:
    """A bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        git(path.parent, "init", "--quiet", "--bare", "--template=", str(path))

    def hook(self, name: str, script: str) -> None:
        """Let a hook run this script of sh."""
        file = self.path / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("#!/bin/sh\n" + textwrap.dedent(script))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def no_hooks(self) -> None:
        for file in (self.path / "hooks").glob("*"):
            file.unlink()

    def tip(self, branch: str = "wfepy-state") -> str:
        return git(self.path, "rev-parse", "--verify", "--quiet", branch).strip()

    def files(self, branch: str = "wfepy-state") -> list[str]:
        return git(self.path, "ls-tree", "-r", "--name-only", branch).split()

    def show(self, path: str, branch: str = "wfepy-state") -> str:
        return git(self.path, "show", f"{branch}:{path}")

    def subjects(self, branch: str = "wfepy-state") -> list[str]:
        return git(self.path, "log", "--format=%s", branch).splitlines()

    def commit(self, files: dict[str, bytes | None], tmp: Path, branch: str = "wfepy-state") -> str:
        """Commit to the branch as somebody does who knows nothing of wfepy; ``None`` removes a file."""
        work = tmp / "somebody"
        if not work.exists():
            git(tmp, "clone", "--quiet", "--branch", branch, str(self.path), str(work))
        git(work, "fetch", "--quiet", "origin")
        git(work, "reset", "--quiet", "--hard", f"origin/{branch}")
        for name, data in files.items():
            if data is None:
                (work / name).unlink()
            else:
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_bytes(data)
        git(work, "add", "--all", "--force")
        git(work, "commit", "--quiet", "--message", "by hand")
        git(work, "push", "--quiet", "origin", f"HEAD:{branch}")
        return self.tip(branch)


class Clone:
    """A checkout with a project, on a machine of its own.

    :ivar plugins: those of the project
    """

    plugins: Sequence[object] = ()

    def __init__(
        self, path: Path, remote: Remote | str, settings: str = "", *, is_checkout: bool = True
    ) -> None:
        self.path = path
        self.environ = dict(ENVIRON)
        self.seconds = 0.0
        url = str(remote.path) if isinstance(remote, Remote) else remote
        path.mkdir(parents=True)
        if is_checkout:
            git(path, "init", "--quiet", "--template=")
            git(path, "remote", "add", "origin", url)
        self.configure(settings)
        (path / "flow.py").write_text(FLOW)

    def configure(self, settings: str = "", more: str = "", timeout: str = "20s") -> None:
        """Write the config file."""
        name = f'holder = "{self.path.name}"\ntimeout = "{timeout}"\n'
        tables = '[workflows.flow]\nmodule = "flow.py"\n[workflows.other]\nmodule = "flow.py"\n'
        (self.path / "wfepy.toml").write_text(f"{tables}{more}[plugins.wfepy_git]\n{name}{settings}\n")

    @property
    def state(self) -> Path:
        return self.path / ".wfepy/state"

    @property
    def home(self) -> Path:
        return self.path / ".wfepy/git"

    def config(self) -> Config:
        """Return the configuration, whose clock is some seconds ahead or behind."""
        config = Config.load(
            self.path / "wfepy.toml",
            environ=self.environ,
            autoload=False,
            clock=lambda: system_clock() + timedelta(seconds=self.seconds),
        )
        for plugin in self.plugins:
            config.plugins.register(plugin)
        return config

    def repository(self, environ: dict[str, str] | None = None) -> StateRepository:
        return StateRepository.from_config(self.config(), environ)

    @contextlib.contextmanager
    def project(self) -> Iterator[Project]:
        """Return the project as a process of its own would have it: each has a module of the same name."""
        path, known = list(sys.path), sys.modules.pop("flow", None)
        try:
            yield Project(self.config())
        finally:
            sys.path[:] = path
            sys.modules.pop("flow", None)
            if known is not None:
                sys.modules["flow"] = known

    def start(self, instance: str, workflow: str = "flow") -> None:
        with self.project() as project:
            project.start(workflow, instance)

    def tick(self) -> None:
        with self.project() as project:
            for report in project.tick():
                assert report.error is None, report.error

    def signal(self, instance: str, name: str = "go", data: Any = None, id: str | None = None) -> None:
        with self.project() as project:
            send_signal(project, "flow", instance, name, data, id=id or "")

    def pull(self) -> list[str]:
        return self.repository().pull().changed

    def push(self) -> bool:
        return self.repository().push().is_changed

    def files(self) -> dict[str, bytes]:
        """Return the files of the state by path."""
        return {
            str(file.relative_to(self.state)): file.read_bytes()
            for file in sorted(self.state.rglob("*"))
            if file.is_file() and ".wake" not in file.parts
        }

    def context(self, instance: str) -> dict[str, Any]:
        """Return the context of an instance, live or ended."""
        places = (self.state / "flow", self.state / "flow/done")
        file = next(place / f"{instance}.json" for place in places if (place / f"{instance}.json").exists())
        found: dict[str, Any] = json.loads(file.read_text())["context"]
        return found
