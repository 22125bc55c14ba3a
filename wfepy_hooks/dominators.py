"""Depth-first order and dominators of a flow graph with one or more starts; no recursion, nearly linear."""

from __future__ import annotations


class Flow:
    """The graph as it is walked from the start points, under one virtual root.

    :ivar reached: per task whether a start point leads to it
    :ivar number: per task its place in depth-first order, from 1 (0 is the virtual root), or -1
    :ivar retreating: edges to a task that is still open in the walk: each closes a cycle
    """

    def __init__(self, tasks: int, first_edge: list[int], target: list[int], starts: list[int]) -> None:
        self._first_edge = first_edge
        self._target = target
        self._starts = starts
        self.number = [-1] * tasks
        self.order: list[int] = [-1]
        self.parent: list[int] = [0]
        self.retreating: list[tuple[int, int]] = []
        self._walk()
        self.reached = [number > 0 for number in self.number]

    def _walk(self) -> None:
        next_edge = list(self._first_edge[:-1])
        open_tasks: list[int] = []
        is_open = bytearray(len(next_edge))
        number = self.number
        for start in self._starts:
            if number[start] < 0:
                self._enter(start, 0)
                open_tasks.append(start)
                is_open[start] = 1
            while open_tasks:
                task = open_tasks[-1]
                edge = next_edge[task]
                if edge == self._first_edge[task + 1]:
                    is_open[open_tasks.pop()] = 0
                    continue
                next_edge[task] = edge + 1
                target = self._target[edge]
                if is_open[target]:
                    self.retreating.append((task, edge))
                elif number[target] < 0:
                    self._enter(target, number[task])
                    open_tasks.append(target)
                    is_open[target] = 1

    def _enter(self, task: int, parent: int) -> None:
        self.number[task] = len(self.order)
        self.order.append(task)
        self.parent.append(parent)

    def loop_edges(self) -> bytearray:
        """Return per edge 1 iff its target dominates its source."""
        found = bytearray(len(self._target))
        if self.retreating:  # an edge to a dominator always retreats
            first, last = self._dominator_intervals()
            for task, edge in self.retreating:
                head, tail = self.number[self._target[edge]], self.number[task]
                found[edge] = first[head] <= first[tail] <= last[head]
        return found

    def path(self, top: int, bottom: int) -> list[int]:
        """Return the tasks of the walk's tree from ``top`` down to ``bottom``."""
        numbers = [self.number[bottom]]
        while numbers[-1] != self.number[top]:
            numbers.append(self.parent[numbers[-1]])
        return [self.order[number] for number in reversed(numbers)]

    def _dominator_intervals(self) -> tuple[list[int], list[int]]:
        """Number the dominator tree so that ``a`` dominates ``b`` iff ``first[a] <= first[b] <= last[a]``."""
        dominator = self._immediate_dominators()
        size = [1] * len(dominator)
        for vertex in range(len(dominator) - 1, 0, -1):
            size[dominator[vertex]] += size[vertex]
        first = [0] * len(dominator)
        free = [1] * len(dominator)
        for vertex in range(1, len(dominator)):  # a dominator comes before what it dominates
            above = dominator[vertex]
            first[vertex] = free[above]
            free[above] += size[vertex]
            free[vertex] = first[vertex] + 1
        return first, [begin + length - 1 for begin, length in zip(first, size, strict=True)]

    def _immediate_dominators(self) -> list[int]:
        """Return immediate dominators by depth-first number (Lengauer and Tarjan 1979, simple linking)."""
        count = len(self.order)
        before = self._predecessors()
        semi, best = list(range(count)), list(range(count))
        linked = [-1] * count
        dominator = [0] * count
        bucket: list[list[int]] = [[] for _ in range(count)]
        for vertex in range(count - 1, 0, -1):
            for source in before[vertex]:
                semi[vertex] = min(semi[vertex], semi[_evaluate(source, linked, semi, best)])
            bucket[semi[vertex]].append(vertex)
            parent = self.parent[vertex]
            linked[vertex] = parent
            for waiting in bucket[parent]:
                lowest = _evaluate(waiting, linked, semi, best)
                dominator[waiting] = lowest if semi[lowest] < parent else parent
            bucket[parent] = []
        for vertex in range(1, count):
            if dominator[vertex] != semi[vertex]:
                dominator[vertex] = dominator[dominator[vertex]]
        return dominator

    def _predecessors(self) -> list[list[int]]:
        before: list[list[int]] = [[] for _ in self.order]
        for number, task in enumerate(self.order):
            if task < 0:
                continue
            for edge in range(self._first_edge[task], self._first_edge[task + 1]):
                before[self.number[self._target[edge]]].append(number)
        for start in self._starts:
            before[self.number[start]].append(0)
        return before


def _evaluate(vertex: int, linked: list[int], semi: list[int], best: list[int]) -> int:
    """Return the vertex of least semidominator on the linked path above ``vertex``, and shorten that path."""
    if linked[vertex] < 0:
        return vertex
    path = [vertex]
    while linked[linked[path[-1]]] >= 0:
        path.append(linked[path[-1]])
    path.pop()
    for each in reversed(path):
        above = linked[each]
        if semi[best[above]] < semi[best[each]]:
            best[each] = best[above]
        linked[each] = linked[above]
    return best[vertex]
