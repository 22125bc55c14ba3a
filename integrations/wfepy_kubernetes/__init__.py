"""Ticks from Kubernetes: ``wfepy kubernetes show`` prints the manifests of CronJobs for a project."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Commands, Config, GeneratedFile, Registry, ScheduleEntry


def make_manifests(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return what ``[plugins.wfepy_kubernetes]`` asks for, see :func:`wfepy_kubernetes.manifests.manifests`."""
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .manifests import manifests
    from .settings import read_settings

    return manifests(schedules, config, read_settings(config))


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "kubernetes",
        help="let a cluster run the ticks: show CronJobs for kubectl",
        module=f"{__name__}.command",
    )


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("generator", "kubernetes", make_manifests)
