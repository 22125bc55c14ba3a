"""Tasks, the transitions between them, and the decorators that declare both."""

from __future__ import annotations

import functools
import sys

from .taskoptions import PLAIN, TaskOptions, make_options

__all__ = [
    "DecoratorStack",
    "Task",
    "Transition",
    "end_point",
    "followed_by",
    "is_async",
    "join_point",
    "stack_of",
    "start_point",
    "task",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .retrying import Retry
    from .timing import Duration

_CO_COROUTINE = 0x80  # the inspect module, which has it, takes 5 ms to import
OUTCOMES = ("done", "failed", "timeout", "any")


class Transition:
    """An edge from a task to the task that follows it.

    :ivar dest: name of the following task
    :ivar cond: gets the context and says whether the following task shall run; ``None``: it always does
    :ivar on: the outcome of the source that it is about: ``done``, ``failed``, ``timeout`` or ``any``
    :ivar source: name of the task it starts from; set when it is attached to one
    :ivar ordinal: its place among the transitions of its source, from 0; with the source it identifies it
    :ivar declared: ``file:line`` of the decorator that added it; empty if none did
    """

    __slots__ = ("cond", "declared", "dest", "on", "ordinal", "source")

    def __init__(
        self, dest: str | Task, cond: Callable[[Any], object] | None = None, on: str = "done"
    ) -> None:
        if isinstance(dest, Task):
            dest = dest.name
        if not isinstance(dest, str):
            raise TypeError(
                f"a task is followed by a task or the name of one, not by {type(dest).__name__} {dest!r}"
            )
        if cond is not None and not callable(cond):
            raise TypeError(f"the condition of the transition to {dest!r} must be callable, not {cond!r}")
        if on not in OUTCOMES:
            raise ValueError(f"on={on!r} of the transition to {dest!r} must be one of {', '.join(OUTCOMES)}")
        self.dest = dest
        self.cond = cond
        self.on = on
        self.source = ""
        self.ordinal = -1
        self.declared = ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transition):
            return NotImplemented
        return (self.dest, self.cond, self.on) == (other.dest, other.cond, other.on)

    def __hash__(self) -> int:
        return hash((self.dest, self.cond, self.on))

    def __repr__(self) -> str:
        on = "" if self.on == "done" else f", on={self.on!r}"
        return f"Transition({self.source!r} -> {self.dest!r}, cond={self.cond!r}{on})"

    @property
    def location(self) -> str:
        """``file:line`` of the condition, or nothing where there is none."""
        return _location(self.cond) if self.cond is not None else ""


class TransitionList(list[Transition]):
    """The transitions of one task, in the order of its decorators.

    WfEpy kept them in a set, so this list has ``add`` and equals a set of the same transitions.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def add(self, transition: Transition) -> None:
        """Attach ``transition`` behind the others."""
        transition.source = self.source
        transition.ordinal = len(self)
        self.append(transition)

    def add_first(self, transition: Transition) -> None:
        """Attach ``transition`` before the others."""
        transition.source = self.source
        self.insert(0, transition)
        for ordinal, each in enumerate(self):
            each.ordinal = ordinal

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (set, frozenset)):
            return set(self) == other
        return list.__eq__(self, other)


class Task:
    """A step of a workflow: it wraps the function that does the work, and calling it calls that function.

    The function gets the context and returns ``True`` when it is done, ``False`` (or :func:`wfepy_hooks.wait`)
    when it is to be called again at the next tick.

    :ivar func: the function
    :ivar name: unique in the workflow; by default the function's name
    :ivar labels: a set of free words
    :ivar followed_by: the outgoing transitions, in the order of the decorators
    :ivar preceded_by: names of the tasks with a transition to this one; filled by :class:`.Workflow`
    :ivar is_start_point: it runs first
    :ivar is_join_point: it joins branches
    :ivar is_end_point: the workflow may end here
    :ivar join: the rule of the join: ``"sync"``, ``"all"``, ``"any"``, a number, or ``None`` without a mark
    :ivar cancel_rest: when the join runs, what could only have led to it is cancelled
    :ivar terminate: when this end point is done, everything that is left is cancelled
    :ivar options: what else :func:`task` was given
    """

    __name__: str

    def __init__(
        self,
        func: Callable[..., Any],
        name: str | None = None,
        labels: Iterable[str] = (),
        options: TaskOptions | None = None,
    ) -> None:
        functools.update_wrapper(self, func)
        self.func = func
        self.name = _checked_name(func.__name__ if name is None else name)
        self.labels = {labels} if isinstance(labels, str) else set(labels)
        self.followed_by = TransitionList(self.name)
        self.preceded_by: set[str] = set()
        self.is_start_point = False
        self.is_join_point = False
        self.is_end_point = False
        self.join: str | int | None = None
        self.cancel_rest = False
        self.terminate = False
        self.options = PLAIN if options is None else options

    def has_labels(self, labels: Iterable[str], reducer: Callable[[Iterable[bool]], bool] = any) -> bool:
        """Return whether the task has any of ``labels``; with ``reducer=all``, all of them."""
        wanted = {labels} if isinstance(labels, str) else labels
        return reducer(label in self.labels for label in wanted)

    @property
    def is_async(self) -> bool:
        """Whether its function is an ``async def``."""
        return is_async(self.func)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.func(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Task {self.name!r} at {self.location}>"

    @property
    def location(self) -> str:
        """``file:line`` where the function is defined."""
        return _location(self.func)


def is_async(func: object) -> bool:
    """Return whether a function is an ``async def``."""
    return bool(getattr(getattr(func, "__code__", None), "co_flags", 0) & _CO_COROUTINE)


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(f"a task's name must be printable text, not {name!r}")
    return name


def _location(func: Callable[..., Any]) -> str:
    """Return ``file:line`` of a function, seen through wrappers and ``functools.partial``."""
    seen = 0
    while seen < 100:  # __wrapped__ may be cyclic
        inner = getattr(func, "__wrapped__", None) or getattr(func, "func", None)
        if inner is None:
            break
        func, seen = inner, seen + 1
    code = getattr(func, "__code__", None)
    if code is None:
        code = getattr(vars(type(func)).get("__call__"), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "<unknown>"


class DecoratorStack:
    """A function with workflow decorators whose :func:`task` decorator has not come yet."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.marks: list[Callable[[Task, bool], None]] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def location(self) -> str:
        """``file:line`` where the function is defined."""
        return _location(self.function)


def stack_of(func: Any) -> DecoratorStack:
    """Return what a decorator below has made of a function, or the start of that."""
    return func if isinstance(func, DecoratorStack) else DecoratorStack(func)


def _mark(apply: Callable[[Task, bool], None]) -> Callable[[Any], Any]:
    """Return a decorator that applies a mark to a task, now or when the task is made.

    ``apply`` gets the task and whether the mark stands above :func:`task`, so before all marks below.
    """

    def decorator(func: Any) -> Any:
        if isinstance(func, Task):
            apply(func, True)
            return func
        stack = stack_of(func)
        stack.marks.append(apply)
        return stack

    return decorator


def task(
    name: str | None = None,
    labels: Iterable[str] = (),
    *,
    deadline: Duration | None = None,
    remind_every: Duration | None = None,
    retry: Retry | None = None,
    time_limit: Duration | None = None,
    each: Callable[[Any], Iterable[Any]] | None = None,
    max_parallel: int | None = None,
    into: str = "",
    durable: str = "each",
    renamed_from: str | Iterable[str] = (),
    removed: str | Iterable[str] = (),
) -> Callable[[Any], Task]:
    """Make a function a task of the workflow; the other decorators may stand above it and below it.

    :param name: the task's name; by default the function's
    :param labels: free words for :meth:`Task.has_labels`
    :param deadline: past it the outcome is ``timeout``; a duration such as ``"3d"``, counted from the first attempt
    :param remind_every: how often ``wfepy_task_reminder`` is called while it waits, such as ``"1d"``
    :param retry: what becomes of failed attempts; without a policy each tick tries again
    :param time_limit: an attempt that takes longer failed. It is then abandoned: in a process it is ended, in a
        thread it goes on unseen until the tick ends.
    :param each: gets the context and returns a list; the task runs once for each item, which is its argument ``item``,
        and is done when all its items are. What it returns for them is collected as a list in the context.
    :param max_parallel: how many items run at the same time, at most
    :param into: the key of the context that gets that list; by default the name of the task
    :param durable: ``"each"``: each finished item is made durable by itself; ``"batch"``: those of up to 0.2 seconds
        together, which is faster and runs these again after a crash
    :param renamed_from: earlier names of the task, for instances that were saved with them
    :param removed: names of tasks that were removed; an instance that stands at one of them goes on here
    :raises TypeError: :raises ValueError: if one of these cannot be
    """
    if callable(name):
        raise TypeError("write @task() with parentheses")
    options = make_options(
        deadline=deadline,
        remind_every=remind_every,
        retry=retry,
        time_limit=time_limit,
        each=each,
        max_parallel=max_parallel,
        into=into,
        durable=durable,
        renamed_from=renamed_from,
        removed=removed,
    )

    def decorator(func: Any) -> Task:
        stack = stack_of(func)
        made = Task(stack.function, name, labels, options)
        for apply in reversed(stack.marks):
            apply(made, False)
        return made

    return decorator


def followed_by(
    dest: str | Task, cond: Callable[[Any], object] | None = None, on: str = "done"
) -> Callable[[Any], Any]:
    """Add a transition to the task ``dest``.

    :param dest: the following task or its name
    :param cond: gets the context; the transition is taken when it returns something true. It is called once,
        when this task ends, and the answer is stored.
    :param on: the outcome it is about: ``"done"``, ``"failed"``, ``"timeout"`` or ``"any"``
    """
    transition = Transition(dest, cond, on)
    # A task may have many lines of decorators, and the typing error is in one of them.
    caller = sys._getframe(1)
    declared = f"{caller.f_code.co_filename}:{caller.f_lineno}"

    def apply(made: Task, above: bool) -> None:
        # One decorator object may serve several functions: each gets a transition of its own.
        own = Transition(transition.dest, transition.cond, transition.on)
        own.declared = declared
        if above:
            made.followed_by.add_first(own)
        else:
            made.followed_by.add(own)

    return _mark(apply)


def start_point() -> Callable[[Any], Any]:
    """Mark a task as one that runs first."""

    def apply(made: Task, above: bool) -> None:
        made.is_start_point = True

    return _mark(apply)


def join_point(rule: str | int | None = None, *, cancel_rest: bool = False) -> Callable[[Any], Any]:
    """Mark a task as one where branches meet.

    :param rule: when it runs. ``None`` or ``"sync"``: when all branches are decided and at least one came;
        ``"all"``: when all came (it is skipped at the first that did not); ``"any"``: when the first came;
        a number: when so many came.
    :param cancel_rest: cancel what could only have led here once it runs
    """
    rule = "sync" if rule is None else rule
    if isinstance(rule, int) and not isinstance(rule, bool):
        if rule < 1:
            raise ValueError(f"join_point({rule}): the number of branches must be at least 1")
    elif rule not in ("sync", "all", "any"):
        raise ValueError(f'join_point({rule!r}): the rule must be "sync", "all", "any" or a number')

    def apply(made: Task, above: bool) -> None:
        made.is_join_point = True
        made.join = rule
        made.cancel_rest = cancel_rest

    return _mark(apply)


def end_point(*, terminate: bool = False) -> Callable[[Any], Any]:
    """Mark a task as one where the workflow may end.

    :param terminate: when this task is done, cancel everything that is left
    """

    def apply(made: Task, above: bool) -> None:
        made.is_end_point = True
        made.terminate = terminate

    return _mark(apply)
