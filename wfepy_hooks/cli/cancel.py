"""End an instance: whatever is undecided in it is cancelled, and so are the instances that it waits for.

    wfepy cancel coffee table-4 -m "the guest has left"

What is cancelled is listed, and you are asked first. INSTANCE may be left out where there is only one, or one is called
"default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_instance_arguments
run = partial(operating.run, "cancel")
