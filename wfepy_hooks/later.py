"""The part of a tick that takes time: short delays of retries."""

from __future__ import annotations

from .clock import format_time, parse_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


def go_on(runner: Runner) -> None:
    """Wait for the retries that are due within this tick, and try them and what follows."""
    while runner._later:
        runner._later.sort()
        moment = runner._later[0][0]
        now = format_time(runner._engine.clock())
        if moment > now:
            with runner._engine.inside_task:  # an interrupt gets through
                runner._engine.sleep((parse_time(moment) - parse_time(now)).total_seconds())
        due = runner._later.pop(0)[1]
        runner._tried.pop(due, None)
        runner._try_all([due])
