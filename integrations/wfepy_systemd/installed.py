"""The units of a project in the folder of systemd: which are there, and taking them out."""

from __future__ import annotations

import os
from dataclasses import dataclass

from wfepy_hooks import UsageError

from .escaping import BETWEEN, unit_name
from .settings import SYSTEM
from .units import owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .systemctl import Systemctl

__all__ = ["InstalledUnit", "find_units", "remove_units", "unit_folder"]


@dataclass(frozen=True, slots=True)
class InstalledUnit:
    """A file of the folder with the name of a unit of the project.

    :ivar name: its name, with the type
    :ivar path: its absolute path
    :ivar project: :ivar folder: whose it is, as its first line says; empty: not of ours
    """

    name: str
    path: str
    project: str = ""
    folder: str = ""

    @property
    def is_timer(self) -> bool:
        """Whether it is a timer, which is what is started and stopped."""
        return self.name.endswith(".timer")


def unit_folder(scope: str, environ: Mapping[str, str]) -> str:
    """Return the folder for units of the machine or of the user."""
    if scope == SYSTEM:
        return "/etc/systemd/system"
    home = environ.get("HOME") or os.path.expanduser("~")
    configured = environ.get("XDG_CONFIG_HOME", "")
    # As the XDG Base Directory Specification has it: a relative path is ignored.
    base = configured if os.path.isabs(configured) else os.path.join(home, ".config")
    return os.path.join(base, "systemd/user")


def find_units(folder: str, project: str) -> list[InstalledUnit]:
    """Return the files whose names are those of units of the project, sorted, whoever has made them.

    :raises UsageError: if the folder cannot be read
    """
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=folder) from error
    own = unit_name(project)
    found = []
    for name in names:
        stem, dot, kind = name.rpartition(".")
        if dot and kind in ("service", "timer") and (stem == own or stem.startswith(own + BETWEEN)):
            path = os.path.join(folder, name)
            found.append(InstalledUnit(name, path, *(_owner(path) or ())))
    return found


def _owner(path: str) -> tuple[str, str] | None:
    try:
        if os.path.islink(path):  # such as one that is masked
            return None
        with open(path, encoding="utf-8", errors="replace") as file:
            return owner_of(file.read(10_000))
    except OSError:
        return None


def remove_units(found: Iterable[InstalledUnit], systemctl: Systemctl) -> None:
    """Stop the timers among the units, and remove them all. A tick that is running goes on to its end.

    :raises WfepyError: if systemd refuses
    :raises UsageError: if a file cannot be removed
    """
    units = list(found)
    timers = [each.name for each in units if each.is_timer]
    if timers and systemctl.is_running:
        systemctl.run("disable", "--now", *timers)
    for each in units:
        try:
            if each.is_timer:
                _remove_link(each)
            os.unlink(each.path)
        except FileNotFoundError:
            pass  # somebody was faster
        except OSError as error:
            raise UsageError(f"cannot be removed: {error.strerror}", where=each.path) from error


def _remove_link(timer: InstalledUnit) -> None:
    """Remove what ``systemctl enable`` has made, where no systemd has done so."""
    link = os.path.join(os.path.dirname(timer.path), "timers.target.wants", timer.name)
    if os.path.islink(link):
        os.unlink(link)
