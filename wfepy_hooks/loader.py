"""Importing the module of a workflow, and saying in one line why that failed."""

from __future__ import annotations

import os.path
import sys
from _thread import RLock  # threading takes longer to import than all of this

from .errors import WorkflowError
from .twins import import_twin, is_from, is_taken
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

#: Of one thread, which may load another workflow from within the module of the first. Two threads wait for each other
#: if one loads a workflow from within a module, and the module of the other's workflow imports that one just then.
_turn = RLock()


def load_workflow(path: str, folder: str) -> Workflow:
    """Return the workflow of a module; its graph is not checked yet.

    :param path: dotted name of the module, or path of its file, relative to ``folder``
    :param folder: put first on ``sys.path``, for modules that lie beside each other
    :raises WorkflowError: if the module cannot be imported or has no task
    """
    with _turn:
        module = import_file(os.path.join(folder, path)) if is_file(path) else _import_named(path, folder)
    workflow = Workflow()
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


def _import_named(name: str, folder: str) -> ModuleType:
    file = os.path.join(os.path.abspath(folder), f"{name}.py")
    if name in sys.modules and os.path.isfile(file) and not is_from(sys.modules[name], file):
        return import_file(file)  # two projects in one process, as in tests
    return import_module(name, folder)


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
    module = sys.modules.get(name) or import_module(name, folder)
    if is_from(module, path):
        return module
    if is_taken(name, path):
        return _imported(name, folder, lambda: import_twin(name, path))
    raise WorkflowError(
        f'"import {name}" finds {getattr(module, "__file__", "a module of Python itself")} instead',
        where=path,
        hint="give the file another name",
    )


def import_module(name: str, folder: str) -> ModuleType:
    """Import the module ``name`` with ``folder`` first on ``sys.path``.

    :raises WorkflowError: if that fails, with where and why
    """
    return _imported(name, folder, lambda: __import__(name, fromlist=["__name__"]))


def _imported(name: str, folder: str, find: Callable[[], ModuleType]) -> ModuleType:
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return find()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the module may raise whatever it likes, SystemExit too
        raise _import_error(name, folder, error) from error


def _import_error(name: str, folder: str, error: BaseException) -> WorkflowError:
    where = f"module {name}"
    if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
        return WorkflowError(
            f'there is no module "{error.name}"',
            where=where,
            hint=f"it was looked for in {folder} and on sys.path",
        )
    if isinstance(error, SyntaxError):
        # Of a NUL in the source Python names no file.
        file = error.filename or os.path.join(folder, f"{name.replace('.', os.sep)}.py")
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
