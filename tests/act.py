"""Running a workflow file for real, by ``act``: without GitHub, without Docker, with a bare repository as the remote.

The actions that a file uses are stood in for by small ones in ``ACTIONS``; ``act`` ignores concurrency, permissions and
the time limits of jobs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from github_project import BIN, PERSON
from wfepy_github.pins import PINS

TOKEN = "sekrit-token-0123456789"
#: Where GitHub would be.
NAME = "acme/flows"

ACTIONS = {
    "actions/checkout": """
inputs: {ref: {required: true}, persist-credentials: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {REF: "${{ inputs.ref }}", NAME: "${{ github.repository }}"}
      run: |
        git init -q .
        git remote add origin "https://github.com/$NAME"
        git fetch -q --depth 1 origin "$REF"
        git checkout -q --detach FETCH_HEAD
""",
    "actions/setup-python": """
inputs: {python-version: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      run: printf '%s\\n' "$HOME/bin" >> "$GITHUB_PATH"
""",
    "astral-sh/setup-uv": """
inputs: {python-version: {required: true}, enable-cache: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      run: exit 1
""",
    "actions/upload-artifact": """
inputs: {name: {required: true}, path: {required: true}, include-hidden-files: {required: true},
  if-no-files-found: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {PATHS: "${{ inputs.path }}"}
      run: tar -cf "$HOME/artifact.tar" $PATHS
""",
}


class Act:
    """A repository, its remote, and runs of its workflow.

    :ivar home: a folder of its own for everything that looks there
    :ivar remote: the bare repository
    :ivar log: what all runs have printed
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / "home"
        self.remote = path / "remote.git"
        self.log = ""
        self.home.mkdir()
        (self.home / "bin").mkdir()
        for name in ("python", "wfepy"):
            (self.home / "bin" / name).symlink_to(BIN / name)
        self._log_the_arguments_of_git()
        for action, text in ACTIONS.items():
            folder = path / "actions" / action
            folder.mkdir(parents=True)
            (folder / "action.yml").write_text(f"name: stand-in\ndescription: of {action}\n{text}")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.remote)], check=True)
        (self.home / ".gitconfig").write_text(
            f'[url "{self.remote}"]\n  insteadOf = https://github.com/{NAME}\n'
        )

    def _log_the_arguments_of_git(self) -> None:
        git, log = shutil.which("git"), self.home / "arguments.log"
        script = self.home / "bin/git"
        script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {git} "$@"\n')
        script.chmod(0o755)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of whoever works here: nothing of the tests' own."""
        path = os.environ["PATH"]
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git, by default in the remote."""
        environ = {**self.environ, **PERSON}
        run = subprocess.run(
            ["git", *words],
            cwd=cwd or self.remote,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def run(self, event: str, folder: Path, **inputs: str) -> int:
        """Run the workflow in a checkout, as it would be for an event, and return the exit code."""
        file = self.path / "event.json"
        repository = {"default_branch": "main", "full_name": NAME}
        file.write_text(json.dumps({"inputs": inputs, "repository": repository, "ref": "refs/heads/main"}))
        command = [
            *(str(BIN / "act"), event, "-P", "ubuntu-24.04=-self-hosted", "--no-skip-checkout"),
            *(
                "--defaultbranch",
                "main",
                "-e",
                str(file),
                "-s",
                f"GITHUB_TOKEN={TOKEN}",
                "-s",
                "SPICE=cinnamon",
            ),
        ]
        for pin in PINS:
            command += [
                "--local-repository",
                f"{pin.action}@{pin.commit}={self.path / 'actions' / pin.action}",
            ]
        run = subprocess.run(
            command,
            cwd=folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.last = run.stdout + run.stderr
        self.log += self.last
        return run.returncode

    def subjects(self, branch: str = "wfepy-state") -> list[str]:
        """Return the subjects of a branch of the remote, the newest first; none if there is no branch."""
        if not self.git("branch", "--list", branch):
            return []
        return self.git("log", "--format=%s", branch).splitlines()

    def file(self, path: str, branch: str = "wfepy-state") -> str:
        """Return a file of a branch of the remote."""
        return self.git("show", f"{branch}:{path}")
