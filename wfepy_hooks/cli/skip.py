"""Skip a task that is about to run, waits or failed, as if no transition to it had been taken.

    wfepy skip coffee table-4 make_foam -m "the foamer is broken"

What only follows from it is skipped, too; that is listed, and you are asked first. INSTANCE may be left out where there
is only one, or one is called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_task_arguments
run = partial(operating.run, "skip")
