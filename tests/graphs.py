"""Hypothesis strategies for random workflows, and for what happens in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from oracle import EdgeSpec, Oracle, Plan, TaskSpec, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle import Edge

PASSES = 3
"""From this generation on no loop edge is taken, so that every random instance ends."""


@dataclass(frozen=True)
class Script:
    """What the tasks and conditions of one instance answer, by generation of the task.

    :ivar outcomes: what comes of each task: done, failed or timeout
    :ivar before: what its attempts do before that: ``"wait"`` or ``"raise"``
    :ivar conditions: what the condition of each transition says
    """

    outcomes: dict[str, tuple[str, ...]]
    before: dict[str, tuple[tuple[str, ...], ...]]
    conditions: dict[Edge, tuple[bool, ...]]
    loop_edges: frozenset[Edge]

    def outcome(self, task: str, generation: int) -> str:
        return self.outcomes[task][generation] if generation < PASSES else "done"

    def attempts_before(self, task: str, generation: int) -> tuple[str, ...]:
        return self.before[task][generation] if generation < PASSES else ()

    def condition(self, edge: Edge, generation: int) -> bool:
        if generation >= PASSES:
            return edge not in self.loop_edges
        return self.conditions[edge][generation]

    def conditions_of(self, plan: Plan, task: str, generation: int) -> dict[int, bool]:
        """What the conditions of one task say, by the ordinal of the transition."""
        edges = plan.outputs(task)
        return {edge[1]: self.condition(edge, generation) for edge in edges if plan.edges[edge].cond}


@st.composite
def plans(draw: st.DrawFn, max_tasks: int = 8, cancelling: bool = True) -> Plan:
    """Workflows without faults; `cancelling`: with ``cancel_rest`` and ``terminate``, so order matters."""
    count = draw(st.integers(1, max_tasks))
    names = [chr(ord("a") + number) for number in range(count)]
    starts = {names[0]} | {name for name in names[1:] if draw(st.integers(0, 5)) == 5}
    edges: dict[str, list[EdgeSpec]] = {name: [] for name in names}
    for number, name in enumerate(names[1:], start=1):
        sources = st.sampled_from(names[:number])
        is_start = name in starts
        for source in draw(st.lists(sources, min_size=int(not is_start), max_size=1 if is_start else 4)):
            on = draw(st.sampled_from(("done", "done", "done", "any", "failed", "timeout")))
            edges[source].append(EdgeSpec(name, on, draw(st.integers(0, 2)) == 2))
    _add_loops(draw, names, starts, edges)
    edges = {name: draw(st.permutations(specs)) if len(specs) > 1 else specs for name, specs in edges.items()}
    ends = _ends(draw, names, starts, edges)
    bare = Plan(TaskSpec(name, tuple(edges[name]), name in starts) for name in names)
    order = draw(st.permutations(names)) if draw(st.booleans()) else names
    return Plan(_marked(draw, bare, name, name in ends, cancelling) for name in order)


def _add_loops(draw: st.DrawFn, names: list[str], starts: set[str], edges: dict[str, list[EdgeSpec]]) -> None:
    """Add edges back to dominators: to the task itself, to heads of other loops, out of inner loops."""
    bare = Plan(TaskSpec(name, tuple(edges[name]), name in starts) for name in names)
    for head in draw(st.lists(st.sampled_from(names), max_size=4)):
        inside = [name for name in names if bare.dominates(head, name)]
        for task in draw(st.lists(st.sampled_from(inside), min_size=1, max_size=3)):
            on = draw(st.sampled_from(("done", "done", "any", "failed", "timeout")))
            has_condition = on in ("done", "any") or draw(st.booleans())
            edges[task].append(EdgeSpec(head, on, has_condition))


def _ends(draw: st.DrawFn, names: list[str], starts: set[str], edges: dict[str, list[EdgeSpec]]) -> set[str]:
    """Some end points, and more where they are needed for every task to have a way to one."""
    bare = Plan(TaskSpec(name, tuple(edges[name]), name in starts) for name in names)
    ends = {name for name in names if draw(st.integers(0, 7)) == 7}
    for name in reversed(names):
        if not ends & bare.reach([name]):
            ends.add(name)
    return ends


def _marked(draw: st.DrawFn, bare: Plan, name: str, end: bool, cancelling: bool) -> TaskSpec:
    """The task with the join mark that it needs, or may have."""
    task = bare.tasks[name]
    inputs = bare.inputs(name)
    is_join = len({edge[0] for edge in inputs}) > 1
    join: str | int | None = None
    if is_join or (name in bare.loops and inputs and draw(st.booleans())):
        join = draw(st.sampled_from(("sync", "any", "all", *range(1, len(inputs) + 1))))
    cancel_rest = cancelling and is_join and not task.start and draw(st.integers(0, 2)) == 2
    terminate = cancelling and end and draw(st.booleans())
    return TaskSpec(name, task.edges, task.start, end, join, cancel_rest, terminate)


RACE_RULES: tuple[str | int, ...] = ("any", "any", 2, "sync")


@st.composite
def races(draw: st.DrawFn, max_tasks: int = 6) -> Plan:
    """Workflows in which a join cancels nearly everything: all that is random leads to it, and so does a rival.

    The whole race may be a loop.
    """
    plan = draw(plans(max_tasks, cancelling=False))
    rule = draw(st.sampled_from(RACE_RULES))
    is_loop = draw(st.booleans())
    random = []
    for task in plan.tasks.values():
        into = EdgeSpec("join", draw(st.sampled_from(("done", "any"))), draw(st.booleans()))
        edges = (*task.edges, into) if task.end else task.edges
        join = "sync" if is_loop and task.start and plan.inputs(task.name) and not task.join else task.join
        random.append(replace(task, edges=edges, end=False, start=task.start and not is_loop, join=join))
    rival = TaskSpec("rival", (EdgeSpec("join"),), start=not is_loop)
    if not is_loop:
        return Plan([*random, rival, TaskSpec("join", end=True, join=rule, cancel_rest=True)])
    top = TaskSpec("top", (*map(EdgeSpec, plan.starts), EdgeSpec("rival")), start=True)
    return Plan([top, *random, rival, *_back_to_the_top(draw, rule)])


def _back_to_the_top(draw: st.DrawFn, rule: str | int) -> list[TaskSpec]:
    """The join, what comes after it, from where the loop may repeat, and the end."""
    after, again, end = (
        EdgeSpec("after", cond=draw(st.booleans())),
        EdgeSpec("top", cond=True),
        EdgeSpec("end"),
    )
    end_follows_join = draw(st.booleans())
    return [
        TaskSpec("join", (after, end) if end_follows_join else (after,), join=rule, cancel_rest=True),
        TaskSpec("after", (again,) if end_follows_join else (again, end)),
        TaskSpec("end", end=True),
    ]


@st.composite
def scripts(draw: st.DrawFn, plan: Plan, attempts: bool = False) -> Script:
    """What happens in an instance of the plan; `attempts`: with waits and retries on the way, without timeouts."""
    outcome = st.sampled_from(("done",) * 6 + ("failed", "failed" if attempts else "timeout"))
    condition = st.sampled_from((True, True, False))
    passes = {name: PASSES if any(name in body for body in plan.loops.values()) else 1 for name in plan.tasks}
    before = st.lists(st.sampled_from(("wait", "raise")), max_size=2).map(tuple) if attempts else st.just(())
    return Script(
        {name: tuple(draw(outcome) for _ in range(count)) for name, count in passes.items()},
        {name: tuple(draw(before) for _ in range(count)) for name, count in passes.items()},
        {
            edge: tuple(draw(condition) for _ in range(passes[edge[0]])) if spec.cond else ()
            for edge, spec in plan.edges.items()
        },
        frozenset(plan.loop_edges),
    )


orders = st.lists(st.integers(0, 7), min_size=1, max_size=12)
"""Which of the ready tasks goes next: see `pick`."""


def pick(ready: list[str], order: list[int], step: int) -> str:
    """The task that an order runs in a step; an order that is used up starts again."""
    return ready[order[step % len(order)] % len(ready)]


@dataclass(frozen=True)
class Case:
    """A workflow, what happens in it, and in which order the ready tasks run.

    ``case.model()`` runs the model to its end.
    """

    plan: Plan
    script: Script
    order: list[int]

    def steps(self, oracle: Oracle) -> Iterator[tuple[str, str, dict[int, bool]]]:
        """Run the model; yields after each step what has ended: the task, its outcome, what its conditions say."""
        step = 0
        while oracle.ready:
            name = pick(oracle.ready, self.order, step)
            generation = oracle.generation[name]
            outcome = self.script.outcome(name, generation)
            conditions = self.script.conditions_of(self.plan, name, generation)
            oracle.settle(name, outcome, conditions)
            yield name, outcome, conditions
            step += 1
            assert step < 10_000, "the random instance does not end"

    def model(self) -> Oracle:
        oracle = Oracle(self.plan)
        for _ in self.steps(oracle):
            pass
        return oracle

    @staticmethod
    def of(text: str, order: list[int]) -> Case:
        """A case in which all tasks are done and all conditions true, for what is too rare to come up at random."""
        plan = plan_of(text)
        script = Script(
            dict.fromkeys(plan.tasks, ("done",) * PASSES),
            dict.fromkeys(plan.tasks, ((),) * PASSES),
            dict.fromkeys(plan.edges, (True,) * PASSES),
            frozenset(plan.loop_edges),
        )
        return Case(plan, script, order)

    def in_another_order(self) -> Case:
        return Case(self.plan, self.script, [7 - number for number in reversed(self.order)])


@st.composite
def cases(draw: st.DrawFn, max_tasks: int = 8, cancelling: bool = True, attempts: bool = False) -> Case:
    plan = draw(st.one_of(plans(max_tasks), races()) if cancelling else plans(max_tasks, cancelling=False))
    return Case(plan, draw(scripts(plan, attempts)), draw(orders))


@st.composite
def any_plans(draw: st.DrawFn, max_tasks: int = 6) -> Plan:
    """Any graph at all, mostly with faults, for the checks."""
    count = draw(st.integers(1, max_tasks))
    names = [chr(ord("a") + number) for number in range(count)]
    edges = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=2 * count))
    return Plan(
        TaskSpec(
            name,
            tuple(EdgeSpec(target) for source, target in edges if source == name),
            start=name == "a" or draw(st.integers(0, 3)) == 3,
            end=draw(st.integers(0, 2)) == 2,
            join=draw(st.sampled_from((None, None, "sync"))),
        )
        for name in names
    )
