"""The compiled graph of a workflow: numbered tasks and edges, join rules, loops. Pure: no I/O, no clock.

Tasks are numbered in the order in which the workflow lists them, edges in the order of their sources and, for
one source, of its decorators. An edge ``u -> h`` is a *loop edge* iff ``h`` dominates ``u`` (every way from a
start point to ``u`` goes through ``h``); the region of a loop is its natural loop.
"""

from __future__ import annotations

from .dominators import Flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .task import Task

ON_DONE, ON_FAILED, ON_TIMEOUT, ON_ANY = range(4)
_ON = {"done": ON_DONE, "failed": ON_FAILED, "timeout": ON_TIMEOUT, "any": ON_ANY}


class Loop:
    """A loop: its head, the loop around it, and what is in it.

    :ivar number: its place in :attr:`Graph.loops`; inner loops come before the loops around them
    :ivar head: the task by which it is entered
    :ivar parent: number of the loop around it, or -1
    :ivar tasks: tasks whose innermost loop this is, the head among them
    :ivar children: numbers of the loops directly inside
    :ivar back_edges: the edges that repeat it
    :ivar exits: the edges that are held until it closes
    """

    __slots__ = ("back_edges", "children", "exits", "head", "number", "parent", "tasks")

    def __init__(self, number: int, head: int, back_edges: list[int]) -> None:
        self.number = number
        self.head = head
        self.parent = -1
        self.tasks = [head]
        self.children: list[int] = []
        self.back_edges = back_edges
        self.exits: list[int] = []

    def __repr__(self) -> str:
        return f"Loop({self.number}, head={self.head}, tasks={self.tasks}, parent={self.parent})"


class Graph:
    """See the module's docstring. Built from tasks whose destinations are all known.

    :ivar names: task names by number
    :ivar index: task numbers by name
    :ivar first_edge: the edges of task ``t`` are ``range(first_edge[t], first_edge[t + 1])``
    :ivar source: :ivar target: ends of each edge
    :ivar on: the outcome that each edge is about
    :ivar is_loop_edge: 1 for the edges that repeat a loop
    :ivar forward_in: per task the incoming edges that are not loop edges, from tasks that can be reached
    :ivar need: per task how many incoming edges must be taken; 0: at least one, when all are decided
    :ivar loops: all loops, inner ones first
    :ivar loop_at: per head its loop
    :ivar loop_of: per task the number of the innermost loop around it, or -1
    :ivar held_by: per edge the outermost loop that it leaves, or -1
    :ivar ends: the end points
    :ivar terminating: the end points that cancel the rest
    :ivar forward_count: per task how many ``forward_in`` are
    :ivar part_count: per loop how many tasks and inner loops it has directly inside
    :ivar outermost_count: how many tasks outside of loops that can be reached, and outermost loops, there are
    :ivar starts: the start points
    :ivar cancels: for a join with ``cancel_rest``, the tasks that can only lead to it
    :ivar stops: for such a join, the loops among these tasks, which do not repeat any more
    :ivar flow: depth-first order and dominators, see :class:`.dominators.Flow`
    """

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._fingerprint = ""
        self.names = list(tasks)
        self.index = {name: number for number, name in enumerate(self.names)}
        self.starts = [number for number, task in enumerate(tasks.values()) if task.is_start_point]
        self.ends = frozenset(number for number, task in enumerate(tasks.values()) if task.is_end_point)
        self.terminating = frozenset(number for number, task in enumerate(tasks.values()) if task.terminate)
        self._number_edges(tasks)
        self.flow = Flow(len(self.names), self.first_edge, self.target, self.starts)
        self.is_loop_edge = self.flow.loop_edges()
        self._find_forward_edges()
        self._find_need(tasks)
        self._find_loops()
        self._find_held_edges()
        self._find_cancels(tasks)
        self._count()

    def _count(self) -> None:
        """Count what a new marking begins with."""
        self.forward_count = [len(edges) for edges in self.forward_in]
        self.part_count = [len(loop.tasks) + len(loop.children) for loop in self.loops]
        outside = self.loop_of.count(-1) - self.flow.reached.count(False)
        self.outermost_count = outside + sum(loop.parent < 0 for loop in self.loops)

    def _number_edges(self, tasks: Mapping[str, Task]) -> None:
        index = self.index
        self.first_edge = [0]
        self.source: list[int] = []
        self.target: list[int] = []
        self.on: list[int] = []
        for number, task in enumerate(tasks.values()):
            for transition in task.followed_by:
                self.source.append(number)
                self.target.append(index[transition.dest])
                self.on.append(_ON[transition.on])
            self.first_edge.append(len(self.target))

    def _find_forward_edges(self) -> None:
        self.forward_in: list[list[int]] = [[] for _ in self.names]
        reached = self.flow.reached
        for edge, target in enumerate(self.target):
            if not self.is_loop_edge[edge] and reached[self.source[edge]]:
                self.forward_in[target].append(edge)

    def _find_need(self, tasks: Mapping[str, Task]) -> None:
        self.need = [0] * len(self.names)
        for number, task in enumerate(tasks.values()):
            if task.join == "any":
                self.need[number] = 1
            elif task.join == "all":
                self.need[number] = len(self.forward_in[number])
            elif isinstance(task.join, int):
                self.need[number] = task.join

    def _find_loops(self) -> None:
        """Find natural loops, inner ones first; a found loop is shrunk to its head (Tarjan 1974)."""
        self.loops: list[Loop] = []
        self.loop_of = [-1] * len(self.names)
        back_edges: dict[int, list[int]] = {}
        for edge, is_loop_edge in enumerate(self.is_loop_edge):
            if is_loop_edge:
                back_edges.setdefault(self.target[edge], []).append(edge)
        shrunk = list(range(len(self.names))) if back_edges else []
        self.loop_at: dict[int, Loop] = {}
        for head in sorted(back_edges, key=self.flow.number.__getitem__, reverse=True):
            loop = Loop(len(self.loops), head, back_edges[head])
            self.loops.append(loop)
            self._fill_loop(loop, shrunk)
            self.loop_of[head] = loop.number
            self.loop_at[head] = loop

    def _fill_loop(self, loop: Loop, shrunk: list[int]) -> None:
        """Walk back from the loop edges to the head, over shrunk inner loops in one step."""
        found = {loop.head}
        todo = [_find(shrunk, self.source[edge]) for edge in loop.back_edges]
        while todo:
            task = todo.pop()
            if task in found:
                continue
            found.add(task)
            inner = self.loop_at.get(task)
            if inner is None:
                loop.tasks.append(task)
                self.loop_of[task] = loop.number
            else:
                loop.children.append(inner.number)
                inner.parent = loop.number
            shrunk[task] = loop.head
            todo.extend(_find(shrunk, self.source[edge]) for edge in self.forward_in[task])

    def _find_held_edges(self) -> None:
        self.held_by = [-1] * len(self.target)
        if not self.loops:
            return
        inside = self._loop_intervals()
        for edge, target in enumerate(self.target):
            loop = self.loop_of[self.source[edge]]
            place = inside[self.loop_of[target]][0] if self.loop_of[target] >= 0 else -1
            while loop >= 0 and not inside[loop][0] <= place < inside[loop][1]:
                self.held_by[edge] = loop
                loop = self.loops[loop].parent
            if self.held_by[edge] >= 0:
                self.loops[self.held_by[edge]].exits.append(edge)

    def _loop_intervals(self) -> list[tuple[int, int]]:
        """Number the loops so that a loop's number lies in the interval of each loop around it."""
        sizes = [1] * len(self.loops)
        for loop in self.loops:  # inner loops first
            if loop.parent >= 0:
                sizes[loop.parent] += sizes[loop.number]
        intervals = [(0, 0)] * len(self.loops)
        next_top = 0
        next_inside = [0] * len(self.loops)
        for loop in reversed(self.loops):  # outer loops first
            if loop.parent >= 0:
                begin = next_inside[loop.parent]
                next_inside[loop.parent] += sizes[loop.number]
            else:
                begin = next_top
                next_top += sizes[loop.number]
            intervals[loop.number] = (begin, begin + sizes[loop.number])
            next_inside[loop.number] = begin + 1
        return intervals

    def _find_cancels(self, tasks: Mapping[str, Task]) -> None:
        self.cancels: dict[int, list[int]] = {}
        self.stops: dict[int, list[Loop]] = {}
        for join, task in enumerate(tasks.values()):
            if task.cancel_rest:
                among = self._only_leads_to(join)
                self.cancels[join] = sorted(among)
                loops = [self.loop_at[each] for each in self.cancels[join] if each in self.loop_at]
                self.stops[join] = [loop for loop in loops if not self.contains(loop.number, join)]

    def _only_leads_to(self, join: int) -> set[int]:
        """Return the tasks all of whose ways lead to ``join``: the largest such set among what leads there."""
        among = self._leads_to(join)
        elsewhere = [task for task in among if task != join and self._leaves(task, among)]
        while elsewhere:
            task = elsewhere.pop()
            if task == join or task not in among:
                continue
            among.discard(task)
            into = self.forward_in[task] + (self.loop_at[task].back_edges if task in self.loop_at else [])
            elsewhere.extend(self.source[edge] for edge in into if self.source[edge] in among)
        among.discard(join)
        return among

    def _leads_to(self, join: int) -> set[int]:
        """Return ``join`` and what leads to it, by way of a loop too, but not what comes after it in its own loop."""
        found = {join}
        todo = [join]
        while todo:
            task = todo.pop()
            before = {self.source[edge] for edge in self.forward_in[task]}
            if task in self.loop_at and task != join:
                before.update(self._region_before(self.loop_at[task], join))
            todo += before - found
            found |= before
        return found

    def _region_before(self, loop: Loop, join: int) -> Iterable[int]:
        region = {task for inner in self.region(loop.number) for task in inner.tasks}
        if not self.contains(loop.number, join):
            return region
        after = {join}
        todo = [join]
        while todo:
            for edge in self.edges_of(todo.pop()):
                if not self.is_loop_edge[edge] and self.target[edge] not in after:
                    after.add(self.target[edge])
                    todo.append(self.target[edge])
        return region - after

    def _leaves(self, task: int, among: set[int]) -> bool:
        return task in self.ends or any(self.target[edge] not in among for edge in self.edges_of(task))

    def edges_of(self, task: int) -> range:
        """Return the numbers of the outgoing edges of ``task``, in the order of its decorators."""
        return range(self.first_edge[task], self.first_edge[task + 1])

    def region(self, loop: int) -> Iterator[Loop]:
        """Yield ``loop`` and all loops inside it."""
        todo = [loop]
        while todo:
            each = self.loops[todo.pop()]
            yield each
            todo.extend(each.children)

    def contains(self, loop: int, task: int) -> bool:
        """Return whether ``task`` is in the region of ``loop``."""
        inner = self.loop_of[task]
        while inner >= 0:
            if inner == loop:
                return True
            inner = self.loops[inner].parent
        return False

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when a task, a transition or a rule changes (not when a function does)."""
        if not self._fingerprint:
            self._fingerprint = self._digest()
        return self._fingerprint

    def _digest(self) -> str:
        # Imported lazily, and not by way of hashlib, which takes 4 ms to load OpenSSL.
        try:
            from _blake2 import blake2b
        except ImportError:  # another Python than CPython
            from hashlib import blake2b

        digest = blake2b(digest_size=8)
        for task, name in enumerate(self.names):
            edges = ",".join(
                f"{self.names[self.target[edge]]}/{self.on[edge]}" for edge in self.edges_of(task)
            )
            marks = (
                f"{self.need[task]}{task in self.ends:d}{task in self.terminating:d}{task in self.cancels:d}"
            )
            digest.update(f"{name}\0{marks}\0{edges}\n".encode("utf-8", "surrogatepass"))
        digest.update(",".join(self.names[task] for task in self.starts).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def _find(shrunk: list[int], task: int) -> int:
    """Return what ``task`` has been shrunk to (union-find with path halving)."""
    while shrunk[task] != task:
        shrunk[task] = shrunk[shrunk[task]]
        task = shrunk[task]
    return task
