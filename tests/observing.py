"""A configuration in this process with the settings of one bundled plugin, and instances that are advanced in it."""

from __future__ import annotations

import sys
import textwrap
from datetime import datetime, timezone
from types import ModuleType

from wfepy_hooks.config import Config, WorkflowConfig
from wfepy_hooks.project import Project
from wfepy_hooks.testing import FakeClock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    import pytest

    from wfepy_hooks import Instance
    from wfepy_hooks.project import Report

MONDAY = datetime(2026, 11, 23, 6, 13, 34, 123456, timezone.utc)


class Watched:
    """A project with one workflow, ``flow``, whose plugins are configured; close it in the end.

    :ivar clock: when its ticks are
    """

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        body: str,
        *plugins: object,
        environ: Mapping[str, str] | None = None,
        **settings: dict[str, Any],
    ) -> None:
        module = ModuleType("watched_flow")
        source = "import wfepy_hooks as wfepy\n" + textwrap.dedent(body)
        exec(compile(source, "watched_flow.py", "exec"), vars(module))
        monkeypatch.setitem(sys.modules, "watched_flow", module)
        monkeypatch.setattr(sys, "path", list(sys.path))  # loading a workflow adds the folder
        self.clock = FakeClock(MONDAY)
        self.config = Config.without_file(folder, environ=environ or {}, clock=self.clock)
        self.config.workflows["flow"] = WorkflowConfig("flow", "watched_flow")
        self.config.plugin_settings = settings
        for plugin in plugins:
            self.config.plugins.register(plugin)
        self.config.configure()
        self.project = Project(self.config)

    def start(self, instance: str = "one", **values: object) -> Instance:
        self.project.start("flow", instance, values)
        return self.project.read("flow", instance)

    def tick(self) -> list[Report]:
        return list(self.project.tick())

    def close(self) -> None:
        self.config.close()
