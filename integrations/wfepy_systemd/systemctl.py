"""The program ``systemctl``, and whether there is a systemd that it can speak with."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from functools import cached_property

from wfepy_hooks import WfepyError

from .settings import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Systemctl"]

#: What ``is-system-running`` says where units can be started. "offline" and "unknown" mean that there is no systemd.
_RUNNING = ("initializing", "starting", "running", "degraded", "maintenance", "stopping")


class Systemctl:
    """The systemd of a user or of the machine.

    :ivar scope: ``user`` or ``system``
    """

    def __init__(self, scope: str, environ: Mapping[str, str]) -> None:
        self.scope = scope
        # Its words are read, so they must not be translated.
        self._environ = {**environ, "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
        self._program = shutil.which("systemctl", path=environ.get("PATH"))

    def words(self, *arguments: str) -> list[str]:
        """Return the words of a call, to be run or shown."""
        return ["systemctl", *(["--user"] if self.scope == USER else []), *arguments]

    def shown(self, *arguments: str) -> str:
        """Return a call as it is typed."""
        return shlex.join(self.words(*arguments))

    @cached_property
    def is_running(self) -> bool:
        """Whether units can be started."""
        if self._program is None:
            return False
        return self._call("is-system-running").stdout.strip() in _RUNNING

    def run(self, *arguments: str) -> str:
        """Run a command of it and return what it prints.

        :raises WfepyError: if it fails; with what it says
        """
        done = self._call(*arguments)
        if done.returncode:
            said = " ".join(done.stderr.split()) or f"it exits with {done.returncode}"
            raise WfepyError(said, where=self.shown(*arguments))
        return done.stdout

    def properties(self, unit: str, *names: str) -> dict[str, str]:
        """Return properties of a unit by name; none where nothing is known of it."""
        done = self._call("show", "--property", ",".join(names), unit)
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, equals, value in pairs if equals}

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self._program or "systemctl", *self.words(*arguments)[1:]],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="backslashreplace",
                check=False,
            )
        except OSError as error:
            raise WfepyError(f"cannot be run: {error.strerror}", where="systemctl") from error
