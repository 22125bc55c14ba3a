"""What a tick came to for one instance, as the project reports it."""

from __future__ import annotations

from .errors import WfepyError
from .outcome import InstanceStatus

__all__ = ["Report"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .summary import TickSummary


class Report:
    """What a tick came to for one instance.

    :ivar workflow: :ivar instance: which one
    :ivar summary: what its tasks did, or ``None`` if it could not be loaded
    :ivar error: why the tick of this instance broke off, or ``None``
    :ivar notes: what a person should know about its files, such as a history that was lost
    """

    __slots__ = ("error", "instance", "notes", "summary", "workflow")

    def __init__(self, workflow: str, instance: str) -> None:
        self.workflow = workflow
        self.instance = instance
        self.summary: TickSummary | None = None
        self.error: WfepyError | None = None
        self.notes: list[str] = []

    @property
    def exit_code(self) -> int:
        """0: it is finished or waits; 1: a task failed or it is dead; otherwise that of the error."""
        if self.error is not None:
            return self.error.exit_code
        assert self.summary is not None
        unrecorded = [self.summary.failures[name] for name in self.summary.unrecorded]
        codes = [each.exit_code for each in unrecorded if isinstance(each, WfepyError)]
        if codes:
            return max(codes)
        failed = self.summary.failures or self.summary.status in (
            InstanceStatus.DEAD_END,
            InstanceStatus.FAILED,
        )
        return 1 if failed else 0

    def note(self, ticked: dict[str, int]) -> None:
        """Put the exit code into ``ticked``, where the worst one of a workflow counts."""
        ticked[self.workflow] = max(ticked.get(self.workflow, 0), self.exit_code)
