"""Waits, deadlines, reminders and retries, in tests that travel in time."""

from __future__ import annotations

import contextlib
import types
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks import Retry
from wfepy_hooks.eachtask import ItemsFailed

if TYPE_CHECKING:
    from building import Begin

BEGIN = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)


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


def test_a_task_that_waits_for_a_moment_is_not_called_before_it(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(until="3d", reason="dough")]))
    runner.tick()
    assert runner.wake == BEGIN + timedelta(days=3)
    assert runner.run(after="2d").waiting == {"a": "dough"}
    assert runner.context["calls"] == 1
    assert runner.tick(after="1d").status == "finished"
    assert runner.context["calls"] == 2


def test_a_task_that_sleeps_is_done_when_the_moment_has_come_without_another_call(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.sleep("2d")]))
    runner.tick()
    assert runner.run(after="1d").status == "running"
    assert runner.run(after="1d").status == "finished"
    assert runner.context["calls"] == 1


def test_a_clock_that_is_set_back_wakes_nothing_early_and_loses_nothing(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.sleep("1h")]))
    runner.tick()
    runner.clock.now -= timedelta(minutes=90)
    assert runner.run().status == "running"
    assert runner.run(after="100min").status == "running"
    assert runner.tick(after="50min").status == "finished"


def test_a_moment_in_local_time_is_exact_when_the_clocks_change(begin: Begin) -> None:
    from zoneinfo import ZoneInfo

    prague = ZoneInfo("Europe/Prague")
    for fold, hour in ((0, 0), (1, 1)):  # 02:30 comes twice that night
        moment = datetime(2026, 10, 25, 2, 30, tzinfo=prague, fold=fold)
        runner = begin(waiting_task([wfepy.wait(until=moment)]))
        runner.tick()
        assert runner.wake == datetime(2026, 10, 25, hour, 30, tzinfo=timezone.utc)


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


def test_a_task_whose_deadline_has_passed_times_out_without_being_called(begin: Begin) -> None:
    runner = begin(*escalating())
    runner.tick()
    runner.tick(after="2d")
    assert runner.context["calls"] == 2
    summary = runner.tick(after="30d")  # nothing ran for a month
    assert summary.timed_out == ["ask"]
    assert not summary.failures
    assert summary.completed == ["escalate"]
    assert summary.status == "finished"
    assert runner.context["calls"] == 2


def test_a_timeout_that_no_transition_is_about_fails_the_instance(begin: Begin) -> None:
    runner = begin(waiting_task([False] * 9, deadline="1h"))
    runner.tick()
    with pytest.raises(TimeoutError):
        runner.tick(after="1h")
    runner.assert_ended("failed")
    assert "timed out" in runner.why("a")


def test_a_deadline_in_a_wait_counts_from_the_first_answer(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(deadline="2h")] * 9))
    runner.tick()
    assert runner.run(after="1h 30min").status == "running"
    with pytest.raises(TimeoutError):
        runner.tick(after="30min")
    assert runner.summary.timed_out == ["a"]


def test_a_deadline_goes_on_through_failed_attempts(begin: Begin) -> None:
    @wfepy.start_point()
    @wfepy.task(deadline="1h")
    @wfepy.end_point()
    def a(context: Any) -> None:
        raise ValueError("no")

    runner = begin(a)
    with pytest.raises(ValueError, match="no"):
        runner.tick()
    with pytest.raises(ValueError, match="no"):
        runner.tick(after="59min")
    with pytest.raises(TimeoutError):
        runner.tick(after="1min")
    assert runner.summary.timed_out == ["a"]


def test_what_came_before_the_deadline_counts_however_late_the_tick_is(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(signal="go", deadline="1d", done=True)]))
    runner.tick()
    runner.clock.advance("23h")
    runner.signal("go")
    assert runner.tick(after="30d").status == "finished"


def test_what_came_after_the_deadline_does_not_count(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(signal="go", deadline="1d", done=True)]))
    runner.tick()
    runner.clock.advance("25h")
    runner.signal("go")
    with pytest.raises(TimeoutError):
        runner.tick(after="30d")


def test_a_moment_after_the_deadline_comes_too_late(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(until="2d")], deadline="1d"))
    runner.tick()
    assert runner.wake == BEGIN + timedelta(days=1)
    with pytest.raises(TimeoutError):
        runner.tick(after="30d")
    assert runner.context["calls"] == 1


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


def test_a_signal_wakes_the_task_that_waits_for_it_and_is_taken_once(begin: Begin) -> None:
    runner = begin(signalled())
    runner.tick()
    assert runner.wake is None
    runner.run(after="1d")
    assert runner.context["calls"] == 1
    runner.signal("other")
    runner.run()
    assert runner.context["calls"] == 1
    runner.signal("go", {"n": 1})
    assert runner.tick().status == "finished"
    assert runner.context["got"] == {"n": 1}
    assert [each.name for each in runner.instance.signals] == ["other"]


def test_a_signal_that_came_early_is_kept(begin: Begin) -> None:
    runner = begin(signalled())
    runner.signal("go", 1)
    assert runner.tick().status == "finished"
    assert runner.context["calls"] == 1


def test_an_early_signal_wakes_a_task_that_does_not_ask_for_it_in_the_same_tick(begin: Begin) -> None:
    runner = begin(waiting_task([wfepy.wait(signal="go")]))
    runner.signal("go")
    assert runner.tick().status == "finished"
    assert runner.context["calls"] == 2


def test_a_task_that_waits_again_for_a_signal_it_was_given_is_not_called_for_it_again(
    begin: Begin, caplog: Any
) -> None:
    runner = begin(waiting_task([wfepy.wait(signal="go")] * 9))
    runner.tick()
    runner.signal("go")
    runner.tick()
    runner.tick()
    assert runner.context["calls"] == 2
    assert "did not take it" in caplog.text


def test_a_signal_that_is_not_what_the_wait_asks_for_wakes_nothing(begin: Begin) -> None:
    runner = begin(signalled(choices=("yes", "no"), by="ann"))
    runner.tick()
    runner.signal("go", "perhaps", by="ann", check=False)
    runner.signal("go", "yes", by="eve", check=False)
    assert runner.run().status == "running"
    assert runner.context["calls"] == 1


def test_a_failed_attempt_takes_no_signal(begin: Begin) -> None:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def a(context: Any, signals: Any, attempt: Any) -> Any:
        context["seen"] = [*context.get("seen", []), len(signals)]
        signals.take()
        if attempt == 1:
            raise ValueError("no")
        return True

    runner = begin(a)
    runner.signal("go")
    with pytest.raises(ValueError, match="no"):
        runner.tick()
    assert runner.tick().status == "finished"
    assert runner.context["seen"] == [1, 1]
    assert runner.instance.signals == []


@pytest.mark.parametrize("asks", [False, True])
def test_what_a_task_that_fails_has_seen_of_signals_hides_none_from_the_next(
    begin: Begin, asks: bool
) -> None:
    answers = iter([False, wfepy.wait(signal="mine"), True])

    def woken(context: Any) -> Any:
        if "a" in context:
            raise ValueError("no")
        context["a"] = 1
        return wfepy.wait(signal="its")

    def asking(context: Any, signals: Any) -> Any:
        return woken(context)

    first = wfepy.task(name="first")(wfepy.start_point()(wfepy.end_point()(asking if asks else woken)))
    second = wfepy.task(name="second")(wfepy.start_point()(wfepy.end_point()(lambda context: next(answers))))
    runner = begin(first, second)
    runner.tick()
    runner.signal("mine", check=False)
    runner.signal("its", check=False)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            runner.tick()
    runner.assert_done("second")


def test_a_signal_that_was_taken_is_kept_when_a_condition_raises(begin: Begin) -> None:
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

    runner = begin(a, end)
    runner.signal("go")
    with pytest.raises(ZeroDivisionError):
        runner.tick()
    assert runner.tick().status == "finished"
    assert runner.context["seen"] == [1, 1]
    assert runner.instance.signals == []


def test_reminders_come_as_often_as_asked_and_once_for_many_that_were_missed(begin: Begin) -> None:
    class Plugin:
        def __init__(self) -> None:
            self.told: list[tuple[str, str]] = []

        @wfepy.hookimpl
        def wfepy_task_reminder(self, instance: Any, task: Any, wait: Any) -> None:
            self.told.append((task.name, wait.remind_at))

    plugin = Plugin()
    runner = begin(*escalating(deadline="20d", remind_every="1d"), plugins=[plugin])
    runner.tick()
    runner.tick(after="23h")
    assert plugin.told == []
    runner.tick(after="1h")
    runner.tick()
    assert plugin.told == [("ask", "2026-01-07T09:00:00.000000Z")]
    runner.tick(after="5d 3h")
    assert plugin.told[1:] == [("ask", "2026-01-12T09:00:00.000000Z")]


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


def test_a_retry_waits_for_its_time_across_ticks(begin: Begin) -> None:
    runner = begin(retrying(Retry(3, delay="10min", jitter=0), failures=2))
    summary = runner.tick()
    assert list(summary.retrying) == ["a"]
    assert not summary.failures
    assert runner.wake == BEGIN + timedelta(minutes=10)
    runner.run(after="9min")
    assert runner.context["calls"] == 1
    runner.tick(after="1min")
    assert runner.wake == BEGIN + timedelta(minutes=30)
    assert runner.tick(after="20min").status == "finished"


def test_after_the_last_attempt_the_task_has_failed_for_good(begin: Begin) -> None:
    runner = begin(retrying(Retry(2, delay="1min", jitter=0)))
    runner.tick()
    with pytest.raises(ValueError, match="attempt 2"):
        runner.tick(after="1min")
    assert not runner.summary.retrying
    runner.assert_ended("failed")


def test_a_short_delay_is_waited_for_within_the_tick(begin: Begin) -> None:
    runner = begin(retrying(Retry(3, delay="2s", factor=1, jitter=0), failures=2))
    assert runner.tick().status == "finished"
    assert runner.clock.now == BEGIN + timedelta(seconds=4)


@pytest.mark.parametrize(("failures", "failed"), [(1, []), (99, ["a"])])
def test_a_task_whose_retries_are_over_within_the_tick_is_not_retrying(
    begin: Begin, failures: Any, failed: Any
) -> None:
    runner = begin(retrying(Retry(3, delay="2s", factor=1, jitter=0), failures))
    with contextlib.suppress(ValueError):
        runner.tick()
    assert (list(runner.summary.retrying), list(runner.summary.failures)) == ([], failed)


@pytest.mark.parametrize(
    "retry",
    [Retry(on=KeyError), Retry(unless=ValueError), Retry(unless=lambda error: "attempt" in str(error))],
)
def test_an_error_that_is_not_worth_it_is_not_tried_again(begin: Begin, retry: Any) -> None:
    runner = begin(retrying(retry))
    with pytest.raises(ValueError, match="attempt 1"):
        runner.tick()
    runner.assert_ended("failed")
    assert runner.context["calls"] == 1


def test_what_a_failed_attempt_changed_in_the_context_stays(begin: Begin) -> None:
    runner = begin(retrying(Retry(2, delay="1min")))
    runner.tick()
    assert runner.context["calls"] == 1


def test_a_paused_instance_runs_nothing_and_only_a_person_can_wake_it(begin: Begin) -> None:
    runner = begin(waiting_task([False]))
    runner.tick()
    runner.operations.pause("flow", "default", by="ann")
    runner.run()
    assert runner.context["calls"] == 1
    assert runner.wake is None


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
def test_an_approval_is_asked_for_once_and_decided_by_a_signal(begin: Begin, choice: Any, then: Any) -> None:
    runner = begin(*approved(by="ann"))
    assert runner.tick().waiting == {"review": "approve or reject by ann"}
    runner.tick()
    runner.signal("review", choice, by="ann")
    assert runner.tick().completed == ["review", then]
    assert runner.context == {"asked": 1, "review": choice}


def test_a_choice_may_come_with_a_comment(begin: Begin) -> None:
    runner = begin(*approved())
    runner.tick()
    runner.signal("review", {"choice": "reject", "comment": "typo"}, by="ann")
    assert runner.tick().completed == ["review", "revise"]


def test_an_approval_that_nobody_gives_times_out(begin: Begin) -> None:
    runner = begin(*approved(deadline="3d"))
    runner.tick()
    assert runner.tick(after="3d").completed == ["escalate"]


def test_a_quorum_counts_people_and_their_last_choice(begin: Begin) -> None:
    runner = begin(*approved(by=("ann", "bob", "eve"), quorum=2))
    runner.tick()
    runner.signal("review", "approve", by="ann")
    runner.signal("review", "approve", by="ann")
    assert runner.tick().waiting == {"review": "approve or reject by ann, bob or eve, 1 of 2 votes"}
    runner.signal("review", "reject", by="ann")
    runner.signal("review", "approve", by="bob")
    assert runner.tick().status == "running"
    runner.signal("review", "reject", by="eve")
    assert runner.tick().completed == ["review", "revise"]
    assert runner.instance.signals == []


def test_a_quorum_that_cannot_be_reached_any_more_is_a_failure(begin: Begin) -> None:
    runner = begin(*approved(by=("ann", "bob"), quorum=2))
    runner.tick()
    runner.signal("review", "approve", by="ann")
    runner.signal("review", "reject", by="bob")
    with pytest.raises(wfepy.GiveUp, match="no choice can get 2 votes"):
        runner.tick()


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


def test_a_task_runs_once_for_each_item_and_collects_what_it_returns(begin: Begin) -> None:
    runner = begin(mapping(lambda context, item, attempt: item.upper()))
    assert runner.tick().status == "finished"
    assert runner.context == {"a": ["A", "B", "C"]}


def test_a_plugin_that_is_broken_leaves_an_item_as_it_was_and_holds_no_other_task_back(begin: Begin) -> None:
    class Broken:
        @wfepy.hookimpl
        def wfepy_decide_retry(self, task: wfepy.Task) -> str:
            return "yes"

    @wfepy.task(each=lambda context: [1, 2])
    @wfepy.start_point()
    @wfepy.end_point()
    def every(context: Any, item: int) -> bool:
        if item == 1:
            raise ValueError("no")
        return True

    @wfepy.task(each=lambda context: [1])
    @wfepy.start_point()
    @wfepy.end_point()
    def other(context: Any, item: int) -> bool:
        return True

    runner = begin(every, other, plugins=[Broken()])
    with pytest.raises(wfepy.PluginError, match="wfepy_decide_retry"):
        runner.tick()
    assert runner.summary.completed == ["other"]
    assert runner.summary.unrecorded == {"every"}
    assert runner.why("every").startswith("every: has 2 items: 1 done, 1 to do")


def test_results_that_are_false_are_results_but_false_itself_is_a_wait(begin: Begin) -> None:
    answers = {"a": 0, "b": "", "c": True}
    runner = begin(mapping(lambda context, item, attempt: answers[item], into="found"))
    assert runner.tick().status == "finished"
    assert runner.context == {"found": [0, "", True]}


def test_items_that_wait_or_fail_hold_no_other_back(begin: Begin) -> None:
    def does(context: Any, item: Any, attempt: Any) -> Any:
        if item == "a" and runner.clock() == BEGIN:
            return wfepy.wait(until="1h")
        if item == "b" and attempt == 1:
            raise ValueError("no")
        return item

    runner = begin(mapping(does, retry=Retry(2, delay="2h", jitter=0)))
    assert runner.tick().waiting == {"a": "1 of 3 items are done"}
    assert runner.wake == BEGIN + timedelta(hours=1)
    runner.tick(after="1h")
    assert runner.wake == BEGIN + timedelta(hours=2)
    assert runner.tick(after="1h").status == "finished"
    assert runner.context == {"a": ["a", "b", "c"]}


def test_an_item_that_waits_for_a_moment_is_not_called_before_it(begin: Begin) -> None:
    ran = []

    def does(context: Any, item: str, attempt: int) -> Any:
        ran.append(item)
        return ran.count(item) > 1 or wfepy.wait(until="1h")

    runner = begin(mapping(does, items=("a",)))
    runner.tick()
    runner.run(after="59min")
    assert ran == ["a"]
    assert runner.run(after="1min").status == "finished"
    assert ran == ["a", "a"]


def test_items_that_fail_for_good_fail_the_task_when_all_others_are_done(begin: Begin) -> None:
    def does(context: Any, item: Any, attempt: Any) -> Any:
        if item == "b":
            raise wfepy.GiveUp("rotten")
        return item

    runner = begin(mapping(does))
    with pytest.raises(ItemsFailed) as failed:
        runner.tick()
    assert str(failed.value) == "1 of 3 items failed: item 1: GiveUp: rotten"
    runner.assert_ended("failed")
    assert runner.context == {"a": ["a", None, "c"]}


def test_no_items_are_done_at_once(begin: Begin) -> None:
    runner = begin(mapping(lambda context, item, attempt: item, items=()))
    assert runner.tick().status == "finished"
    assert runner.context == {"a": []}


def test_an_item_cannot_change_the_context(begin: Begin) -> None:
    def does(context: Any, item: Any, attempt: Any) -> None:
        context["n"] = item

    runner = begin(mapping(does))
    with pytest.raises(TypeError, match="cannot change the context"):
        runner.tick()
    assert runner.context == {}


def test_a_task_with_items_has_a_deadline_too(begin: Begin) -> None:
    runner = begin(
        mapping(lambda context, item, attempt: item == "a" or wfepy.wait(until="9d"), deadline="3d")
    )
    runner.tick()
    assert runner.wake == BEGIN + timedelta(days=3)
    with pytest.raises(TimeoutError):
        runner.tick(after="3d")


def test_retrying_a_task_tries_only_the_items_that_failed(begin: Begin) -> None:
    ran = []

    def does(context: Any, item: str, attempt: int) -> Any:
        ran.append(item)
        if item == "b" and ran.count("b") == 1:
            raise wfepy.GiveUp("rotten")
        return item

    runner = begin(mapping(does))
    with pytest.raises(ItemsFailed):
        runner.tick()
    runner.operations.retry("flow", "default", "a", by="ann")
    assert runner.tick().status == "finished"
    assert ran == ["a", "b", "c", "b"]
    assert runner.context == {"a": ["a", "b", "c"]}
