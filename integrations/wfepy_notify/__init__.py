"""Tell people what happens: ``[plugins.wfepy_notify]`` says who is told about what, ``wfepy notify`` tries it."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Commands, Config, PluginHost


@hookimpl
def wfepy_add_hookspecs(pluginmanager: PluginHost) -> None:
    from . import hooks

    pluginmanager.add_hookspecs(hooks)


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    commands.add(
        "notify", help="who is told what: send a test message, list what waits", module=f"{__name__}.command"
    )


@hookimpl
def wfepy_configure(config: Config) -> None:
    if not config.plugin_settings.get("wfepy_notify"):
        return  # nobody wants to be told, so that nothing observes
    from .observer import Observer

    observer = Observer(config)
    config.plugins.register(observer, f"{__name__}:observer", f"[plugins.{__name__}]")
    # The commands that bring the state to and fro, and programs, which may. Any other would start pluggy for nothing.
    if config.command in ("git", "github", ""):
        from .travelling import Traveller

        config.plugins.register(Traveller(observer), f"{__name__}:traveller", f"[plugins.{__name__}]")


@hookimpl
def wfepy_report_header(config: Config) -> list[str] | None:
    if not config.plugin_settings.get(__name__):
        return None
    from .settings import read_settings

    return [target.header(config.environ) for target in read_settings(config).targets]
