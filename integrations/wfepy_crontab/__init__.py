"""Ticks from cron: ``wfepy crontab`` puts the lines that a project needs into a crontab, and takes them out again."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Commands, Config, GeneratedFile, Registry, ScheduleEntry


def make_crontab(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the lines for a user's crontab, see :func:`wfepy_crontab.generators.crontab`."""
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .generators import crontab

    return crontab(schedules, config)


def make_cron_d(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the file for ``/etc/cron.d``, see :func:`wfepy_crontab.generators.cron_d`."""
    from .generators import cron_d  # as above

    return cron_d(schedules, config)


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "crontab",
        help="let cron run the ticks: show, install, status and more",
        module=f"{__name__}.command",
    )


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("generator", "crontab", make_crontab)
    registry.add("generator", "cron.d", make_cron_d)
