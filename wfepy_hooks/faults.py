"""Every moment at which a crash of a tick is tested, as data.

A test sets :data:`hit` in the process it is about to kill. It is a global because each call site is one truth
test beside an fsync, while a parameter would have to be carried through every function that writes, for tests
alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FAULT_POINTS",
    "HOOK_POINTS",
    "INBOX_POINTS",
    "RECOVERY_POINTS",
    "REOPEN_POINTS",
    "STORE_POINTS",
    "TASK_POINTS",
    "hit",
]


def _around(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.{side}" for name in names for side in ("before", "after"))


#: Around a task's function, and between its end and the record of it.
TASK_POINTS = (*_around("task"), "attempt.committed.before")

#: Around the implementations of each hook that fires during a tick.
HOOK_POINTS = _around(
    "hook.wfepy_load_state",
    "hook.wfepy_tick_started",
    "hook.wfepy_task_started",
    "hook.wfepy_run_task",
    "hook.wfepy_transition_evaluated",
    "hook.wfepy_task_finished",
    "hook.wfepy_instance_finished",
    "hook.wfepy_save_state",
    "hook.wfepy_state_saved",
    "hook.wfepy_tick_finished",
)

#: In the store of files, when an instance is created, advanced and ended. At ``torn``, half of the bytes are
#: written.
STORE_POINTS = (
    *_around("create.journal"),
    "snapshot.write.before",
    "snapshot.write.torn",
    "snapshot.write.after",
    *_around("snapshot.fsync", "snapshot.rename", "folder.fsync"),
    "journal.write.before",
    "journal.write.torn",
    "journal.write.after",
    *_around("journal.fsync", "finish.snapshot", "finish.journal"),
)

#: In the store of files, only after an earlier crash or a full disk.
RECOVERY_POINTS = _around("journal.mend")

#: In the store of files, when a signal is sent and when it is discarded.
INBOX_POINTS = (
    "send.write.before",
    "send.write.torn",
    "send.write.after",
    *_around("send.fsync", "send.link", "discard.file", "discard.folder"),
)

#: In the store of files, when an ended instance is brought back; then come those of its snapshot.
REOPEN_POINTS = _around("reopen.journal", "reopen.snapshot")

FAULT_POINTS = TASK_POINTS + HOOK_POINTS + STORE_POINTS + INBOX_POINTS + REOPEN_POINTS + RECOVERY_POINTS

#: Called with the name of each point as it is reached; ``None`` outside of tests.
hit: Callable[[str], None] | None = None
