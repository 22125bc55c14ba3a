"""``pytest --wfepy-check``: each workflow of the config file is a test that its graph and its schedules are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..config import Config, find_config
from ..errors import WfepyError
from ..project import Project

__all__ = ["ConfigFile", "collect", "collect_file"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any


class WorkflowCheckError(Exception):
    """A workflow is wrong; what is wrong is its text."""


class ConfigFile(pytest.File):
    """A config file, for the names of the tests."""

    def collect(self) -> list[pytest.Item]:
        """Return a test for each workflow, or one that says what is wrong with the config file."""
        try:
            config = Config.load(self.path)
            config.plugins.require_healthy()
        except WfepyError as error:
            return [WorkflowCheck.from_parent(self, name="config", project=None, error=error)]
        project = Project(config)
        return [WorkflowCheck.from_parent(self, name=name, project=project) for name in config.workflows]


class WorkflowCheck(pytest.Item):
    """The check of one workflow."""

    def __init__(self, *, project: Project | None, error: WfepyError | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._project = project
        self._error = error

    def runtest(self) -> None:
        """Check it.

        :raises WorkflowCheckError: if something is wrong
        """
        if self._error is not None or self._project is None:
            raise WorkflowCheckError(str(self._error))
        from ..cli.check import problems_of

        self._project.config.configure()
        try:
            problems = problems_of(self._project, self.name)
        finally:
            self._project.config.close()
        if problems:
            raise WorkflowCheckError("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what is wrong, without a traceback: it is no error of the code that looked."""
        if isinstance(excinfo.value, (WorkflowCheckError, WfepyError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """Return what the test is called."""
        return self.path, None, f"wfepy check {self.name}"


def collect(session: pytest.Session) -> list[pytest.Item]:
    """Return the tests of the workflows that are configured for these tests.

    :raises pytest.UsageError: if there is no config file
    """
    file = _config_file(session.config)
    if file is None:
        raise pytest.UsageError(
            "--wfepy-check: there is no wfepy.toml, and no pyproject.toml with [tool.wfepy], in "
            f"{session.config.rootpath} or above; name it by wfepy_config in pytest's own configuration"
        )
    return ConfigFile.from_parent(session, path=Path(file)).collect()


def collect_file(parent: pytest.Collector, path: Path) -> ConfigFile | None:
    """Return the tests of a config file that pytest comes across, or is given, if it is the one for these tests."""
    if path.suffix == ".toml" and str(path) == _config_file(parent.config):
        return ConfigFile.from_parent(parent, path=path)
    return None


def _config_file(config: pytest.Config) -> str | None:
    named = config.getini("wfepy_config")
    return str(config.rootpath / named) if named else find_config(str(config.rootpath))
