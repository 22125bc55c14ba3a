"""What to tell OpenTelemetry: ``[plugins.wfepy_otel]`` of the config file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from wfepy_hooks import ConfigError, plugin_settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "Settings", "read_settings", "require_api"]

PLUGIN = "wfepy_otel"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    :ivar exporter: this plugin sets up the SDK and sends by OTLP; else somebody else does
    :ivar service: ``service.name`` of what is sent
    :ivar polls: ticks and attempts that change nothing have spans, too
    """

    exporter: bool
    service: str
    polls: bool

    def header(self, environ: Mapping[str, str]) -> str:
        """Return where it goes, for ``wfepy plugins``; a URL may have a token in it."""
        if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
            return "otel: nothing is sent, by OTEL_SDK_DISABLED"
        if not self.exporter:
            return "otel: spans and metrics go to whatever the process has set up"
        parts = urlsplit(environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or "http://localhost:4318")
        host = parts.netloc.rpartition("@")[2]
        return f"otel: sends to {parts.scheme}://{host} as {environ.get('OTEL_SERVICE_NAME') or self.service}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "exporter": ('"otlp" or "none"', lambda value: value in ("otlp", "none")),
    "service": ("text", _is_text),
    "polls": ("true or false", lambda value: isinstance(value, bool)),
}


def read_settings(config: Config) -> Settings:
    """Return the settings.

    :raises ConfigError: with everything that is wrong
    """
    table = plugin_settings(config, PLUGIN, KEYS)
    return Settings(
        exporter=table.get("exporter", "otlp") == "otlp",
        service=table.get("service", config.project),
        polls=table.get("polls", False),
    )


def require_api(config: Config) -> None:
    """Make sure that OpenTelemetry is there.

    :raises ConfigError: if it is not: what was asked for must not be missing in silence
    """
    try:
        import opentelemetry.trace  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"[{settings_table(config, PLUGIN)}] needs OpenTelemetry, which is not installed: {error}",
            where=config.file or config.root,
            hint="pip install 'wfepy-hooks[otel]', or leave the table out",
        ) from error
