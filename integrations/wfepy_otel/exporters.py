"""Which exporter the environment asks for, as the SDK's own set-up would choose it."""

from __future__ import annotations

from wfepy_hooks import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["chosen"]

_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


def chosen(signal: str, environ: Mapping[str, str]) -> Callable[..., Any]:
    """Return a function that makes the exporter; it is called with keywords, of which it takes what it knows.

    :param signal: ``TRACES`` or ``METRICS``
    :raises ConfigError: if it is not installed, or nobody knows it
    :raises ImportError: if that of OTLP over HTTP is not installed
    """
    variable = f"OTEL_{signal}_EXPORTER"
    name = environ.get(variable, "") or "otlp"
    if name == "otlp":
        variables = (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        variable = next((each for each in variables if environ.get(each)), variable)
        protocol = environ.get(variable, "") if variable in variables else ""
        name = _PROTOCOLS.get(protocol or "http/protobuf", protocol)
    if name == "otlp_proto_http":
        return _over_http(signal)
    return _installed(signal, name, variable)


def _over_http(signal: str) -> Callable[..., Any]:
    # Without a look at what is installed, which takes a tick 20 ms.
    if signal == "TRACES":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter


def _installed(signal: str, name: str, variable: str) -> Callable[..., Any]:
    from importlib.metadata import entry_points
    from inspect import signature

    group = f"opentelemetry_{signal.lower()}_exporter"
    for point in entry_points(group=group, name=name):
        exporter: Callable[..., Any] = point.load()
        known = signature(exporter).parameters
        return lambda **options: exporter(**{key: value for key, value in options.items() if key in known})
    hint = "pip install opentelemetry-exporter-otlp-proto-grpc, or set it to http/protobuf"
    raise ConfigError(
        f'there is no exporter "{name}" of {signal.lower()}',
        where=f"the environment variable {variable}",
        hint=hint if name == "otlp_proto_grpc" else 'known are "otlp", "none" and "console"',
    )
