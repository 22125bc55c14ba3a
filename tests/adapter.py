"""Puts the plans of the model into the engine's terms, so that one test can drive both."""

from __future__ import annotations

import contextlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from oracle import Oracle, plan_of
from wfepy_hooks import GiveUp, Workflow, end_point, followed_by, join_point, start_point, task, wait
from wfepy_hooks import marking as m
from wfepy_hooks.checks import Problem, examine
from wfepy_hooks.graph import Graph
from wfepy_hooks.marking import EDGE_WORDS, STATUS_WORDS, Marking
from wfepy_hooks.task import Task, Transition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphs import Case
    from oracle import EdgeSpec, Plan, TaskSpec
    from wfepy_hooks import Instance
    from wfepy_hooks.marking import Settled

OUTCOMES = {"done": m.DONE, "failed": m.FAILED, "timeout": m.TIMED_OUT}

Snapshot = tuple[dict[str, str], dict[str, int], dict[tuple[str, int], str], str]
"""Statuses, generations, decisions, and what has become of the instance."""


def true(context: object) -> bool:
    return True


def task_of(spec: TaskSpec) -> Task:
    """The engine's task, without work to do."""
    made = Task(true, spec.name)
    made.is_start_point, made.is_end_point = spec.start, spec.end
    made.is_join_point, made.join = spec.join is not None, spec.join
    made.cancel_rest, made.terminate = spec.cancel_rest, spec.terminate
    for edge in spec.edges:
        made.followed_by.add(Transition(edge.dest, true if edge.cond else None, edge.on))
    return made


def tasks_of(plan: Plan) -> dict[str, Task]:
    tasks = {name: task_of(spec) for name, spec in plan.tasks.items()}
    for made in tasks.values():
        for transition in made.followed_by:
            tasks[transition.dest].preceded_by.add(made.name)
    return tasks


def find_problems(tasks: Mapping[str, Task]) -> list[Problem]:
    """Return every problem of a graph."""
    return examine(tasks)[0]


def graph_of(plan: Plan) -> Graph:
    return Graph(tasks_of(plan))


def decide(spec: EdgeSpec, outcome: str, condition: bool) -> int:
    """What the runner would write for one transition."""
    if spec.on not in (outcome, "any"):
        return m.E_OUTCOME
    if not spec.cond:
        return m.E_TAKEN
    return m.E_TRUE if condition else m.E_FALSE


def settle(marking: Marking, spec: TaskSpec, outcome: str, conditions: Mapping[int, bool]) -> Settled:
    """End a task of the marking the way `Oracle.settle` does."""
    decisions = []
    if spec.handles(outcome):
        decisions = [decide(edge, outcome, conditions.get(n, True)) for n, edge in enumerate(spec.edges)]
    return marking.settle(marking.graph.index[spec.name], OUTCOMES[outcome], decisions)


def restored(marking: Marking) -> Marking:
    """The marking as it comes back from a file: from statuses, generations, decisions and the queue alone."""
    copy = Marking(marking.graph)
    copy.status[:] = marking.status
    copy.generation[:] = marking.generation
    copy.edges[:] = marking.edges
    copy.queue.clear()
    copy.queue.update(marking.queue)
    copy.recount()
    return copy


def snapshot(marking: Marking) -> Snapshot:
    graph = marking.graph
    return (
        {name: STATUS_WORDS[marking.status[place]] for name, place in graph.index.items()},
        {name: marking.generation[place] for name, place in graph.index.items()},
        {
            (name, number): EDGE_WORDS[marking.edges[edge]]
            for name, place in graph.index.items()
            for number, edge in enumerate(graph.edges_of(place))
        },
        marking.state,
    )


def expected(oracle: Oracle) -> Snapshot:
    return oracle.status, oracle.generation, oracle.edges, oracle.state


class Play:
    """A random case as a user's module: decorated functions and conditions that act as the script says.

    :ivar runner: the runner of the moment
    :ivar called: the (task, generation) of every call of a task
    :ivar ended: the (task, generation) of every task that came to its end
    :ivar asked: how often each condition was asked in each generation
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.called: list[tuple[str, int]] = []
        self.ended: list[tuple[str, int]] = []
        self.asked: dict[tuple[str, int, int], int] = {}
        self._attempts: dict[tuple[str, int], int] = {}
        self._allowed: tuple[str, int] | None = None
        module = ModuleType("random_workflow")
        for place, spec in enumerate(case.plan.tasks.values()):
            setattr(module, spec.name, self._decorated(spec, task_decorator_last=place % 2 == 0))
        self.workflow = Workflow()
        self.workflow.load_tasks(module)
        self.workflow.check_graph()
        self.runner = self.workflow.create_runner()

    @property
    def instance(self) -> Instance:
        return self.runner.instance

    def tick(self, allowed: tuple[str, int] | None = None) -> None:
        """One tick; `allowed`: the only task, and its generation, that does not answer that it waits."""
        self._allowed = allowed
        with contextlib.suppress(TryAgain, GiveUp):
            self.runner.run()

    def restart(self, file: str) -> None:
        """Save to the file, and go on with another runner that has loaded it."""
        self.runner.dump(file)
        self.runner = self.workflow.create_runner()
        self.runner.load(file)

    def told(self) -> tuple[Snapshot, list[int], list[str]]:
        """All that can be seen of the instance."""
        names = self.workflow.tasks
        return (
            snapshot(self.instance.marking),
            list(self.instance.marking.queue),
            [*map(self.instance.why, names)],
        )

    def _decorated(self, spec: TaskSpec, task_decorator_last: bool) -> Any:
        def function(context: dict[str, Any]) -> object:
            return self._act(spec, context)

        function.__name__ = spec.name
        decorators: list[Any] = [
            followed_by(edge.dest, self._condition(spec, ordinal) if edge.cond else None, on=edge.on)
            for ordinal, edge in enumerate(spec.edges)
        ]
        if spec.start:
            decorators.append(start_point())
        if spec.end:
            decorators.append(end_point(terminate=spec.terminate))
        if spec.join is not None:
            rule = None if spec.join == "sync" else spec.join
            decorators.append(join_point(rule, cancel_rest=spec.cancel_rest))
        decorators.insert(0 if task_decorator_last else len(decorators) // 2, task())
        made: Any = function
        for decorator in reversed(decorators):
            made = decorator(made)
        return made

    def _condition(self, spec: TaskSpec, ordinal: int) -> Callable[[object], bool]:
        def condition(context: object) -> bool:
            generation = self.instance.generation(spec.name)
            key = (spec.name, ordinal, generation)
            self.asked[key] = self.asked.get(key, 0) + 1
            return self.case.script.condition((spec.name, ordinal), generation)

        return condition

    def _act(self, spec: TaskSpec, context: dict[str, Any]) -> object:
        generation = self.instance.generation(spec.name)
        key = (spec.name, generation)
        self.called.append(key)
        if self._allowed is not None and self._allowed != key:
            return False
        before = self.case.script.attempts_before(spec.name, generation)
        attempt = self._attempts.get(key, 0)
        self._attempts[key] = attempt + 1
        if attempt < len(before):
            if before[attempt] == "wait":
                return wait(reason=f"attempt {attempt}")
            raise TryAgain(spec.name)
        self.ended.append(key)
        context.setdefault("ended", []).append(list(key))
        if self.case.script.outcome(spec.name, generation) == "failed":
            raise GiveUp(spec.name)
        return True


class TryAgain(Exception):
    """A task failed, and is tried again at the next tick."""


class Flow:
    """One instance, told in a few words, on the engine and on the model at once: they must never differ."""

    def __init__(self, text: str) -> None:
        self.plan = plan_of(text)
        assert find_problems(tasks_of(self.plan)) == []
        self.marking = Marking(graph_of(self.plan))
        self.oracle = Oracle(self.plan)
        assert snapshot(self.marking) == expected(self.oracle)

    def end(self, names: str, *answers: bool, outcome: str = "done") -> list[str]:
        """End the named tasks, one after the other; the answers are those of the conditions of each.

        Returns the tasks that may run now, in order.
        """
        for name in names.split():
            spec = self.plan.tasks[name]
            assert name in self.ready
            conditions = spec.conditions(outcome, answers)
            settle(self.marking, spec, outcome, conditions)
            self.oracle.settle(name, outcome, conditions)
            assert snapshot(self.marking) == expected(self.oracle)
            assert snapshot(restored(self.marking)) == expected(self.oracle)
        return self.ready

    @property
    def ready(self) -> list[str]:
        return [self.marking.graph.names[task] for task in self.marking.queue]

    @property
    def state(self) -> str:
        return self.marking.state

    def status(self, name: str) -> str:
        return STATUS_WORDS[self.marking.status[self.marking.graph.index[name]]]

    def generation(self, name: str) -> int:
        return self.marking.generation[self.marking.graph.index[name]]

    def edges(self, name: str) -> list[str]:
        """What was decided about the transitions of a task."""
        edges = self.marking.graph.edges_of(self.marking.graph.index[name])
        return [EDGE_WORDS[self.marking.edges[edge]] for edge in edges]
