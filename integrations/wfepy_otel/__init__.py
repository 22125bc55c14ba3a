"""Traces and metrics by OpenTelemetry: one trace for each instance, however many ticks and months it takes."""

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
    from .settings import read_settings, require_api

    settings = read_settings(config)
    require_api(config)
    if settings.exporter:
        from .exporting import Exporting

        config.plugins.register(Exporting(settings, config), f"{__name__}:exporting", __name__)
    from .observers import make_observers

    for name, observer in make_observers(config, polls=settings.polls).items():
        config.plugins.register(observer, f"{__name__}:{name}", __name__)


@hookimpl
def wfepy_report_header(config: Config) -> str | None:
    if __name__ not in config.plugin_settings:
        return None
    from .settings import read_settings

    return read_settings(config).header(config.environ)
