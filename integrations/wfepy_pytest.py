"""The plugin of pytest: the fixture ``workflow_runner``, and ``--wfepy-check``. See ``docs/how-to/testing.md``.

pytest imports this module each time it starts, wherever wfepy-hooks is installed. So it is outside of ``wfepy_hooks``,
whose import takes 10 ms and more, and imports nothing itself before a test asks for it.

PYTEST_DONT_REWRITE: it asserts nothing.
"""

from __future__ import annotations

import sys

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from typing import Any

    from wfepy_hooks.testing import MakeRunner as MakeRunner
    from wfepy_hooks.testing import WorkflowRunner

#: The runners that a test has made, for what is said when it fails.
_RUNNERS = pytest.StashKey["list[WorkflowRunner]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("wfepy", "workflows (wfepy-hooks)")
    group.addoption(
        "--wfepy-check",
        action="store_true",
        help="check each workflow of the config file as a test of its own, as wfepy check does",
    )
    parser.addini("wfepy", "whether the plugin for workflows is active", type="bool", default=True)
    parser.addini("wfepy_config", "the config file of the workflows, relative to that of pytest", default="")


def pytest_configure(config: pytest.Config) -> None:
    if config.getini("wfepy"):
        config.pluginmanager.register(_Active(), "wfepy-active")


class _Active:
    """What the plugin does unless it is turned off."""

    def pytest_collect_file(self, parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
        if not (parent.config.getoption("--wfepy-check") and file_path.suffix == ".toml"):
            return None
        from wfepy_hooks.testing.checking import collect_file  # lazily: it is seldom asked for

        return collect_file(parent, file_path)

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        if session.config.getoption("--wfepy-check"):
            from wfepy_hooks.testing.checking import ConfigFile, collect

            # The config file may be outside of the folders in which pytest looks for tests.
            if not any(isinstance(item.parent, ConfigFile) for item in items):
                items += collect(session)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        if call.excinfo is not None and _RUNNERS in item.stash and not item.config.getoption("fulltrace"):
            from wfepy_hooks.testing.frames import hide_ours  # lazily: only for a test that failed

            hide_ours(call.excinfo.value)
        report = yield
        if report.failed:
            for runner in item.stash.get(_RUNNERS, []):
                report.sections.append((f"workflow {runner.title}", runner.describe()))
        return report

    @pytest.fixture
    def workflow_runner(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[MakeRunner]:
        """A function that makes a runner for a workflow: its state is in memory, its clock stands still until it is
        moved.

        ``workflow_runner(workflow, context=None, *, instance="default", now="2026-01-05T09:00Z", plugins=(),
        round_trip=True, start=None, all_schedules=False, executor="inline", passes=500)``

        workflow: a module, a wfepy_hooks.Workflow, the path of a .py file relative to the test or to the folder of
        pytest's configuration, or the name of a workflow of the config file, which is that of the option wfepy_config
        or the nearest one above the test
        """
        from wfepy_hooks.testing import MakeRunner  # lazily: most tests are not about workflows

        made: list[WorkflowRunner] = []
        request.node.stash[_RUNNERS] = made
        root, config_file = request.config.rootpath, request.config.getini("wfepy_config")
        # Nothing is made there unless there are schedules.
        state = tmp_path_factory.getbasetemp() / "wfepy" / f"{abs(hash(request.node.nodeid)):x}"

        folders = (str(request.path.parent), str(root))
        path = list(sys.path)
        yield MakeRunner(made, str(state), folders, str(root / config_file) if config_file else "")
        for runner in made:
            runner.close()
        sys.path[:] = path  # the folders of workflows come first on it
