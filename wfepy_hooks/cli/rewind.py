"""Begin anew at a task: it runs again, and all that depends on how it ends is undecided again.

    wfepy rewind coffee table-4 make_coffee -m "it was cold"

That is listed with when it was done, and you are asked first. The context stays as it is. An instance that has ended
comes back. INSTANCE may be left out where there is only one, or one is called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_task_arguments
run = partial(operating.run, "rewind")
