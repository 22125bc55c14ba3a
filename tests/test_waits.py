"""Waits, deadlines, reminders and retries, by a runner with a clock that the test turns."""

from __future__ import annotations

import json
import types
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks import state
from wfepy_hooks.clock import format_time
from wfepy_hooks.codec import Codec
from wfepy_hooks.engine import Engine
from wfepy_hooks.instance import Instance
from wfepy_hooks.operate import apply
from wfepy_hooks.plugins import PluginHost
from wfepy_hooks.retrying import Retry
from wfepy_hooks.runner import Runner
from wfepy_hooks.signals import Signal

BEGIN = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)


class Bench:
    """A workflow of the given functions, a clock, and an instance that is saved and read back after each tick."""

    def __init__(self, *tasks: Any, plugins: Any = ()) -> None:
        module = types.ModuleType("flow")
        vars(module).update({task.name: task for task in tasks})
        self.workflow = wfepy.Workflow()
        self.workflow.load_tasks(module)
        self.workflow.check_graph()
        self.now = BEGIN
        self.slept: list[float] = []
        host = PluginHost()
        for number, plugin in enumerate(plugins):
            host.register(plugin, f"plugin{number}", "test")
        self.engine = Engine(host, clock=lambda: self.now, sleep=self._sleep)
        self.codec = Codec(self.workflow.modules, [])
        self.instance = Instance(self.workflow)
        self.document: dict[str, Any] = {}

    def _sleep(self, seconds: Any) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def tick(self, **later: Any) -> Any:
        self.now += timedelta(**later)
        self.summary = Runner.resume(self.instance, self.engine).tick()
        self.document = state.to_document(self.instance, self.codec.encode(self.instance.context))
        copy = json.loads(json.dumps(self.document))
        self.instance = state.restore(copy, [], self.workflow, self.codec).instance
        assert state.to_document(self.instance, self.codec.encode(self.instance.context)) == self.document
        return self.summary

    def signal(self, name: Any, data: Any = None, *, by: Any = "", sent: Any = None) -> None:
        self.instance.seq += 1
        sent = format_time(sent or self.now)
        self.instance.signals.append(
            Signal(f"s{self.instance.seq}", name, data, by=by, sent=sent, received=self.instance.seq)
        )


def waiting_task(answers: Any, **options: Any) -> Any:
    """A start and end point that gives these answers, one a call, and then ``True``."""
    left = list(answers)

    @wfepy.start_point()
    @wfepy.task(**options)
    @wfepy.end_point()
    def a(context: Any) -> Any:
        context["calls"] = context.get("calls", 0) + 1
        return left.pop(0) if left else True

    return a


def test_a_task_that_waits_for_a_moment_is_not_called_before_it() -> None:
    bench = Bench(waiting_task([wfepy.wait(until="3d", reason="dough")]))
    bench.tick()
    assert bench.document["wake"] == "2026-11-26T06:00:00.000000Z"
    assert bench.tick(days=2).waiting == {"a": "dough"}
    assert bench.instance.context["calls"] == 1
    assert bench.tick(days=1).status == "finished"
    assert bench.instance.context["calls"] == 2


def test_a_task_that_sleeps_is_done_when_the_moment_has_come_without_another_call() -> None:
    bench = Bench(waiting_task([wfepy.sleep("2d")]))
    bench.tick()
    assert bench.tick(days=1).status == "running"
    assert bench.tick(days=1).status == "finished"
    assert bench.instance.context["calls"] == 1


def test_a_clock_that_is_set_back_wakes_nothing_early_and_loses_nothing() -> None:
    bench = Bench(waiting_task([wfepy.sleep("1h")]))
    bench.tick()
    assert bench.tick(minutes=-90).status == "running"
    assert bench.tick(minutes=100).status == "running"
    assert bench.tick(minutes=50).status == "finished"


def test_a_moment_in_local_time_is_exact_when_the_clocks_change() -> None:
    from zoneinfo import ZoneInfo

    prague = ZoneInfo("Europe/Prague")
    for fold, hour in ((0, "00"), (1, "01")):  # 02:30 comes twice that night
        moment = datetime(2026, 10, 25, 2, 30, tzinfo=prague, fold=fold)
        bench = Bench(waiting_task([wfepy.wait(until=moment)]))
        bench.tick()
        assert bench.document["wake"] == f"2026-10-25T{hour}:30:00.000000Z"


def escalating(deadline: Any = "3d", **options: Any) -> Any:
    @wfepy.start_point()
    @wfepy.task(deadline=deadline, **options)
    @wfepy.followed_by("done")
    @wfepy.followed_by("escalate", on="timeout")
    def ask(context: Any) -> Any:
        context["calls"] = context.get("calls", 0) + 1
        return context.get("answer", False)

    @wfepy.task()
    @wfepy.end_point()
    def done(context: Any) -> Any:
        return True

    @wfepy.task()
    @wfepy.end_point()
    def escalate(context: Any) -> Any:
        return True

    return ask, done, escalate


def test_a_task_whose_deadline_has_passed_times_out_without_being_called() -> None:
    bench = Bench(*escalating())
    bench.tick()
    bench.tick(days=2)
    assert bench.instance.context["calls"] == 2
    summary = bench.tick(days=30)  # nothing ran for a month
    assert summary.timed_out == ["ask"]
    assert not summary.failures
    assert summary.completed == ["escalate"]
    assert summary.status == "finished"
    assert bench.instance.context["calls"] == 2


def test_a_timeout_that_no_transition_is_about_fails_the_instance() -> None:
    bench = Bench(waiting_task([False] * 9, deadline="1h"))
    bench.tick()
    summary = bench.tick(hours=1)
    assert summary.status == "failed"
    assert isinstance(summary.failures["a"], TimeoutError)
    assert "timed out" in bench.instance.why("a")


def test_a_deadline_in_a_wait_counts_from_the_first_answer() -> None:
    bench = Bench(waiting_task([wfepy.wait(deadline="2h")] * 9))
    bench.tick()
    assert bench.tick(hours=1, minutes=30).status == "running"
    assert bench.tick(minutes=30).status == "failed"


def test_a_deadline_goes_on_through_failed_attempts() -> None:
    @wfepy.start_point()
    @wfepy.task(deadline="1h")
    @wfepy.end_point()
    def a(context: Any) -> None:
        raise ValueError("no")

    bench = Bench(a)
    bench.tick()
    assert bench.tick(minutes=59).status == "running"
    assert bench.tick(minutes=1).timed_out == ["a"]


def test_what_came_before_the_deadline_counts_however_late_the_tick_is() -> None:
    bench = Bench(waiting_task([wfepy.wait(signal="go", deadline="1d", done=True)]))
    bench.tick()
    bench.signal("go", sent=BEGIN + timedelta(hours=23))
    assert bench.tick(days=30).status == "finished"


def test_what_came_after_the_deadline_does_not_count() -> None:
    bench = Bench(waiting_task([wfepy.wait(signal="go", deadline="1d", done=True)]))
    bench.tick()
    bench.signal("go", sent=BEGIN + timedelta(hours=25))
    assert bench.tick(days=30).timed_out == ["a"]


def signalled(**terms: Any) -> Any:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def a(context: Any, signals: Any) -> Any:
        context["calls"] = context.get("calls", 0) + 1
        signal = signals.take("go")
        if signal is None:
            return wfepy.wait(signal="go", **terms)
        context["got"] = signal.data
        return True

    return a


def test_a_signal_wakes_the_task_that_waits_for_it_and_is_taken_once() -> None:
    bench = Bench(signalled())
    bench.tick()
    assert bench.document["wake"] is None
    bench.tick(days=1)
    assert bench.instance.context["calls"] == 1
    bench.signal("other")
    bench.tick()
    assert bench.instance.context["calls"] == 1
    bench.signal("go", {"n": 1})
    assert bench.tick().status == "finished"
    assert bench.instance.context["got"] == {"n": 1}
    assert [each.name for each in bench.instance.signals] == ["other"]


def test_a_signal_that_came_early_is_kept() -> None:
    bench = Bench(signalled())
    bench.signal("go", 1)
    assert bench.tick().status == "finished"
    assert bench.instance.context["calls"] == 1


def test_an_early_signal_wakes_a_task_that_does_not_ask_for_it_in_the_same_tick() -> None:
    bench = Bench(waiting_task([wfepy.wait(signal="go")]))
    bench.signal("go")
    assert bench.tick().status == "finished"
    assert bench.instance.context["calls"] == 2


def test_a_task_that_waits_again_for_a_signal_it_was_given_is_not_called_for_it_again(caplog: Any) -> None:
    bench = Bench(waiting_task([wfepy.wait(signal="go")] * 9))
    bench.tick()
    bench.signal("go")
    bench.tick()
    bench.tick()
    assert bench.instance.context["calls"] == 2
    assert "did not take it" in caplog.text


def test_a_signal_that_is_not_what_the_wait_asks_for_wakes_nothing() -> None:
    bench = Bench(signalled(choices=("yes", "no"), by="ann"))
    bench.tick()
    bench.signal("go", "perhaps", by="ann")
    bench.signal("go", "yes", by="eve")
    assert bench.tick().status == "running"
    assert bench.instance.context["calls"] == 1


def test_a_failed_attempt_takes_no_signal() -> None:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def a(context: Any, signals: Any, attempt: Any) -> Any:
        context["seen"] = [*context.get("seen", []), len(signals)]
        signals.take()
        if attempt == 1:
            raise ValueError("no")
        return True

    bench = Bench(a)
    bench.signal("go")
    bench.tick()
    assert bench.tick().status == "finished"
    assert bench.instance.context["seen"] == [1, 1]
    assert bench.instance.signals == []


def test_a_signal_that_was_taken_is_kept_when_a_condition_raises() -> None:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.followed_by("end", lambda context: 1 / context["divisor"])
    def a(context: Any, signals: Any) -> Any:
        context["seen"] = [*context.get("seen", []), len(signals)]
        signals.take()
        context["divisor"] = len(context["seen"]) - 1
        return True

    @wfepy.task()
    @wfepy.end_point()
    def end(context: Any) -> Any:
        return True

    bench = Bench(a, end)
    bench.signal("go")
    assert list(bench.tick().failures) == ["a"]
    assert bench.tick().status == "finished"
    assert bench.instance.context["seen"] == [1, 1]
    assert bench.instance.signals == []


def test_reminders_come_as_often_as_asked_and_once_for_many_that_were_missed() -> None:
    class Plugin:
        def __init__(self) -> None:
            self.told: list[tuple[str, str]] = []

        @wfepy.hookimpl
        def wfepy_task_reminder(self, instance: Any, task: Any, wait: Any) -> None:
            self.told.append((task.name, wait.remind_at))

    plugin = Plugin()
    bench = Bench(*escalating(deadline="20d", remind_every="1d"), plugins=[plugin])
    bench.tick()
    bench.tick(hours=23)
    assert plugin.told == []
    bench.tick(hours=1)
    bench.tick()
    assert plugin.told == [("ask", "2026-11-25T06:00:00.000000Z")]
    bench.tick(days=5, hours=3)
    assert plugin.told[1:] == [("ask", "2026-11-30T06:00:00.000000Z")]


def retrying(retry: Any, failures: Any = 99, error: Any = ValueError) -> Any:
    @wfepy.start_point()
    @wfepy.task(retry=retry)
    @wfepy.end_point()
    def a(context: Any, attempt: Any) -> Any:
        context["calls"] = context.get("calls", 0) + 1
        if attempt <= failures:
            raise error(f"attempt {attempt}")
        return True

    return a


def test_a_retry_waits_for_its_time_across_ticks() -> None:
    bench = Bench(retrying(Retry(3, delay="10min", jitter=0), failures=2))
    summary = bench.tick()
    assert list(summary.retrying) == ["a"]
    assert not summary.failures
    assert bench.document["wake"] == "2026-11-23T06:10:00.000000Z"
    bench.tick(minutes=9)
    assert bench.instance.context["calls"] == 1
    bench.tick(minutes=1)
    assert bench.document["wake"] == "2026-11-23T06:30:00.000000Z"
    assert bench.tick(minutes=20).status == "finished"


def test_after_the_last_attempt_the_task_has_failed_for_good() -> None:
    bench = Bench(retrying(Retry(2, delay="1min", jitter=0)))
    bench.tick()
    summary = bench.tick(minutes=1)
    assert list(summary.failures) == ["a"]
    assert not summary.retrying
    assert summary.status == "failed"


def test_a_short_delay_is_waited_for_within_the_tick() -> None:
    bench = Bench(retrying(Retry(3, delay="2s", factor=1, jitter=0), failures=2))
    assert bench.tick().status == "finished"
    assert bench.slept == [2.0, 2.0]


@pytest.mark.parametrize(("failures", "failed"), [(1, []), (99, ["a"])])
def test_a_task_whose_retries_are_over_within_the_tick_is_not_retrying(failures: Any, failed: Any) -> None:
    bench = Bench(retrying(Retry(3, delay="2s", factor=1, jitter=0), failures))
    summary = bench.tick()
    assert (list(summary.retrying), list(summary.failures)) == ([], failed)


@pytest.mark.parametrize(
    "retry",
    [Retry(on=KeyError), Retry(unless=ValueError), Retry(unless=lambda error: "attempt" in str(error))],
)
def test_an_error_that_is_not_worth_it_is_not_tried_again(retry: Any) -> None:
    bench = Bench(retrying(retry))
    assert bench.tick().status == "failed"
    assert bench.instance.context["calls"] == 1


def test_what_a_failed_attempt_changed_in_the_context_stays() -> None:
    bench = Bench(retrying(Retry(2, delay="1min")))
    bench.tick()
    assert bench.instance.context["calls"] == 1


def test_a_paused_instance_runs_nothing_and_only_a_person_can_wake_it() -> None:
    bench = Bench(waiting_task([False]))
    bench.tick()
    bench.instance.paused = {"at": "2026-11-23T06:00:00.000000Z", "by": "ann"}
    bench.tick()
    assert bench.instance.context["calls"] == 1
    assert bench.document["wake"] is None


def approved(body: Any = lambda context: None, **terms: Any) -> Any:
    @wfepy.start_point()
    @wfepy.approval(**terms)
    @wfepy.followed_by("publish", lambda context: context["review"] == "approve")
    @wfepy.followed_by("revise", lambda context: context["review"] == "reject")
    @wfepy.followed_by("escalate", on="timeout")
    def review(context: Any, now: Any) -> Any:
        context["asked"] = context.get("asked", 0) + 1
        return body(context)

    def end(name: Any) -> Any:
        def function(context: Any) -> Any:
            return True

        function.__name__ = name
        return wfepy.task()(wfepy.end_point()(function))

    return review, end("publish"), end("revise"), end("escalate")


@pytest.mark.parametrize(("choice", "then"), [("approve", "publish"), ("reject", "revise")])
def test_an_approval_is_asked_for_once_and_decided_by_a_signal(choice: Any, then: Any) -> None:
    bench = Bench(*approved(by="ann"))
    assert bench.tick().waiting == {"review": "approve or reject by ann"}
    bench.tick()
    bench.signal("review", choice, by="ann")
    assert bench.tick().completed == ["review", then]
    assert bench.instance.context == {"asked": 1, "review": choice}


def test_a_choice_may_come_with_a_comment() -> None:
    bench = Bench(*approved())
    bench.tick()
    bench.signal("review", {"choice": "reject", "comment": "typo"}, by="ann")
    assert bench.tick().completed == ["review", "revise"]


def test_an_approval_that_nobody_gives_times_out() -> None:
    bench = Bench(*approved(deadline="3d"))
    bench.tick()
    assert bench.tick(days=3).completed == ["escalate"]


def test_a_quorum_counts_people_and_their_last_choice() -> None:
    bench = Bench(*approved(by=("ann", "bob", "eve"), quorum=2))
    bench.tick()
    bench.signal("review", "approve", by="ann")
    bench.signal("review", "approve", by="ann")
    assert bench.tick().waiting == {"review": "approve or reject by ann, bob or eve, 1 of 2 votes"}
    bench.signal("review", "reject", by="ann")
    bench.signal("review", "approve", by="bob")
    assert bench.tick().status == "running"
    bench.signal("review", "reject", by="eve")
    assert bench.tick().completed == ["review", "revise"]
    assert bench.instance.signals == []


def test_a_quorum_that_cannot_be_reached_any_more_is_a_failure() -> None:
    bench = Bench(*approved(by=("ann", "bob"), quorum=2))
    bench.tick()
    bench.signal("review", "approve", by="ann")
    bench.signal("review", "reject", by="bob")
    summary = bench.tick()
    assert "no choice can get 2 votes" in str(summary.failures["review"])


@pytest.mark.parametrize(
    "terms", [{"quorum": 3, "by": ("a", "b")}, {"quorum": 0}, {"choices": ()}, {"choices": ("a", "a")}]
)
def test_terms_that_make_no_sense_are_refused(terms: Any) -> None:
    with pytest.raises(ValueError, match="of an approval must be"):
        approved(**terms)


class Provider:
    def __init__(self) -> None:
        self.log: list[str] = []

    @wfepy.hookimpl
    def wfepy_provide_argument(self, name: Any, task: Any) -> Any:
        return self.open() if name == "database" else None

    def logged(self, text: str) -> int:
        self.log.append(text)
        return len(self.log)

    def open(self) -> Any:
        self.log.append("open")
        yield "connection"
        self.log.append("closed")


def asks_for_database(does: Any) -> Any:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def a(context: Any, database: Any) -> Any:
        return does(database)

    return a


def provided_bench(does: Any, plugin: Any) -> Any:
    module = types.ModuleType("flow")
    vars(module)["a"] = asks_for_database(does)
    workflow = wfepy.Workflow()
    workflow.load_tasks(module)
    workflow.provided.add("database")
    return workflow.create_runner(plugins=[plugin])


def test_a_plugin_provides_an_argument_and_cleans_up_after_each_attempt() -> None:
    plugin = Provider()
    runner = provided_bench(lambda database: plugin.logged(database) > 3, plugin)
    runner.run()
    runner.run()
    assert plugin.log == ["open", "connection", "closed"] * 2
    assert runner.finished


def test_it_cleans_up_after_a_failure_too() -> None:
    plugin = Provider()
    runner = provided_bench(lambda database: 1 / 0, plugin)
    with pytest.raises(ZeroDivisionError):
        runner.run()
    assert plugin.log == ["open", "closed"]


def test_an_argument_that_nobody_provides_is_found_by_the_check_with_what_there_is() -> None:
    module = types.ModuleType("flow")
    vars(module)["a"] = asks_for_database(lambda database: True)
    workflow = wfepy.Workflow()
    workflow.load_tasks(module)
    with pytest.raises(wfepy.WorkflowError, match=r'unknown parameter "database".*attempt, idempotency_key'):
        workflow.check_graph()


def test_a_provider_that_breaks_is_named_and_the_attempt_does_not_count() -> None:
    class Broken:
        @wfepy.hookimpl
        def wfepy_provide_argument(self, name: Any) -> Any:
            def provide() -> Any:
                if name:
                    raise OSError("no network")
                yield

            return provide()

    runner = provided_bench(lambda database: True, Broken())
    with pytest.raises(wfepy.PluginError, match='provides "database" raised OSError: no network'):
        runner.run()
    assert runner.instance.failures == {}


def mapping(does: Any, items: Any = ("a", "b", "c"), **options: Any) -> Any:
    @wfepy.start_point()
    @wfepy.task(each=lambda context: list(items), **options)
    @wfepy.end_point()
    def a(context: Any, item: Any, attempt: Any) -> Any:
        return does(context, item, attempt)

    return a


def test_a_task_runs_once_for_each_item_and_collects_what_it_returns() -> None:
    bench = Bench(mapping(lambda context, item, attempt: item.upper()))
    assert bench.tick().status == "finished"
    assert bench.instance.context == {"a": ["A", "B", "C"]}


def test_results_that_are_false_are_results_but_false_itself_is_a_wait() -> None:
    answers = {"a": 0, "b": "", "c": True}
    bench = Bench(mapping(lambda context, item, attempt: answers[item], into="found"))
    assert bench.tick().status == "finished"
    assert bench.instance.context == {"found": [0, "", True]}


def test_items_that_wait_or_fail_hold_no_other_back() -> None:
    def does(context: Any, item: Any, attempt: Any) -> Any:
        if item == "a" and bench.now == BEGIN:
            return wfepy.wait(until="1h")
        if item == "b" and attempt == 1:
            raise ValueError("no")
        return item

    bench = Bench(mapping(does, retry=Retry(2, delay="2h", jitter=0)))
    assert bench.tick().waiting == {"a": "1 of 3 items are done"}
    assert bench.document["wake"] == "2026-11-23T07:00:00.000000Z"
    bench.tick(hours=1)
    assert bench.document["wake"] == "2026-11-23T08:00:00.000000Z"
    assert bench.tick(hours=1).status == "finished"
    assert bench.instance.context == {"a": ["a", "b", "c"]}


def test_items_that_fail_for_good_fail_the_task_when_all_others_are_done() -> None:
    def does(context: Any, item: Any, attempt: Any) -> Any:
        if item == "b":
            raise wfepy.GiveUp("rotten")
        return item

    bench = Bench(mapping(does))
    summary = bench.tick()
    assert summary.status == "failed"
    assert str(summary.failures["a"]) == "1 of 3 items failed: item 1: GiveUp: rotten"
    assert bench.instance.context == {"a": ["a", None, "c"]}


def test_no_items_are_done_at_once() -> None:
    bench = Bench(mapping(lambda context, item, attempt: item, items=()))
    assert bench.tick().status == "finished"
    assert bench.instance.context == {"a": []}


def test_an_item_cannot_change_the_context() -> None:
    def does(context: Any, item: Any, attempt: Any) -> None:
        context["n"] = item

    bench = Bench(mapping(does))
    assert "cannot change the context" in str(bench.tick().failures["a"])
    assert bench.instance.context == {}


def test_a_task_with_items_has_a_deadline_too() -> None:
    bench = Bench(
        mapping(lambda context, item, attempt: item == "a" or wfepy.wait(until="9d"), deadline="3d")
    )
    bench.tick()
    assert bench.document["wake"] == "2026-11-26T06:00:00.000000Z"
    assert bench.tick(days=3).timed_out == ["a"]


def test_retrying_a_task_tries_only_the_items_that_failed() -> None:
    ran = []

    def does(context: Any, item: str, attempt: int) -> Any:
        ran.append(item)
        if item == "b" and ran.count("b") == 1:
            raise wfepy.GiveUp("rotten")
        return item

    bench = Bench(mapping(does))
    assert bench.tick().status == "failed"
    record = {"event": "operator", "verb": "retry", "task": "a", "generation": 0, "seq": 1, "by": "ann"}
    bench.instance.ended = None
    apply(bench.instance, record)
    assert bench.tick().status == "finished"
    assert ran == ["a", "b", "c", "b"]
    assert bench.instance.context == {"a": ["a", "b", "c"]}
