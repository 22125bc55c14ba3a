"""Spans and metrics: by the exporters in memory of the SDK, and by OTLP to a receiver."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from building import END, START, Build
from cli_folder import Folder, error_line, flow
from http_server import Exchange, Server, refusing_url
from observing import Watched
from wfepy_hooks import ConfigError, Instance, TickSummary, hookimpl
from wfepy_hooks.config import Config
from wfepy_otel.exporting import LIMIT, Exporting, _Heard
from wfepy_otel.ids import root_context, trace_id
from wfepy_otel.measures import _due_moments
from wfepy_otel.observers import make_observers
from wfepy_otel.settings import Settings, read_settings

FLOW = """
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("ask")
    @wfepy.followed_by("never", lambda context: False)
    def first(context):
        return True

    @wfepy.task(remind_every="1d")
    @wfepy.followed_by("last")
    def ask(context, now):
        return now.day > 25 or wfepy.wait(reason="it is too early")

    @wfepy.task()
    @wfepy.end_point()
    def never(context):
        return True

    @wfepy.task(retry=wfepy.Retry(attempts=2, delay="1min", jitter=0))
    @wfepy.end_point()
    def last(context, attempt):
        if attempt == 1:
            raise ValueError("not yet")
        return True
"""


class Traced(Watched):
    """A project whose spans and metrics stay in memory."""

    def observe(self, *, polls: bool = False, sampler: Any = None) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        observers = make_observers(
            self.config, polls=polls, tracer_provider=self.provider, meter_provider=self.meters
        )
        for name, observer in observers.items():
            self.config.plugins.register(observer, name)

    def spans(self) -> list[ReadableSpan]:
        """Return the spans that have ended since the last call, each below its parent."""
        found = sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)
        self.exporter.clear()
        return found

    def points(self, name: str) -> dict[str, Any]:
        """Return the data points of a metric by the values of their attributes."""
        data = self.reader.get_metrics_data()
        metrics = [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return {
            " ".join(map(str, (point.attributes or {}).values())): point
            for metric in metrics
            for point in metric.data.data_points
        }

    def close(self) -> None:
        super().close()
        self.provider.shutdown()
        self.meters.shutdown()


Trace = Callable[..., Traced]


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trace]:
    made = []

    def make(body: str = FLOW, log: dict[str, Any] | None = None, **options: Any) -> Traced:
        made.append(Traced(tmp_path, monkeypatch, body, **{"wfepy_logging": log} if log else {}))
        made[-1].observe(**options)
        return made[-1]

    yield make
    for each in made:
        each.close()


def names(spans: list[ReadableSpan]) -> list[str]:
    return [span.name for span in spans]


def test_a_tick_is_a_span_with_a_span_for_each_attempt(traced: Trace) -> None:
    watched = traced()
    instance = watched.start()
    watched.tick()
    tick, first, ask = watched.spans()
    assert names([tick, first, ask]) == ["tick flow", "task first", "task ask"]
    assert tick.context is not None
    for attempt in (first, ask):
        assert attempt.parent is not None
        assert attempt.parent.span_id == tick.context.span_id
    assert first.attributes is not None
    assert dict(first.attributes) == {
        "wfepy.workflow": "flow",
        "wfepy.instance": "one",
        "wfepy.uid": instance.uid,
        "wfepy.task": "first",
        "wfepy.attempt": 1,
        "wfepy.status": "completed",
        "wfepy.generation": 0,
        "wfepy.event_id": f"{instance.uid}-1",
    }
    assert [event.name for event in tick.events] == ["task skipped"]
    assert tick.attributes is not None
    assert (tick.attributes["wfepy.completed"], tick.attributes["wfepy.waiting"]) == (1, 1)
    assert (tick.start_time or 0) <= (first.start_time or 0) <= (first.end_time or 0) <= (tick.end_time or 0)


def test_ticks_of_one_instance_are_one_trace_and_instances_have_their_own(traced: Trace) -> None:
    watched = traced()
    one, two = watched.start("one"), watched.start("two")
    watched.tick()
    watched.clock.advance("5d")
    watched.tick()
    traces: dict[str, set[str]] = {}
    for span in watched.spans():
        assert span.context is not None
        assert span.attributes is not None
        traces.setdefault(str(span.attributes["wfepy.uid"]), set()).add(format(span.context.trace_id, "032x"))
    assert traces == {one.uid: {trace_id(one.uid)}, two.uid: {trace_id(two.uid)}}
    assert trace_id(one.uid) != trace_id(two.uid)


def test_the_id_of_a_trace_never_changes() -> None:
    """Instances live for months: another version of this plugin must go on with their traces."""
    assert trace_id("0123456789ab") == "234096d4c87852387ce5014d77fc68d0"
    context = trace.get_current_span(root_context("0123456789ab")).get_span_context()
    assert context.is_valid
    assert format(context.span_id, "016x") == "8fd4747293a5722a"
    assert context.is_remote
    assert context.trace_flags.sampled


def test_a_poll_that_changes_nothing_makes_no_span(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.tick()
    watched.spans()
    watched.tick()
    assert watched.spans() == []
    watched.clock.advance("1d")
    watched.tick()
    (tick,) = watched.spans()
    assert [event.name for event in tick.events] == ["task reminder"]


def test_polls_have_spans_where_the_settings_say_so(traced: Trace) -> None:
    watched = traced(polls=True)
    watched.start()
    watched.tick()
    watched.spans()
    watched.tick()
    assert names(watched.spans()) == ["tick flow", "task ask"]


def test_the_poll_that_ends_a_wait_begins_when_it_began(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = ModuleType("calls_of_the_test")
    called: list[int] = []
    module.called = called
    monkeypatch.setitem(sys.modules, module.__name__, module)
    watched = traced(FLOW.replace("return now.day", "note(); return now.day") + """
    def note():
        import time
        import calls_of_the_test

        calls_of_the_test.called.append(time.time_ns())
    """)  # fmt: skip
    watched.start()
    watched.tick()
    watched.spans()
    watched.clock.advance("5d")
    watched.tick()
    tick, ask, last = watched.spans()
    assert names([tick, ask, last]) == ["tick flow", "task ask", "task last"]
    assert (ask.start_time or 0) <= called.pop() <= (ask.end_time or 0)
    assert (ask.end_time or 0) <= (last.start_time or 0)


def test_a_dead_end_is_an_error_of_the_tick(traced: Trace) -> None:
    watched = traced(
        """
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.followed_by("last", lambda context: False)
        def only(context):
            return True

        @wfepy.task()
        @wfepy.end_point()
        def last(context):
            return True
        """
    )
    watched.start()
    watched.tick()
    reason = "only -> last: skipped, the condition at watched_flow.py:5 was false"
    assert watched.spans()[0].status.description == f"the instance ended: dead end, {reason}"


def test_of_attempts_at_the_same_time_nobody_knows_whose_a_span_is(traced: Trace) -> None:
    watched = traced()
    instance = watched.start()
    (spans,) = [each for each in watched.config.plugins.plugins if each.name == "spans"]
    observer: Any = spans.plugin
    observer.wfepy_tick_started(instance)
    observer.wfepy_task_started(instance, instance.workflow.tasks["first"], 1)
    first = trace.get_current_span().get_span_context().span_id
    observer.wfepy_task_started(instance, instance.workflow.tasks["ask"], 1)
    both = trace.get_current_span().get_span_context().span_id
    observer.wfepy_tick_finished(instance, TickSummary())
    tick = watched.spans()[0]
    assert tick.context is not None
    assert first != both == tick.context.span_id


def test_a_failed_attempt_is_an_error_with_its_exception_and_the_next_one_is_not(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.clock.advance("5d")
    watched.tick()
    last = watched.spans()[-1]
    assert not last.status.is_ok
    assert last.status.description == "ValueError: not yet"
    assert last.events[0].name == "exception"
    assert last.attributes is not None
    assert last.attributes["error.type"] == "ValueError"
    assert (last.attributes["wfepy.status"], last.attributes["wfepy.attempt"]) == ("retrying", 1)
    watched.clock.advance("1min")
    watched.tick()
    tick, last = watched.spans()
    assert last.status.is_ok or last.status.status_code.name == "UNSET"
    assert last.attributes is not None
    assert (last.attributes["wfepy.status"], last.attributes["wfepy.attempt"]) == ("completed", 2)
    assert tick.events[-1].name == "instance finished"
    assert dict(tick.events[-1].attributes or {}) == {"wfepy.status": "finished"}
    assert tick.status.status_code.name == "UNSET"


class BreaksOff:
    """A plugin that breaks off each attempt at a task, which then cannot be recorded."""

    @hookimpl(wrapper=True)
    def wfepy_run_task(self) -> Any:
        yield
        raise KeyError("mine")


def test_a_failure_whose_text_is_broken_is_told_of_by_its_type(traced: Trace) -> None:
    watched = traced(
        """
        class Odd(Exception):
            def __str__(self):
                raise ValueError

        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def only(context):
            raise Odd
        """
    )
    watched.start()
    watched.tick()
    tick, only = watched.spans()
    assert names([tick, only]) == ["tick flow", "task only"]
    assert only.status.description == "Odd"


def test_items_that_fail_are_events_of_the_tick(traced: Trace) -> None:
    watched = traced(
        """
        @wfepy.task(each=lambda context: [1, 2])
        @wfepy.start_point()
        @wfepy.end_point()
        def mail(context, item, attempt):
            if item == 2 and attempt == 1:
                raise OSError("mailbox full")
            return True
        """
    )
    watched.start()
    watched.tick()
    (tick,) = watched.spans()
    (event,) = tick.events
    assert (event.name, dict(event.attributes or {})["wfepy.error"]) == (
        "item failed",
        "OSError: mailbox full",
    )
    assert dict(event.attributes or {})["wfepy.item"] == 1
    watched.tick()
    (tick,) = watched.spans()
    assert [each.name for each in tick.events] == ["task completed", "instance finished"]


def test_an_attempt_that_cannot_be_recorded_is_an_error(traced: Trace) -> None:
    watched = traced(
        """
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def only(context):
            return True
        """
    )
    watched.config.plugins.register(BreaksOff())
    watched.start()
    watched.tick()
    tick, only = watched.spans()
    assert only.status.description == "the attempt was not recorded, and does not count"
    assert [event.name for event in only.events] == ["exception"]
    assert tick.status.description == "failed: only"


def test_spans_of_a_task_are_inside_its_attempt_and_those_of_a_poll_are_dropped(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = traced(
        """
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def ask(context):
            import tracing_of_the_test

            with tracing_of_the_test.tracer.start_as_current_span("what ask does"):
                return False
        """
    )
    module: Any = ModuleType("tracing_of_the_test")
    module.tracer = watched.provider.get_tracer("theirs")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    watched.start()
    watched.tick()
    tick, ask, inner = watched.spans()
    assert names([tick, ask, inner]) == ["tick flow", "task ask", "what ask does"]
    assert inner.parent is not None
    assert ask.context is not None
    assert inner.parent.span_id == ask.context.span_id
    watched.tick()
    assert watched.spans() == []
    assert not trace.get_current_span().get_span_context().is_valid  # nothing is left behind


def test_the_log_names_the_trace_and_the_span(traced: Trace, tmp_path: Path) -> None:
    watched = traced(
        """
        import logging

        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def only(context):
            logging.getLogger("shop").warning("sold out")
            return True
        """,
        log={"to": "events.log", "format": "json", "tasks": "warning"},
    )
    instance = watched.start()
    watched.tick()
    tick, attempt = watched.spans()
    assert tick.context is not None
    assert attempt.context is not None
    told = [json.loads(line) for line in (tmp_path / "events.log").read_text().splitlines()]
    assert {each["trace_id"] for each in told} == {trace_id(instance.uid)}
    spans = {each["event"]: each["span_id"] for each in told}
    assert spans["log"] == f"{attempt.context.span_id:016x}"
    assert spans["instance_finished"] == f"{tick.context.span_id:016x}"


def test_what_other_plugins_do_after_an_attempt_is_inside_the_tick(traced: Trace) -> None:
    watched = traced()
    tracer = watched.provider.get_tracer("theirs")

    class Observer:
        @hookimpl(trylast=True)
        def wfepy_task_finished(self) -> None:
            tracer.start_span("theirs").end()

    watched.config.plugins.register(Observer(), "theirs")
    watched.start()
    watched.tick()
    spans = watched.spans()
    assert {span.parent.span_id for span in spans if span.name == "theirs" and span.parent} == {
        span.context.span_id for span in spans if span.name == "tick flow" and span.context
    }


def test_a_sampler_by_the_id_of_the_trace_takes_or_leaves_an_instance_as_a_whole(traced: Trace) -> None:
    sampler = TraceIdRatioBased(0.5)
    watched = traced(sampler=sampler)
    uids = [watched.start(f"i{number}").uid for number in range(6)]
    taken = {uid for uid in uids if int(trace_id(uid)[16:], 16) < sampler.bound}
    for _ in range(2):
        watched.tick()
        assert {(span.attributes or {})["wfepy.uid"] for span in watched.spans()} == taken
        watched.clock.advance("5d")


def test_the_default_sampler_takes_everything(traced: Trace) -> None:
    watched = traced(sampler=ParentBased(TraceIdRatioBased(0)))
    watched.start()
    watched.tick()
    assert len(watched.spans()) == 3


def test_attempts_are_counted_by_what_came_of_them(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.tick()
    watched.tick()
    watched.clock.advance("5d")
    watched.tick()
    watched.clock.advance("1min")
    watched.tick()
    assert {name: point.value for name, point in watched.points("wfepy.task.attempts").items()} == {
        "flow first completed": 1,
        "flow ask waiting": 2,
        "flow ask completed": 1,
        "flow last retrying ValueError": 1,
        "flow last completed": 1,
    }


def test_how_long_attempts_and_instances_take_is_measured(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.tick()
    watched.clock.advance("5d")
    watched.tick()
    watched.clock.advance("1min")
    watched.tick()
    tried: Any = watched.points("wfepy.task.duration")
    assert {name: point.count for name, point in tried.items()} == {
        "flow first completed": 1,
        "flow ask waiting": 1,
        "flow ask completed": 1,
        "flow last retrying ValueError": 1,
        "flow last completed": 1,
    }
    assert all(0 <= point.min <= point.max < 60 for point in tried.values())
    lives: Any = watched.points("wfepy.instance.duration")
    assert {name: point.sum for name, point in lives.items()} == {"flow finished": 5 * 86400 + 60}


def test_the_age_of_a_wait_is_measured_at_each_look_and_at_its_end(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.tick()
    for days in (2, 3):
        watched.clock.advance(f"{days}d")
        watched.tick()
    ages = watched.points("wfepy.waiting.age")
    assert {name: (point.count, point.max) for name, point in ages.items()} == {
        "flow ask waiting": (1, 2 * 86400.0),
        "flow ask completed": (1, 5 * 86400.0),
    }


def test_a_clock_that_is_put_back_measures_no_negative_age(
    traced: Trace, caplog: pytest.LogCaptureFixture
) -> None:
    watched = traced()
    watched.start()
    watched.tick()
    watched.clock.now -= timedelta(days=1)
    watched.tick()
    (point,) = watched.points("wfepy.waiting.age").values()
    assert (point.count, point.sum) == (1, 0.0)
    assert caplog.messages == []


def test_the_lag_of_a_tick_is_that_of_what_was_due_longest(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.clock.advance("5d")
    watched.tick()  # nothing was due: nobody waited
    watched.clock.advance("30s")
    watched.tick()  # the second attempt is due after one minute
    assert watched.points("wfepy.tick.lag") == {}
    watched.clock.advance("2min 30s")
    watched.tick()
    (point,) = watched.points("wfepy.tick.lag").values()
    assert (point.count, point.sum) == (1, 120.0)


def test_the_moment_of_a_schedule_is_due_until_something_has_happened() -> None:
    instance = Build().add("a", START, END).runner().instance
    instance.scheduled = {"due": "2026-11-23T09:00:00Z"}
    assert list(_due_moments(instance)) == ["2026-11-23T09:00:00Z"]
    instance.seq = 1
    assert list(_due_moments(instance)) == []


def test_of_several_moments_that_were_due_the_longest_counts(traced: Trace) -> None:
    task = """
    @wfepy.task(retry=wfepy.Retry(attempts=2, delay="{delay}", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def {name}(context):
        raise ValueError("not yet")
    """
    watched = traced(task.format(name="one", delay="1min") + task.format(name="two", delay="2min"))
    watched.start()
    watched.tick()
    watched.clock.advance("5min")
    watched.tick()
    (point,) = watched.points("wfepy.tick.lag").values()
    assert (point.count, point.sum) == (1, 240.0)


def test_metrics_are_in_seconds_with_classes_for_weeks(traced: Trace) -> None:
    watched = traced()
    watched.start()
    watched.clock.advance("5d")
    watched.tick()
    watched.clock.advance("5d")
    watched.tick()
    data = watched.reader.get_metrics_data()
    assert data is not None
    found = {each.name: each for each in data.resource_metrics[0].scope_metrics[0].metrics}
    assert {name: each.unit for name, each in found.items()} == {
        "wfepy.instance.duration": "s",
        "wfepy.task.attempts": "{attempt}",
        "wfepy.task.duration": "s",
        "wfepy.tick.lag": "s",
    }
    point: Any = found["wfepy.tick.lag"].data.data_points[0]
    assert max(point.explicit_bounds) == 7 * 86400


# By OTLP


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def send_to(folder: Folder, url: str, *, body: str = "pass", more: str = "") -> dict[str, str]:
    folder.configure(flow=flow(body), extra='project = "coffee"\n')
    config = folder.path / "wfepy.toml"
    config.write_text(f"{config.read_text()}\n[plugins.wfepy_otel]\n{more}\n")
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def test_what_happens_is_received_by_otlp_and_processes_share_the_trace(folder: Folder) -> None:
    with Server() as server:
        environ = send_to(folder, server.url)
        folder.ok("run", "flow", environ=environ)
        folder.write("go", "")
        done = folder.wfepy("run", "flow", environ={**environ, "OTEL_SERVICE_NAME": "tea"})
        folder.ok("run", "flow", "--id", "2", environ={**environ, "OTEL_SDK_DISABLED": "true"})
        quiet = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
        folder.ok("run", "flow", "--id", "3", environ={**environ, **quiet})
    assert (done.returncode, done.stderr.count("\n")) == (0, 2), done.stderr  # the lines of the tick
    found, services = [], set()
    for request in server.requests:
        if request.path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
                services |= {each.value.string_value for each in resource.resource.attributes}
                found += [span for scope in resource.scope_spans for span in scope.spans]
    assert sorted(span.name for span in found) == ["task a", "task b", "task b", "tick flow", "tick flow"]
    assert len({span.trace_id for span in found}) == 1
    assert {"coffee", "tea"} <= services
    bodies = [request.body for request in server.requests if request.path == "/v1/metrics"]
    assert len(bodies) == 2
    sent = [
        metric
        for resource in ExportMetricsServiceRequest.FromString(bodies[1]).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]
    assert sorted(metric.name for metric in sent) == [
        *("wfepy.instance.duration", "wfepy.task.attempts", "wfepy.task.duration", "wfepy.waiting.age"),
    ]
    attempts = next(metric for metric in sent if metric.name == "wfepy.task.attempts")
    assert attempts.sum.aggregation_temporality == 1, "differences: each tick is a process"


def test_a_receiver_that_is_not_there_fails_no_tick(folder: Folder) -> None:
    environ = {**send_to(folder, refusing_url()), "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    done = folder.wfepy("run", "flow", environ=environ)
    assert done.returncode == 0
    assert "flow/default waits for b" in done.stdout
    (lost,) = [line for line in done.stderr.splitlines() if line.startswith("wfepy: warning: wfepy_otel: ")]
    assert "not everything could be sent, and what was not is lost: " in lost
    assert done.stderr.lower().count("export") == 1, "one line, and not one for each try of each signal"


def test_of_what_is_logged_about_sending_the_first_problem_is_kept_and_nobody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    logger = logging.getLogger("opentelemetry.of_a_test")
    heard = _Heard()
    heard.listen()
    logger.info("at work")
    logger.warning("no\n  answer")
    logger.error("given up")
    heard.close()
    logger.warning("of somebody else")
    assert (heard.first, caplog.messages) == ("no answer", ["at work", "of somebody else"])


def test_a_receiver_that_hangs_is_given_up(folder: Folder) -> None:
    def hang(exchange: Exchange) -> None:
        server.released.wait()

    with Server(hang) as server:
        environ = send_to(folder, server.url)
        folder.write(
            "wfepy_plugins.py",
            """
            import wfepy_hooks as wfepy

            @wfepy.hookimpl
            def wfepy_command_finished():
                import wfepy_otel.exporting
                wfepy_otel.exporting.LIMIT = 0.3
            """,
        )
        done = folder.wfepy("run", "flow", environ=environ)
    assert done.returncode == 0
    lost = "wfepy: warning: wfepy_otel: not everything could be sent, and what was not is lost: no answer within 0.3 s"
    assert lost in done.stderr.splitlines()


def test_the_environment_chooses_the_exporter(folder: Folder) -> None:
    environ = {**send_to(folder, refusing_url()), "OTEL_TRACES_EXPORTER": "console"}
    done = folder.wfepy("run", "flow", environ={**environ, "OTEL_METRICS_EXPORTER": "none"})
    assert done.returncode == 0
    assert re.findall(r'^    "name": "(.*)",$', done.stdout, re.MULTILINE) == [
        "task a",
        "task b",
        "tick flow",
    ]
    assert "Failed to export" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("OTEL_METRICS_EXPORTER", "zipkin", 'there is no exporter "zipkin" of metrics; known are "otlp"'),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "pip install opentelemetry-exporter-otlp-proto-grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", 'there is no exporter "http/json" of traces'),
    ],
)
def test_an_exporter_that_is_not_there_is_an_error(
    folder: Folder, variable: str, value: str, problem: str
) -> None:
    environ = {**send_to(folder, refusing_url()), variable: value}
    line = error_line(folder.wfepy("run", "flow", environ=environ), 4)
    assert f"the environment variable {variable}: " in line
    assert problem in line


def test_a_provider_of_somebody_else_is_used_as_it_is(folder: Folder) -> None:
    environ = send_to(folder, refusing_url())
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_configure():
            import sys
            from opentelemetry import trace
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

            provider = TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
            trace.set_tracer_provider(provider)
        """,
    )
    done = folder.wfepy("run", "flow", environ=environ)
    assert done.returncode == 0
    assert re.findall(r'^    "name": "(.*)",$', done.stderr, re.MULTILINE) == [
        "task a",
        "task b",
        "tick flow",
    ]
    assert "Overriding" not in done.stderr, "nor is another one set up that nobody uses"


def test_the_environment_says_how_long_a_request_may_take() -> None:
    exporting = Exporting.__new__(Exporting)
    for environ, limit in (
        ({}, LIMIT),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "9"}, None),
        ({"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "9"}, None),
        ({"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "9"}, LIMIT),
    ):
        exporting._environ = environ
        assert exporting._timeout("TRACES") == limit


# What is not there


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from wfepy_hooks.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run_without_opentelemetry(folder: Folder, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *words],
        cwd=folder.path,
        env=folder.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_extra_everything_works_but_what_asks_for_it(folder: Folder) -> None:
    folder.configure()
    assert run_without_opentelemetry(folder, "run", "flow").returncode == 0
    send_to(folder, "http://127.0.0.1:1")
    done = run_without_opentelemetry(folder, "run", "flow")
    line = error_line(done, 4)
    assert "[plugins.wfepy_otel] needs OpenTelemetry" in line
    assert "pip install 'wfepy-hooks[otel]'" in line


def test_off_it_costs_nothing(folder: Folder) -> None:
    """No hook is implemented, and nothing is imported: not even the modules of the plugin."""
    folder.configure()
    code = """
import sys
from wfepy_hooks.config import Config
with Config.load() as config:
    assert config.plugins.has_plugin("wfepy_otel")
    hooks = [each.hooks for each in config.plugins.plugins if "otel" in each.name]
    assert hooks == [["wfepy_configure", "wfepy_report_header"]]
print([name for name in sys.modules if name.startswith(("wfepy_otel.", "opentelemetry"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder.path
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"exporter": "jaeger"}, 'exporter must be "otlp" or "none", not "jaeger"'),
        ({"polls": "yes"}, "polls must be true or false"),
        ({"service": ""}, "service must be text"),
        ({"endpoint": "x"}, "there is no key endpoint"),
    ],
)
def test_a_wrong_setting_is_an_error(table: dict[str, Any], problem: str) -> None:
    config = Config(".")
    config.plugin_settings = {"wfepy_otel": table}
    with pytest.raises(ConfigError, match=re.escape(problem)):
        read_settings(config)


def test_an_instance_that_is_touched_outside_of_a_tick_makes_no_span(traced: Trace) -> None:
    watched = traced()
    watched.start()
    seen: list[Instance] = []

    class Seen:
        @hookimpl
        def wfepy_task_finished(self, instance: Instance) -> None:
            seen.append(instance)

    watched.config.plugins.register(Seen())
    with watched.project.hold("flow", "one") as held:
        held.operate("skip", task="first", by="ann", reason="")
        held.save()
    assert seen
    assert watched.spans() == []


def test_the_header_says_where_it_is_sent_without_what_may_be_a_secret() -> None:
    settings = Settings(exporter=True, service="shop", polls=False)
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:token@otel.example:4318/tenant"}
    assert settings.header(endpoint) == "otel: sends to https://otel.example:4318 as shop"
    assert settings.header({}) == "otel: sends to http://localhost:4318 as shop"
    assert "OTEL_SDK_DISABLED" in settings.header({"OTEL_SDK_DISABLED": "true"})
    mine = Settings(exporter=False, service="shop", polls=False)
    assert mine.header({}) == "otel: spans and metrics go to whatever the process has set up"
