"""Ticks in a loop, where there is no cron: each in a process of its own, at the moments of the schedules."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from datetime import timedelta

from .errors import ConfigError
from .scheduling import collect_schedules

__all__ = ["Watch", "next_moment"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import FrameType

    from .clock import Clock
    from .config import Config

#: Seconds after which the clock is looked at again: it may have been set, or the machine may have slept.
_NAP = 20.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Watch:
    """A loop of ticks, which never overlap. SIGTERM and SIGINT end it, after the tick in hand.

    :param command: the words of one tick
    :param next_moment: returns when the tick after a moment is due
    :param clock: tells the time
    :param told: called with a line for the log
    :param is_outdated: returns whether all this should begin anew, with another configuration
    """

    def __init__(
        self,
        command: Sequence[str],
        next_moment: Callable[[datetime], datetime],
        clock: Clock,
        told: Callable[[str], None],
        is_outdated: Callable[[], bool] = bool,
    ) -> None:
        self._command = command
        self._next = next_moment
        self._clock = clock
        self._tell = told
        self._is_outdated = is_outdated
        self._stopping = False
        self._tick: subprocess.Popen[bytes] | None = None
        # A byte in the pipe ends a nap: a signal that comes just before it would be slept through otherwise.
        self._ear, self._mouth = os.pipe()

    def run(self) -> bool:
        """Tick now, for whatever was missed, and from then on at each moment, until a signal comes.

        :return: ``True`` if it ended because it is outdated; the signals wait then, also for a program that takes the
            place of this one
        """
        before = [(number, signal.signal(number, self._stop)) for number in _SIGNALS]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)  # an outdated one may have left them waiting
        try:
            while not self._stopping:
                began = self._clock()
                self._run_tick()
                if self._is_outdated():
                    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
                    return not self._stopping
                if not self._stopping:
                    self._sleep_until(self._next(began))
            return False
        finally:
            for number, handler in before:
                signal.signal(number, handler)
            os.close(self._ear)
            os.close(self._mouth)

    def _run_tick(self) -> None:
        # A session of its own: Ctrl-C at the terminal is for this process, which passes it on once.
        with subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True) as tick:
            self._tick = tick
            if self._stopping:  # the signal came just before there was somebody to pass it on to
                self._pass_on(signal.SIGTERM)
            tick.wait()
            self._tick = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        self._pass_on(number)
        with suppress(OSError):
            os.write(self._mouth, b".")

    def _pass_on(self, number: int) -> None:
        if self._tick is not None:
            with suppress(ProcessLookupError):
                self._tick.send_signal(number)

    def _sleep_until(self, moment: datetime) -> None:
        self._tell(f"next tick at {moment:%Y-%m-%dT%H:%M:%SZ}")
        while not self._stopping:
            seconds = (moment - self._clock()).total_seconds()
            if seconds <= 0:
                return
            # Not a moment too early: nothing would be due yet.
            select.select([self._ear], [], [], min(seconds + 0.001, _NAP))


def next_moment(config: Config, names: Sequence[str] | None) -> Callable[[datetime], datetime]:
    """Return a function that returns when anything of the schedules is due next after a moment.

    :param names: only of these workflows
    :raises ConfigError: if there is no schedule
    :raises ScheduleError: if one is wrong
    """
    schedules = [entry.schedule() for entry in collect_schedules(config, names)]
    if not schedules:
        hint = 'write schedule = "*/10 * * * *" below [workflows.NAME], or say how often: --every 10min'
        raise ConfigError("no workflow has a schedule", where=config.file or config.root, hint=hint)

    def following(moment: datetime) -> datetime:
        found = [each.due for schedule in schedules if (each := schedule.next(moment)) is not None]
        return min(found, default=moment + timedelta(days=366))

    return following
