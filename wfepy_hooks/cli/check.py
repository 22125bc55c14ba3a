"""Check the graphs and the schedules of the workflows, and whether every live instance can go on.

    wfepy check
    wfepy check --states ../state-branch

Let CI run this before the code gets where instances live. All problems are listed, each with its file and line. Each
live instance is safe; migrated, since the code says what becomes of it; or it needs a decision, with the commands that
decide it. Safe ones are only counted, unless --states is given.

Settings of plugins that there are not, and histories that were cut or lost, are warned of.

Exit code 4: a workflow is wrong; 3: an instance cannot be read or needs a decision.

With --json: {"workflows": [{"workflow", "tasks", "instances", "problems": [{"location", "task", "message"}],
"warnings": [TEXT], "states": [{"instance", "error"}], "counts": {VERDICT: NUMBER}, "verdicts": [{"workflow",
"instance", "verdict", "changes", "questions": [{"task", "reason", "commands", "code"}], "error"}]}],
"warnings": [TEXT], "exit_code"}. In "states" is what cannot go on.
"""

from __future__ import annotations

import ast
import os

from ..errors import (
    ConfigError,
    InstanceNotFound,
    ScheduleError,
    StateError,
    UsageError,
    WfepyError,
    WorkflowError,
)
from ..histories import gap_text, gaps
from ..migration import MIGRATED, SAFE
from ..project import Project
from ..scheduling import collect_schedules
from ..standing import look
from ..suggest import closest
from .loglines import shown_path
from .naming import pick_workflow
from .output import clean, result, result_json, say
from .standings import counted, in_words, tell_standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from ..config import Config
    from ..standing import Standing


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="only this one, or a .py file")
    parser.add_argument(
        "--states",
        nargs="?",
        const="",
        metavar="DIR",
        help="list the safe instances, too; DIR: check those in this folder, such as a checkout of where they are kept",
    )
    parser.add_argument("--no-states", action="store_true", help="check the graphs only")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.states:
        _keep_instances_in(config, args.states)
    names = [pick_workflow(config, word) for word in args.workflows] or list(config.workflows)
    if not names:
        hint = "name a .py file, or configure a workflow in wfepy.toml"
        raise ConfigError("there is no workflow to check", where=config.file or config.root, hint=hint)
    project = Project(config)
    warnings = list(_strange_tables(config))
    found = [_Checked(project, name, states=not args.no_states) for name in names]
    code = 4 if any(each.problems for each in found) else 3 if any(each.failures for each in found) else 0
    for each in found:
        each.look_at_histories(project)
    for warning in (*warnings, *(text for each in found for text in each.warnings)):
        say(f"wfepy: warning: {clean(shown_path(warning))}")
    if args.json:
        workflows = [each.to_json() for each in found]
        result_json({"workflows": workflows, "warnings": warnings, "exit_code": code})
    else:
        for each in found:
            each.show(all=args.states is not None)
    return code


def problems_of(project: Project, name: str) -> list[str]:
    """Return what is wrong with a workflow and its live instances, as lines; none: it is right."""
    found = _Checked(project, name, states=True)
    return [*map(_problem_line, found.problems), *(str(each["error"]) for each in found.failures)]


def _problem_line(problem: dict[str, str]) -> str:
    task = f'task "{problem["task"]}": ' if problem["task"] else ""
    where = f"{problem['location']}: " if problem["location"] else ""
    return clean(shown_path(f"{where}{task}{problem['message']}"))


def _keep_instances_in(config: Config, folder: str) -> None:
    """Let the configuration find the instances in another folder.

    :raises UsageError: if there is no such folder
    """
    if not os.path.isdir(folder):
        hint = "a workflow is named before --states" if folder in config.workflows else ""
        raise UsageError("there is no such folder", where=f"--states {folder}", hint=hint)
    config.state = os.path.abspath(folder)
    config.store = "files"


class _Checked:
    """A workflow, and what was found about it.

    :ivar tasks: how many it has
    :ivar problems: what is wrong with its graph
    :ivar standings: how its live instances stand to it
    :ivar failures: the instances that cannot go on, or that could not be listed, with the reason
    :ivar warnings: what is wrong and stops nothing, such as a history that was cut
    """

    def __init__(self, project: Project, name: str, *, states: bool) -> None:
        self.name = name
        self.tasks = 0
        self.problems: list[dict[str, str]] = []
        self.standings: list[Standing] = []
        self.failures: list[dict[str, str | None]] = []
        self.warnings: list[str] = []
        self._states = states
        try:
            workflow = project.load_unchecked(name)
            self.tasks = len(workflow.tasks)
            self.problems = [
                each for module in workflow.modules for each in _doubles(workflow.module(module))
            ]
            self.problems += _schedule_problems(project, name)
            project.workflow(name)
        except WorkflowError as error:
            self.problems += [_problem(each) for each in error.problems] or [_whole(error)]
            return
        if states:
            self._look(project)

    def _look(self, project: Project) -> None:
        try:
            ids = project.store.list(self.name)
        except StateError as error:
            self.failures.append({"instance": None, "error": str(error)})
            return
        for instance in ids:
            standing = look(project, self.name, instance)
            standing.found = None  # there may be thousands
            self.standings.append(standing)
            if standing.error is not None:
                self.failures.append({"instance": instance, "error": str(standing.error)})

    def to_json(self) -> dict[str, Any]:
        return {
            "workflow": self.name,
            "tasks": self.tasks,
            "instances": len(self.standings),
            "problems": self.problems,
            "warnings": self.warnings,
            "states": self.failures,
            "counts": counted(self.standings),
            "verdicts": [each.to_json() for each in self.standings],
        }

    def look_at_histories(self, project: Project) -> None:
        """Look whether the histories of the live instances are whole: a tick only reads what the snapshot lacks."""
        broken = {failure["instance"] for failure in self.failures}
        for standing in self.standings:
            if standing.instance not in broken:
                self.warnings += _flaws(project, self.name, standing.instance)

    def show(self, *, all: bool) -> None:
        """Print the problems, what becomes of the instances, and a line about it all."""
        for problem in self.problems:
            result(_problem_line(problem))
        for failure in self.failures:
            if failure["instance"] is None:
                result(clean(shown_path(str(failure["error"]))))
        for standing in self.standings:
            if all or standing.verdict != SAFE:
                tell_standing(standing)
        result(clean(f"{self.name}: {self._summary()}"))

    def _summary(self) -> str:
        """Return a line such as ``1 needs a decision (3 tasks, 2 live instances: 1 safe, 1 needs a decision)``."""
        counts = counted(self.standings)
        bad = {verdict: count for verdict, count in counts.items() if verdict not in (SAFE, MIGRATED)}
        wrong = [f"{len(self.problems)} wrong"] if self.problems else []
        if bad:
            wrong.append(in_words(bad))
        if any(failure["instance"] is None for failure in self.failures):
            wrong.append("instances not found")
        parts = [f"{self.tasks} task{'s' if self.tasks != 1 else ''}"] if self.tasks else []
        if self._states and not self.problems:
            total = len(self.standings)
            each = f": {in_words(counts)}" if counts.keys() - {SAFE} else ""
            parts.append(f"{total} live instance{'s' if total != 1 else ''}{each}")
        return (", ".join(wrong) or "ok") + (f" ({', '.join(parts)})" if parts else "")


def _flaws(project: Project, workflow: str, instance: str) -> Iterator[str]:
    where = f"{workflow}/{instance}"
    try:
        covered = project.store.read(workflow, instance)[0]["history"]["records"]
        missing = gaps(project.store.history(workflow, instance), covered)
    except InstanceNotFound:
        return  # it has ended meanwhile
    except StateError as error:
        yield f"{where}: the history cannot be read to its end: {error}"
        return
    if missing:
        lacks = ", ".join(gap_text(*gap) for gap in missing)
        yield (
            f"{where}: the history lacks {lacks} of {covered}, it was cut or lost; restore it from a backup or from "
            "version control, or leave it: the instance goes on by its snapshot"
        )


def _strange_tables(config: Config) -> Iterator[str]:
    """Tell of settings for plugins that there are not: a tick does not look, as a plugin may be installed elsewhere."""
    from ..entrypoints import find_entry_points
    from ..pluginsettings import settings_table

    host = config.plugins
    known = {*(each.name for each in host.plugins), *(each.name for each in host.failures), *host.blocked}
    known.update(each.name for each in find_entry_points(config.environ))
    for name in config.plugin_settings:
        if name not in known:
            near = closest(name, known)
            hint = f'did you mean "{near}"?' if near else "wfepy plugins lists those that are loaded"
            table = settings_table(config, name)
            yield f"{config.file}: [{table}]: no plugin of this name is loaded or installed; {hint}"


def _doubles(module: ModuleType | None) -> Iterator[dict[str, str]]:
    """Find the tasks of a module that another function of the same name has replaced: they would never run."""
    file = getattr(module, "__file__", None) or ""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return  # it was imported from something else
    lines: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not any(
            map(_is_task, node.decorator_list)
        ):
            continue
        if node.name in lines:
            message = f"there is another task of this name at line {lines[node.name]}, which it replaces"
            yield {"location": f"{file}:{node.lineno}", "task": node.name, "message": message}
        lines[node.name] = node.lineno


def _is_task(decorator: ast.expr) -> bool:
    """Return whether a decorator is ``task()``, under any module's name, and gives the task no name of its own."""
    if (
        not isinstance(decorator, ast.Call)
        or decorator.args
        or any(each.arg == "name" for each in decorator.keywords)
    ):
        return False
    function = decorator.func
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) == "task"


def _problem(problem: Any) -> dict[str, str]:
    return {"location": problem.location, "task": problem.task, "message": problem.message}


def _schedule_problems(project: Project, name: str) -> Iterator[dict[str, str]]:
    for entry in collect_schedules(project.config, [name]):
        try:
            entry.schedule()
        except ScheduleError as error:
            yield {
                "location": entry.where,
                "task": "",
                "message": str(error).removeprefix(f"{entry.where}: "),
            }


def _whole(error: WfepyError) -> dict[str, str]:
    message = f"{error.what}; {error.hint}" if error.hint else error.what
    return {"location": error.where, "task": "", "message": message}
