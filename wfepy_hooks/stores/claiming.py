"""Which instances of a workflow a tick has to look at, in the store of files."""

from __future__ import annotations

import contextlib
import os

from ..clock import format_time
from ..errors import StateError
from .folder import complete_move, list_folder, with_lost
from .names import wake_of
from .wakelog import log_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["MANY", "candidates", "rotate"]

#: So many instances have a wake index. Looking at fewer takes less than a tenth of the time that Python needs to start.
MANY = 64
_SAMPLE = 32


def candidates(folder: str, workflow: str, now: datetime) -> tuple[list[str], bool]:
    """Return the instances that may be due, sorted, and whether they were chosen among many.

    All that are due are among them, and none that the workflow does not have, unless it is in an inbox.

    :raises StateError: if the folder cannot be read
    """
    has_index = os.path.exists(log_path(folder))
    if has_index:
        from .inbox import waiting  # lazily, and all below: few workflows have so many
        from .wakeindex import due_by_index

        due = due_by_index(folder, format_time(now))
        if due is not None:
            return sorted(due.union(waiting(folder))), True
    instances, orphans = list_folder(folder)
    for instance in orphans:
        complete_move(folder, instance)
    if len(instances) >= MANY and (has_index or _some_sleep(folder, workflow, instances, format_time(now))):
        from .inbox import waiting
        from .wakeindex import due_by_files

        return sorted(due_by_files(folder, workflow, now).union(waiting(folder))), True
    if has_index:
        from .wakeindex import forget

        forget(folder)
    return with_lost(folder, instances, orphans), False


def _some_sleep(folder: str, workflow: str, instances: list[str], moment: str) -> bool:
    """Return whether any of a few instances sleeps: where all are polled, an index is work for nothing."""
    from .filesession import read_document

    for instance in instances[:: max(len(instances) // _SAMPLE, 1)]:
        with contextlib.suppress(OSError, StateError):  # whoever holds it is told
            if wake_of(read_document(f"{folder}/{instance}.json", workflow, instance)) > moment:
                return True
    return False


def rotate(instances: list[str], now: datetime) -> list[str]:
    """Return ``instances`` from another one on at each moment, so that a limit starves none of them."""
    if not instances:
        return instances
    # Knuth's multiplicative hash: ticks come at regular times, and those must not favour the same ones.
    start = int(now.timestamp() * 1e6) * 2654435761 % (1 << 32) * len(instances) >> 32
    return instances[start:] + instances[:start]
