"""A project in a git repository for the tests of ``wfepy_github``, and the linters that its files must pass."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cli_folder import Folder
from wfepy_github.place import PLACE, Place
from wfepy_hooks import generate
from wfepy_hooks.config import Config, WorkflowConfig

#: The programs of the virtual environment that the tests run in.
BIN = Path(sys.executable).parent
#: How strict zizmor is, and the schemas of check-jsonschema.
PERSONAS = ("auditor", "pedantic")
SCHEMAS = ("vendor.github-workflows", "custom.github-workflows-require-timeout")

COFFEE = WorkflowConfig(
    "coffee", "coffee", schedule="H/10 * * * *", start="0 9 * * mon", timezone="Europe/Prague"
)


def make_config(
    settings: Mapping[str, Any] | None = None,
    workflows: Iterable[WorkflowConfig] = (COFFEE,),
    *,
    place: Place | None = None,
    file: str = "wfepy.toml",
    root: str = "/srv/flows",
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Return a configuration with the plugin in it; no file is looked at."""
    import wfepy_github

    config = Config(root, file=f"{root}/{file}", environ={} if environ is None else environ)
    config.plugins.register(wfepy_github, "wfepy_github", "test")
    config.plugin_settings["wfepy_github"] = dict(settings or {})
    config.workflows.update({each.name: each for each in workflows})
    config.stash[PLACE] = place or Place("/srv/flows")
    return config


def workflow_text(*args: Any, **kwargs: Any) -> str:
    """Return the text that :func:`make_config` leads to."""
    (file,) = generate("github", make_config(*args, **kwargs))
    return file.text


def complaints(texts: Iterable[str], folder: Path) -> str:
    """Return what the linters say of workflow files, each of them run once for all."""
    workflows = folder / ".github/workflows"
    workflows.mkdir(parents=True)
    for number, text in enumerate(texts):
        (workflows / f"{number:03}.yml").write_text(text, encoding="utf-8")
    files = [str(file) for file in sorted(workflows.iterdir())]
    commands = [
        *([str(BIN / "zizmor"), "--offline", "--quiet", f"--persona={p}", str(workflows)] for p in PERSONAS),
        [str(BIN / "actionlint"), "-no-color", *files],
        *([str(BIN / "check-jsonschema"), "--builtin-schema", schema, *files] for schema in SCHEMAS),
    ]
    said = ""
    for command in commands:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            said += f"{command[0]} {run.returncode}\n{run.stdout}{run.stderr}"
    return said


#: Whoever commits in the tests.
PERSON = {
    f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


class Repository:
    """A git repository with a project in it.

    :ivar path: its work tree
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", ".")

    def git(self, *words: str, **more: str) -> str:
        """Run git there, with nobody's configuration; ``more`` is of the environment."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path.parent / "no-home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **PERSON,
            **more,
        }
        run = subprocess.run(
            ["git", *words], cwd=self.path, env=environ, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def write(self, name: str, text: str) -> Path:
        """Write a file; the indentation of a test is taken off."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")


class Flows(Folder):
    """Where the commands of one test run."""

    def run(self, *words: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command that must exit with ``code``."""
        done = self.wfepy(*words, **options)
        assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        assert "internal error" not in done.stderr
        return done
