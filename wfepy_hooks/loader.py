"""Importing the module of a workflow, and saying in one line why that failed."""

from __future__ import annotations

import os.path
import sys

from .errors import WorkflowError
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def load_workflow(path: str, folder: str, name: str = "") -> Workflow:
    """Return the workflow of a module; its graph is not checked yet.

    :param path: dotted name of the module, or path of its file, relative to ``folder``
    :param folder: put first on ``sys.path``, for modules that lie beside each other
    :param name: of the workflow; by default the last part of the module's name
    :raises WorkflowError: if the module cannot be imported or has no task
    """
    module = import_file(os.path.join(folder, path)) if is_file(path) else import_module(path, folder)
    workflow = Workflow(name)
    workflow.collect_tasks(module)
    if not workflow.tasks:
        raise WorkflowError(
            "there is no task in it",
            where=module.__file__ or path,
            hint="decorate its functions with @wfepy.task()",
        )
    return workflow


def is_file(path: str) -> bool:
    """Return whether ``path`` is meant as the path of a file, not as the dotted name of a module."""
    return path.endswith(".py") or "/" in path or os.sep in path


def import_file(path: str) -> ModuleType:
    """Import the module in the file ``path``, as ``python path`` would: its folder comes first on ``sys.path``.

    :raises WorkflowError: if there is no such file, or it cannot be imported
    """
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise WorkflowError("there is no such file", where=path, hint=_near_file(path))
    folder, file = os.path.split(path)
    name = file[:-3] if file.endswith(".py") else file
    if "." in name:
        raise WorkflowError(
            f'a module cannot be named "{name}"', where=path, hint="give the file a name without dots"
        )
    known = sys.modules.get(name)
    if known is not None and os.path.abspath(getattr(known, "__file__", None) or "") != path:
        raise WorkflowError(
            f'a module "{name}" is imported already', where=path, hint="give the file another name"
        )
    module = import_module(name, folder)
    if os.path.abspath(module.__file__ or "") != path:
        raise WorkflowError(
            f'"import {name}" finds {module.__file__ or "a module of Python itself"} instead',
            where=path,
            hint="give the file another name",
        )
    return module


def import_module(name: str, folder: str) -> ModuleType:
    """Import the module ``name`` with ``folder`` first on ``sys.path``.

    :raises WorkflowError: if that fails, with where and why
    """
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        __import__(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the module may raise whatever it likes, SystemExit too
        raise _import_error(name, folder, error) from error
    return sys.modules[name]


def _import_error(name: str, folder: str, error: BaseException) -> WorkflowError:
    where = f"module {name}"
    if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
        return WorkflowError(
            f'there is no module "{error.name}"',
            where=where,
            hint=f"it was looked for in {folder} and on sys.path",
        )
    if isinstance(error, SyntaxError):
        file = error.filename or os.path.join(
            folder, f"{name.replace('.', os.sep)}.py"
        )  # none for a NUL in it
        return WorkflowError(f"{type(error).__name__}: {error.msg}", where=f"{file}:{error.lineno or 1}")
    place = _place(error) or where
    text = " ".join(str(error).split())
    if isinstance(error, ImportError) and "partially initialized" in text:
        return WorkflowError(
            f"import cycle: {text}",
            where=place,
            hint="let one of the modules import the other inside a function",
        )
    return WorkflowError(
        f"importing {name} raised {type(error).__name__}: {text}", where=place, hint="--traceback shows more"
    )


def _place(error: BaseException) -> str:
    """Return ``file:line`` of the innermost line that is not of the import system."""
    found, ours = "", os.path.dirname(__file__)
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and os.path.dirname(file) != ours:
            found = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found


def _near_file(path: str) -> str:
    from .suggest import did_you_mean  # lazily: only for an error

    folder, file = os.path.split(path)
    if not os.path.isdir(folder):
        return f"there is no folder {folder} either"
    return did_you_mean(file, [each for each in os.listdir(folder) if each.endswith(".py")])
