"""The order in which a person reads a workflow: first things first, branches in the order of the decorators.

Every task comes after the tasks that lead to it, and the tasks of a loop stand together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..graph import Graph


def reading_order(graph: Graph) -> list[int]:
    """Return the numbers of all tasks in reading order; what no start point leads to comes last."""
    return _Reader(graph).order()


def loop_depths(graph: Graph) -> list[int]:
    """Return for each loop how many loops are around it."""
    depths = [0] * len(graph.loops)
    for loop in reversed(graph.loops):  # outer loops first
        if loop.parent >= 0:
            depths[loop.number] = depths[loop.parent] + 1
    return depths


class _Reader:
    """An item is a task, or a whole loop as the loop around it sees it: ``tasks + number of the loop``."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tasks = len(graph.names)
        self.depths = loop_depths(graph)
        self.next: list[list[int]] = [[] for _ in range(self.tasks + len(graph.loops))]
        for edge, target in enumerate(graph.target):
            if not graph.is_loop_edge[edge]:
                source, target = self._siblings(graph.source[edge], target)
                self.next[source].append(target)

    def order(self) -> list[int]:
        graph = self.graph
        found: list[int] = []
        seen = bytearray(len(self.next))
        todo = [self._outermost(task) for task in range(self.tasks)]
        todo = self._sorted((self._outermost(task) for task in graph.starts), seen) + self._sorted(todo, seen)
        todo.reverse()
        while todo:
            item = todo.pop()
            if item < self.tasks:
                found.append(item)
            else:
                inside = self._sorted([graph.loops[item - self.tasks].head], seen)
                todo.extend(reversed(inside))
        return found

    def _around(self, item: int) -> int:
        """Return the number of the loop that ``item`` is directly in, or -1."""
        if item < self.tasks:
            return self.graph.loop_of[item]
        return self.graph.loops[item - self.tasks].parent

    def _outermost(self, task: int) -> int:
        item = task
        while self._around(item) >= 0:
            item = self.tasks + self._around(item)
        return item

    def _siblings(self, one: int, other: int) -> tuple[int, int]:
        """Return the items around two tasks that stand in the same loop."""
        while (left := self._around(one)) != (right := self._around(other)):
            if right < 0 or (left >= 0 and self.depths[left] > self.depths[right]):
                one = self.tasks + left
            elif left < 0 or self.depths[left] < self.depths[right]:
                other = self.tasks + right
            else:
                one, other = self.tasks + left, self.tasks + right
        return one, other

    def _sorted(self, roots: Iterable[int], seen: bytearray) -> list[int]:
        """Return what ``roots`` lead to and was not seen, each item after those that lead to it."""
        finished: list[int] = []
        for root in reversed(list(roots)):
            if seen[root]:
                continue
            seen[root] = 1
            open_items = [(root, list(self.next[root]))]
            while open_items:
                left = open_items[-1][1]
                if not left:
                    finished.append(open_items.pop()[0])
                    continue
                following = left.pop()
                if not seen[following]:
                    seen[following] = 1
                    open_items.append((following, list(self.next[following])))
        finished.reverse()
        return finished
