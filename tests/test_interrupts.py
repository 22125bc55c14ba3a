"""Signals during a tick."""

from __future__ import annotations

import signal

import pytest

from wfepy_hooks.interrupts import Interrupts, TaskSurroundings


class LateSignal(Interrupts):
    """A signal comes right after it was asked whether there is one."""

    def check(self) -> None:
        super().check()
        self._handle(signal.SIGTERM, None)


def test_a_signal_at_the_moment_at_which_a_task_begins_ends_it() -> None:
    interrupts = LateSignal()
    interrupts.holding = True
    with pytest.raises(KeyboardInterrupt):
        TaskSurroundings(interrupts).__enter__()
