"""A dead-man's switch for the ticks: pings of healthchecks.io, or of whatever speaks as it does."""

from __future__ import annotations

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config

#: Where the URL is if the config file does not say it.
VARIABLE = "WFEPY_HEALTHCHECKS_URL"


def _is_wanted(config: Config) -> bool:
    return __name__ in config.plugin_settings or VARIABLE in config.environ


@hookimpl
def wfepy_configure(config: Config) -> None:
    if not _is_wanted(config):
        return
    # Lazily: a tick imports this module, and must not pay for what it does not use.
    from .pings import Pings
    from .settings import read_settings

    settings = read_settings(config)
    if not settings.is_silent:
        config.plugins.register(Pings(settings, config), f"{__name__}:pings", __name__)


@hookimpl
def wfepy_report_header(config: Config) -> list[str] | None:
    if not _is_wanted(config):
        return None
    from .settings import read_settings

    return read_settings(config).header()
