"""The plugins that tell OpenTelemetry, with the providers that are there."""

from __future__ import annotations

from opentelemetry import metrics, trace

from .measures import Measures
from .spans import Spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from wfepy_hooks import Config

__all__ = ["make_observers"]

_SCOPE = "wfepy_otel"


def make_observers(
    config: Config,
    *,
    polls: bool,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> dict[str, object]:
    """Return the plugins by name.

    :param polls: make spans also for what changes nothing
    :param tracer_provider: :param meter_provider: by default the process's own
    """
    tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
    meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
    return {"spans": Spans(tracer, polls=polls), "measures": Measures(meter, config.clock)}
