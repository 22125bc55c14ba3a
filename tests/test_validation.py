"""What is wrong with a plugin is said as it is registered, with what to write instead."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import PluginError, hookimpl, hookspec
from wfepy_hooks.plugins import PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems_of(plugin: object) -> str:
    host = PluginHost()
    with pytest.raises(PluginError) as caught:
        host.register(plugin, "slack", "-p")
    assert caught.value.plugin == "slack"
    assert caught.value.exit_code == 4
    assert not host.has_plugin("slack")
    assert host.task_finished == ()
    return str(caught.value)


def hooks_of(plugin: object) -> list[str]:
    host = PluginHost()
    host.register(plugin, "slack")
    host.check_pending()
    assert [str(failure) for failure in host.failures] == []
    return host.plugins[-1].hooks


def test_a_hook_without_the_mark_is_refused() -> None:
    class Plugin:
        def wfepy_task_finished(self, task: Any) -> None: ...

    line = Plugin.wfepy_task_finished.__code__.co_firstlineno
    what = f"plugin slack: wfepy_task_finished is not marked with @hookimpl ({__file__}:{line})"
    assert problems_of(Plugin()) == what


def test_a_hook_without_the_mark_is_refused_in_a_module() -> None:
    module = ModuleType("slack")
    exec("def wfepy_task_finished(task): pass", vars(module))
    assert problems_of(module).endswith("wfepy_task_finished is not marked with @hookimpl (<string>:1)")


def test_a_wrong_argument_is_refused_with_the_right_ones() -> None:
    class Plugin:
        @hookimpl
        def wfepy_task_finished(self, task: Any, results: Any) -> None: ...

    line = Plugin.wfepy_task_finished.__code__.co_firstlineno
    assert problems_of(Plugin()) == (
        "plugin slack: wfepy_task_finished asks for results, "
        f"but wfepy_task_finished has the arguments instance, task, result ({__file__}:{line})"
    )


def test_an_async_hook_is_refused() -> None:
    class Plugin:
        @hookimpl
        async def wfepy_task_finished(self, task: Any) -> None: ...

    assert "wfepy_task_finished is async, but hooks are synchronous" in problems_of(Plugin())


def test_an_async_generator_is_refused() -> None:
    class Plugin:
        @hookimpl(wrapper=True)
        async def wfepy_run_task(self, task: Any) -> Any:
            yield

    assert "wfepy_run_task is async, but hooks are synchronous" in problems_of(Plugin())


@pytest.mark.parametrize("hook", ["wfepy_task_finished", "wfepy_configure", "wfepy_unconfigure"])
def test_a_wrapper_is_refused_where_there_are_none(hook: str) -> None:
    class Plugin:
        @hookimpl(wrapper=True, specname=hook)
        def around(self) -> Iterator[None]:
            yield

    kind = "observation" if hook == "wfepy_task_finished" else "setup"
    assert f"but {hook} is of kind {kind}, which takes no wrappers" in problems_of(Plugin())


def test_a_wrapper_without_yield_is_refused() -> None:
    class Plugin:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: Any) -> bool:
            return True

    assert "wfepy_run_task is marked with wrapper=True, but has no yield" in problems_of(Plugin())


def test_first_and_last_at_once_is_refused() -> None:
    class Plugin:
        @hookimpl(tryfirst=True, trylast=True)
        def wfepy_task_finished(self) -> None: ...

    assert "wfepy_task_finished is marked with both tryfirst=True and trylast=True" in problems_of(Plugin())


def test_a_generator_without_the_wrapper_mark_is_refused() -> None:
    class Plugin:
        @hookimpl
        def wfepy_run_task(self, task: Any) -> Any:
            yield

    assert "wfepy_run_task has a yield, but is not marked with @hookimpl(wrapper=True)" in problems_of(
        Plugin()
    )


def test_an_old_style_wrapper_is_refused() -> None:
    class Plugin:
        @hookimpl(hookwrapper=True)
        def wfepy_run_task(self, task: Any) -> Any:
            yield

    assert "write a wrapper=True one" in problems_of(Plugin())


@pytest.mark.parametrize("signature", ["*task", "**task", "task, **others"])
def test_collected_parameters_are_refused(signature: str) -> None:
    module = ModuleType("slack")
    exec(f"def wfepy_task_finished({signature}): pass", vars(module))
    hookimpl(module.wfepy_task_finished)
    assert "has * or ** parameters, which stay empty" in problems_of(module)


@pytest.mark.parametrize("signature", ["task, result=None", "*, result", "task, *, result=None"])
def test_an_argument_that_would_never_be_set_is_refused(signature: str) -> None:
    module = ModuleType("slack")
    exec(f"def wfepy_task_finished({signature}): pass", vars(module))
    hookimpl(module.wfepy_task_finished)
    assert "gives result a default or takes it by keyword only, so it would never be set" in problems_of(
        module
    )


def test_a_default_of_the_plugins_own_is_fine() -> None:
    class Plugin:
        @hookimpl
        def wfepy_task_finished(self, task: Any, retries: int = 3) -> None: ...

    assert hooks_of(Plugin()) == ["wfepy_task_finished"]


def test_something_callable_that_is_no_function_is_refused() -> None:
    module = ModuleType("slack")
    vars(module)["wfepy_task_finished"] = functools.partial(print)
    assert "wfepy_task_finished is of type partial, but a hook is a function" in problems_of(module)


def test_a_class_with_methods_is_refused_because_self_is_nobody() -> None:
    class Plugin:
        @hookimpl
        def wfepy_task_finished(self, task: Any) -> None: ...

    assert "asks for self" in problems_of(Plugin)


def test_all_problems_are_told_at_once() -> None:
    class Plugin:
        def wfepy_task_started(self, task: Any) -> None: ...

        @hookimpl
        async def wfepy_task_finished(self, tsk: Any) -> None: ...

    text = problems_of(Plugin())
    assert "wfepy_task_started is not marked" in text
    assert "wfepy_task_finished is async" in text
    assert "asks for tsk" in text


def test_what_is_no_function_is_left_alone() -> None:
    module = ModuleType("slack")
    vars(module).update(wfepy_slack=ModuleType("wfepy_slack"), wfepy_url="https://...", wfepy_Client=object)
    assert hooks_of(module) == []


def test_a_property_is_not_run() -> None:
    class Plugin:
        @property
        def wfepy_task_finished(self) -> None:
            raise AssertionError

    assert hooks_of(Plugin()) == []


def test_a_specification_is_no_implementation() -> None:
    module = ModuleType("slack")
    exec("def wfepy_slack_message(text): pass", vars(module))
    hookspec(module.wfepy_slack_message)
    assert hooks_of(module) == []


def test_static_and_class_methods_and_functions_of_an_object_are_hooks() -> None:
    class Plugin:
        @staticmethod
        @hookimpl
        def wfepy_task_started(task: Any) -> None: ...

        @classmethod
        @hookimpl
        def wfepy_task_finished(cls, task: Any) -> None: ...

    plugin = Plugin()

    @hookimpl
    def on_tick(instance: Any) -> None: ...

    plugin.wfepy_tick_started = on_tick  # type: ignore[attr-defined]
    assert hooks_of(plugin) == ["wfepy_task_finished", "wfepy_task_started", "wfepy_tick_started"]


def test_a_decorated_hook_is_seen_through() -> None:
    def logged(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    class Plugin:
        seen: Any = None

        @hookimpl
        @logged
        def wfepy_task_finished(self, task: Any) -> None:
            self.seen = task

    plugin = Plugin()
    host = PluginHost()
    host.register(plugin)
    host.notify("wfepy_task_finished", None, task="task", result=None)
    assert plugin.seen == "task"


def test_a_misspelt_hook_is_a_failure_with_the_right_name() -> None:
    class Plugin:
        @hookimpl
        def wfepy_task_finshed(self, task: Any) -> None: ...

        @hookimpl
        def task_started(self, task: Any) -> None: ...

    host = PluginHost()
    host.register(Plugin(), "slack", "-p")
    host.check_pending()
    lines = [getattr(Plugin, name).__code__.co_firstlineno for name in ("task_started", "wfepy_task_finshed")]
    assert [str(failure) for failure in host.failures] == [
        f"plugin slack: there is no hook task_started ({__file__}:{lines[0]}; did you mean wfepy_task_started?); "
        f"there is no hook wfepy_task_finshed ({__file__}:{lines[1]}; did you mean wfepy_task_finished?)"
    ]
    assert not host.has_plugin("slack")


def test_once_plugins_are_loaded_an_unknown_hook_is_an_error_at_once() -> None:
    class Plugin:
        @hookimpl
        def wfepy_zzz(self) -> None: ...

    host = PluginHost()
    host.check_pending()
    with pytest.raises(
        PluginError, match=r"plugin slack: there is no hook wfepy_zzz \(.*test_validation.py:\d+\)$"
    ):
        host.register(Plugin(), "slack")


def test_an_optional_hook_needs_nobody_who_offers_it() -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        def wfepy_other_plugins_hook(self) -> None: ...

    assert hooks_of(Plugin()) == ["wfepy_other_plugins_hook"]
