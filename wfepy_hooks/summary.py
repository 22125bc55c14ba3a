"""What one tick of one instance came to."""

from __future__ import annotations

from .outcome import InstanceStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .outcome import TaskResult

#: So many failed attempts at items are kept with their errors: there may be thousands, each with its frames.
_MOST_ITEMS = 5


class TickSummary:
    """What one tick of one instance came to.

    :ivar completed: :ivar skipped: names of the tasks, in order
    :ivar waiting: names of the tasks that wait, and what for
    :ivar retrying: names of the tasks whose policy has them tried again, and the last errors
    :ivar sleeping: names of the tasks that failed before and were not tried, and when they will be
    :ivar timed_out: names of the tasks whose deadline has passed
    :ivar failures: names of the tasks that failed, and the errors. Among them are those without a policy, which the
        next tick tries again, and those that timed out while no transition is about that.
    :ivar item_failures: the first few failed attempts at items: the task, the number of the item, and what came of it
    :ivar more_item_failures: how many others there were
    :ivar unrecorded: names of the tasks among these whose attempt a plugin broke off: it is not recorded, and does not
        count
    :ivar status: the status of the instance after the tick
    """

    __slots__ = (
        "completed",
        "failures",
        "item_failures",
        "more_item_failures",
        "retrying",
        "skipped",
        "sleeping",
        "status",
        "timed_out",
        "unrecorded",
        "waiting",
    )

    def __init__(self) -> None:
        self.completed: list[str] = []
        self.skipped: list[str] = []
        self.waiting: dict[str, str] = {}
        self.retrying: dict[str, BaseException] = {}
        self.sleeping: dict[str, str] = {}
        self.timed_out: list[str] = []
        self.failures: dict[str, BaseException] = {}
        self.item_failures: list[tuple[str, int, TaskResult]] = []
        self.more_item_failures = 0
        self.unrecorded: set[str] = set()
        self.status: str = InstanceStatus.RUNNING

    def add_item_failure(self, task: str, number: int, result: TaskResult) -> None:
        """Note that an attempt at an item failed: no hook tells of it."""
        if len(self.item_failures) < _MOST_ITEMS:
            self.item_failures.append((task, number, result))
        else:
            self.more_item_failures += 1

    def __repr__(self) -> str:
        parts = f"{len(self.completed)} completed, {len(self.waiting)} waiting, {len(self.failures)} failed"
        return f"<TickSummary {self.status}: {parts}>"
