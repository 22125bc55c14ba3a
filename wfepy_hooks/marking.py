"""What is decided in one instance, and how one ended task settles what follows. Pure: no I/O, no clock.

A *marking* holds, for every task, a status and a generation, and for every edge, a decision. Everything else
(what a join has seen, which loops are open) is derived from these and can be derived again by :meth:`Marking.recount`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .graph import Graph, Loop

PENDING, READY, DONE, SKIPPED, FAILED, TIMED_OUT, CANCELLED = range(7)
STATUS_WORDS = ("pending", "ready", "done", "skipped", "failed", "timed_out", "cancelled")

E_PENDING, E_TAKEN, E_TRUE, E_FALSE, E_SKIPPED, E_OUTCOME, E_CANCELLED = range(7)
#: How decisions are written down. ``taken``: there was no condition; ``true`` and ``false``: what the condition
#: said; ``skipped``: its source was skipped; ``outcome``: it is about another outcome of its source.
EDGE_WORDS = ("pending", "taken", "true", "false", "skipped", "outcome", "cancelled")
#: What people read where the word that is stored says too little.
EDGE_TEXTS = {"outcome": "another outcome"}
_TAKEN = (False, True, True, False, False, False, False)


class Settled:
    """What one step changed.

    :ivar ready: tasks that may run now
    :ivar skipped: tasks that will not run in this generation
    :ivar cancelled: tasks that were cancelled
    :ivar repeated: loops that start over
    :ivar closed: loops that are left
    :ivar generation: the one in which each of the skipped and cancelled tasks was
    """

    __slots__ = ("cancelled", "closed", "generation", "ready", "repeated", "skipped")

    def __init__(self) -> None:
        self.ready: list[int] = []
        self.skipped: list[int] = []
        self.cancelled: list[int] = []
        self.repeated: list[int] = []
        self.closed: list[int] = []
        self.generation: dict[int, int] = {}


class Marking:
    """What is decided in one instance of ``graph``.

    :ivar status: per task one of the statuses above
    :ivar generation: per task how often the loops around it have repeated
    :ivar edges: per edge one of the decisions above
    :ivar queue: the tasks that may run, in the order in which they became ready; a dict serves as ordered set
    """

    __slots__ = (
        *("edges", "generation", "graph", "queue", "status"),
        *("_cancelled", "_left", "_open", "_pending", "_taken", "_terminated"),
    )

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.status = [PENDING] * len(graph.names)
        self.generation = [0] * len(graph.names)
        self.edges = [E_PENDING] * len(graph.target)
        self.queue: dict[int, None] = {}
        self._pending = graph.forward_count[:]
        self._taken = [0] * len(graph.names)
        self._open = graph.part_count[:]
        self._left = graph.outermost_count  # the parts outside of loops that are still to be decided
        self._terminated = False
        self._cancelled = False
        for start in graph.starts:
            self.status[start] = READY
            self.queue[start] = None

    # Deciding

    def settle(self, task: int, outcome: int, decisions: Sequence[int]) -> Settled:
        """End ``task`` and decide everything that follows from it; the cost is that of the edges that change.

        :param outcome: ``DONE``, ``FAILED`` or ``TIMED_OUT``
        :param decisions: one for each outgoing edge of ``task``, in order; empty for a failure or timeout that
            no transition is about: its transitions stay pending
        """
        graph = self.graph
        self.status[task] = outcome
        self.queue.pop(task, None)
        settled = Settled()
        first = graph.first_edge[task]
        if decisions:
            self.edges[first : first + len(decisions)] = decisions
        if outcome == DONE and task in graph.terminating:
            self._terminate(settled)
        elif decisions or outcome == DONE:
            self._spread([task], settled)
        return settled

    def _spread(self, decided: list[int], settled: Settled) -> None:
        """Carry decisions on as far as they go; only then let the joins that became ready cancel the rest.

        So what is skipped and what is cancelled does not depend on the order of the transitions.
        """
        self._carry_on(decided, settled)
        if self.graph.cancels:
            for join in settled.ready:  # it grows while it is walked
                if join in self.graph.cancels and self.status[join] == READY:
                    self._carry_on(self._cancel_rest(join, settled), settled)

    def _carry_on(self, decided: list[int], settled: Settled) -> None:
        """Carry the decisions of the tasks in ``decided`` on, and of those that they decide."""
        graph = self.graph
        first_edge, held_by, is_loop_edge = graph.first_edge, graph.held_by, graph.is_loop_edge
        for task in decided:  # it grows while it is walked
            for edge in range(first_edge[task], first_edge[task + 1]):
                if held_by[edge] < 0 and not is_loop_edge[edge]:
                    self._carry(edge, decided, settled)
            loop = graph.loop_of[task]
            if loop < 0:
                self._left -= 1
            else:
                self._count_down(graph.loops[loop], decided, settled)

    def _carry(self, edge: int, decided: list[int], settled: Settled) -> None:
        """Let the target of a decided forward edge know, and apply its join rule."""
        target = self.graph.target[edge]
        self._pending[target] -= 1
        if _TAKEN[self.edges[edge]]:
            self._taken[target] += 1
        if self.status[target] == PENDING:
            self._join(target, decided, settled)

    def _join(self, task: int, decided: list[int], settled: Settled) -> None:
        need, pending, taken = self.graph.need[task], self._pending[task], self._taken[task]
        if need == 0:
            if pending:
                return
            runs, skips = taken > 0, taken == 0
        else:
            runs, skips = taken >= need, taken + pending < need
        if runs:
            self._make_ready(task, settled)
        elif skips:
            self._drop(task, SKIPPED, E_SKIPPED)
            settled.skipped.append(task)
            settled.generation[task] = self.generation[task]
            decided.append(task)

    def _make_ready(self, task: int, settled: Settled) -> None:
        self.status[task] = READY
        self.queue[task] = None
        settled.ready.append(task)

    def _drop(self, task: int, status: int, decision: int) -> None:
        """Decide a task that does not run, and its edges."""
        self.status[task] = status
        first, end = self.graph.first_edge[task], self.graph.first_edge[task + 1]
        self.edges[first:end] = [decision] * (end - first)

    # Loops

    def _count_down(self, loop: Loop, decided: list[int], settled: Settled) -> None:
        """Note that one more part of ``loop`` is decided; when all are, repeat it or close it."""
        self._open[loop.number] -= 1
        while self._open[loop.number] == 0:
            if any(_TAKEN[self.edges[edge]] for edge in loop.back_edges):
                self._repeat(loop, settled)
                return
            settled.closed.append(loop.number)
            for edge in loop.exits:
                if not self.graph.is_loop_edge[edge]:
                    self._carry(edge, decided, settled)
            if loop.parent < 0:
                self._left -= 1
                return
            loop = self.graph.loops[loop.parent]
            self._open[loop.number] -= 1

    def _repeat(self, loop: Loop, settled: Settled) -> None:
        """Make every task and edge of the region undecided in the next generation, and its head ready."""
        graph = self.graph
        for inner in graph.region(loop.number):
            self._open[inner.number] = graph.part_count[inner.number]
            for task in inner.tasks:
                self._drop(task, PENDING, E_PENDING)
                self.generation[task] += 1
                if task != loop.head:
                    self._pending[task] = graph.forward_count[task]
                    self._taken[task] = 0
        if self._terminated:  # by an end point that a person has rewound since; it may be in this loop
            self._look_for_end()
        settled.repeated.append(loop.number)
        self._make_ready(loop.head, settled)

    # Cancelling

    def _cancel_rest(self, join: int, settled: Settled) -> list[int]:
        """Cancel what can only lead to ``join``; a loop that is wholly among it does not repeat any more."""
        ended: list[int] = []
        for task in self.graph.cancels[join]:
            if self.status[task] in (PENDING, READY):
                self._cancel(task, settled)
                ended.append(task)
            elif not self._is_decided(task):
                # A failure that no transition is about: it holds nothing up any more.
                self._drop(task, self.status[task], E_CANCELLED)
                ended.append(task)
        for loop in self.graph.stops[join]:
            if self._open[loop.number]:
                for edge in loop.back_edges:
                    if _TAKEN[self.edges[edge]]:
                        self.edges[edge] = E_CANCELLED
        return ended

    def _cancel(self, task: int, settled: Settled) -> None:
        self._drop(task, CANCELLED, E_CANCELLED)
        self.queue.pop(task, None)
        settled.cancelled.append(task)
        settled.generation[task] = self.generation[task]

    def _terminate(self, settled: Settled) -> None:
        """Cancel whatever is undecided: the end of the instance."""
        for task, status in enumerate(self.status):
            if status in (PENDING, READY):
                self._cancel(task, settled)
        self.recount()  # so that it explains itself as it will when it is restored
        self._terminated = True

    def cancel(self) -> Settled:
        """End the instance here: cancel everything that is undecided."""
        settled = Settled()
        self._terminate(settled)
        self._cancelled = True
        return settled

    # Stepping in

    def is_unhandled(self, task: int) -> bool:
        """Return whether ``task`` failed or timed out, no transition was about that, and none was cancelled since."""
        return self.status[task] in (FAILED, TIMED_OUT) and not self._is_decided(task)

    def retry(self, task: int) -> Settled:
        """Let a task whose failure or timeout is unhandled run again, in the same generation."""
        settled = Settled()
        self._make_ready(task, settled)
        return settled

    def skip(self, task: int) -> Settled:
        """Skip a task that is ready, or whose failure or timeout is unhandled, and carry that on."""
        settled = Settled()
        self._drop(task, SKIPPED, E_SKIPPED)
        self.queue.pop(task, None)
        settled.skipped.append(task)
        settled.generation[task] = self.generation[task]
        self._spread([task], settled)
        return settled

    def rewind(self, task: int) -> Settled:
        """Begin anew at ``task``: it is ready, and all that :meth:`following` names undecided, in the next generation.

        Then the join rules are applied. So a join that needs only a part of its transitions may be ready at once, by
        one that comes from elsewhere; one with ``cancel_rest`` may then even cancel ``task`` again.
        """
        for each in self.following(task):
            self._drop(each, PENDING, E_PENDING)
            self.queue.pop(each, None)
            self.generation[each] += 1
        settled = Settled()
        self._make_ready(task, settled)
        self.recount()
        resumed = self.resume()
        for name in ("ready", "skipped", "cancelled", "repeated", "closed"):
            getattr(settled, name).extend(getattr(resumed, name))
        settled.generation.update(resumed.generation)
        return settled

    def following(self, task: int) -> list[int]:
        """Return ``task`` and every task that depends on how it ends, by transitions and by the loops around it.

        What leaves one of these loops is held until it closes, so that it depends on every task inside. A start
        point depends on nothing.
        """
        graph = self.graph
        found = dict.fromkeys((task,))
        edges = list(graph.edges_of(task))
        loop = graph.loop_of[task]
        while loop >= 0:
            edges += graph.loops[loop].exits
            loop = graph.loops[loop].parent
        for edge in edges:  # it grows while it is walked
            target = graph.target[edge]
            if target not in found and not graph.is_loop_edge[edge] and target not in graph.starts:
                found[target] = None
                edges += graph.edges_of(target)
        return list(found)

    # Asking

    @property
    def state(self) -> str:
        """``running``, or how the instance has ended: ``finished``, ``dead_end``, ``failed`` or ``cancelled``."""
        if self.queue:
            return "running"
        if self._left and not self._terminated:
            return "failed"  # what is left lies behind a failure that no transition is about
        if self._cancelled:
            return "cancelled"
        return "finished" if any(self.status[task] == DONE for task in self.graph.ends) else "dead_end"

    def counts(self, task: int) -> tuple[int, int, int]:
        """Return how many incoming forward edges of ``task`` are taken, skipped and pending; held ones are pending."""
        taken, pending = self._taken[task], self._pending[task]
        return taken, self.graph.forward_count[task] - taken - pending, pending

    def is_taken(self, edge: int) -> bool:
        """Return whether ``edge`` is decided and taken."""
        return _TAKEN[self.edges[edge]]

    def is_closed(self, loop: int) -> bool:
        """Return whether everything in ``loop`` is decided and it does not repeat."""
        return self._open[loop] == 0

    # Restoring

    def recount(self) -> None:
        """Derive everything again from the statuses and decisions, after they were set from outside."""
        graph = self.graph
        self._open = graph.part_count[:]
        self._left = graph.outermost_count
        for task, status in enumerate(self.status):
            if status not in (PENDING, READY) and self._is_decided(task):
                loop = graph.loop_of[task]
                if loop < 0:
                    self._left -= 1
                else:
                    self._open[loop] -= 1
        for each in graph.loops:  # inner loops first
            if self._open[each.number] == 0:
                if each.parent < 0:
                    self._left -= 1
                else:
                    self._open[each.parent] -= 1
        self._recount_joins()
        self._cancelled = False
        self._look_for_end()

    def resume(self) -> Settled:
        """Apply the join rules to every pending task, after :meth:`recount`: edges may have come or gone meanwhile."""
        settled = Settled()
        decided: list[int] = []
        for task, status in enumerate(self.status):
            if status == PENDING and self.graph.forward_in[task]:
                self._join(task, decided, settled)
        self._spread(decided, settled)
        return settled

    def _is_decided(self, task: int) -> bool:
        """Return whether a task that ended is decided: a failure that no transition is about is not."""
        if self.status[task] not in (FAILED, TIMED_OUT):
            return True
        first = self.graph.first_edge[task]
        return first < self.graph.first_edge[task + 1] and self.edges[first] != E_PENDING

    def _look_for_end(self) -> None:
        self._terminated = any(self.status[task] == DONE for task in self.graph.terminating)

    def _recount_joins(self) -> None:
        graph = self.graph
        for task, edges in enumerate(graph.forward_in):
            pending = taken = 0
            for edge in edges:
                held_by = graph.held_by[edge]
                if self.edges[edge] == E_PENDING or (held_by >= 0 and self._open[held_by]):
                    pending += 1
                elif _TAKEN[self.edges[edge]]:
                    taken += 1
            self._pending[task], self._taken[task] = pending, taken
