"""Declare a task done that is about to run, waits or failed: somebody has done its work by hand.

    wfepy done coffee table-4 make_coffee -m "brought one from the bar"

It is not called; the conditions of its transitions say what follows. That is listed, and you are asked first. INSTANCE
may be left out where there is only one, or one is called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_task_arguments
run = partial(operating.run, "done")
