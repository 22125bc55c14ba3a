"""Sending what was told by OTLP over HTTP, set up by the environment variables ``OTEL_*`` as everywhere."""

from __future__ import annotations

import threading
from time import monotonic

from opentelemetry import metrics, trace

from wfepy_hooks import ConfigError, hookimpl

from .exporters import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from opentelemetry.sdk.resources import Resource

    from wfepy_hooks import Config

    from .settings import Settings

__all__ = ["Exporting"]

#: Seconds that the end of a command waits until everything is sent.
LIMIT = 5.0
#: Of what the SDK says of a problem.
_LONGEST = 300


class Exporting:
    """Sets up the SDK, unless somebody has, and sends what is left when the command ends.

    :raises ConfigError: if the SDK or the exporter is not installed
    """

    def __init__(self, settings: Settings, config: Config) -> None:
        self._environ = config.environ
        self._heard = _Heard()
        self._closers: list[Callable[[], object]] = []
        # opentelemetry-instrument, or a wfepy_plugins.py, was here before.
        is_free = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        if is_free and self._environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
            try:
                self._set_up(settings)
                self._heard.listen()
            except ImportError as error:
                raise ConfigError(
                    f"wfepy_otel cannot send: {error}",
                    hint="pip install 'wfepy-hooks[otel]', or set exporter = \"none\"",
                ) from error

    def _set_up(self, settings: Settings) -> None:
        from opentelemetry.sdk.resources import Resource

        named = self._environ.get("OTEL_SERVICE_NAME") or "service.name=" in self._environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        resource = Resource.create({} if named else {"service.name": settings.service})
        if self._wants("TRACES"):
            self._set_up_traces(resource)
        if self._wants("METRICS"):
            self._set_up_metrics(resource)

    def _wants(self, signal: str) -> bool:
        return self._environ.get(f"OTEL_{signal}_EXPORTER", "").lower() != "none"

    def _timeout(self, signal: str) -> float | None:
        """Return the seconds that one request may take; ``None``: the environment says it."""
        names = ("OTEL_EXPORTER_OTLP_TIMEOUT", f"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT")
        return None if any(name in self._environ for name in names) else LIMIT

    def _set_up_traces(self, resource: Resource) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = chosen("TRACES", self._environ)(timeout=self._timeout("TRACES"))
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        self._closers.append(provider.shutdown)

    def _set_up_metrics(self, resource: Resource) -> None:
        from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
        from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader

        # Each tick is a process that counts from 0: as sums since the start they would say nothing.
        delta = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}
        is_chosen = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" in self._environ
        exporter = chosen("METRICS", self._environ)(
            timeout=self._timeout("METRICS"), preferred_temporality=None if is_chosen else delta
        )
        reader = PeriodicExportingMetricReader(exporter)
        provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        metrics.set_meter_provider(provider)
        self._closers.append(provider.shutdown)

    @hookimpl(trylast=True)
    def wfepy_unconfigure(self) -> None:
        """Send what is left, for at most :data:`LIMIT`: an exporter tries again for as long as it may."""
        deadline = monotonic() + LIMIT
        threads = [threading.Thread(target=close, daemon=True) for close in self._closers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline - monotonic(), 0))
        problem = self._heard.first
        if any(thread.is_alive() for thread in threads):
            problem = f"no answer within {LIMIT:g} s" + (f": {problem}" if problem else "")
        self._heard.close()
        if problem:
            from wfepy_hooks.commandline import logger  # lazily: mostly all is well

            text = "wfepy_otel: not everything could be sent, and what was not is lost: %s"
            logger("wfepy_otel").warning(text, problem)


class _Heard:
    """Keeps the first of what the SDK logs about sending: it is several lines for each try of each signal.

    :ivar first: what was logged first; empty: all is well
    """

    def __init__(self) -> None:
        self.first = ""
        self._loggers: list[logging.Logger] = []

    def listen(self) -> None:
        """Hear what the loggers say that are there now: those of the exporters and of what calls them."""
        import logging  # lazily: the SDK has imported it by now

        known = [name for name in logging.Logger.manager.loggerDict if name.startswith("opentelemetry.")]
        self._loggers = [logging.getLogger(name) for name in known]
        for logger in self._loggers:
            logger.addFilter(self._hear)

    def _hear(self, record: logging.LogRecord) -> bool:
        if record.levelno < 30:
            return True
        self.first = self.first or " ".join(record.getMessage().split())[:_LONGEST]
        return False

    def close(self) -> None:
        """Let the loggers speak again."""
        for logger in self._loggers:
            logger.removeFilter(self._hear)
