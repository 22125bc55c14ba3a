"""The timers and services of a project: pure, from the schedules and the settings to the text of the files."""

from __future__ import annotations

import re

from wfepy_hooks import ConfigError, GeneratedFile, tick_command

from .calendars import calendars
from .escaping import command_line, folder_path, plain, unit_name
from .settings import SYSTEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Config, ScheduleEntry

    from .settings import Settings

__all__ = ["owner_of", "units"]

#: The first line of each unit of ours: whose it is, so that none of somebody else is ever replaced or removed.
_MARK = re.compile(r"# wfepy-hooks: project (?P<project>\S+) in (?P<folder>.*)")

_SERVICE = """\
# wfepy-hooks: project {project} in {folder}
# "wfepy systemd install" writes this file anew. What you want otherwise goes into the file that this makes:
# systemctl{user_flag} edit {name}.service
[Unit]
Description={description}
{after}
[Service]
Type=oneshot
{run_as}WorkingDirectory={directory}
ExecStart={command}
# A tick that is told to stop saves what was done and exits with 130; one that has hardly begun just ends. A failed
# task (1) and the like are failures here, too: see systemctl{user_flag} --failed.
SuccessExitStatus=130 SIGTERM
# First only the tick itself is told to stop, not what its tasks have started.
KillMode=mixed
TimeoutStartSec={timeout}
{hardening}"""

_TIMER = """\
# wfepy-hooks: project {project} in {folder}
# "wfepy systemd install" writes this file anew. What you want otherwise goes into the file that this makes:
# systemctl{user_flag} edit {name}.timer
[Unit]
Description={description}

[Timer]
# All in UTC. These are at least the moments at which a schedule is due: a time zone whose offset from UTC changes has
# the moments of each offset, with the days that go with them. "wfepy tick --due" does only what is really due.
{calendars}
AccuracySec=1s
# What was due while the machine was off is made up for.
Persistent=true

[Install]
WantedBy=timers.target
"""

#: What works for any user: each of these needs no more than NoNewPrivileges.
_HARDENING = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
)
#: What only the machine's systemd can do. Not PrivateTmp: what one tick leaves in /tmp is gone in the next then.
_SYSTEM_HARDENING = (
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
)


def units(schedules: Sequence[ScheduleEntry], config: Config, settings: Settings) -> list[GeneratedFile]:
    """Return a service and a timer for the project, or for each workflow.

    :raises ConfigError: if nothing has a schedule, or a path cannot be in a unit
    :raises ScheduleError: if a schedule is wrong
    """
    if not schedules:
        hint = 'write such as schedule = "*/10 * * * *" below [workflows.NAME]'
        raise ConfigError("no workflow has a schedule", where=config.file or config.root, hint=hint)
    if not settings.per_workflow:
        return _pair(schedules, config, settings)
    names = dict.fromkeys(each.workflow for each in schedules)
    return [
        file
        for name in names
        for file in _pair([each for each in schedules if each.workflow == name], config, settings, name)
    ]


def _pair(
    schedules: Sequence[ScheduleEntry], config: Config, settings: Settings, workflow: str = ""
) -> list[GeneratedFile]:
    name = unit_name(config.project, workflow)
    which = plain("the name of a workflow", workflow)
    plain("the folder of the project", config.root)
    words = {
        "project": config.project,
        "folder": config.root,
        "name": name,
        "user_flag": "" if settings.scope == SYSTEM else " --user",
        "description": f"Advance {which or 'the workflows'} of {config.project}",
    }
    service = _SERVICE.format(**words, **_service_words(config, settings, workflow))
    lines = [f"OnCalendar={each}" for each in calendars(schedules, config.clock())]
    timer = _TIMER.format(**words, calendars="\n".join(lines))
    return [GeneratedFile(f"{name}.service", service), GeneratedFile(f"{name}.timer", timer)]


def _service_words(config: Config, settings: Settings, workflow: str) -> dict[str, str]:
    is_system = settings.scope == SYSTEM
    hardening = _HARDENING + (_SYSTEM_HARDENING if is_system else ()) if settings.harden else ()
    user = plain("the user", settings.user or config.machine.user)
    return {
        # The machine's timers may fire before there is a network; a user's come later.
        "after": "Wants=network-online.target\nAfter=network-online.target\n" if is_system else "",
        "run_as": f"User={user}\n" if is_system else "",
        "directory": folder_path("the folder of the project", config.root),
        "command": command_line(tick_command(config, [workflow] if workflow else [])),
        "timeout": str(settings.timeout or "infinity"),
        "hardening": "".join(f"{line}\n" for line in hardening),
    }


def owner_of(text: str) -> tuple[str, str] | None:
    """Return the project and its folder that a unit of ours is of, and ``None`` for any other text."""
    found = _MARK.fullmatch(text.partition("\n")[0])
    return (found["project"], found["folder"]) if found else None
