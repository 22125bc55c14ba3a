"""Our markers leave on a function what pluggy's leave."""

from __future__ import annotations

from typing import Any

import pluggy
import pytest

from wfepy_hooks import hookimpl, hookspec

OPTIONS: list[dict[str, Any]] = [
    {},
    {"wrapper": True},
    {"hookwrapper": True},
    {"tryfirst": True},
    {"trylast": True},
    {"optionalhook": True},
    {"specname": "wfepy_task_started"},
]


def function() -> None:
    pass


@pytest.mark.parametrize("options", OPTIONS)
def test_hookimpl_marks_as_pluggy_does(options: dict[str, Any]) -> None:
    def ours() -> None: ...
    def theirs() -> None: ...

    hookimpl(**options)(ours)
    pluggy.HookimplMarker("wfepy")(**options)(theirs)
    assert vars(ours) == vars(theirs)


@pytest.mark.parametrize("options", [{}, {"firstresult": True}, {"historic": True}])
def test_hookspec_marks_as_pluggy_does(options: dict[str, Any]) -> None:
    def ours() -> None: ...
    def theirs() -> None: ...

    hookspec(**options)(ours)
    pluggy.HookspecMarker("wfepy")(**options)(theirs)
    assert vars(ours) == vars(theirs)


def test_without_parentheses_they_mark_too() -> None:
    def one() -> None: ...
    def two() -> None: ...

    assert hookimpl(one) is one
    assert hookspec(two) is two
    assert list(vars(one)) == ["wfepy_impl"]
    assert list(vars(two)) == ["wfepy_spec"]


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError):
        hookimpl(try_first=True)  # type: ignore[call-overload]


def test_a_hook_cannot_be_historic_and_stop_at_the_first_result() -> None:
    with pytest.raises(ValueError, match="historic"):
        hookspec(firstresult=True, historic=True)
