"""Have the next tick try a task again that failed or timed out, or that waits for its next attempt or a moment.

    wfepy retry coffee table-4 make_coffee -m "there is milk now"

What counts its attempts starts over. Without TASK each failed task of the instance is tried again; an instance that
ended as failed comes back for that. A task that waits is called once more, and its deadline stays. INSTANCE may be left
out where there is only one, or one is called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = partial(operating.add_task_arguments, optional=True)
run = partial(operating.run, "retry")
