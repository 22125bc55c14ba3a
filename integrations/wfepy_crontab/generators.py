"""The generators ``crontab`` and ``cron.d``: what of a project belongs into a crontab. Pure functions."""

from __future__ import annotations

import os
from hashlib import sha256

from wfepy_hooks import ConfigError, GeneratedFile, needed_minutes

from .blocks import Block
from .line import command_line, minutes_field
from .settings import Settings, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Config, ScheduleEntry

__all__ = ["cron_d", "cron_d_name", "cron_d_text", "crontab", "crontab_lines", "folder_mark", "project_id"]

#: Where programs are on any system; cron's own default has no /usr/local.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def folder_mark(folder: str) -> str:
    """Return the end of the ids of all projects in a folder."""
    return f"-{sha256(os.fsencode(folder)).hexdigest()[:8]}"


def project_id(config: Config) -> str:
    """Return what names the project among all of a machine: its name, and a hash of its folder."""
    return config.project + folder_mark(config.root)


def crontab(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the lines for a user's crontab, as one file of the name ``crontab``.

    :raises WfepyError: if there is no schedule, or cron could not run a line
    """
    lines = crontab_lines(schedules, config, read_settings(config))
    return [GeneratedFile("crontab", "".join(f"{line}\n" for line in lines))]


def cron_d(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the file for ``/etc/cron.d``.

    :raises WfepyError: if there is no schedule, or cron could not run a line
    """
    text = cron_d_text(schedules, config, read_settings(config))
    return [GeneratedFile(cron_d_name(config), text, 0o644)]


def crontab_lines(
    schedules: Sequence[ScheduleEntry], config: Config, settings: Settings, *, user: str = ""
) -> list[str]:
    """Return the lines of a project.

    By default it is one, due whenever anything can be; which workflows are advanced then is decided by the tick.

    :param user: who runs them; only the system's files have this field
    """
    if not schedules:
        raise ConfigError(
            "no workflow has a schedule or a start, so there is nothing for cron to do",
            where=config.file or config.root,
            hint='write schedule = "*/10 * * * *" (or start = "0 9 * * mon") below [workflows.NAME]',
        )
    groups: dict[str, list[ScheduleEntry]] = {}
    for entry in schedules:
        groups.setdefault(entry.workflow if settings.per_workflow else "", []).append(entry)
    lines = []
    for workflow, entries in groups.items():
        minutes = minutes_field(needed_minutes(entries, config.machine.offsets))
        command = command_line(config, settings.log, workflow=workflow, mail_errors=settings.mail_errors)
        lines.append(" ".join([minutes, "* * * *", *([user] if user else []), command]))
    return lines


def cron_d_name(config: Config) -> str:
    """Return the name of the project's file in ``/etc/cron.d``; Debian's cron skips names with a dot."""
    return f"wfepy-{config.project.replace('.', '-')}"


def cron_d_text(schedules: Sequence[ScheduleEntry], config: Config, settings: Settings) -> str:
    """Return the text of that file; ``config.machine.user`` runs its lines."""
    lines = crontab_lines(schedules, config, settings, user=config.machine.user)
    environment = ["SHELL=/bin/sh", f"PATH={PATH}"]
    if settings.mailto:
        environment.append(f"MAILTO={settings.mailto}")
    made = f"wfepy crontab install --cron-d --user {config.machine.user} {settings.words()}".rstrip()
    block = Block.of(
        project_id(config), os.fsencode("".join(f"{line}\n" for line in [*environment, *lines])), made
    )
    return os.fsdecode(block.render())
