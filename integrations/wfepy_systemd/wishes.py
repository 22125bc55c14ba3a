"""What the verbs of ``wfepy systemd`` share: what is wanted, and what is there."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace

from wfepy_hooks import UsageError, collect_schedules

from .installed import InstalledUnit, find_units, unit_folder
from .settings import SYSTEM, read_settings
from .systemctl import Systemctl
from .units import units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from wfepy_hooks import Config, GeneratedFile

    from .settings import Settings

__all__ = ["Wishes", "require_ours", "wishes"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the config and the options ask for, beside what is there.

    :ivar files: the units, named relative to ``folder``; none if nothing has a schedule and that was allowed
    :ivar folder: where systemd looks for them
    :ivar found: the units of this project that are there
    """

    settings: Settings
    files: list[GeneratedFile]
    folder: str
    found: list[InstalledUnit]
    systemctl: Systemctl

    @property
    def timers(self) -> list[str]:
        """The names of the timers."""
        return [file.path for file in self.files if file.path.endswith(".timer")]

    @property
    def stale(self) -> list[InstalledUnit]:
        """The units of ours that are not wanted any more."""
        wanted = {file.path for file in self.files}
        return [each for each in self.found if each.project and each.name not in wanted]


def wishes(args: Namespace, config: Config, *, may_be_empty: bool = False) -> Wishes:
    """Return what is wanted.

    :param may_be_empty: whether it is no error that nothing has a schedule
    :raises WfepyError: if there is no such thing, or systemd could not run it
    """
    settings = read_settings(config, args)
    if settings.scope == SYSTEM:
        config.machine = replace(config.machine, user=settings.user or _owner_of(config.root))
    entries = collect_schedules(config)
    files = units(entries, config, settings) if entries or not may_be_empty else []
    folder = unit_folder(settings.scope, config.environ)
    found = find_units(folder, config.project)
    return Wishes(settings, files, folder, found, Systemctl(settings.scope, config.environ))


def _owner_of(folder: str) -> str:
    """Return the name of the user who owns the project: root installs the units, and is not to own the state."""
    import pwd  # lazily: only POSIX has it, as it has systemd

    number = os.stat(folder).st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def require_ours(
    found: Iterable[InstalledUnit], project: str, folder: str, names: Iterable[str] = ()
) -> None:
    """Refuse to touch what is of somebody else.

    :param folder: the project's; empty: it may be anywhere
    :param names: the names of units that are to be written
    :raises UsageError: names the first such unit
    """
    wanted = set(names)
    for each in found:
        if not each.project:
            if each.name in wanted:
                hint = 'move it away, or give the project another name: project = "..." below [wfepy]'
                raise UsageError("this unit is not of wfepy", where=each.path, hint=hint)
        elif folder and each.folder != folder:
            hint = (
                f"uninstall it by wfepy systemd uninstall --project {shlex.quote(project)}, "
                'or give one of them another name: project = "..." below [wfepy]'
            )
            raise UsageError(f"this unit is of the project in {each.folder}", where=each.path, hint=hint)
