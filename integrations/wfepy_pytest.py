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
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

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


class MakeRunner:
    """What the fixture ``workflow_runner`` is. It is no function, since each failed test shows it."""

    def __init__(
        self,
        make: Callable[..., WorkflowRunner],
        made: list[WorkflowRunner],
        state: str,
        defaults: dict[str, Any],
    ) -> None:
        self._make = make
        self._made = made
        self._state = state
        self._defaults = defaults

    def __call__(self, workflow: Any, context: Any = None, **options: Any) -> WorkflowRunner:
        __tracebackhide__ = True
        state = f"{self._state}-{len(self._made)}"
        runner = self._make(workflow, context=context, **{"state": state, **self._defaults, **options})
        self._made.append(runner)
        return runner

    def __repr__(self) -> str:
        return f"<workflow_runner, which has made {len(self._made)}>"


class _Active:
    """What the plugin does unless it is turned off."""

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        if session.config.getoption("--wfepy-check"):
            from wfepy_hooks.testing.checking import collect  # lazily: it is seldom asked for

            items += collect(session)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        report = yield
        if report.failed and report.when == "call":
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
        round_trip=True, start=None)``

        workflow: a module, a wfepy_hooks.Workflow, the path of a .py file relative to the test, or the name of a
        workflow of the config file, which is that of the option wfepy_config or the nearest one above the test
        """
        from wfepy_hooks.testing import WorkflowRunner  # lazily: most tests are not about workflows

        made: list[WorkflowRunner] = []
        request.node.stash[_RUNNERS] = made
        root, config_file = request.config.rootpath, request.config.getini("wfepy_config")
        # Nothing is made there unless there are schedules.
        state = tmp_path_factory.getbasetemp() / "wfepy" / f"{abs(hash(request.node.nodeid)):x}"

        defaults = {
            "folder": str(request.path.parent),
            "config_file": str(root / config_file) if config_file else "",
        }
        path = list(sys.path)
        yield MakeRunner(WorkflowRunner.make, made, str(state), defaults)
        for runner in made:
            runner.close()
        sys.path[:] = path  # the folders of workflows come first on it
