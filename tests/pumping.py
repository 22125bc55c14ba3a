"""What the tests of the pump share."""

from __future__ import annotations

import asyncio

from wfepy_hooks.executors import Finished, Pump


def drain(pump: Pump) -> list[Finished]:
    """Return all that is handed out until nothing runs."""
    found = []
    while pump.running:
        found += pump.wait(30)
    return found


async def brew(cups: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    return cups
