"""How the live instances of a project stand to its present code, and writing down what that makes of them."""

from __future__ import annotations

from . import state
from .clock import format_time
from .errors import InstanceNotFound, LockedError, StateError, UsageError, WfepyError
from .marking import PENDING, READY, SKIPPED
from .migration import MIGRATED, SAFE, UNDECIDED, Adapted, adapt, refusal

__all__ = ["UNREADABLE", "VERDICTS", "Standing", "look", "migrate"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from .instance import Instance
    from .migration import Question
    from .project import Project

UNREADABLE = "unreadable"
VERDICTS = (SAFE, MIGRATED, UNDECIDED, UNREADABLE)


class Standing:
    """What the present code makes of one instance.

    :ivar workflow: :ivar instance: which one
    :ivar verdict: one of :data:`VERDICTS`
    :ivar changes: what is different from what is saved, each as one line
    :ivar questions: what somebody has to decide first
    :ivar error: why it cannot be loaded: it cannot be read, or there are questions; else ``None``
    :ivar found: the instance as it would go on; ``None`` if it cannot be loaded
    """

    __slots__ = ("changes", "error", "found", "instance", "questions", "verdict", "workflow")

    def __init__(self, workflow: str, instance: str) -> None:
        self.workflow = workflow
        self.instance = instance
        self.verdict = SAFE
        self.changes: list[str] = []
        self.questions: list[Question] = []
        self.error: WfepyError | None = None
        self.found: Instance | None = None

    @property
    def where(self) -> str:
        """The instance in words."""
        return f"{self.workflow}/{self.instance}"

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "workflow": self.workflow,
            "instance": self.instance,
            "verdict": self.verdict,
            "changes": self.changes,
            "questions": [
                {
                    "task": each.task,
                    "reason": each.reason,
                    "commands": [self.command(option) for option in each.options],
                    "code": each.hint or None,
                }
                for each in self.questions
            ],
            "error": None if self.error is None else str(self.error),
        }

    def command(self, option: str) -> str:
        """Return the command that decides a question in one of its ways."""
        from shlex import quote

        words = option.partition(" ")
        return f"wfepy migrate {self.workflow} {self.instance} {words[0]} {quote(words[2])}"


def look(
    project: Project, workflow: str, instance: str, drop: Collection[str] = (), keep: Collection[str] = ()
) -> Standing:
    """Return how one instance stands to the code, as it is saved; without a hold.

    :param drop: :param keep: tasks about which it is decided so, see :func:`.adapt`
    :raises WfepyError: if the code cannot be loaded
    """
    project.workflow(workflow)
    standing = Standing(workflow, instance)
    try:
        _look(project, standing, drop, keep)
    except WfepyError as error:
        standing.verdict, standing.error = UNREADABLE, error
    return standing


def _look(project: Project, standing: Standing, drop: Collection[str], keep: Collection[str]) -> None:
    name, where = standing.workflow, standing.where
    workflow = project.workflow(name)
    document, records = project.saved(name, standing.instance)
    state.check_header(document, name, where)
    try:
        adapted = adapt(document, records, workflow, drop, keep)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        project.read(name, standing.instance)  # which says what is wrong with it
        raise
    standing.questions, standing.changes = adapted.questions, adapted.changes
    standing.verdict = adapted.verdict
    if adapted.questions:
        standing.error = refusal(adapted, where)
        return
    restored = state.restore(adapted.document, adapted.records, workflow, project.codec(name), where)
    standing.found = restored.instance
    standing.changes += _effects(adapted, restored.instance)
    standing.verdict = MIGRATED if standing.changes else SAFE


def _effects(adapted: Adapted, instance: Instance) -> list[str]:
    """Return what the rules of joins and loops make of the tasks, after edges have come and gone."""
    if adapted.records or instance.ended is not None:
        return []  # what a killed tick has recorded would be among it
    saved: dict[str, Any] = adapted.document["tasks"]
    marking, lines = instance.marking, []
    for task, name in enumerate(marking.graph.names):
        before = saved.get(name, {"status": "pending"})["status"]
        status = marking.status[task]
        if status == READY and before not in ("ready", "waiting"):
            lines.append(f'"{name}" runs at the next tick')
        elif status == SKIPPED and before != "skipped":
            lines.append(f'"{name}" is skipped')
        elif status == PENDING and before not in ("pending", "ready", "waiting"):
            lines.append(f'"{name}" is undecided again, in the next pass of its loop')
    if not instance.is_running:
        lines.append(f"the instance ends: {instance.status.replace('_', ' ')}")
    return lines


def migrate(
    project: Project,
    expected: Standing,
    *,
    by: str,
    reason: str = "",
    drop: Collection[str] = (),
    keep: Collection[str] = (),
    wait: float = 0.0,
) -> None:
    """Write an instance down as the present code has it; its history says who did that, and what was changed.

    The record comes first. From then on every load comes to the same, so it does not matter who writes the snapshot.

    :param expected: what :func:`look` said, with the same ``drop`` and ``keep``
    :param wait: for so many seconds a tick that holds the instance is waited for
    :raises LockedError: if it is held for longer
    :raises UsageError: if it has changed since it was looked at
    :raises StateError: if it cannot be read or written
    """
    name, instance_id = expected.workflow, expected.instance
    session = _open(project, name, instance_id, wait)
    try:
        now = look(project, name, instance_id, drop, keep)
        if (now.verdict, now.changes) != (expected.verdict, expected.changes):
            hint = "look at it again: wfepy migrate --dry-run"
            raise UsageError("it has changed meanwhile", where=expected.where, hint=hint)
        if now.found is None:
            raise now.error or StateError("it cannot be loaded", where=expected.where)
        decided = {key: sorted(names) for key, names in (("drop", drop), ("keep", keep)) if names}
        who = {"by": by, "reason": reason} if reason else {"by": by}
        head = {"seq": now.found.seq + 1, "at": format_time(project.config.clock())}
        record = {**head, "event": "operator", "verb": "migrate", **who, "changes": now.changes, **decided}
        session.append([record])
    finally:
        session.release()
    try:
        with project.hold(name, instance_id) as held:
            held.save()
    except (LockedError, InstanceNotFound):
        pass  # a tick was faster: it has loaded it so, too


def _open(project: Project, workflow: str, instance: str, wait: float) -> Any:
    from time import monotonic, sleep

    until = monotonic() + wait
    while True:
        try:
            return project.store.open(workflow, instance)
        except LockedError:
            if monotonic() >= until:
                raise
        sleep(min(0.1, max(until - monotonic(), 0.0)))
