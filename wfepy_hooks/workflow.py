"""A workflow: the tasks of one or more modules, and the graph that they make."""

from __future__ import annotations

import sys

from .arguments import wanted
from .checks import Problem, examine
from .errors import WorkflowError
from .task import DecoratorStack, Task

__all__ = ["Workflow"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .graph import Graph
    from .runner import Runner


class Workflow:
    """A graph of tasks.

    :ivar tasks: the tasks by name, in the order of their modules
    :ivar name: what its instances are filed under; by default the name of the first module
    :ivar classes: further classes that may be in such a context, see :meth:`register_class`
    :ivar provided: names of the arguments that plugins provide to tasks
    :ivar modules: names of the modules that were loaded; classes of these may be in a context that is saved
    :ivar twins: those of them by name that are not what this process imports by that name, see :mod:`.twins`
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.tasks: dict[str, Task] = {}
        self.modules: list[str] = []
        self.twins: dict[str, ModuleType] = {}
        self.classes: list[type] = []
        self.provided: set[str] = set()
        self._load_problems: list[Problem] = []
        self._graph: Graph | None = None
        self._wanted: dict[str, tuple[str, ...]] | None = None
        self._has_modes: bool | None = None

    def __repr__(self) -> str:
        return f"<Workflow {self.name!r}, {len(self.tasks)} tasks>"

    def load_tasks(self, module: ModuleType | str) -> None:
        """Add the tasks of a module.

        :param module: a module, or the name of one that is imported already or can be
        :raises WorkflowError: if two different tasks have one name
        """
        before = len(self._load_problems)
        self.collect_tasks(module)
        problems = self._load_problems[before:]
        if any(problem.fatal for problem in problems):
            raise _error(self.name, problems)

    def register_class(self, kind: type) -> type:
        """Let objects of a class that is not of the workflow's own modules be saved in a context.

        They come back by their attributes, without a call of ``__init__``. It may serve as a decorator.
        """
        self.classes.append(kind)
        return kind

    def module(self, name: str) -> ModuleType | None:
        """Return the module that this workflow knows by a name, if it is imported."""
        return self.twins.get(name) or sys.modules.get(name)

    def collect_tasks(self, module: ModuleType | str) -> None:
        """Add the tasks of a module; what is wrong with them is left to :meth:`check_graph`."""
        if isinstance(module, str):
            module = _import(module)
        self.name = self.name or _short_name(module)
        if module.__name__ not in self.modules:
            self.modules.append(module.__name__)
        if sys.modules.get(module.__name__, module) is not module:
            self.twins[module.__name__] = module
        for name, value in list(vars(module).items()):
            if isinstance(value, Task):
                self._add(value)
            elif isinstance(value, DecoratorStack):
                message = "it has workflow decorators but no @task()"
                self._load_problems.append(Problem(name, message, value.location))
        self._connect()

    def _add(self, task: Task) -> None:
        known = self.tasks.setdefault(task.name, task)
        if known is not task:
            message = (
                f"there is another task of this name at {known.location}; rename one with @task(name=...)"
            )
            self._load_problems.append(Problem(task.name, message, task.location, fatal=True))

    def _connect(self) -> None:
        self._graph = self._wanted = self._has_modes = None
        for task in self.tasks.values():
            for transition in task.followed_by:
                if transition.dest in self.tasks:
                    self.tasks[transition.dest].preceded_by.add(task.name)

    @property
    def start_points(self) -> list[str]:
        """Names of the tasks that are marked as start points."""
        return [name for name, task in self.tasks.items() if task.is_start_point]

    @property
    def end_points(self) -> list[str]:
        """Names of the tasks that are marked as end points."""
        return [name for name, task in self.tasks.items() if task.is_end_point]

    @property
    def graph(self) -> Graph:
        """The compiled graph.

        :raises WorkflowError: if the graph has no meaning that could be run
        """
        if self._graph is None:
            problems, graph = examine(self.tasks, self.provided)
            fatal = [problem for problem in (*self._load_problems, *problems) if problem.fatal]
            if graph is None or fatal:
                raise _error(self.name, fatal)
            self._graph = graph
        return self._graph

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """What tasks ask for by name behind the context, for those that ask for anything."""
        if self._wanted is None:
            self._wanted = wanted(self.tasks)
        return self._wanted

    @property
    def has_modes(self) -> bool:
        """Whether any task is async, runs once for each item, or has a time limit."""
        if self._has_modes is None:
            self._has_modes = any(
                task.is_async or task.options.each is not None or task.options.time_limit is not None
                for task in self.tasks.values()
            )
        return self._has_modes

    def problems(self) -> list[Problem]:
        """Return everything that is wrong with the graph."""
        problems, graph = examine(self.tasks, self.provided)
        problems = [*self._load_problems, *problems]
        self._graph = None if any(problem.fatal for problem in problems) else graph
        return problems

    def check_graph(self) -> None:
        """Check the graph: destinations, marks, loops, parameters, and that every task has a way in and a way out.

        :raises WorkflowError: with every problem, each with the file and line of its task
        """
        problems = self.problems()
        if problems:
            raise _error(self.name, problems)

    def create_runner(self, *args: Any, **kwargs: Any) -> Runner:
        """Make a :class:`.Runner` for one instance of this workflow; the arguments are passed on to it."""
        from .runner import Runner  # lazily: a check does not need it

        return Runner(self, *args, **kwargs)


def __getattr__(name: str) -> Any:
    """WfEpy had everything in this one module, and its scripts may import from here."""
    import wfepy_hooks

    if name in wfepy_hooks.__all__:
        return getattr(wfepy_hooks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _import(name: str) -> ModuleType:
    if name not in sys.modules:
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name + ".").startswith(error.name + "."):
                raise
            raise WorkflowError(
                f'there is no module "{name}"', hint="import it first, or check sys.path and the spelling"
            ) from error
    return sys.modules[name]


def _short_name(module: ModuleType) -> str:
    if module.__name__ == "__main__" and getattr(module, "__file__", None):
        import os.path

        return os.path.splitext(os.path.basename(str(module.__file__)))[0]
    return module.__name__.rpartition(".")[2]


def _error(name: str, problems: list[Problem]) -> WorkflowError:
    lines = [str(problem) for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    text = f"{count} in the graph:" + "".join(f"\n  {line}" for line in lines)
    return WorkflowError(text, where=f"workflow {name}", problems=tuple(problems))
