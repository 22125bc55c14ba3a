"""One tick of one instance in memory: answers, failures, branches, and what the hooks are told."""

from __future__ import annotations

import logging
import sys
import types
from datetime import timezone
from typing import Any

import pytest

import wfepy_hooks as wfepy
from building import END, JOIN, START, Build, two_branches
from wfepy_hooks import TaskState, hookimpl


def raises(error: BaseException) -> Any:
    def function(context: Any) -> bool:
        raise error

    return function


def test_true_is_done_and_the_order_is_that_of_the_decorators() -> None:
    runner = two_branches().runner()
    runner.run()

    assert runner.context["ran"] == ["start", "left", "right", "end"]
    assert (runner.finished, runner.status, runner.state) == (True, "finished", [])


def test_false_waits_and_is_called_again_at_the_next_tick() -> None:
    runner = two_branches(left=lambda context: context.get("go", False)).runner()
    runner.run()
    runner.run()

    assert runner.context["ran"] == ["start", "left", "right", "left"]
    assert runner.state == [("left", TaskState.WAITING), ("end", TaskState.BLOCKED)]
    runner.context["go"] = True
    runner.run()
    assert runner.finished


def test_a_wait_says_why() -> None:
    runner = two_branches(left=lambda context: wfepy.wait(reason="the kettle")).runner()
    runner.run()

    assert runner.summary.waiting == {"left": "the kettle"}
    assert runner.instance.why("left") == (
        "left: waits: the kettle\n  start -> left: taken\n  left -> end: undecided, left is waiting"
    )
    assert runner.instance.why("end").endswith("\n  because left waits: the kettle")


@pytest.mark.parametrize(("answer", "finishes"), [(1, True), ("yes", True), (0, False), ([], False)])
def test_another_answer_is_converted_with_a_warning(
    answer: object, finishes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    runner = two_branches(left=answer).runner()
    runner.run()

    assert runner.finished == finishes
    assert 'task "left" at ' in caplog.text
    assert f"instead of True or False; taken for {finishes}" in caplog.text


def test_none_gets_a_hint_about_a_forgotten_return(caplog: pytest.LogCaptureFixture) -> None:
    two_branches(left=None).runner().run()

    assert "returned None instead of True or False; is a return forgotten?" in caplog.text


def test_an_answer_that_cannot_be_converted_is_a_failure() -> None:
    class Array:
        def __bool__(self) -> bool:
            raise ValueError("ambiguous")

        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(ValueError, match="ambiguous"):
        two_branches(left=Array()).runner().run()


def test_a_failure_is_raised_after_all_other_branches_have_advanced() -> None:
    runner = two_branches(left=raises(RuntimeError("no milk"))).runner()
    with pytest.raises(RuntimeError, match="no milk"):
        runner.run()

    assert runner.context["ran"] == ["start", "left", "right"]
    assert runner.state == [("left", TaskState.READY), ("end", TaskState.BLOCKED)]
    with pytest.raises(RuntimeError, match="no milk"):
        runner.run()
    assert runner.context["ran"] == ["start", "left", "right", "left"]
    assert runner.instance.failures == {"left": 2}


def test_of_several_failures_the_first_is_raised_and_all_are_told() -> None:
    runner = two_branches(left=raises(KeyError("a")), right=raises(ValueError("b"))).runner()
    with pytest.raises(KeyError):
        runner.run()

    assert [str(error) for error in runner.summary.failures.values()] == ["'a'", "b"]


def test_giving_up_is_final() -> None:
    runner = two_branches(left=raises(wfepy.GiveUp("no beans"))).runner()
    with pytest.raises(wfepy.GiveUp):
        runner.run()

    assert (runner.finished, runner.status) == (True, "failed")
    runner.run()
    assert runner.context["ran"] == ["start", "left", "right"]
    assert "failed: GiveUp: no beans; no transition is about that" in runner.instance.why("left")
    assert "end: never runs, because left failed" in runner.instance.why("end")


def test_a_transition_may_be_about_a_failure() -> None:
    build = Build().add(
        "brew", START, wfepy.followed_by("clean", on="failed"), "drink", does=raises(wfepy.GiveUp())
    )
    runner = build.add("clean", END).add("drink", END).runner()
    runner.run()

    assert runner.status == "finished"
    assert runner.context["ran"] == ["brew", "clean"]
    assert "only if brew is done, and it is not" in runner.instance.why("drink")


def test_a_condition_that_raises_fails_the_attempt_and_says_where() -> None:
    build = Build().add("a", START, wfepy.followed_by("b", lambda context: context["missing"])).add("b", END)
    runner = build.runner()
    with pytest.raises(KeyError) as caught:
        runner.run()

    assert runner.state == [("a", TaskState.READY)]
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == [f"raised by the condition of a -> b at {__file__}:{caught_line()}"]


def caught_line() -> int:
    code = test_a_condition_that_raises_fails_the_attempt_and_says_where.__code__
    return next(each for each in code.co_consts if isinstance(each, types.CodeType)).co_firstlineno


def test_a_condition_of_a_failure_that_raises_starves_nobody() -> None:
    build = Build().add("start", START, "a", "b").add("b", "end")
    build.add("a", wfepy.followed_by("end", raises(KeyError("x")), on="failed"), does=raises(wfepy.GiveUp()))
    runner = build.add("end", JOIN, END).runner()
    with pytest.raises(KeyError):
        runner.run()

    assert runner.context["ran"] == ["start", "a", "b"]


def test_sys_exit_in_a_condition_of_a_failure_is_a_failure_too() -> None:
    build = Build().add("start", START, "a", "b").add("b", "end")
    build.add("a", wfepy.followed_by("end", raises(SystemExit(0)), on="failed"), does=raises(wfepy.GiveUp()))
    runner = build.add("end", JOIN, END).runner()
    with pytest.raises(SystemExit):
        runner.run()

    assert runner.context["ran"] == ["start", "a", "b"]
    assert "a" in runner.instance.failures


@pytest.mark.parametrize("first", ["fails", "works"])
def test_a_race_is_won_whatever_the_loser_did_before(first: str) -> None:
    build = Build()
    for name in (first, *{"fails", "works"} - {first}):
        build.add(name, START, "end", does=raises(wfepy.GiveUp()) if name == "fails" else True)
    runner = build.add("end", wfepy.join_point("any", cancel_rest=True), END).runner()
    if first == "fails":
        with pytest.raises(wfepy.GiveUp):
            runner.run()
    else:
        runner.run()

    assert runner.status == "finished"


def test_sys_exit_in_a_task_is_a_failure_of_the_task() -> None:
    runner = two_branches(left=raises(SystemExit(3))).runner()
    with pytest.raises(SystemExit):
        runner.run()

    assert runner.instance.errors == {"left": "the task called sys.exit(3)"}
    assert runner.context["ran"] == ["start", "left", "right"]


def test_an_interruption_leaves_the_task_as_it_was() -> None:
    runner = two_branches(left=raises(KeyboardInterrupt())).runner()
    with pytest.raises(KeyboardInterrupt):
        runner.run()

    assert runner.state == [("left", TaskState.NEW), ("right", TaskState.NEW)]


def test_a_dead_end_is_loud_and_names_the_false_conditions(caplog: pytest.LogCaptureFixture) -> None:
    runner = Build().add("a", START, wfepy.followed_by("b", lambda context: False)).add("b", END).runner()
    runner.run()

    assert runner.status == "dead_end"
    assert "flow/default is a dead end: a -> b: skipped, the condition at " in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_a_loop_repeats_until_its_condition_is_false() -> None:
    build = Build().add("start", START, "draft").add("draft", "review")
    build.add("review", wfepy.followed_by("draft", lambda context: len(context["ran"]) < 6), "publish")
    runner = build.add("publish", END).runner()
    runner.run()

    assert runner.context["ran"] == [
        "start",
        "draft",
        "review",
        "draft",
        "review",
        "draft",
        "review",
        "publish",
    ]
    assert runner.instance.generation("draft") == 2
    assert "draft (pass 3 of its loop): done" in runner.instance.why("draft")


def test_an_idempotency_key_changes_with_the_pass_only() -> None:
    keys = []

    def work(context: Any) -> bool:
        keys.append(runner.instance.idempotency_key("work"))
        if len(keys) == 1:
            raise RuntimeError
        return True

    build = Build().add(
        "work", START, wfepy.followed_by("work", lambda context: len(keys) < 3), "end", does=work
    )
    runner = build.add("end", END).runner()
    with pytest.raises(RuntimeError):
        runner.run()
    runner.run()

    assert keys[0] == keys[1] != keys[2]


def test_a_task_gets_what_it_asks_for_by_name() -> None:
    seen: list[tuple[object, ...]] = []

    def work(
        context: Any, now: Any, idempotency_key: str, *, attempt: int, instance: Any, mine: int = 3
    ) -> bool:
        seen.append((context is instance.context, now.tzinfo, idempotency_key, attempt, mine))
        if attempt == 1:
            raise RuntimeError
        return True

    module = types.ModuleType("flow")
    vars(module)["work"] = wfepy.task()(wfepy.start_point()(wfepy.end_point()(work)))
    workflow = wfepy.Workflow()
    workflow.load_tasks(module)
    workflow.check_graph()
    runner = workflow.create_runner()
    with pytest.raises(RuntimeError):
        runner.run()
    runner.run()

    key = f"flow/default/{runner.instance.uid}/work/0"
    assert seen == [(True, timezone.utc, key, 1, 3), (True, timezone.utc, key, 2, 3)]


# WfEpy's ways


def test_without_a_context_there_is_one_and_an_empty_one_is_kept() -> None:
    runner = two_branches().runner()
    assert runner.context == {}
    assert runner.context.data is runner.context
    given: set[str] = set()
    assert Build().add("a", START, END).runner(given).context is given


def test_the_state_can_be_set_from_plain_tokens() -> None:
    workflow = two_branches(left=lambda context: context.get("go", False)).workflow()
    first = workflow.create_runner()
    first.run()
    second = workflow.create_runner({"go": True})
    second.state = [(str(name), TaskState[word.name]) for name, word in first.state]
    second.run()

    assert second.finished
    assert second.context["ran"] == ["left", "end"]


def test_the_state_can_be_set_from_the_state_of_another_runner_exactly() -> None:
    build = (
        Build().add("draft", START, "review").add("review", wfepy.followed_by("draft", lambda c: True), "end")
    )
    workflow = build.add("end", END).workflow()
    first = workflow.create_runner()
    first.instance.marking.settle(0, 2, [1])
    first.instance.marking.settle(1, 2, [2, 1])
    second = workflow.create_runner()
    second.state = first.state

    assert second.instance.generation("draft") == 1
    assert second.state == [("draft", TaskState.NEW)]


def test_a_complete_token_is_expanded_without_running_it() -> None:
    runner = two_branches().runner()
    runner.state = [("left", TaskState.COMPLETE), ("end", TaskState.BLOCKED)]
    runner.run()

    assert runner.context["ran"] == ["end"]


def test_cancelled_tokens_of_a_join_skip_it() -> None:
    runner = two_branches().runner()
    runner.state = [("end", TaskState.CANCELED), ("end", TaskState.CANCELED)]

    assert runner.status == "dead_end"


def test_an_unknown_token_is_an_error() -> None:
    runner = two_branches().runner()
    with pytest.raises(wfepy.WorkflowError, match='a task "tea" that the workflow does not have'):
        runner.state = [("tea", TaskState.NEW)]


def test_subclasses_may_execute_and_decide_themselves() -> None:
    class Custom(wfepy.Runner):
        def __init__(self, workflow: wfepy.Workflow, context: Any = None) -> None:
            super().__init__(workflow, context)
            self.executed: list[str] = []
            self.asked: list[str] = []

        def task_execute(self, task: wfepy.Task) -> Any:
            self.executed.append(task.name)
            return super().task_execute(task)

        def transition_eval(self, transition: wfepy.Transition) -> object:
            self.asked.append(f"{transition.source}-{transition.dest}")
            return transition.dest != "left" and super().transition_eval(transition)

    runner = Custom(two_branches().workflow())
    runner.run()

    assert runner.executed == ["start", "right", "end"]
    assert runner.asked == ["start-left", "start-right", "right-end"]


def test_attrs_makes_subclasses_as_in_the_documentation_of_wfepy() -> None:
    attr = pytest.importorskip("attr")

    @attr.s
    class Custom(wfepy.Runner):
        executed = attr.ib(factory=set, init=False)

        def task_execute(self, task: wfepy.Task) -> Any:
            self.executed.add(task.name)
            return task(self.context)

    runner = Custom(two_branches().workflow(), {"a": 1})
    runner.run()

    assert runner.executed == {"start", "left", "right", "end"}
    assert runner.context["a"] == 1


# Hooks


class Log:
    """A plugin that notes every observation."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @hookimpl
    def wfepy_tick_started(self) -> None:
        self.events.append("tick")

    @hookimpl
    def wfepy_tick_finished(self, summary: wfepy.TickSummary) -> None:
        self.events.append(f"tick over: {summary.status}")

    @hookimpl
    def wfepy_task_started(self, task: wfepy.Task, attempt: int) -> None:
        self.events.append(f"start {task.name} {attempt}")

    @hookimpl
    def wfepy_transition_evaluated(self, transition: wfepy.Transition, taken: bool) -> None:
        self.events.append(f"{transition.source}->{transition.dest} {taken}")

    @hookimpl
    def wfepy_task_finished(self, task: wfepy.Task, result: wfepy.TaskResult) -> None:
        self.events.append(f"{result.status} {task.name}" + ("" if result.changed else " again"))

    @hookimpl
    def wfepy_instance_finished(self, status: str) -> None:
        self.events.append(f"instance {status}")


def test_observers_are_told_in_order() -> None:
    log = Log()
    build = Build().add("a", START, "b", wfepy.followed_by("c", lambda context: False))
    build.add("b", "d", does=lambda context: context.get("go", False)).add("c", "d").add("d", JOIN, END)
    runner = build.runner(plugins=[log])
    runner.run()
    first, log.events = log.events, []
    runner.run()
    second, log.events = log.events, []
    runner.context["go"] = True
    runner.run()

    assert first == [
        "tick",
        "start a 1",
        "a->b True",
        "a->c False",
        "completed a",
        "c->d False",
        "skipped c",
        "start b 1",
        "waiting b",
        "tick over: running",
    ]
    assert second == ["tick", "start b 1", "waiting b again", "tick over: running"]
    assert log.events[-6:] == [
        "b->d True",
        "completed b",
        "start d 1",
        "completed d",
        "instance finished",
        "tick over: finished",
    ]


def test_failed_and_retrying_never_look_alike() -> None:
    log = Log()
    build = two_branches(left=raises(KeyError()), right=raises(wfepy.GiveUp()))
    with pytest.raises(KeyError):
        build.runner(plugins=[log]).run()

    assert "retrying left" in log.events
    assert "failed right" in log.events


def test_a_plugin_may_decide_that_a_failure_is_final() -> None:
    class Impatient:
        @hookimpl
        def wfepy_decide_retry(self, attempt: int) -> wfepy.RetryDecision | None:
            return wfepy.RetryDecision(False, "twice is enough") if attempt == 2 else None

    runner = two_branches(left=raises(KeyError("x"))).runner(plugins=[Impatient()])
    for _ in range(2):
        assert not runner.finished
        with pytest.raises(KeyError):
            runner.run()

    assert runner.status == "failed"


def test_a_wrapper_sees_the_answer_and_may_change_it() -> None:
    class Sober:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: wfepy.Task) -> Any:
            answer = yield
            return answer and task.name != "left"

    runner = two_branches().runner(plugins=[Sober()])
    runner.run()

    assert runner.state == [("left", TaskState.WAITING), ("end", TaskState.BLOCKED)]


def test_a_wrapper_that_changes_the_type_of_the_answer_is_named() -> None:
    class Wrong:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            yield
            return "yes"

    with pytest.raises(wfepy.PluginError, match=r"wfepy_run_task: .* bool or Wait, not str; .*Wrong"):
        two_branches().runner(plugins=[Wrong()]).run()


def test_what_a_wrapper_raises_is_not_taken_for_a_failure_of_the_task() -> None:
    class Broken:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: wfepy.Task) -> Any:
            answer = yield
            if task.name == "left":
                raise KeyError("mine")
            return answer

    runner = two_branches().runner(plugins=[Broken()])
    with pytest.raises(wfepy.PluginError, match="KeyError: 'mine'"):
        runner.run()

    assert runner.context["ran"] == ["start", "left", "right"], "the other branches go on"
    assert runner.instance.failures == {}


def test_a_wrapper_may_make_a_task_give_up() -> None:
    class Guard:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: wfepy.Task) -> Any:
            answer = yield
            if task.name == "left":
                raise wfepy.GiveUp("too late")
            return answer

    runner = two_branches().runner(plugins=[Guard()])
    with pytest.raises(wfepy.GiveUp):
        runner.run()

    assert runner.status == "failed"
