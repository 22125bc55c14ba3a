"""What the fixture ``workflow_runner`` is."""

from __future__ import annotations

import os

from .runner import WorkflowRunner

__all__ = ["MakeRunner"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import ModuleType
    from typing import Any, Literal, NoReturn

    from ..workflow import Workflow


class MakeRunner:
    """Makes runners: ``workflow_runner("article")``. It is no function, since each failed test shows it."""

    def __init__(
        self, made: list[WorkflowRunner], state: str, folders: tuple[str, str], config_file: str
    ) -> None:
        """
        :param made: gets the runners that it makes
        :param state: what the folders begin with for what is not in the store
        :param folders: where paths start: that of the test, and that of pytest's configuration
        :param config_file: the config file; empty: the nearest one above the first of them
        """
        self._made = made
        self._state = state
        self._folders = folders
        self._config_file = config_file

    def __call__(
        self,
        workflow: Workflow | ModuleType | str | os.PathLike[str],
        context: Any = None,
        *,
        instance: str = "default",
        now: datetime | str = "2026-01-05T09:00Z",
        plugins: Sequence[object] | Literal["config"] = (),
        round_trip: bool = True,
        start: bool | None = None,
        all_schedules: bool = False,
        executor: str = "inline",
        passes: int = 500,
        config_file: str = "",
    ) -> WorkflowRunner:
        __tracebackhide__ = True
        runner = WorkflowRunner.make(
            self._found(workflow),
            context=context,
            instance=instance,
            now=now,
            plugins=plugins,
            round_trip=round_trip,
            start=start,
            all_schedules=all_schedules,
            executor=executor,
            passes=passes,
            folder=self._folders[0],
            config_file=config_file or self._config_file,
            state=f"{self._state}-{len(self._made)}",
        )
        self._made.append(runner)
        return runner

    def _found(self, workflow: Any) -> Any:
        """Return the path of a file that is not beside the test, but below the folder in which pytest begins."""
        if isinstance(workflow, (str, os.PathLike)) and str(workflow).endswith(".py"):
            paths = [os.path.join(folder, workflow) for folder in self._folders]
            return next(filter(os.path.isfile, paths), workflow)
        return workflow

    def __getattr__(self, name: str) -> NoReturn:
        __tracebackhide__ = True
        hint = f"; runner = workflow_runner(WORKFLOW) makes what has it: runner.{name}"
        raise AttributeError(
            f"workflow_runner has no attribute {name!r}{hint if hasattr(WorkflowRunner, name) else ''}"
        )

    def __repr__(self) -> str:
        return f"<workflow_runner, which has made {len(self._made)}>"
