"""A small, slow, obviously right model of the graph semantics, to hold the engine against.

It shares no code with the engine. Dominators are found by leaving a task out and looking what can still be
reached; after every step each rule is evaluated again over the whole graph until nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PENDING, READY, DONE, SKIPPED = "pending", "ready", "done", "skipped"
FAILED, TIMED_OUT, CANCELLED = "failed", "timed_out", "cancelled"

STATUS_OF_OUTCOME = {"done": DONE, "failed": FAILED, "timeout": TIMED_OUT}

Edge = tuple[str, int]
"""A transition is known by its source and its number among the transitions of the source."""


@dataclass(frozen=True)
class EdgeSpec:
    """One transition: where to, on which outcome, and whether it has a condition."""

    dest: str
    on: str = "done"
    cond: bool = False

    def __repr__(self) -> str:
        return f"->{self.dest}" + (f"/{self.on}" if self.on != "done" else "") + ("?" if self.cond else "")


@dataclass(frozen=True)
class TaskSpec:
    """One task; ``join`` is ``None`` without a mark, else ``"sync"``, ``"all"``, ``"any"`` or a number."""

    name: str
    edges: tuple[EdgeSpec, ...] = ()
    start: bool = False
    end: bool = False
    join: str | int | None = None
    cancel_rest: bool = False
    terminate: bool = False

    def conditions(self, outcome: str, answers: Iterable[bool]) -> dict[int, bool]:
        """Give the answers to the conditions that are asked after this outcome, in order."""
        asked = [n for n, edge in enumerate(self.edges) if edge.cond and edge.on in (outcome, "any")]
        return dict(zip(asked, answers, strict=True))

    def handles(self, outcome: str) -> bool:
        """Whether some transition is meant for the outcome; nobody needs to handle "done"."""
        return outcome == "done" or any(edge.on in (outcome, "any") for edge in self.edges)

    def __repr__(self) -> str:
        marks = [word for word in ("start", "end", "cancel_rest", "terminate") if getattr(self, word)]
        if self.join is not None:
            marks.append(f"join={self.join}")
        return f"<{self.name} {' '.join([*marks, *map(repr, self.edges)])}>"


def plan_of(text: str) -> Plan:
    """A plan from lines such as ``a start: b c?`` or ``j join=any cancel_rest end: d/failed``.

    A question mark stands for a condition, what follows a slash is the outcome that the transition is about.
    """
    return Plan(_task(*line.split(":")) for line in text.split("\n") if line.strip())


def _task(head: str, targets: str = "") -> TaskSpec:
    name, *marks = head.split()
    join: str | int | None = None
    for mark in marks:
        if mark.startswith("join"):
            rule = mark.removeprefix("join=") if "=" in mark else "sync"
            join = int(rule) if rule.isdigit() else rule
    edges = tuple(_edge(target) for target in targets.split())
    flags = {mark: True for mark in marks if not mark.startswith("join")}
    return TaskSpec(name, edges, join=join, **flags)


def _edge(target: str) -> EdgeSpec:
    dest, _, on = target.rstrip("?").partition("/")
    return EdgeSpec(dest, on or "done", target.endswith("?"))


class Plan:
    """What does not change while a workflow runs: its transitions, its loops, its faults."""

    def __init__(self, tasks: Iterable[TaskSpec]) -> None:
        self.tasks = {task.name: task for task in tasks}
        self.edges: dict[Edge, EdgeSpec] = {
            (task.name, ordinal): edge
            for task in self.tasks.values()
            for ordinal, edge in enumerate(task.edges)
            if edge.dest in self.tasks
        }
        self.starts = [task.name for task in self.tasks.values() if task.start]
        self.reachable = self.reach(self.starts)
        self.loop_edges = {edge for edge in self.edges if self.dominates(self.edges[edge].dest, edge[0])}
        self.loops = self._find_loops()

    def __repr__(self) -> str:
        return f"Plan({list(self.tasks.values())})"

    def reach(self, sources: Iterable[str], avoiding: str | None = None, forward: bool = False) -> set[str]:
        """Every task on a path from the sources, themselves included, that does not touch `avoiding`."""
        found = {name for name in sources if name != avoiding}
        while True:
            more = {
                spec.dest
                for edge, spec in self.edges.items()
                if edge[0] in found and spec.dest != avoiding and not (forward and edge in self.loop_edges)
            }
            if more <= found:
                return found
            found |= more

    def dominates(self, head: str, task: str) -> bool:
        """Whether every path from a start point to the task goes through the head."""
        return task in self.reachable and task not in self.reach(self.starts, avoiding=head)

    def _find_loops(self) -> dict[str, frozenset[str]]:
        """The natural loop of each head: what reaches the source of a loop edge without touching the head."""
        loops: dict[str, set[str]] = {}
        for edge in self.loop_edges:
            head = self.edges[edge].dest
            body = {name for name in self.reachable if edge[0] in self.reach([name], avoiding=head)}
            loops.setdefault(head, {head}).update(body)
        inner_first = sorted(loops.items(), key=lambda item: len(item[1]))
        return {head: frozenset(body) for head, body in inner_first}

    def inputs(self, task: str) -> list[Edge]:
        """The transitions that the join rule of a task looks at."""
        into = [edge for edge, spec in self.edges.items() if spec.dest == task]
        return [edge for edge in into if edge not in self.loop_edges]

    def outputs(self, task: str) -> list[Edge]:
        """All transitions of a task."""
        return [edge for edge in self.edges if edge[0] == task]

    def loops_left_by(self, edge: Edge) -> list[str]:
        """Heads of the loops that a transition leads out of."""
        return [h for h, body in self.loops.items() if edge[0] in body and self.edges[edge].dest not in body]

    def only_leads_to(self, join: str) -> set[str]:
        """What ``cancel_rest`` may cancel: all that comes before the join and can lead nowhere else."""
        after = self.reach([join], forward=True)
        found = {name for name, task in self.tasks.items() if name not in after and not task.end}
        while True:
            stray = set()
            for edge, spec in self.edges.items():
                allowed = found if edge in self.loop_edges else found | {join}
                if spec.dest not in allowed:
                    stray.add(edge[0])
            if not stray & found:
                return found
            found -= stray

    def problems(self) -> set[tuple[str, str]]:
        """What `check_graph` has to report: (kind, task).

        Marks and loops of what is never reached do not matter; but no mark is needless if only a task that cannot
        be reached yet makes it so.
        """
        found = set()
        for name, task in self.tasks.items():
            if not any(self.tasks[other].end for other in self.reach([name])):
                found.add(("no end", name))
            if name not in self.reachable:
                found.add(("unreachable", name))
                continue
            sources = {edge[0] for edge in self.inputs(name)}
            if task.join is None and len(sources & self.reachable) > 1:
                found.add(("mark missing", name))
            if task.join is not None and len(sources) < 2 and name not in self.loops:
                found.add(("mark needless", name))
            targets = [self.edges[edge].dest for edge in self.outputs(name) if edge not in self.loop_edges]
            if name in self.reach(targets, forward=True):
                found.add(("irreducible", name))
        return found


@dataclass
class Oracle:
    """One instance. `settle` is the only way to change it."""

    plan: Plan
    status: dict[str, str] = field(default_factory=dict)
    generation: dict[str, int] = field(default_factory=dict)
    edges: dict[Edge, str] = field(default_factory=dict)
    terminated: bool = False

    def __post_init__(self) -> None:
        for name, task in self.plan.tasks.items():
            self.status[name] = READY if task.start else PENDING
            self.generation[name] = 0
        self.edges = dict.fromkeys(self.plan.edges, PENDING)
        self._run_rules()

    @property
    def ready(self) -> list[str]:
        return [name for name, status in self.status.items() if status == READY]

    def settle(self, name: str, outcome: str, conditions: Mapping[int, bool]) -> None:
        """A ready task ended; `conditions` holds what the condition of each transition says, by ordinal."""
        assert self.status[name] == READY
        self.status[name] = STATUS_OF_OUTCOME[outcome]
        if not self.plan.tasks[name].handles(outcome):
            return
        for edge in self.plan.outputs(name):
            spec = self.plan.edges[edge]
            if spec.on not in (outcome, "any"):
                self.edges[edge] = "outcome"
            elif not spec.cond:
                self.edges[edge] = "taken"
            else:
                self.edges[edge] = "true" if conditions[edge[1]] else "false"
        if self.plan.tasks[name].terminate and outcome == "done":
            self.terminated = True
            self._cancel(self.plan.tasks)
        else:
            self._run_rules()

    def is_settled(self, name: str) -> bool:
        """Whether a task and its transitions are decided; those of an unhandled failure stay open."""
        if self.status[name] in (FAILED, TIMED_OUT):
            return any(self.edges[edge] != PENDING for edge in self.plan.outputs(name))
        return self.status[name] not in (PENDING, READY)

    def seen(self, edge: Edge) -> str:
        """What the target sees of a transition: nothing before all the loops that it leaves are closed."""
        return self.edges[edge] if all(map(self.is_closed, self.plan.loops_left_by(edge))) else PENDING

    def counts(self, edges: Iterable[Edge]) -> tuple[int, int, int]:
        """How many of the transitions are taken, decided against, and pending."""
        seen = [self.seen(edge) for edge in edges]
        taken = sum(value in ("taken", "true") for value in seen)
        pending = seen.count(PENDING)
        return taken, len(seen) - taken - pending, pending

    def is_closed(self, head: str) -> bool:
        """Whether all of a loop is decided and it does not repeat."""
        return self._is_pass_over(head) and not self._is_repeat_wanted(head)

    def _is_pass_over(self, head: str) -> bool:
        body = self.plan.loops[head]
        inner = [h for h, tasks in self.plan.loops.items() if tasks < body]
        return all(map(self.is_settled, body)) and all(map(self.is_closed, inner))

    def _is_repeat_wanted(self, head: str) -> bool:
        return self.counts(edge for edge in self.plan.loop_edges if self.plan.edges[edge].dest == head)[0] > 0

    def verdict(self, name: str) -> str:
        """What the join rule says about a task, over the transitions into it that are no loop edges."""
        rule = self.plan.tasks[name].join
        taken, against, pending = self.counts(self.plan.inputs(name))
        if rule in (None, "sync"):
            return PENDING if pending else READY if taken else SKIPPED
        if rule == "all":
            return SKIPPED if against else PENDING if pending else READY
        need = 1 if rule == "any" else rule
        assert isinstance(need, int)
        return READY if taken >= need else SKIPPED if taken + pending < need else PENDING

    def _run_rules(self) -> None:
        """Apply every rule until none changes anything: joins first, then what they cancel, then loops."""
        while True:
            joins = self._run_joins()
            for join in joins:
                self._cancel_rest(join)
            if not joins and not self._repeat_one():
                return

    def _run_joins(self) -> list[str]:
        """Decide all that can be decided; return the joins that became ready and cancel the rest."""
        joins = []
        while True:
            verdicts = {name: self.verdict(name) for name in self.plan.tasks if self.status[name] == PENDING}
            decided = {name: verdict for name, verdict in verdicts.items() if verdict != PENDING}
            for name, verdict in decided.items():
                self.status[name] = verdict
                if verdict == SKIPPED:
                    self.edges.update(dict.fromkeys(self.plan.outputs(name), SKIPPED))
                elif self.plan.tasks[name].cancel_rest:
                    joins.append(name)
            if not decided:
                return joins

    def _cancel_rest(self, join: str) -> None:
        if self.status[join] == CANCELLED:
            return
        before = self.plan.only_leads_to(join)
        self._cancel(before)
        for name in before:
            if not self.is_settled(name):  # a failure that nobody handles; it holds nothing up any more
                self.edges.update(dict.fromkeys(self.plan.outputs(name), CANCELLED))
        for name in before:  # a failure that nobody handles holds nothing up any more
            outputs = self.plan.outputs(name)
            if self.status[name] in (FAILED, TIMED_OUT) and all(
                self.edges[edge] == PENDING for edge in outputs
            ):
                self.edges.update(dict.fromkeys(outputs, CANCELLED))
        for edge in self.plan.loop_edges:
            if self.plan.loops[self.plan.edges[edge].dest] <= before and self.edges[edge] in (
                "taken",
                "true",
            ):
                self.edges[edge] = CANCELLED  # a loop wholly inside does not repeat any more

    def _cancel(self, names: Iterable[str]) -> None:
        for name in names:
            if self.status[name] in (PENDING, READY):
                self.status[name] = CANCELLED
                self.edges.update(dict.fromkeys(self.plan.outputs(name), CANCELLED))

    def _repeat_one(self) -> bool:
        """Start the next pass of a loop whose pass is over, the innermost first."""
        for head, body in self.plan.loops.items():
            if self._is_pass_over(head) and self._is_repeat_wanted(head):
                for name in body:
                    self.status[name] = PENDING
                    self.generation[name] += 1
                    self.edges.update(dict.fromkeys(self.plan.outputs(name), PENDING))
                self.status[head] = READY
                return True
        return False

    @property
    def state(self) -> str:
        """What has become of the instance."""
        if self.ready:
            return "running"
        if self.terminated:
            return "finished"
        if not all(map(self.is_settled, self.plan.tasks)):
            return "failed"
        ends = [name for name, task in self.plan.tasks.items() if task.end]
        return "finished" if any(self.status[name] == DONE for name in ends) else "dead_end"
