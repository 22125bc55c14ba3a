"""A value in the context that cannot be saved: the attempt that leaves it there has failed, as one that raises."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

import executor_tasks
import wfepy_hooks as wfepy
from building import END, START, Build, flow
from wfepy_hooks import CodecError, Retry, hookimpl
from wfepy_hooks.beside import ContextReplaced

if TYPE_CHECKING:
    from building import Begin
    from wfepy_pytest import MakeRunner


def spoil(context: Any) -> bool:
    """Do what a task does that has not thought of how its context is saved."""
    context["mailed"] = True
    context["server"] = print
    return True


class Watch:
    """A plugin that keeps what it is told of the ends of attempts, and what it was asked about retries."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.asked: list[str] = []

    @hookimpl
    def wfepy_task_finished(self, task: wfepy.Task, result: wfepy.TaskResult) -> None:
        self.told.append((task.name, result.status))

    @hookimpl
    def wfepy_decide_retry(self, task: wfepy.Task, error: BaseException) -> None:
        self.asked.append(f"{task.name}: {type(error).__name__}")


def sends(answer: Any = True, **options: Any) -> wfepy.Task:
    """Return a task that spoils the context and answers, or raises, this."""

    @wfepy.task(**options)
    @wfepy.start_point()
    @wfepy.followed_by("end")
    @wfepy.followed_by("sorry", on="failed")
    def send(context: Any) -> Any:
        spoil(context)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return send


@wfepy.task()
@wfepy.end_point()
def end(context: Any) -> bool:
    return True


@wfepy.task()
@wfepy.end_point()
def sorry(context: Any) -> bool:
    return True


def test_it_counts_for_the_policy_and_is_told_and_recorded(begin: Begin) -> None:
    watch = Watch()
    runner = begin(sends(retry=Retry(2, delay="1h", jitter=0)), end, sorry, plugins=[watch])
    runner.context["before"] = 1
    assert 'task "send": context["server"]: a function cannot' in str(runner.tick().retrying["send"])
    assert runner.instance.failures == {"send": 1}
    assert runner.instance.retry_at["send"] > "2"
    assert runner.tick(after="2h").status == "finished"
    assert watch.told[:2] == [("send", "retrying"), ("send", "failed")]
    assert watch.asked == ["send: CodecError"] * 2
    runner.assert_path("sorry")
    assert runner.why("send").startswith(
        'send: failed: CodecError: task "send": context["server"]: a function'
    )


def test_the_context_is_as_it_was(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(flow(sends(retry=Retry(1)), end, sorry), {"before": [1]})
    runner.tick()
    assert runner.context == {"before": [1]}


@pytest.mark.parametrize(
    "answer", [True, False, wfepy.wait(until="1d"), wfepy.wait(signal="go", deadline="1h")]
)
def test_without_a_policy_the_next_tick_tries_again_whatever_it_answered(begin: Begin, answer: Any) -> None:
    runner = begin(sends(answer), end, sorry)
    for attempt in (1, 2):
        with pytest.raises(CodecError, match=r'task "send": context\["server"\]'):
            runner.tick()
        assert runner.instance.failures == {"send": attempt}
        assert (runner.instance.waits, runner.context) == ({}, {})


def test_a_deadline_counts_from_the_first_attempt_all_the_same(begin: Begin) -> None:
    @wfepy.task(deadline="3h", retry=Retry(None, delay="1h", factor=1, jitter=0))
    @wfepy.start_point()
    @wfepy.followed_by("end", on="timeout")
    def send(context: Any) -> bool:
        spoil(context)
        return True

    runner = begin(send, end)
    for hours in (0, 1, 1):
        assert list(runner.tick(after=f"{hours}h").retrying) == ["send"]
    assert runner.tick(after="2h").timed_out == ["send"]
    runner.assert_finished()


def test_a_task_that_raises_too_fails_with_its_own_error(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    runner = begin(sends(wfepy.GiveUp("no network")), end, sorry)
    assert runner.tick().status == "finished"
    assert runner.instance.errors["send"] == "GiveUp: no network"
    assert runner.context == {}
    (said,) = caplog.messages
    assert said.startswith(
        'task "send" failed, and what it left in the context is dropped: context["server"]: '
    )


def test_that_is_so_also_if_its_own_error_is_about_what_cannot_be_saved(begin: Begin) -> None:
    runner = begin(sends(CodecError("too long", path="its letter"), retry=Retry(1)), end, sorry)
    assert runner.tick().status == "finished"
    assert runner.instance.errors["send"] == "CodecError: its letter: too long"


def test_a_plugin_that_spoils_the_context_does_not_have_the_task_tried_at_once(begin: Begin) -> None:
    class Spoils:
        @hookimpl
        def wfepy_decide_retry(self, instance: Any) -> wfepy.RetryDecision:
            spoil(instance.context)
            return wfepy.RetryDecision(True, "at once", delay=0.0, inline=True)

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def fails(context: Any) -> bool:
        raise ValueError("no")

    runner = begin(fails, plugins=[Spoils()])
    with pytest.raises(CodecError, match=r'context\["server"\]'):
        runner.tick()
    assert runner.instance.failures == {"fails": 1}


def test_a_retry_within_the_tick_gets_the_context_as_it_was(begin: Begin) -> None:
    seen = []

    @wfepy.task(retry=Retry(3, delay="1s", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def send(context: Any, attempt: int) -> bool:
        seen.append(dict(context))
        if attempt < 3:
            spoil(context)
        return True

    assert begin(send).tick().status == "finished"
    assert seen == [{}, {}, {}]


def test_signals_that_it_has_taken_are_not_lost(begin: Begin) -> None:
    @wfepy.task(retry=Retry(2, delay="1h", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def ask(context: Any, signals: Any, attempt: int) -> Any:
        answer = signals.take("answer")
        if answer is None:
            return wfepy.wait(signal="answer")
        if attempt == 1:
            spoil(context)
        context["answer"] = answer.data
        return True

    runner = begin(ask)
    runner.tick()
    runner.signal("answer", 42)
    assert list(runner.tick().retrying) == ["ask"]
    assert runner.tick(after="2h").status == "finished"
    assert runner.context == {"answer": 42}


@pytest.mark.parametrize("on", ["done", "failed", "timeout"])
def test_a_condition_that_spoils_the_context_fails_its_task(begin: Begin, on: Any) -> None:
    spoils = [True]

    def condition(context: Any) -> bool:
        if spoils:
            spoil(context)
        return True

    @wfepy.task(deadline="1d")
    @wfepy.start_point()
    @wfepy.followed_by("end", condition, on=on)
    def first(context: Any) -> Any:
        context["tried"] = True
        if on == "failed":
            raise wfepy.GiveUp("no")
        return on == "done"

    runner = begin(first, end)
    if on == "timeout":
        runner.tick()
    with pytest.raises(CodecError, match=r'task "first": context\["server"\]'):
        runner.tick(after="2d" if on == "timeout" else None)
    assert "server" not in runner.context
    if on != "done":
        assert runner.history[-1]["reason"] == "a condition left what cannot be saved"
    spoils.clear()
    assert runner.tick().status == "finished"
    assert runner.context["tried"]


@pytest.mark.parametrize("on", ["failed", "timeout"])
def test_a_condition_that_raises_too_fails_its_task_with_its_own_error(begin: Begin, on: Any) -> None:
    def condition(context: Any) -> bool:
        spoil(context)
        raise ValueError("the condition")

    @wfepy.task(deadline="1d")
    @wfepy.start_point()
    @wfepy.followed_by("end", condition, on=on)
    def first(context: Any) -> Any:
        context["tried"] = True
        if on == "failed":
            raise wfepy.GiveUp("no")
        return False

    runner = begin(first, end)
    if on == "timeout":
        runner.tick()
    with pytest.raises(ValueError, match="the condition"):
        runner.tick(after="2d" if on == "timeout" else None)
    assert "server" not in runner.context


def test_a_condition_about_failures_sees_the_context_as_it_is_kept(begin: Begin) -> None:
    seen = []

    def condition(context: Any) -> bool:
        seen.append(dict(context))
        return True

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("end", condition, on="failed")
    def send(context: Any) -> bool:
        spoil(context)
        raise wfepy.GiveUp("no")

    assert begin(send, end).tick().status == "finished"
    assert seen == [{}]


def test_items_that_cannot_be_saved_fail_the_task(begin: Begin) -> None:
    @wfepy.task(each=lambda context: [1, print], retry=Retry(1))
    @wfepy.start_point()
    @wfepy.followed_by("end", on="failed")
    def every(context: Any, item: Any) -> bool:
        return True

    runner = begin(every, end)
    assert runner.tick().status == "finished"
    assert runner.instance.errors["every"].startswith(
        'CodecError: items of task "every"[1]: a function cannot'
    )


def test_items_that_are_done_stay_so_when_what_follows_them_cannot_be_saved(begin: Begin) -> None:
    ran = []

    @wfepy.task(each=lambda context: [1, 2])
    @wfepy.start_point()
    @wfepy.followed_by("end", lambda context: len(ran) > 2 or context.update(server=print))
    @wfepy.followed_by("end", lambda context: True)
    def every(context: Any, item: Any) -> bool:
        ran.append(item)
        return True

    runner = begin(every, end)
    with pytest.raises(CodecError, match=r'context\["server"\]'):
        runner.tick()
    ran.append(0)
    assert runner.tick().status == "finished"
    assert ran == [1, 2, 0]
    assert runner.context == {"every": [True, True]}


@pytest.mark.parametrize("executor", ["inline", "threads", "processes"])
def test_it_is_the_same_with_each_executor(
    workflow_runner: MakeRunner, executor: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("keep_socket", "spill_and_keep"):
        workflow = wfepy.Workflow("coffee")
        workflow.load_tasks(executor_tasks)
        task = workflow.tasks[name]
        workflow.tasks = {name: task}
        task.is_start_point = task.is_end_point = True
        runner = workflow_runner(workflow, {"cups": 1}, executor=executor)
        kept = r'^task "keep_socket": context\["socket"\]: a _thread\.lock cannot be saved; keep it out'
        with pytest.raises((CodecError, ValueError), match="^no milk$" if name[0] == "s" else kept):
            runner.tick()
        assert runner.instance.failures == {name: 1}
        assert runner.context == {"cups": 1}
    (said,) = caplog.messages
    assert said.startswith(
        'task "spill_and_keep" failed, and what it left in the context is dropped: context'
    )


def test_async_tasks_beside_one_that_spoils_the_context_do_not_lose_a_change_in_silence(begin: Begin) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def quick(context: Any, attempt: int) -> bool:
        context["quick"] = print if attempt == 1 else "saved"
        return True

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def slow(context: Any) -> bool:
        context["slow"] = 1
        await asyncio.sleep(0.05)
        return True

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def raises(context: Any, attempt: int) -> bool:
        await asyncio.sleep(0.05)
        if attempt == 1:
            raise ValueError("its own")
        return True

    runner = begin(quick, slow, raises)
    with pytest.raises(CodecError, match='task "quick"'):
        runner.tick()
    assert runner.instance.failures == {"quick": 1, "slow": 1, "raises": 1}
    assert str(runner.summary.failures["raises"]) == "its own"
    assert isinstance(runner.summary.failures["slow"], ContextReplaced)
    assert 'because of task "quick": context["quick"]: a function cannot be saved' in str(
        runner.summary.failures["slow"]
    )
    assert runner.tick().status == "finished"
    assert runner.context == {"quick": "saved", "slow": 1}


def test_an_async_task_that_has_not_begun_yet_does_not_see_what_was_dropped(begin: Begin) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def first(context: Any) -> bool:
        context["seen"] = [*context]
        return True

    runner = begin(first, wfepy.task(name="second")(START(END(spoil))))
    with pytest.raises(CodecError, match='task "second"'):
        runner.tick()
    assert runner.summary.completed == ["first"]
    assert runner.context == {"seen": []}


def test_what_an_async_task_holds_in_the_context_does_not_fail_a_thread_that_ends_meanwhile(
    workflow_runner: MakeRunner,
) -> None:
    began = threading.Event()

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def holds(context: Any, attempt: int) -> bool:
        if attempt == 1:
            context["session"] = print
            began.set()
            await asyncio.sleep(0.2)
            del context["session"]
        return True

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def thread(context: Any) -> bool:
        context["thread"] = began.wait(5)
        return True

    runner = workflow_runner(flow(holds, thread), executor="threads")
    with pytest.raises(ContextReplaced, match=r'because of context\["session"\]: a function cannot be saved'):
        runner.tick()
    assert runner.summary.completed == ["thread"]
    assert runner.tick().status == "finished"
    assert runner.context == {"thread": True}


def test_a_task_that_cannot_get_a_copy_has_failed_where_nothing_is_saved() -> None:
    @wfepy.task(time_limit="5s")
    @wfepy.start_point()
    @wfepy.end_point()
    def limited(context: Any) -> bool:
        return True

    build = Build().add("spoils", START, END, does=spoil)
    build.module.limited = limited  # type: ignore[attr-defined]
    runner = build.runner()
    with pytest.raises(CodecError, match=r'^context\["server"\]'):
        runner.run()
    assert runner.instance.failures == {"limited": 1}
    assert runner.context["ran"] == ["spoils"]


def unsaved(*tasks: wfepy.Task) -> wfepy.Runner:
    """Return a runner of these tasks that saves nothing."""
    workflow = wfepy.Workflow("flow")
    workflow.load_tasks(flow(*tasks))
    return wfepy.Runner(workflow)


def test_items_that_cannot_get_a_copy_fail_their_task_where_nothing_is_saved() -> None:
    spoils = wfepy.task(name="spoils")(START(END(spoil)))

    @wfepy.task(time_limit="5s", each=lambda context: [1, 2])
    @wfepy.start_point()
    @wfepy.end_point()
    def every(context: Any, item: Any) -> bool:
        return True

    runner = unsaved(spoils, every)
    with pytest.raises(CodecError, match=r'^context\["server"\]'):
        runner.run()
    assert (runner.summary.completed, list(runner.summary.failures)) == (["spoils"], ["every"])
    del runner.context["server"]
    runner.run()
    assert runner.finished


def test_a_thread_that_ends_while_the_context_cannot_be_saved_has_failed_where_nothing_is() -> None:
    began = threading.Event()

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def holds(context: Any) -> bool:
        context["session"] = print
        began.set()
        await asyncio.sleep(0.1)
        del context["session"]
        return True

    @wfepy.task(time_limit="5s")
    @wfepy.start_point()
    @wfepy.end_point()
    def limited(context: Any) -> bool:
        context["limited"] = began.wait(5)
        return True

    runner = unsaved(holds, limited)
    with pytest.raises(CodecError, match=r'^context\["session"\]'):
        runner.run()
    assert (runner.summary.completed, list(runner.summary.failures)) == (["holds"], ["limited"])
    runner.run()
    assert (runner.finished, runner.context) == (True, {"limited": True})


def test_a_child_is_not_begun_by_a_task_whose_context_cannot_be_saved(
    workflow_runner: MakeRunner,
) -> None:
    runner = workflow_runner(flow(sends(wfepy.start_child("flow", id="child")), end, sorry))
    with pytest.raises(CodecError, match=r'task "send": context\["server"\]'):
        runner.tick()
    assert runner.instances == ["default"]


def test_no_other_child_is_begun_when_the_condition_about_its_failure_spoils_the_context(
    begin: Begin,
) -> None:
    spoils = [True]

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("end", lambda context: spoil(context) if spoils else True, on="failed")
    def parent(context: Any, instance: Any) -> Any:
        if instance.id == "child":
            return wfepy.wait(signal="go")
        return wfepy.start_child("flow", id="child")

    runner = begin(parent, end)
    runner.tick()
    runner.operations.cancel("flow", "child")
    with pytest.raises(CodecError, match=r'context\["server"\]'):
        runner.tick()
    spoils.clear()
    assert runner.tick().status == "finished"
    assert runner.instances == ["child", "default"]


def test_a_runner_that_saves_nothing_takes_any_value() -> None:
    runner = Build().add("one", START, END, does=spoil).runner()
    runner.run()
    assert runner.finished
    assert runner.context["server"] is print
    with pytest.raises(CodecError, match=r'^context\["server"\]'):
        runner.dump("nowhere")


def test_async_tasks_beside_one_that_a_plugin_broke_off_do_not_lose_a_change_in_silence(begin: Begin) -> None:
    class Broken:
        @hookimpl
        def wfepy_decide_retry(self, task: wfepy.Task) -> Any:
            return "yes" if task.name == "quick" else None

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def quick(context: Any) -> bool:
        raise ValueError("no")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    async def slow(context: Any) -> bool:
        context["slow"] = 1
        await asyncio.sleep(0.05)
        return True

    runner = begin(quick, slow, plugins=[Broken()])
    with pytest.raises(wfepy.PluginError):
        runner.tick()
    assert runner.summary.unrecorded == {"quick"}
    assert runner.instance.failures == {"slow": 1}
    assert isinstance(runner.summary.failures["slow"], ContextReplaced)
