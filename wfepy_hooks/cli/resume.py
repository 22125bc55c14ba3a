"""Let the ticks run an instance again that is paused.

    wfepy resume coffee table-4

What came due meanwhile happens at the next tick. INSTANCE may be left out where there is only one, or one is called
"default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_instance_arguments
run = partial(operating.run, "resume")
