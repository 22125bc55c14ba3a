"""Fitting a saved instance to code that has changed since it was saved. Pure: no I/O, no clock.

Tasks are matched by name, and the transitions of a task by where they lead. What the code says itself is followed
without asking: ``@task(renamed_from=, removed=)``, and every change of the transitions of a decided task that can mean
one thing only (see :mod:`.alignment`). What is left is a question, which names the commands that decide it.

The result is a document and records in the words of the new code. When the document is read, :func:`catch_up` applies
the rules of joins and loops to it; only then are the records replayed, for those of the new code go on from there.
"""

from __future__ import annotations

from . import marking as m
from .errors import StateFormatError

__all__ = [
    "MIGRATED",
    "SAFE",
    "UNDECIDED",
    "Adapted",
    "Question",
    "adapt",
    "catch_up",
    "fitted",
    "refusal",
    "rule_problems",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from .graph import Loop
    from .instance import Instance
    from .task import Task
    from .workflow import Workflow

    Document = dict[str, Any]
    Record = dict[str, Any]

SAFE, MIGRATED, UNDECIDED = "safe", "migrated", "needs a decision"


class Question:
    """What the code leaves open about one task.

    :ivar task: its name
    :ivar reason: what is open
    :ivar options: each decides it, behind ``wfepy migrate WORKFLOW INSTANCE``
    :ivar hint: what could be written in the code instead; may be empty
    """

    __slots__ = ("hint", "options", "reason", "task")

    def __init__(self, task: str, reason: str, options: tuple[str, ...], hint: str = "") -> None:
        self.task = task
        self.reason = reason
        self.options = options
        self.hint = hint

    def __repr__(self) -> str:
        return f"Question({self.task!r}, {self.reason!r})"


class Adapted:
    """A saved instance in the words of the present code.

    :ivar document: :ivar records: what is to be loaded; of no use while there are questions
    :ivar changes: what is different from what is saved, each as one line
    :ivar questions: what is to be decided first
    """

    __slots__ = ("changes", "document", "questions", "records")

    def __init__(self, document: Document, records: list[Record]) -> None:
        self.document = document
        self.records = records
        self.changes: list[str] = []
        self.questions: list[Question] = []

    @property
    def verdict(self) -> str:
        """:data:`SAFE`, :data:`MIGRATED` or :data:`UNDECIDED`."""
        if self.questions:
            return UNDECIDED
        return MIGRATED if self.changes else SAFE


def adapt(
    document: Document,
    records: list[Record],
    workflow: Workflow,
    drop: Collection[str] = (),
    keep: Collection[str] = (),
) -> Adapted:
    """Return what ``document`` and the newer history ``records`` are in the words of ``workflow``.

    Neither is changed. What was decided by ``wfepy migrate`` is among the records until a snapshot holds it.

    :param drop: tasks to forget that the code no longer has
    :param keep: decided tasks whose new transitions are not taken
    :raises KeyError: :raises TypeError: :raises ValueError: :raises AttributeError: if it is no state document
    """
    if document["graph"] == workflow.graph.fingerprint:
        return Adapted(document, records)
    from .fitting import Fitting  # lazily: it needs what is above

    return Fitting(document, records, workflow, drop, keep).run()


def fitted(document: Document, records: list[Record], workflow: Workflow) -> tuple[Document, list[Record]]:
    """Return what :func:`adapt` does, where nothing is left to be decided.

    :raises StateFormatError: if something is
    """
    adapted = adapt(document, records, workflow)
    if adapted.questions:
        raise refusal(adapted)
    return adapted.document, adapted.records


def catch_up(instance: Instance) -> None:
    """Apply the rules of joins and loops to an instance whose document was fitted: edges have come and gone."""
    marking = instance.marking
    if not any(marking.status[task] == m.DONE for task in marking.graph.terminating):
        for loop in marking.graph.loops:  # inner ones first
            if marking.is_closed(loop.number) and any(map(marking.is_taken, loop.back_edges)):
                _repeat(instance, loop)
    marking.resume()


def _repeat(instance: Instance, loop: Loop) -> None:
    """Begin the next pass of a loop: what it still waited for has gone."""
    marking = instance.marking
    graph = marking.graph
    tasks = [task for inner in graph.region(loop.number) for task in inner.tasks]
    if any(marking.status[task] == m.CANCELLED for task in tasks):
        return  # it was ended, so what it had decided about another pass does not count
    for task in tasks:
        instance.forget_attempts(graph.names[task])
        marking.status[task] = m.PENDING
        marking.generation[task] += 1
        for edge in graph.edges_of(task):
            marking.edges[edge] = m.E_PENDING
    marking.status[loop.head] = m.READY
    marking.queue[loop.head] = None
    marking.recount()


def refusal(adapted: Adapted, where: str = "") -> StateFormatError:
    """Return the error that an instance cannot go on before somebody has decided its questions."""
    first, *others = adapted.questions
    workflow, instance = adapted.document["workflow"], adapted.document["instance"]
    more = f" (and {len(others)} more question{'s' if others[1:] else ''})" if others else ""
    ways = [f"wfepy migrate {workflow} {instance} {option}" for option in first.options]
    hint = "; or ".join([*ways, first.hint] if first.hint else ways)
    return StateFormatError(f"{first.reason}{more}", where=where, hint=hint)


def rule_problems(tasks: Mapping[str, Task]) -> Iterator[tuple[Task, str]]:
    """Yield each task whose ``renamed_from=`` or ``removed=`` cannot be followed, and what is wrong."""
    claimed: dict[str, str] = {}
    for task in tasks.values():
        for rule in ("renamed_from", "removed"):
            for old in getattr(task.options, rule):
                if old in tasks:
                    yield task, f'{rule}="{old}" names a task that there is; it is for names that are gone'
                elif old in claimed:
                    yield (
                        task,
                        f'{rule}="{old}", and {claimed[old]} claims that name, too; only one can have it',
                    )
                claimed[old] = f'{rule}= of task "{task.name}"'
