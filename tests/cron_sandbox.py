"""A place where cron daemons and ``crontab`` programs run for a test, and see nothing of the machine's own crontabs.

It has mounts and processes of its own: empty folders over ``/var/spool/cron``, ``/etc/cron.d``, ``/run`` and
``/dev/shm``, and an empty ``/etc/crontab``. When the process that holds it ends, the kernel ends all others in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

WFEPY = (sys.executable, "-m", "wfepy_hooks")
#: As Debian's cron has it by default, so that tests see what jobs see.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SETUP = """
set -e
mount --make-rprivate /
for folder in /var/spool/cron /etc/cron.d /run /dev/shm; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /var/spool/cron/crontabs
if getent group crontab >/dev/null; then chgrp crontab /var/spool/cron/crontabs; fi
chmod 1730 /var/spool/cron/crontabs
chmod 755 /etc/cron.d
: >/run/empty
if [ -e /etc/crontab ]; then mount --bind /run/empty /etc/crontab; fi
if [ -n "$1" ]; then mount --bind "/usr/share/zoneinfo/$1" /etc/localtime; fi
echo ready
exec cat >/dev/null
"""


#: Begins Debian's cron, and lets it tell its jobs in which time they live, by lines of root's crontab.
CRON = """
env | grep -E '^(LD_PRELOAD|FAKETIME|FAKETIME_SHARED|FAKETIME_DONT_RESET|DONT_FAKE_MONOTONIC)=' >/run/time
{ cat /run/time; crontab -l 2>/dev/null; } | crontab -
exec cron -f
"""


def as_root() -> tuple[str, ...]:
    """Return what to put before a command so that root runs it."""
    return () if os.geteuid() == 0 else ("sudo", "-n")


def can_be_root() -> bool:
    """Return whether commands can be run as root, in mounts of their own."""
    try:
        done = subprocess.run([*as_root(), "unshare", "-m", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def has_program(name: str) -> bool:
    """Return whether a program is there; not everybody has the folders of root's programs on their own PATH."""
    return shutil.which(name, path=PATH) is not None


class Sandbox:
    """One such place; a context manager.

    :param home: a folder for what belongs to its user, root
    :param zone: the time zone of the machine
    """

    def __init__(self, home: Path, zone: str = "UTC") -> None:
        self.home = home
        self.environ = {
            "PATH": PATH,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
        }
        command = [*as_root(), "unshare", "-m", "-p", "--fork", "--mount-proc", "sh", "-c", SETUP, "sh", zone]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        self._pid = last_child(self._holder.pid)
        self._spawned: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process that holds it, which reads until there is nobody who could write; with it all others end."""
        self._holder.communicate("")
        for process in self._spawned:
            process.wait()
        if as_root():  # who runs the tests cannot remove what root has made
            owner = f"{os.geteuid()}:{os.getegid()}"
            subprocess.run([*as_root(), "chown", "-R", owner, str(self.home.parent)], check=False)

    def command(
        self, words: Sequence[str], cwd: str | os.PathLike[str], environ: Mapping[str, str]
    ) -> list[str]:
        """Return the words that run a command inside."""
        enter = ["nsenter", "-t", str(self._pid), "-m", "-p", f"--wd={os.fspath(cwd)}"]
        given = [f"{name}={value}" for name, value in {**self.environ, **environ}.items()]
        return [*as_root(), *enter, "env", "-i", *given, *words]

    def run(
        self,
        *words: str,
        cwd: str | os.PathLike[str] = "/",
        environ: Mapping[str, str] | None = None,
        input: bytes = b"",
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command inside, to its end."""
        command = self.command(words, cwd, environ or {})
        return subprocess.run(command, input=input, capture_output=True, timeout=120, check=False)

    def ok(self, *words: str, **options: Any) -> str:
        """Run a command that must exit 0, and return what it printed."""
        done = self.run(*words, **options)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    def start_cron(self, begin: str, speed: int) -> None:
        """Begin Debian's cron in a time of its own.

        :param begin: when that begins, by the machine's clock
        :param speed: how many times as fast it passes
        """
        environ = {"FAKETIME_DONT_RESET": "1", "DONT_FAKE_MONOTONIC": "1"}
        self.spawn("faketime", "-f", f"@{begin} x{speed}", "sh", "-c", CRON, environ=environ)

    def spawn(self, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Begin a command inside, which ends with the sandbox."""
        command = self.command(words, "/", environ or {})
        self._spawned.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        return self._spawned[-1]


def last_child(pid: int) -> int:
    """Return the process at the end of the line of only children that begins with ``pid``."""
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if not children:
            return pid
        (pid,) = map(int, children)


def wait_until(condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait until a condition holds, for at the most so many seconds of real time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.05)
