"""What is pinged when: ``/start`` before a command, its exit code behind it, both with the same run id."""

from __future__ import annotations

import threading
import uuid
from time import monotonic

from wfepy_hooks import hookimpl

from .settings import shown
from .web import Refused, ping, ping_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["Pings"]

#: Seconds before the second and the third try: a ping that is lost wakes somebody up for nothing.
PAUSES = (0.3, 1.0)


class Pings:
    """A plugin that pings around the commands that the settings name.

    Nothing that happens here stops or fails a command: what went wrong is logged, and the missing ping tells the rest.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rid = str(uuid.uuid4())

    @hookimpl(tryfirst=True)
    def wfepy_command_started(self, command: str) -> None:
        if command in self._settings.commands:
            self._send("start")

    @hookimpl(trylast=True)
    def wfepy_command_finished(self, command: str, exit_code: int) -> None:
        if command in self._settings.commands:
            self._send(str(exit_code))

    def _send(self, signal: str) -> None:
        """Ping within the limit, which holds for all of it: the name's address, the tries and the answer."""
        outcome: list[str] = []
        deadline = monotonic() + self._settings.limit
        url = ping_url(self._settings.url, signal, self._rid)
        # No timeout of a socket covers the look-up of a name, or a server that sends a byte a second. The process
        # does not wait for a daemon thread when it ends.
        thread = threading.Thread(target=_try, args=(url, deadline, outcome), daemon=True)
        thread.start()
        thread.join(self._settings.limit)
        if not outcome:
            outcome.append(f"no answer within {self._settings.limit:g} s")
        if outcome[0]:
            import logging  # lazily: all is well

            logging.getLogger(__package__).warning(
                "the ping /%s to %s was lost: %s", signal, shown(self._settings.url), outcome[0]
            )


def _try(url: str, deadline: float, outcome: list[str]) -> None:
    """Ping until it succeeds, it makes no sense, or the time is over; put what is wrong into ``outcome``."""
    problem = ""
    for pause in (*PAUSES, 0.0):
        try:
            ping(url, deadline - monotonic())
        except Refused as error:  # it would be again
            problem = str(error)
            break
        except OSError as error:
            problem = str(getattr(error, "reason", "") or error)
        except Exception as error:  # noqa: BLE001 - a server may answer anything, and this must end no tick
            problem = f"{type(error).__name__}: {error}"
        else:
            outcome.append("")
            return
        if not pause or monotonic() + pause >= deadline:
            break
        threading.Event().wait(pause)
    outcome.append(problem)
