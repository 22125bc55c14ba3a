"""Who it is that steps in."""

from __future__ import annotations

import os

import pytest

from wfepy_hooks.people import UNKNOWN, who


def test_the_first_name_that_is_there_counts() -> None:
    environ = {"WFEPY_BY": "cy", "GITHUB_ACTOR": "octo", "LOGNAME": "root"}
    assert who(environ, "ann") == "ann"
    assert who(environ) == "cy"
    assert who({**environ, "WFEPY_BY": ""}) == "octo"
    assert who({"LOGNAME": "dora", "USER": "other"}) == "dora"
    assert who({"USERNAME": "eve"}) == "eve"


def test_a_name_is_on_one_line() -> None:
    assert who({}, " ann\n\x1b[31m ") == "ann[31m"
    assert who({"WFEPY_BY": "cy"}, "\n") == "cy"


def test_without_a_name_it_is_the_login_name_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    assert who({}) == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert who({}) == UNKNOWN
