"""A folder to run ``wfepy`` in, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

COMMAND = (sys.executable, "-m", "wfepy_hooks")

#: ``a`` is done, ``b`` waits until the file "go" is there.
FLOW = """
    import os
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("b")
    @wfepy.followed_by("c", lambda context: context.get("extra"))
    def a(context):
        context["count"] = context.get("count", 0) + 1
        with open("ran.log", "a") as file:
            file.write("a\\n")
        return True

    @wfepy.task()
    @wfepy.end_point()
    def b(context):
        # body
        return os.path.exists("go") or wfepy.wait(reason="there is no file go")

    @wfepy.task()
    @wfepy.end_point()
    def c(context):
        return True
"""

DEAD_END = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("b", lambda context: False)
    def a(context):
        return True

    @wfepy.task()
    @wfepy.end_point()
    def b(context):
        return True
"""


def flow(body: str) -> str:
    """Return :data:`FLOW` with something that ``b`` does first."""
    return FLOW.replace("# body", textwrap.indent(textwrap.dedent(body).strip(), " " * 8).lstrip())


def misbehaving(body: str) -> str:
    """Return :data:`FLOW` with something that ``b`` does first as long as there is no file "go"."""
    return flow('if not os.path.exists("go"):\n' + textwrap.indent(textwrap.dedent(body).strip(), "    "))


class Folder:
    """Where one test runs its commands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("WFEPY_", "PYTEST_"))
        }
        kept.pop("NO_COLOR", None)
        self.environ = {**kept, "HOME": str(path / "home"), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}

    def write(self, name: str, text: str) -> Path:
        """Write a file; the indentation of a test is taken off."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def configure(self, *, flow: str = FLOW, extra: str = "") -> None:
        """Write a project with one workflow, ``flow``."""
        self.write("flow.py", flow)
        self.write("wfepy.toml", f'[wfepy]\nstate = "state"\n{extra}\n[workflows.flow]\nmodule = "flow"\n')

    def wfepy(
        self, *words: str, prefix: tuple[str, ...] = (), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        environ = {**self.environ, **options.pop("environ", {})}
        return subprocess.run(
            [*prefix, *COMMAND, *words],
            cwd=self.path,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            **options,
        )

    def ok(self, *words: str, **options: Any) -> str:
        """Run a command that must exit 0, and return what it printed."""
        done = self.wfepy(*words, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def data(self, *words: str) -> Any:
        """Run a command with ``--json`` that must exit 0, and return the data."""
        return json.loads(self.ok(*words, "--json"))

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.path,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def state(self) -> dict[str, bytes]:
        """Return the contents of every file of state by its path."""
        files = [
            file for root in ("state", ".wfepy") for file in self.path.glob(f"{root}/**/*") if file.is_file()
        ]
        return {str(file.relative_to(self.path)): file.read_bytes() for file in files}


def error_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line of error of a command that must have failed with ``code``."""
    assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("wfepy: error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]
