"""What things are called: an error, and the trace of an instance.

The id of a trace comes from the instance alone, so that ticks of different months share it.
"""

from __future__ import annotations

from hashlib import sha256

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opentelemetry.context import Context

__all__ = ["error_type", "root_context", "trace_id"]


def trace_id(uid: str) -> str:
    """Return the id of the trace of an instance, as 32 hex digits.

    :param uid: ``uid`` of the instance, which ``wfepy show --json`` prints
    """
    return _digest(uid)[:32]


def root_context(uid: str, *, sampled: bool = True) -> Context:
    """Return the context whose spans belong to the trace of an instance.

    Nothing ever sends the span that it names: the root of the trace is the instance, which is no process.

    :param sampled: ``False``: samplers that ask the parent, as the default one does, drop the spans
    """
    digest = _digest(uid)
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    context = SpanContext(int(digest[:32], 16), int(digest[32:48], 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(context))


def error_type(error: BaseException) -> str:
    """Return ``error.type`` of the semantic conventions: the class of an error, as ``record_exception`` names it."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _digest(uid: str) -> str:
    return sha256(f"wfepy-hooks/{uid}".encode()).hexdigest()
