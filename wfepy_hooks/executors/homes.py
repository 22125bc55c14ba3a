"""Where a worker finds the tasks of a workflow: :class:`Home` is how to get there, :class:`Loaded` what is there."""

from __future__ import annotations

import os.path
import sys

from ..codec import Codec
from ..errors import WorkflowError
from ..task import Task
from ..twins import file_of, import_twin, is_taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

    from ..workflow import Workflow

__all__ = ["Home", "Loaded"]

_HINT = 'use executor = "threads", or "inline"'


class Loaded:
    """The tasks of a workflow and the codec of its contexts, in this process.

    :ivar name: the workflow's name, for messages
    """

    __slots__ = ("codec", "name", "tasks")

    def __init__(self, name: str, tasks: Mapping[str, Task], codec: Codec) -> None:
        self.name = name
        self.tasks = tasks
        self.codec = codec

    @classmethod
    def of(cls, workflow: Workflow, codec: Codec) -> Loaded:
        """Return a workflow that is loaded already."""
        return cls(workflow.name, workflow.tasks, codec)

    def load(self) -> Loaded:
        """Return itself: a home that one need not travel to."""
        return self

    def task(self, name: str) -> Task:
        """Return a task.

        :raises WorkflowError: if there is none of this name
        """
        try:
            return self.tasks[name]
        except KeyError:
            what = f'there is no task "{name}" in the modules of the workflow: was it added by a plugin?'
            raise WorkflowError(what, where=f"workflow {self.name}", hint=_HINT) from None


class Home:
    """How another process gets at the tasks of a workflow; small, hashable, and can be pickled.

    :ivar name: the workflow's name, for messages
    :ivar modules: names of its modules, each with its file or ``""``, in the order in which their tasks were collected
    :ivar classes: the registered classes, as module, file and qualified name
    :ivar path: ``sys.path``
    """

    __slots__ = ("classes", "modules", "name", "path")

    def __init__(
        self,
        name: str,
        modules: tuple[tuple[str, str], ...],
        classes: tuple[tuple[str, str, str], ...],
        path: tuple[str, ...],
    ) -> None:
        self.name = name
        self.modules = modules
        self.classes = classes
        self.path = path

    @classmethod
    def of(cls, workflow: Workflow) -> Home:
        """Return the way to a workflow that is loaded in this process."""
        found = {name: file_of(workflow.module(name)) for name in workflow.modules}
        classes = tuple(
            (k.__module__, file_of(workflow.module(k.__module__)), k.__qualname__) for k in workflow.classes
        )
        return cls(
            workflow.name, tuple(found.items()), classes, tuple(os.path.abspath(entry) for entry in sys.path)
        )

    def _key(self) -> tuple[object, ...]:
        return self.name, self.modules, self.classes, self.path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Home) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> Any:
        return Home, self._key()

    def load(self) -> Loaded:
        """Import the modules, unless this process did so before, and return what is in them.

        :raises WorkflowError: if one cannot be imported, or is another one here
        """
        if self not in _known:
            _known[self] = self._load()
        return _known[self]

    def _load(self) -> Loaded:
        if not set(self.path) <= set(sys.path):
            # As it is in the process of the tick, so that each name finds the same module.
            sys.path[:] = [*self.path, *(entry for entry in sys.path if entry not in self.path)]
        tasks: dict[str, Task] = {}
        modules = {name: self._module(name, file) for name, file in self.modules}
        for module in modules.values():
            for value in list(vars(module).values()):
                if isinstance(value, Task):
                    tasks.setdefault(value.name, value)
        classes = [self._class(*found) for found in self.classes]
        return Loaded(self.name, tasks, Codec(modules, classes, modules))

    def _module(self, name: str, file: str) -> ModuleType:
        try:
            module = _import(name, file)
        except Exception as error:
            raise self._error(f"importing {name} raised {type(error).__name__}: {error}") from error
        if name == "__main__":
            _call_classes_by(name, vars(module))
        here = file_of(module)
        if file and here != file:
            raise self._error(f'"import {name}" finds {here or "no file"} instead of {file}')
        return module

    def _class(self, module: str, file: str, name: str) -> type:
        found: Any = self._module(module, file)
        for part in name.split("."):
            found = getattr(found, part, None)
        if not isinstance(found, type):
            raise self._error(f"the registered class {module}:{name} is not there")
        return found

    def _error(self, what: str) -> WorkflowError:
        return WorkflowError(f"{what}, in a worker process", where=f"workflow {self.name}", hint=_HINT)


#: What this process has loaded. A global because a worker has nothing else that lives from one call to the next.
_known: dict[Home, Loaded] = {}


def _import(name: str, file: str) -> ModuleType:
    module = _import_by_name(name, file)
    if file.endswith(f"{os.sep}{name}.py") and is_taken(name, file):
        return import_twin(name, file)
    return module


def _import_by_name(name: str, file: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name != name or not file:
            raise
        _import_file(name, file)  # the file of plugins beside the config is on no path
    return sys.modules[name]


def _call_classes_by(module: str, namespace: Mapping[str, Any]) -> None:
    """Give the classes of a script the name of their module that they have in the process of the tick."""
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__ == "__mp_main__":  # so multiprocessing imports it
            value.__module__ = module
            _call_classes_by(module, vars(value))


def _import_file(name: str, file: str) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
