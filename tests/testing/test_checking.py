"""``pytest --wfepy-check``: each configured workflow is a test."""

from __future__ import annotations

import pytest


def test_each_workflow_is_a_test_item(users: pytest.Pytester) -> None:
    users.makefile(
        ".toml", wfepy='[workflows.article]\nmodule = "article.py"\n[workflows.other]\nmodule = "article"\n'
    )
    users.makepyfile("def test_it(): pass")
    result = users.runpytest_inprocess("--wfepy-check", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["test_*::test_it PASSED*", "wfepy.toml::article PASSED*", "wfepy.toml::other PASSED*"]
    )


def test_without_the_option_there_are_none(users: pytest.Pytester) -> None:
    users.makepyfile("def test_it(): pass")
    users.runpytest_inprocess().assert_outcomes(passed=1)


def test_they_can_be_picked_by_name(users: pytest.Pytester) -> None:
    users.makepyfile("def test_it(): pass")
    result = users.runpytest_inprocess("--wfepy-check", "-k", "article")
    result.assert_outcomes(passed=1, deselected=1)


def test_a_failure_says_what_is_wrong_and_nothing_else(users: pytest.Pytester) -> None:
    file = users.path / "article.py"
    file.write_text(file.read_text().replace('"escalate", on', '"escalat", on'))
    (users.path / "wfepy.toml").write_text(
        '[workflows.article]\nmodule = "article.py"\nstart = "0 25 * * *"\n'
    )
    result = users.runpytest_inprocess("--wfepy-check")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*wfepy check article*",
            "*start*25*",
            '*article.py:*task "review": *escalat*',
            "FAILED wfepy.toml::article*",
        ]
    )
    result.stdout.no_fnmatch_line("*checking.py*")


@pytest.mark.parametrize("config", ["[workflows.article]\nmodul = 1", "[[["])
def test_a_broken_config_file_is_a_failed_test(users: pytest.Pytester, config: str) -> None:
    (users.path / "wfepy.toml").write_text(config)
    result = users.runpytest_inprocess("--wfepy-check")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED wfepy.toml::config*"])


def test_without_a_config_file_the_option_is_an_error(users: pytest.Pytester) -> None:
    (users.path / "wfepy.toml").unlink()
    result = users.runpytest_inprocess("--wfepy-check")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--wfepy-check: there is no wfepy.toml*"])


def test_the_name_that_pytest_prints_can_be_given_to_it(users: pytest.Pytester) -> None:
    users.makefile(
        ".toml", wfepy='[workflows.article]\nmodule = "article.py"\n[workflows.other]\nmodule = "article"\n'
    )
    users.makepyfile("def test_it(): pass")
    result = users.runpytest_inprocess("--wfepy-check", "-v", "wfepy.toml::other")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["wfepy.toml::other PASSED*"])
    users.runpytest_inprocess("--wfepy-check", "wfepy.toml").assert_outcomes(passed=2)


def test_they_are_counted_as_what_was_collected(users: pytest.Pytester) -> None:
    users.makepyfile("def test_it(): pass")
    result = users.runpytest_inprocess("--wfepy-check", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["wfepy.toml::article", "2 tests collected*"])


def test_they_are_there_wherever_the_tests_are(users: pytest.Pytester) -> None:
    users.mkdir("tests").joinpath("test_it.py").write_text("def test_it(): pass")
    users.makeini("[pytest]\ntestpaths = tests")
    users.runpytest_inprocess("--wfepy-check").assert_outcomes(passed=2)
    users.makefile(".toml", other="[workflows.x]\nmodule = 1")
    users.runpytest_inprocess("--wfepy-check", ".").assert_outcomes(passed=2)


def test_processes_of_xdist_share_them(users: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    users.makepyfile("def test_it(): pass")
    users.runpytest_inprocess("-p", "xdist", "-n1", "--wfepy-check").assert_outcomes(passed=2)


def test_a_plugin_that_cannot_be_loaded_is_a_failed_test(users: pytest.Pytester) -> None:
    file = users.path / "wfepy.toml"
    file.write_text(f'[wfepy]\nplugins = ["gone"]\n{file.read_text()}')
    result = users.runpytest_inprocess("--wfepy-check")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["plugin gone: *", "FAILED wfepy.toml::config*"])


def test_plugins_are_configured_for_the_check(users: pytest.Pytester) -> None:
    users.makepyfile(
        wfepy_plugins="""
        import wfepy_hooks as wfepy
        @wfepy.hookimpl
        def wfepy_configure(config):
            raise wfepy.ConfigError("no desk", hint="buy one")
        """
    )
    result = users.runpytest_inprocess("--wfepy-check")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no desk; buy one"])
