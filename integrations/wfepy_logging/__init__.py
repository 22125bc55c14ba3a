"""Every event through Python's logging: as readable lines or JSON lines, to where you want them."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config


@hookimpl
def wfepy_configure(config: Config) -> None:
    if __name__ not in config.plugin_settings:
        return
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .events import EventLog
    from .settings import STDERR, read_settings

    settings = read_settings(config)
    if settings.to == STDERR:
        config.plugins.block("wfepy:view")  # the engine's own lines, which say the same
    events = EventLog(settings, config)
    if settings.config:
        events.open()  # now, for what is wrong in there is to end the command
    config.plugins.register(events, f"{__name__}:events", __name__)


@hookimpl
def wfepy_report_header(config: Config) -> str | None:
    if __name__ not in config.plugin_settings:
        return None
    from .settings import read_settings

    return read_settings(config).header()
