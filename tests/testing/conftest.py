"""A folder with workflows, in which pytester runs the tests of a user."""

from __future__ import annotations

import pytest

ARTICLE = """
import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("review")
def draft(context):
    context["drafts"] = context.get("drafts", 0) + 1
    return True


@wfepy.approval(by=("ann", "bob"), deadline="3d")
@wfepy.followed_by("publish", lambda context: context["review"] == "approve")
@wfepy.followed_by("draft", lambda context: context["review"] == "reject")
@wfepy.followed_by("escalate", on="timeout")
def review(context):
    pass


@wfepy.task()
@wfepy.end_point()
def publish(context):
    with open("published.txt", "w") as file:
        file.write(f"draft {context['drafts']}")
    return True


@wfepy.task()
@wfepy.end_point()
def escalate(context):
    return True
"""
CONFIG = """
[workflows.article]
module = "article.py"
"""


@pytest.fixture
def users(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of a user with the workflow ``article``; its tests are run by ``users.runpytest_inprocess()``."""
    # Of the plugins that are installed here, the tests of users need only ours.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider -p wfepy_pytest")
    (pytester.path / "article.py").write_text(ARTICLE)
    (pytester.path / "wfepy.toml").write_text(CONFIG)
    return pytester
