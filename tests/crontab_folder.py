"""A project to install, and a ``crontab`` program that is a script: it keeps one file, and fails when told to."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import time

from cli_folder import Folder
from wfepy_hooks.cli import main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

#: The file ``says`` is what -l says in place of the crontab, ``refuses`` what - does; ``meddle`` is run before that.
PROGRAM = """#!/bin/sh
here=$(dirname "$0")
echo "$1" >>"$here/calls"
case $1 in
-l) if [ -e "$here/says" ]; then cat "$here/says" >&2; exit 1; fi
    if [ -e "$here/table" ]; then cat "$here/table"; else echo "no crontab for ann" >&2; exit 1; fi ;;
-)  if [ -e "$here/refuses" ]; then cat "$here/refuses" >&2; exit 1; fi
    cat >"$here/table"
    if [ -e "$here/meddle" ]; then . "$here/meddle"; fi ;;
-r) rm "$here/table" ;;
*)  exit 64 ;;
esac
"""

TWO = """
    [wfepy]
    project = "coffee"

    [workflows.coffee]
    module = "flow"
    schedule = "3-59/5 * * * *"
    start = "0 9 * * mon"

    [workflows.latte]
    module = "flow"
    start = "30 2 * * *"
    timezone = "Europe/Prague"
"""


class CrontabFolder(Folder):
    """A folder with the project :data:`TWO`, and a user's crontab that is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path / "coffee")
        self.program = path / "bin"
        self.program.mkdir()
        (self.program / "crontab").write_text(PROGRAM)
        (self.program / "crontab").chmod(0o755)
        self.state_home = path / "state"
        self.environ["PATH"] = f"{self.program}{os.pathsep}{os.environ['PATH']}"
        self.environ["XDG_STATE_HOME"] = str(self.state_home)
        self.environ["XDG_CACHE_HOME"] = str(path / "cache")
        self.environ["TZ"] = "UTC"
        self.configure()
        self.write("wfepy.toml", TWO)

    @property
    def table(self) -> bytes | None:
        """The crontab."""
        file = self.program / "table"
        return file.read_bytes() if file.exists() else None

    @table.setter
    def table(self, data: bytes) -> None:
        (self.program / "table").write_bytes(data)

    def calls(self) -> list[str]:
        """Return how the program was called, and forget it."""
        file = self.program / "calls"
        found = file.read_text().split() if file.exists() else []
        file.unlink(missing_ok=True)
        return found

    def wfepy(
        self, *words: str, prefix: tuple[str, ...] = (), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; ``wfepy crontab`` in this process, which takes a tenth of the time."""
        if "crontab" not in words or prefix or options:
            return super().wfepy(*words, prefix=prefix, **options)
        out, err = io.StringIO(), io.StringIO()
        with self._entered(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        """Make the folder, its environment and its time zone those of this process."""
        before, cwd = dict(os.environ), os.getcwd()
        try:
            os.environ.clear()
            os.environ.update(self.environ)
            os.chdir(self.path)
            time.tzset()
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            os.chdir(cwd)
            time.tzset()

    def crontab(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        return self.wfepy("crontab", *words, **options)

    def backups(self) -> list[bytes]:
        """Return what is in the backups, oldest first."""
        return [file.read_bytes() for file in sorted(self.state_home.glob("wfepy-hooks/crontab/*"))]
