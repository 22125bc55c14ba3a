"""What a double may be, and what it is told where it cannot be called."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

import wfepy_hooks as wfepy
from building import flow, two_branches

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_pytest import MakeRunner


def reviewed() -> types.ModuleType:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("review")
    def draft(context: Any) -> bool:
        return True

    @wfepy.approval(by="ann", into="answer")
    @wfepy.followed_by("draft", lambda context: context["answer"] == "reject")
    @wfepy.followed_by("publish", lambda context: context["answer"] == "approve")
    def review(context: Any) -> None:
        raise AssertionError("nobody is to be told")

    @wfepy.task()
    @wfepy.end_point()
    def publish(context: Any) -> bool:
        return True

    return flow(draft, review, publish)


@pytest.mark.parametrize(
    "does", [["reject", "approve"], [lambda context: "reject", lambda context, now: "approve"]]
)
def test_the_double_of_an_approval_may_choose(workflow_runner: MakeRunner, does: list[Any]) -> None:
    runner = workflow_runner(reviewed())
    runner.replace("review", does)
    runner.tick()
    runner.assert_path("draft", "review", "draft", "review", "publish")
    assert runner.context == {"answer": "approve"}


def test_what_is_no_choice_is_what_a_task_returns(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(reviewed())
    runner.replace("review", wfepy.wait(signal="go", reason="approve"))
    runner.tick()
    runner.assert_waiting("review", on="go")
    runner.replace("draft", "approve")  # which is no approval
    assert runner.context == {}


def test_a_mock_may_stand_for_a_task(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(reviewed())
    review = Mock(return_value="approve")
    runner.replace("draft", Mock(return_value=True))
    runner.replace("review", review)
    runner.tick()
    assert runner.context["answer"] == "approve"
    review.assert_called_once_with(runner.context)


def test_the_task_itself_may_come_after_others(workflow_runner: MakeRunner) -> None:
    module = reviewed()
    runner = workflow_runner(module)
    runner.replace("review", "approve")
    runner.replace("publish", [False, module.publish])
    runner.tick()
    runner.assert_waiting("publish")
    runner.tick()
    runner.assert_finished()


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (lambda: True, "the double of left must take the context, as the task does"),
        (
            lambda context, nwo: True,
            r'asks for "nwo", .*; there are attempt, idempotency_key, instance, now, signals',
        ),
        ([True, lambda context, item: True], 'asks for "item"'),
    ],
)
def test_a_function_that_cannot_be_called_as_a_task_is_told_at_once(
    workflow_runner: MakeRunner, does: Callable[..., bool], told: str
) -> None:
    runner = workflow_runner(two_branches().workflow())
    with pytest.raises(TypeError, match=told):
        runner.replace("left", does)
    runner.tick()  # there is no double
    runner.assert_finished()


def test_a_double_may_ask_for_what_a_plugin_provides(workflow_runner: MakeRunner) -> None:
    class Plugin:
        @wfepy.hookimpl
        def wfepy_argument_names(self) -> list[str]:
            return ["desk"]

        @wfepy.hookimpl
        def wfepy_provide_argument(self, name: str) -> str | None:
            return "the desk" if name == "desk" else None

    runner = workflow_runner(two_branches().workflow(), plugins=[Plugin()])
    double = runner.replace("left", lambda context, desk: True)
    runner.tick()
    assert double.calls[0].arguments == {"desk": "the desk"}
