"""Check the graphs of the workflows, and whether every live instance can be loaded with them.

    wfepy check

All problems are listed, each with its file and line. Exit code 4: a workflow is wrong; 3: an instance does not load, so
the code has changed in a way that leaves it behind. Let CI run this before the code gets where instances live.

With --json: {"workflows": [{"workflow", "tasks", "instances", "problems": [{"location", "task", "message"}], "states":
[{"instance", "error"}]}], "exit_code"}.
"""

from __future__ import annotations

import ast
import sys

from ..errors import ConfigError, StateError, WfepyError, WorkflowError
from ..project import Project
from .loglines import shown_path
from .naming import pick_workflow
from .output import clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    from argparse import BooleanOptionalAction

    from .parsing import add_json

    parser.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="only this one, or a .py file")
    parser.add_argument(
        "--states",
        action=BooleanOptionalAction,
        default=True,
        help="load the live instances (default), or do not",
    )
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    names = [pick_workflow(config, word) for word in args.workflows] or list(config.workflows)
    if not names:
        hint = "name a .py file, or configure a workflow in wfepy.toml"
        raise ConfigError("there is no workflow to check", where=config.file or config.root, hint=hint)
    project = Project(config)
    found = [_check(project, name, args.states) for name in names]
    code = 4 if any(each["problems"] for each in found) else 3 if any(each["states"] for each in found) else 0
    if args.json:
        result_json({"workflows": found, "exit_code": code})
    else:
        for each in found:
            _show(each, args.states)
    return code


def _check(project: Project, name: str, states: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"workflow": name, "tasks": 0, "instances": 0, "problems": [], "states": []}
    try:
        workflow = project.load_unchecked(name)
        entry["tasks"] = len(workflow.tasks)
        entry["problems"] = [each for module in workflow.modules for each in _doubles(module)]
        project.workflow(name)
    except WorkflowError as error:
        entry["problems"] += [_problem(each) for each in error.problems] or [_whole(error)]
        return entry
    if states:
        try:
            ids = project.store.list(name)
        except StateError as error:
            entry["states"] = [{"instance": None, "error": str(error)}]
            return entry
        entry["instances"] = len(ids)
        entry["states"] = [failure for each in ids if (failure := _load_state(project, name, each))]
    return entry


def _doubles(module: str) -> Iterator[dict[str, str]]:
    """Find the tasks of a module that another function of the same name has replaced: they would never run."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
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


def _whole(error: WfepyError) -> dict[str, str]:
    message = f"{error.what}; {error.hint}" if error.hint else error.what
    return {"location": error.where, "task": "", "message": message}


def _load_state(project: Project, name: str, instance: str) -> dict[str, str] | None:
    try:
        project.read(name, instance)
    except WfepyError as error:
        return {"instance": instance, "error": str(error)}
    return None


def _show(entry: dict[str, Any], states: bool) -> None:
    name = entry["workflow"]
    for problem in entry["problems"]:
        task = f'task "{problem["task"]}": ' if problem["task"] else ""
        where = f"{problem['location']}: " if problem["location"] else ""
        result(clean(shown_path(f"{where}{task}{problem['message']}")))
    for state in entry["states"]:
        result(clean(shown_path(state["error"])))
    parts = [f"{entry['tasks']} task{'s' if entry['tasks'] != 1 else ''}"] if entry["tasks"] else []
    if states and not entry["problems"]:
        parts.append(f"{entry['instances']} live instance{'s' if entry['instances'] != 1 else ''}")
    bad = [
        f"{len(entry[key])} {word}"
        for key, word in (("problems", "wrong"), ("states", "not loadable"))
        if entry[key]
    ]
    result(clean(f"{name}: {', '.join(bad) or 'ok'}" + (f" ({', '.join(parts)})" if parts else "")))
