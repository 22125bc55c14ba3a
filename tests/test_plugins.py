"""Registering and blocking plugins, and the hooks that plugins offer to each other."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import PluginError, calling, hookimpl, hookspec
from wfepy_hooks.plugins import PluginFailure, PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wfepy_hooks import Instance
    from wfepy_hooks.validation import Implementation


class Plugin:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def wfepy_task_started(self, task: Any) -> None:
        self.seen.append(task)


def names(host: PluginHost) -> list[str]:
    return [each.name for each in host.plugins]


def test_the_engines_own_plugin_comes_before_all_others() -> None:
    host = PluginHost()
    assert names(host) == []
    host.register(Plugin(), "one")
    assert names(host) == ["engine", "one"]


def test_a_plugin_is_known_by_name_and_source() -> None:
    host, plugin = PluginHost(), Plugin()
    assert host.register(plugin, "one", "-p") == "one"
    assert host.has_plugin("one")
    assert host.get_plugin("one") is plugin
    assert host.get_plugin("other") is None
    entry = host.plugins[-1]
    assert (entry.name, entry.source, entry.hooks) == ("one", "-p", ["wfepy_task_started"])


def test_without_a_name_a_plugin_has_that_of_its_module_or_class() -> None:
    host = PluginHost()
    assert host.register(Plugin()) == "Plugin"
    assert host.register(ModuleType("company.slack")) == "company.slack"


def test_a_plugin_given_twice_is_registered_once() -> None:
    host, plugin = PluginHost(), Plugin()
    host.register(plugin, "one")
    assert host.register(plugin, "one") == "one"
    assert host.register(plugin, "another name") == "one"
    host.notify("wfepy_task_started", None, task="brew", attempt=1)
    assert plugin.seen == ["brew"]


def test_two_plugins_of_one_name_are_an_error_that_names_both_sources() -> None:
    host = PluginHost()
    host.register(Plugin(), "one", "one 1.0")
    with pytest.raises(PluginError) as caught:
        host.register(Plugin(), "one", "-p")
    assert str(caught.value) == (
        "plugin one: there are two plugins of this name, one from one 1.0 and one from -p"
    )


def test_a_blocked_plugin_is_not_registered() -> None:
    host = PluginHost()
    host.block("one")
    assert host.register(Plugin(), "one") is None
    assert host.is_blocked("one")
    assert host.blocked == ["one"]
    assert not host.has_plugin("one")


@pytest.mark.parametrize("pluggy", [False, True])
def test_blocking_removes_what_is_there(pluggy: bool) -> None:
    host, plugin = PluginHost(), Plugin()
    host.register(plugin, "one")
    if pluggy:
        assert host.hook.wfepy_task_started.get_hookimpls()
    host.block("one")
    assert not host.task_started
    if pluggy:
        assert not host.hook.wfepy_task_started.get_hookimpls()


def test_even_the_engines_own_plugin_can_be_blocked() -> None:
    host = PluginHost()
    host.block("engine")
    host.register(Plugin(), "one")
    assert names(host) == ["one"]


def test_removing_a_plugin_that_is_not_there_does_nothing() -> None:
    assert PluginHost().unregister("one") is None


def test_a_healthy_host_does_not_complain() -> None:
    PluginHost().require_healthy()


def test_an_unhealthy_host_tells_how_to_run_without_the_plugin() -> None:
    host, cause = PluginHost(), ValueError("boom")
    error = PluginError("it is broken", where="plugin one", plugin="one")
    error.__cause__ = cause
    host.failures.append(PluginFailure("one", "-p", error))
    host.failures.append(PluginFailure("two", "-p", PluginError("it is too")))
    with pytest.raises(PluginError) as caught:
        host.require_healthy()
    assert str(caught.value) == (
        "plugin one: it is broken (and 1 more, see wfepy plugins); run without it by -p no:one"
    )
    assert caught.value.__cause__ is cause
    assert caught.value.plugin == "one"


# Hooks that plugins offer


def specs(source: str = "def wfepy_slack_message(text): pass") -> ModuleType:
    module = ModuleType("slack_hooks")
    exec(source, vars(module))
    for name, value in list(vars(module).items()):
        if name.startswith("wfepy_"):
            hookspec(value)
    return module


class Offers:
    def __init__(self, module: ModuleType) -> None:
        self.module = module

    @hookimpl
    def wfepy_add_hookspecs(self, pluginmanager: PluginHost) -> None:
        pluginmanager.add_hookspecs(self.module)


class Implements:
    @hookimpl
    def wfepy_slack_message(self, text: str) -> str:
        return text.upper()


@pytest.mark.parametrize("first", ["offers", "implements"])
def test_a_plugin_offers_a_hook_to_others_in_whatever_order_they_come(first: str) -> None:
    host = PluginHost()
    plugins: dict[str, object] = {"offers": Offers(specs()), "implements": Implements()}
    for name in sorted(plugins, key=lambda name: name != first):
        host.register(plugins[name], name)
    host.check_pending()
    assert host.failures == []
    assert host.hook.wfepy_slack_message(text="ready") == ["READY"]


def test_pluggy_is_not_started_before_somebody_implements_an_offered_hook() -> None:
    host = PluginHost()
    host.register(Offers(specs()), "offers")
    host.check_pending()
    before = host._manager
    host.register(Implements(), "implements")
    assert (before is None, host._manager is None) == (True, False)
    assert host.has("wfepy_slack_message")
    assert host.hook.wfepy_slack_message(text="ready") == ["READY"]


def test_a_hook_that_nobody_implements_can_be_called() -> None:
    host = PluginHost()
    host.register(Offers(specs()), "offers")
    assert host.hook.wfepy_slack_message(text="ready") == []


def test_two_plugins_cannot_offer_the_same_hook() -> None:
    host = PluginHost()
    host.register(Offers(specs()), "first")
    with pytest.raises(PluginError) as caught:
        host.register(Offers(specs()), "second")
    assert str(caught.value) == (
        "plugin second: the hook wfepy_slack_message is offered by the plugin first already; "
        "run without one of them by -p no:second"
    )
    host.register(Implements(), "implements")
    assert host.hook.wfepy_slack_message(text="ready") == ["READY"]


def test_a_plugin_may_implement_the_hooks_that_it_offers() -> None:
    class Both(Offers, Implements):
        pass

    host = PluginHost()
    host.check_pending()
    host.register(Both(specs()), "both")
    assert host.hook.wfepy_slack_message(text="ready") == ["READY"]


WRONG = (
    r"^plugin implements: wfepy_slack_message asks for text, but wfepy_slack_message has the arguments body "
    r"\(.*test_plugins.py:\d+\)$"
)


def test_an_implementation_must_match_the_hook_that_is_offered() -> None:
    host = PluginHost()
    host.register(Offers(specs("def wfepy_slack_message(body): pass")), "offers")
    with pytest.raises(PluginError, match=WRONG):
        host.register(Implements(), "implements")
    assert not host.has_plugin("implements")


def test_a_hook_offered_late_must_match_its_implementations() -> None:
    host = PluginHost()
    host.register(Implements(), "implements")
    with pytest.raises(PluginError, match=WRONG):
        host.register(Offers(specs("def wfepy_slack_message(body): pass")), "offers")
    assert not host.has_plugin("offers")


def test_the_hooks_of_a_class_have_no_argument_self() -> None:
    class Spec:
        @hookspec
        def wfepy_slack_message(self, body: str) -> None:
            """Say it."""

    class Right:
        @hookimpl
        def wfepy_slack_message(self, body: str) -> str:
            return body

    host = PluginHost()
    host.register(Offers(Spec), "offers")  # type: ignore[arg-type]
    host.register(Right(), "right")
    with pytest.raises(PluginError, match=WRONG):
        host.register(Implements(), "implements")
    assert host.hook.wfepy_slack_message(body="ready") == ["ready"]


def test_offering_no_hook_is_an_error() -> None:
    host = PluginHost()
    with pytest.raises(PluginError, match=r"plugin offers: .* has no function that is marked with @hookspec"):
        host.register(Offers(ModuleType("nothing")), "offers")


def test_offering_a_hook_of_the_engine_is_an_error() -> None:
    host = PluginHost()
    with pytest.raises(PluginError, match=r"plugin offers: the hook wfepy_configure is one of wfepy's own"):
        host.register(Offers(specs("def wfepy_configure(): pass")), "offers")


def test_the_names_of_offered_hooks_are_suggested_too() -> None:
    class Misspelt:
        @hookimpl
        def wfepy_slack_mesage(self) -> None: ...

    host = PluginHost()
    host.register(Offers(specs()), "offers")
    host.register(Misspelt(), "misspelt")
    host.check_pending()
    (failure,) = host.failures
    assert "did you mean wfepy_slack_message?" in str(failure)
    assert names(host) == ["engine", "offers"]


def test_a_registration_puts_only_its_own_hooks_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the time for many plugins would grow with the square of their number, and a tick pays for it."""
    ordered: list[int] = []
    order = calling.call_order

    def counted(found: Iterable[Implementation]) -> tuple[Implementation, ...]:
        ordered.append(1)
        return order(found)

    monkeypatch.setattr(calling, "call_order", counted)
    host = PluginHost()
    host.register_builtins()
    before = len(ordered)
    for number in range(50):

        class Watching:
            @hookimpl
            def wfepy_tick_started(self, instance: Instance) -> None: ...

        host.register(Watching(), f"watching{number}")
    assert len(ordered) - before == 50
    names = [f"watching{number}" for number in range(50)]
    assert host.implementers("wfepy_tick_started") == names
    assert [each.plugin for each in host.tick_started] == names[::-1]
