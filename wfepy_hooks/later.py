"""The part of a tick that takes time: what runs beside it, and short delays of retries."""

from __future__ import annotations

from .clock import format_time, parse_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


def go_on(runner: Runner) -> None:
    """Record what finishes and try what that makes ready, until nothing runs and nothing is due within this tick."""
    beside = runner._beside
    try:
        while runner._later or (beside is not None and beside.is_busy):
            seconds = _until_next(runner)
            ready = []
            if beside is not None and beside.is_busy:
                ready = beside.collect(seconds)
            elif seconds:
                with runner._engine.inside_task:  # an interrupt gets through
                    runner._engine.sleep(seconds)
            ready += _due(runner)
            runner._try_all(ready)
    finally:
        if beside is not None:
            beside.close()
            runner._beside = None


def _until_next(runner: Runner) -> float | None:
    """Return in how many seconds the next retry is due; ``None``: there is none."""
    if not runner._later:
        return None
    moment = min(runner._later)[0]
    return max((parse_time(moment) - runner._engine.clock()).total_seconds(), 0.0)


def _due(runner: Runner) -> list[int]:
    """Take out the retries that are due, so that they are tried once more in this tick."""
    now = format_time(runner._engine.clock())
    due = [task for moment, task in runner._later if moment <= now]
    runner._later = [each for each in runner._later if each[0] > now]
    for task in due:
        runner._tried.pop(task, None)
    return due
