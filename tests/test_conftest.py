"""The rules that all tests live under hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project whose tests live under the rules of these."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take 20 times as long as such a run
    text = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(text.replace('pytest_plugins = ["pytester"]', ""))
    return pytester


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("os.environ['WFEPY_LEFT'] = '1'", "environment variable WFEPY_LEFT"),
        ("del os.environ['PATH']", "environment variable PATH"),
        ("os.chdir('/')", "working directory"),
        ("os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')", "working directory"),
        ("sys.path.append('/nowhere')", "sys.path"),
    ],
)
def test_a_test_that_leaves_a_trace_fails_and_the_next_does_not_see_it(
    project: pytest.Pytester, statement: str, what: str
) -> None:
    project.makepyfile(f"import os, sys\ndef test_one(): {statement}\ndef test_two(): pass\n")
    environ = dict(os.environ)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([f"*the test left these changed: {what}"])
    # pytester gives its own environment back, too
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**environ, "PYTEST_CURRENT_TEST": ""}


def test_what_monkeypatch_changes_is_no_trace(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_it(monkeypatch, tmp_path):
            monkeypatch.setenv("WFEPY_LEFT", "1")
            monkeypatch.chdir(tmp_path)
            monkeypatch.syspath_prepend(tmp_path)
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("false", "skipped"), ("true", "failed")])
def test_a_missing_component_skips_but_fails_in_ci(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)
    project.makepyfile("def test_it(require): require('no-such-program')\n")
    result = project.runpytest_inprocess("-rs")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*no-such-program*is not installed*"])


def test_a_component_that_is_there_is_used(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(require): require('sh'); require('an account', found=True)\n")
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_golden_files_are_compared_and_written_on_demand(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(golden): golden('a.txt', 'č\\n')\n")
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no golden file*make it with --update-golden*"])
    project.runpytest_inprocess("--update-golden").assert_outcomes(passed=1)
    file = project.path / "golden" / "a.txt"
    assert file.read_bytes() == "č\n".encode()
    project.runpytest_inprocess().assert_outcomes(passed=1)
    file.write_text("other\n")
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*if it should, use --update-golden*"])


def test_the_markers_are_known(project: pytest.Pytester) -> None:
    project.runpytest_inprocess("--markers").stdout.fnmatch_lines(
        ["*pytest.mark.slow*", "*pytest.mark.outside*"]
    )
