"""Let no tick run an instance until wfepy resume.

    wfepy pause coffee table-4 -m "the machine is being cleaned"

Signals to it are kept meanwhile. Its deadlines go on. INSTANCE may be left out where there is only one, or one is
called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from functools import partial

from . import operating

add_arguments = operating.add_instance_arguments
run = partial(operating.run, "pause")
