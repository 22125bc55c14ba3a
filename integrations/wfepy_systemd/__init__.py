"""Ticks from systemd: ``wfepy systemd`` writes a timer and a service for a project, and takes them out again."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Commands, Config, GeneratedFile, Registry, ScheduleEntry


def make_units(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the units that ``[plugins.wfepy_systemd]`` asks for, see :func:`wfepy_systemd.units.units`."""
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .settings import read_settings
    from .units import units

    return units(schedules, config, read_settings(config))


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "systemd",
        help="let systemd run the ticks: show, install, uninstall, status",
        module=f"{__name__}.command",
    )


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("generator", "systemd", make_units)
