"""What a picture of a workflow shows, apart from how it is drawn: every renderer draws a :class:`Diagram`."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, field

from ..graph import Graph
from ..marking import EDGE_WORDS
from ..task import Task
from .conditions import ConditionTexts
from .groups import find_groups
from .look import look_of
from .notes import state_and_note
from .order import loop_depths, reading_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..instance import Instance
    from ..task import Transition
    from ..workflow import Workflow
    from .groups import Group

    Attributes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Edge:
    """A transition.

    :ivar target: name of the task it leads to
    :ivar condition: its condition in words; empty when there is none
    :ivar on: the outcome it is about: ``done``, ``failed``, ``timeout`` or ``any``
    :ivar is_loop: it leads back to the head of a loop
    :ivar decision: a word of :data:`wfepy_hooks.marking.EDGE_WORDS`; empty without an instance
    :ivar location: ``file:line`` of the condition; empty when there is none
    :ivar link: where a click on it leads; empty: nowhere
    """

    target: str
    condition: str = ""
    on: str = "done"
    is_loop: bool = False
    decision: str = ""
    location: str = ""
    link: str = ""

    @property
    def taken(self) -> bool | None:
        """Whether the transition was taken; ``None`` while that is not decided."""
        return self.decision in ("taken", "true") if self.decision not in ("", "pending") else None

    @property
    def text(self) -> str:
        """What stands beside the arrow: the outcome unless it is the usual one, and the condition."""
        on = "" if self.on == "done" else f"on {self.on}"
        return f"{on}: {self.condition}" if on and self.condition else on or self.condition


@dataclass(frozen=True, slots=True)
class Node:
    """A task.

    :ivar name: the task's name
    :ivar labels: its labels, sorted
    :ivar is_start: :ivar is_end: :ivar terminates: its marks
    :ivar join: the rule of a join: ``sync``, ``all``, ``any`` or, say, ``2``; empty for other tasks
    :ivar inputs: names of the tasks that lead to it, loops aside
    :ivar cancels_rest: as a join, it cancels what only leads to it
    :ivar depth: how many loops it is in
    :ivar is_loop_head: a loop starts over with it
    :ivar is_missing: there is no such task, only a transition to one
    :ivar state: a key of :data:`.look.LOOKS`; empty without a state
    :ivar note: what there is to say about the state: the reason of a wait, the error of an attempt
    :ivar generation: how often the loops around it have repeated
    :ivar location: ``file:line`` of the function
    :ivar link: where a click on it leads; empty: nowhere
    :ivar boxed: those of its labels that stand on boxes around it
    :ivar attributes: what plugins say about it
    :ivar edges: its outgoing transitions, in the order of the decorators
    """

    name: str
    labels: tuple[str, ...] = ()
    is_start: bool = False
    is_end: bool = False
    terminates: bool = False
    join: str = ""
    inputs: tuple[str, ...] = ()
    cancels_rest: bool = False
    depth: int = 0
    is_loop_head: bool = False
    is_missing: bool = False
    state: str = ""
    note: str = ""
    generation: int = 0
    location: str = ""
    link: str = ""
    boxed: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @property
    def state_text(self) -> str:
        """The state in words; empty for what its sign alone tells well, done and pending."""
        words = look_of(self.state).words if self.state not in ("done", "pending") else ""
        text = ": ".join(filter(None, (words, self.note)))
        return f"{text} (pass {self.generation + 1})".strip() if self.generation else text

    @property
    def lines(self) -> list[str]:
        """What stands on the node of a picture, line by line."""
        # A task that nothing has happened to looks as it does without a state.
        sign = look_of(self.state).sign + " " if self.state not in ("", "pending") else ""
        labels = [label for label in self.labels if label not in self.boxed]
        lines = [
            sign + self.name,
            "{" + ",".join(labels) + "}" if labels else "",
            self.join_rule,
            "ends all" if self.terminates else "",
            "no such task" if self.is_missing else "",
            self.state_text,
        ]
        return [line for line in lines if line]

    @property
    def tooltip(self) -> str:
        """All there is to say about the state, and where the task is in the source."""
        return "\n".join(filter(None, (self.state_text, self.location or self.name)))

    @property
    def join_rule(self) -> str:
        """The rule of a join as it reads on a picture, such as ``join: 2 of 3``."""
        if not self.join:
            return ""
        rule = f"{self.join} of {len(self.inputs)}" if self.join.isdigit() else self.join
        return f"join: {rule}" + (", cancels the rest" if self.cancels_rest else "")


@dataclass(frozen=True, slots=True)
class Diagram:
    """A workflow as it is drawn.

    :ivar name: the workflow's name
    :ivar instance: id of the instance whose state is shown; empty without one
    :ivar status: the instance's status
    :ivar nodes: the tasks in reading order, see :mod:`.order`
    :ivar groups: the outermost boxes around tasks, see :mod:`.groups`
    :ivar legend: explain the signs, colours and shapes that occur
    """

    name: str
    nodes: tuple[Node, ...]
    instance: str = ""
    status: str = ""
    groups: tuple[Group, ...] = ()
    legend: bool = False

    @property
    def title(self) -> str:
        """The workflow, and the instance with its status."""
        return f"{self.name}, instance {self.instance}: {self.status}" if self.instance else self.name


def diagram(
    workflow: Workflow,
    *,
    instance: Instance | None = None,
    states: Mapping[str, str] | None = None,
    attributes: Attributes | None = None,
    name: str = "",
    root: str = "",
    boxes: Sequence[str] | None = None,
    link: Callable[[str], str] | None = None,
    legend: bool = False,
) -> Diagram:
    """Return what a picture of ``workflow`` shows. A workflow with a wrong graph can be drawn, too.

    :param instance: whose state to show
    :param states: states by task name, where there is no instance
    :param attributes: extra attributes of nodes by task name, such as ``{"ship": {"URL": "https://..."}}``
    :param name: what to call it; by default the workflow's name
    :param root: folder that the shown file names are relative to
    :param boxes: the labels to draw boxes for, and loops beside them; empty: no boxes at all; ``None``: loops, and the
        labels that help a reader, see :func:`.groups.is_telling`
    :param link: makes a link of ``file:line``, such as :func:`.links.source_links`
    :param legend: explain the signs, colours and shapes that occur
    """
    builder = _Builder(workflow, instance, states or {}, attributes or {}, root, link)
    return builder.build(name, boxes, legend)


def merge_attributes(results: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the attributes of one task from the results of a hook; the first result that has a key wins."""
    merged: dict[str, str] = {}
    for result in results:
        for key, value in result.items():
            merged.setdefault(key, value)
    return merged


class _Builder:
    def __init__(
        self,
        workflow: Workflow,
        instance: Instance | None,
        states: Mapping[str, str],
        attributes: Attributes,
        root: str,
        link: Callable[[str], str] | None,
    ) -> None:
        self.workflow = workflow
        self.instance = instance
        self.states = states
        self.attributes = attributes
        self.root = root
        self.link = link or (lambda location: "")
        self.tasks = dict(workflow.tasks)
        self.missing = self._add_missing()
        self.graph = Graph(self.tasks)
        self.depths = loop_depths(self.graph)
        self.heads = {loop.head for loop in self.graph.loops}
        self.condition_text = ConditionTexts()

    def build(self, name: str, boxes: Sequence[str] | None, legend: bool) -> Diagram:
        order = reading_order(self.graph)
        tasks: Sequence[Task] = list(self.tasks.values())
        groups = self._groups(order, boxes) if boxes is None or boxes else ()
        boxed = dict(_labels_around(groups))
        nodes = tuple(self._node(number, tasks[number], boxed) for number in order)
        name = name or getattr(self.workflow, "name", "") or "workflow"
        if self.instance is None:
            return Diagram(name, nodes, groups=groups, legend=legend)
        status = "paused" if self.instance.paused is not None else self.instance.status
        return Diagram(name, nodes, self.instance.id, status, groups, legend)

    def _groups(self, order: Sequence[int], wanted: Sequence[str] | None) -> tuple[Group, ...]:
        labels: dict[str, list[str]] = {}
        for name, task in self.tasks.items():
            for label in set(map(str, task.labels)):
                labels.setdefault(label, []).append(name)
        generation = self.instance.marking.generation if self.instance is not None else []
        titles = [
            f"↺ pass {generation[loop.head] + 1}" if generation and generation[loop.head] else "↺ loop"
            for loop in self.graph.loops
        ]
        return find_groups([self.graph.names[number] for number in order], labels, self.graph, titles, wanted)

    def _add_missing(self) -> set[str]:
        """Add the tasks that are only known as destinations, so that the graph can be computed."""
        wanted = [transition.dest for task in self.tasks.values() for transition in task.followed_by]
        missing = {dest for dest in wanted if dest not in self.tasks}
        for dest in wanted:
            if dest not in self.tasks:
                self.tasks[dest] = Task(_no_function, dest)
        return missing

    def _node(self, number: int, task: Task, boxed: Mapping[str, tuple[str, ...]]) -> Node:
        graph = self.graph
        loop = graph.loop_of[number]
        name = graph.names[number]
        state, note = self._state(number, name)
        marking = self.instance.marking if self.instance and name not in self.missing else None
        inputs = dict.fromkeys(graph.names[graph.source[edge]] for edge in graph.forward_in[number])
        return Node(
            name=name,
            labels=tuple(sorted(map(str, task.labels))),
            is_start=task.is_start_point,
            is_end=task.is_end_point,
            terminates=task.terminate,
            join=str(task.join) if task.join is not None else "",
            inputs=tuple(inputs),
            cancels_rest=task.cancel_rest,
            depth=self.depths[loop] + 1 if loop >= 0 else 0,
            is_loop_head=number in self.heads,
            is_missing=name in self.missing,
            state=state,
            note=note,
            generation=marking.generation[number] if marking else 0,
            location="" if name in self.missing else self._shown(task.location),
            link="" if name in self.missing else self.link(task.location),
            boxed=boxed.get(name, ()),
            attributes=self.attributes.get(name, {}),
            edges=tuple(
                self._edge(graph.first_edge[number] + ordinal, transition)
                for ordinal, transition in enumerate(task.followed_by)
            ),
        )

    def _edge(self, number: int, transition: Transition) -> Edge:
        decision = ""
        if self.instance is not None and number < len(self.instance.marking.edges):
            decision = EDGE_WORDS[self.instance.marking.edges[number]]
        return Edge(
            target=transition.dest,
            condition=self.condition_text(transition.cond),
            on=transition.on,
            is_loop=bool(self.graph.is_loop_edge[number]),
            decision=decision,
            location=self._shown(transition.location),
            link=self.link(transition.location) if transition.location else "",
        )

    def _state(self, number: int, name: str) -> tuple[str, str]:
        """Return the state of a task and what there is to say about it."""
        if self.instance is None:
            return self.states.get(name, ""), ""
        if name in self.missing:
            return "", ""
        return state_and_note(self.instance, number, name)

    def _shown(self, location: str) -> str:
        """Return ``file:line`` relative to the root where it is below it."""
        root = os.path.join(self.root, "")
        return location[len(root) :] if self.root and location.startswith(root) else location


def _labels_around(
    groups: Iterable[Group], labels: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each task that is in a box, with the labels of the boxes around it."""
    for group in groups:
        inside = labels + group.labels
        yield from ((name, inside) for name in group.names)
        yield from _labels_around(group.groups, inside)


def _no_function() -> None:
    """Stand for the function of a task that does not exist."""
