"""What can be wrong with a graph: every problem at once, each with the file and line of its task."""

from __future__ import annotations

from .arguments import ARGUMENTS, parameters
from .graph import Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from .task import Task


class Problem:
    """One thing that is wrong with a graph.

    :ivar task: name of the task; empty when it is about the whole workflow
    :ivar message: what is wrong, and what to do
    :ivar location: ``file:line``; empty when it is about the whole workflow
    :ivar fatal: it has no meaning that could be run. WfEpy's scripts may run a workflow without checking it,
        so what is not fatal does not stop :meth:`.Workflow.create_runner`.
    """

    __slots__ = ("fatal", "location", "message", "task")

    def __init__(self, task: str, message: str, location: str = "", *, fatal: bool = False) -> None:
        self.task = task
        self.message = message
        self.location = location
        self.fatal = fatal

    def __str__(self) -> str:
        text = f'task "{self.task}": {self.message}' if self.task else self.message
        return f"{self.location}: {text}" if self.location else text

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"


def examine(tasks: Mapping[str, Task], provided: Collection[str] = ()) -> tuple[list[Problem], Graph | None]:
    """Return every problem of the graph, and the compiled graph if it could be compiled at all.

    :param provided: names of the arguments that plugins provide
    """
    if not tasks:
        return [
            Problem("", "the workflow has no task; decorate its functions with @task()", fatal=True)
        ], None
    problems = [*_unknown_destinations(tasks), *_wrong_parameters(tasks, provided), *_wrong_times(tasks)]
    if any(task.options.renamed_from or task.options.removed for task in tasks.values()):
        from .migration import rule_problems  # lazily: few workflows have such rules

        problems += [_problem(task, message, fatal=True) for task, message in rule_problems(tasks)]
    if not any(task.is_start_point for task in tasks.values()):
        problems.append(Problem("", "no task is marked with @start_point()", fatal=True))
    if not any(task.is_end_point for task in tasks.values()):
        problems.append(Problem("", "no task is marked with @end_point()"))
    if any(problem.fatal for problem in problems):
        return problems, None
    graph = Graph(tasks)
    problems += [*_unreachable(graph, tasks), *_endless(graph, tasks)]
    problems += [*_irreducible(graph, tasks), *_wrong_marks(graph, tasks)]
    return problems, graph


def _problem(task: Task, message: str, *, fatal: bool = False) -> Problem:
    return Problem(task.name, message, task.location, fatal=fatal)


def _unknown_destinations(tasks: Mapping[str, Task]) -> Iterator[Problem]:
    for task in tasks.values():
        for transition in task.followed_by:
            if transition.dest not in tasks:
                message = f'it is followed by "{transition.dest}", which is no task'
                message += _suggestion(transition.dest, tasks)
                yield Problem(task.name, message, transition.declared or task.location, fatal=True)


def _wrong_times(tasks: Mapping[str, Task]) -> Iterator[Problem]:
    for task in tasks.values():
        options = task.options
        if options.remind_every and options.deadline and options.remind_every >= options.deadline:
            yield _problem(task, "remind_every is not shorter than deadline, so it never comes to a reminder")


def _wrong_parameters(tasks: Mapping[str, Task], provided: Collection[str]) -> Iterator[Problem]:
    known = [*(each for each in ARGUMENTS if each != "item"), *sorted(provided)]
    for task in tasks.values():
        kind = _unrunnable(task.func)
        if kind:
            yield _problem(
                task, f"{kind}; calling it would not run it, so it would never be done", fatal=True
            )
        takes, required = parameters(task.func)
        if not takes:
            yield _problem(
                task, "its function takes no parameter; the first one gets the context", fatal=True
            )
        available_here = [*known, "item"] if task.options.each else known
        for name in required:
            if name not in available_here:
                available = ", ".join(available_here)
                hint = _suggestion(name, available_here)
                yield _problem(
                    task,
                    f'unknown parameter "{name}"{hint}; behind the context there are {available}: '
                    "give it a default or remove it",
                    fatal=True,
                )


def _unrunnable(func: object) -> str:
    """Return what kind of function it is if calling it runs nothing: its answer would always be true."""
    flags = getattr(getattr(func, "__code__", None), "co_flags", 0)
    if flags & 0x200:  # CO_ASYNC_GENERATOR
        return "its function is an async generator: it has a yield"
    return "its function is a generator: it has a yield" if flags & 0x20 else ""  # CO_GENERATOR


def _unreachable(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    for number, task in enumerate(tasks.values()):
        if not graph.flow.reached[number]:
            if task.preceded_by:
                yield _problem(task, "no start point leads to it")
            else:
                yield _problem(task, "no transition leads to it and it is not marked with @start_point()")


def _endless(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    leads_in: list[list[int]] = [[] for _ in graph.names]
    for edge, target in enumerate(graph.target):
        leads_in[target].append(graph.source[edge])
    ends = list(graph.ends)
    ending = set(ends)
    while ends:
        for source in leads_in[ends.pop()]:
            if source not in ending:
                ending.add(source)
                ends.append(source)
    for number, task in enumerate(tasks.values()):
        if number not in ending:
            if task.followed_by:
                yield _problem(task, "no end point can be reached from it")
            else:
                yield _problem(task, "nothing follows it and it is not marked with @end_point()")


def _irreducible(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    every = list(tasks.values())
    for source, edge in graph.flow.retreating:
        if not graph.is_loop_edge[edge]:
            names = [graph.names[task] for task in graph.flow.path(graph.target[edge], source)]
            cycle = " -> ".join([*names, names[0]])
            yield _problem(
                every[source],
                f"the cycle {cycle} can be entered in more than one place; "
                "let every way into it lead through the one task to which it returns",
                fatal=True,
            )


def _wrong_marks(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    heads = {loop.head for loop in graph.loops}
    reached = graph.flow.reached
    for number, task in enumerate(tasks.values()):
        edges = graph.forward_in[number]
        sources = list(dict.fromkeys(graph.names[graph.source[edge]] for edge in edges))
        if len(sources) > 1 and not task.is_join_point:
            names = ", ".join(sources)
            yield _problem(task, f"{names} lead to it, so it needs a mark: @join_point()", fatal=True)
        elif len(task.preceded_by) <= 1 and task.is_join_point and number not in heads and reached[number]:
            yield _problem(
                task, "it is marked with @join_point() but no branches meet there; remove the mark"
            )
        meets = len(sources) > 1 or number in heads
        if isinstance(task.join, int) and len(edges) < task.join and meets:
            count = len(edges)
            yield _problem(
                task, f"@join_point({task.join}), but only {count} transitions lead to it", fatal=True
            )


def _suggestion(word: str, known: Iterable[str]) -> str:
    from .suggest import closest  # lazily: only when something is wrong already

    near = closest(word, known)
    return f'; did you mean "{near}"?' if near else ""
