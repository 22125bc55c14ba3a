"""The state in git: ``wfepy git`` takes it from a branch and brings it back, so that several machines can share it."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Commands, PluginHost


@hookimpl
def wfepy_add_hookspecs(pluginmanager: PluginHost) -> None:
    from . import hooks

    pluginmanager.add_hookspecs(hooks)


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "git",
        help="keep the state in git: pull, push, tick, status, outbox, log",
        module=f"{__name__}.command",
    )
