"""Doubles of tasks: what is called in a test in place of the function of a task."""

from __future__ import annotations

import copy

from ..arguments import ARGUMENTS, parameters
from ..context import put
from ..outcome import Wait

__all__ = ["Call", "Double", "check_functions", "counted"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from ..instance import Instance
    from ..task import Task


class Call:
    """One call of a double.

    :ivar task: the task's name
    :ivar context: a copy of the context as it was then
    :ivar arguments: what else the double asked for, by name
    :ivar workflow: the name of the workflow
    :ivar instance: the id of the instance
    :ivar attempt: 1 for the first attempt
    :ivar idempotency_key: the same for each attempt of the task in this pass, and for no other
    """

    def __init__(self, task: str, context: Any, arguments: dict[str, Any], instance: Instance) -> None:
        self.task = task
        self.context = copy.deepcopy(context)
        self.arguments = {name: value for name, value in arguments.items() if name != "instance"}
        self.workflow = instance.workflow.name
        self.instance = instance.id
        self.attempt = instance.failures.get(task, 0) + 1
        self.idempotency_key = instance.idempotency_key(task)

    def __repr__(self) -> str:
        return f"<Call of {self.task}, attempt {self.attempt}, {self.context!r}>"


class Double:
    """Stands for the function of a task, and remembers how it was called.

    :ivar task: the task's name
    :ivar calls: how it was called, oldest first
    """

    def __init__(self, task: str, does: Any) -> None:
        """
        :param does: what the task does instead: a function, which may ask for arguments as a task does; what it returns
            (``True``, ``False``, a wait, one of the choices of an approval); an exception that it raises; or a list of
            these, one for each call, of which the last stays
        """
        self.task = task
        self.calls: list[Call] = []
        #: What people may choose, if it stands for an approval, and the item of the context that gets it.
        self._choices: tuple[object, ...] = ()
        self._into = ""
        #: Told of each call; set while ticks run in processes of their own.
        self.tell: Callable[[Call], None] | None = None
        self._does = does if isinstance(does, list) else [does]
        if not self._does:
            raise ValueError(f"the list of what {task} does is empty")

    def __repr__(self) -> str:
        return f"<Double of {self.task}, called {self.times}>"

    @property
    def times(self) -> str:
        """How often it was called, in words."""
        return counted(len(self.calls))

    def fresh(self) -> Double:
        """Return one that does the same and was not called yet."""
        return Double(self.task, self._does)

    def stand_for(self, task: Task) -> Task:
        """Return a copy of ``task`` that calls this in place of its function."""
        double = copy.copy(task)
        self._choices = getattr(task.func, "wfepy_choices", ())
        self._into = getattr(task.func, "wfepy_into", "") or task.name
        names = {name for does in self._does if _is_function(does) for name in parameters(does)[1]}

        def function(context: Any, instance: Instance, **given: Any) -> Any:
            return self._called(context, {"instance": instance, **given})

        function.__name__ = task.name
        found: Any = function
        found.wfepy_parameters = ("instance", *sorted(names - {"instance"}))
        # Where the function is told, it is that of the task.
        found.__wrapped__ = task.func
        double.func = found
        return double

    def _called(self, context: Any, given: dict[str, Any]) -> Any:
        call = Call(self.task, context, given, given["instance"])
        does = self._does[min(len(self.calls), len(self._does) - 1)]
        self.calls.append(call)
        if self.tell is not None:
            self.tell(call)
        if isinstance(does, BaseException) or (isinstance(does, type) and issubclass(does, BaseException)):
            raise does
        if not _is_function(does):
            return self._answered(context, does)
        return self._answered(context, does(context, **{name: given[name] for name in parameters(does)[1]}))

    def _answered(self, context: Any, answer: Any) -> Any:
        """Return what the task returns; a choice is put into the context, as an approval does with that of people."""
        if not (isinstance(answer, str) and answer in self._choices):
            return answer
        put(context, self._into, answer)
        return True


def check_functions(does: Any, task: Task, provided: Collection[str]) -> None:
    """Expect that each function that a double is to call can be called in place of that of a task.

    :raises TypeError: if it takes no context, or asks for what nobody provides
    """
    known = [
        each for each in (*ARGUMENTS, *sorted(provided)) if each != "item" or task.options.each is not None
    ]
    for each in does if isinstance(does, list) else [does]:
        if not _is_function(each):
            continue
        takes_context, names = parameters(each)
        if not takes_context:
            raise TypeError(
                f"the double of {task.name} must take the context, as the task does: lambda context: ..."
            )
        unknown = [name for name in names if name not in known]
        if unknown:
            raise TypeError(
                f'the double of {task.name} asks for "{unknown[0]}", which is no argument of a task; '
                f"there are {', '.join(known)}"
            )


def counted(count: int) -> str:
    """Return how often something was, in words."""
    return "once" if count == 1 else f"{count} times" if count else "never"


def _is_function(does: object) -> bool:
    return callable(does) and not isinstance(does, (Wait, type))
