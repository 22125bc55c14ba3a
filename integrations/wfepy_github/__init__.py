"""Ticks from GitHub Actions: ``wfepy github`` writes a workflow file, and does what its steps call."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks import Commands, Config, GeneratedFile, PluginHost, Registry, ScheduleEntry


def make_workflow(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
    """Return the workflow file that ``[plugins.wfepy_github]`` asks for, see :mod:`wfepy_github.workflow`."""
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .place import place_of
    from .settings import read_settings
    from .workflow import workflow_file

    return [workflow_file(schedules, config, read_settings(config), place_of(config))]


@hookimpl
def wfepy_add_hookspecs(pluginmanager: PluginHost) -> None:
    # Not to offer hooks: this is called before the plugins of the project are imported, which are not to see the token.
    from os import environ

    if "WFEPY_GITHUB_TOKEN" in environ:
        from .token import hide_token

        hide_token(environ, pluginmanager)


@hookimpl
def wfepy_configure(config: Config) -> None:
    if config.environ.get("GITHUB_ACTIONS") == "true":
        from .inside import enter  # lazily: not outside of GitHub Actions

        enter(config)


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "github",
        help="let GitHub Actions run the ticks: init, sync, doctor",
        module=f"{__name__}.command",
    )


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("generator", "github", make_workflow)
