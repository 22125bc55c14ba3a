"""What one tick of one instance came to."""

from __future__ import annotations

from .outcome import InstanceStatus


class TickSummary:
    """What one tick of one instance came to.

    :ivar completed: :ivar skipped: names of the tasks, in order
    :ivar waiting: names of the tasks that wait, and what for
    :ivar failures: names of the tasks that failed, and the errors; the ones that are tried again among them
    :ivar unrecorded: names of the tasks among these whose attempt could not be recorded, and does not count
    :ivar status: the status of the instance after the tick
    """

    __slots__ = ("completed", "failures", "skipped", "status", "unrecorded", "waiting")

    def __init__(self) -> None:
        self.completed: list[str] = []
        self.skipped: list[str] = []
        self.waiting: dict[str, str] = {}
        self.failures: dict[str, BaseException] = {}
        self.unrecorded: set[str] = set()
        self.status: str = InstanceStatus.RUNNING

    def __repr__(self) -> str:
        parts = f"{len(self.completed)} completed, {len(self.waiting)} waiting, {len(self.failures)} failed"
        return f"<TickSummary {self.status}: {parts}>"
