"""What is pinged when: ``/start`` before a command or a workflow, its exit code behind it, both with one run id."""

from __future__ import annotations

import threading
import uuid
from time import monotonic

from wfepy_hooks import hookimpl

from .settings import PLUGIN, shown
from .web import Refused, ping, ping_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config, Instance

    from .settings import Settings

__all__ = ["Pings"]

#: Seconds before the second and the third try: a ping that is lost wakes somebody up for nothing.
PAUSES = (0.3, 1.0)
#: The exit code of what somebody has interrupted.
_INTERRUPTED = 130


class _Check:
    """One run, as its check sees it.

    :ivar url: of the check
    :ivar workflow: what it is about; empty: the whole command
    :ivar is_told: whether the check was told how it ended
    """

    __slots__ = ("is_told", "rid", "url", "workflow")

    def __init__(self, url: str, workflow: str = "") -> None:
        self.url = url
        self.workflow = workflow
        self.rid = str(uuid.uuid4())
        self.is_told = False


class Pings:
    """A plugin that pings around the commands that the settings name, and in them around each workflow with a check.

    Nothing that happens here stops or fails a command: what went wrong is logged, and the missing ping tells the rest.
    """

    def __init__(self, settings: Settings, config: Config) -> None:
        self._settings = settings
        self._config = config
        self._whole = _Check(settings.url) if settings.url else None
        self._checks: dict[str, _Check] = {}
        self._workflow = ""  # the one that is advanced now
        #: Seconds that all pings of workflows together may still take before the end of the command.
        self._left = settings.limit

    def _is_watched(self, command: str) -> bool:
        return command in self._settings.commands

    @hookimpl(tryfirst=True)
    def wfepy_command_started(self, command: str) -> None:
        if self._is_watched(command) and self._whole:
            self._send([(self._whole, "start")], self._settings.limit)

    @hookimpl(tryfirst=True)
    def wfepy_tick_started(self, instance: Instance) -> None:
        """Tell that a workflow begins, and how the one before it has ended: that is not to wait for those behind it."""
        name = instance.workflow.name
        if name == self._workflow or not self._is_watched(self._config.command):
            return
        pings = []
        if before := self._checks.get(self._workflow):
            pings.append((before, str(self._config.ticked.get(self._workflow, 0))))
        self._workflow = name
        if url := self._settings.url_of(name):
            self._checks[name] = check = _Check(url, name)
            pings.append((check, "start"))
        if pings and self._left > 0:  # what has no time any more is told in the end, but for the start
            began = monotonic()
            self._send(pings, self._left)
            self._left -= monotonic() - began

    @hookimpl(trylast=True)
    def wfepy_command_finished(self, command: str, exit_code: int) -> None:
        if not self._is_watched(command):
            return
        pings = [(self._whole, str(exit_code))] if self._whole else []
        for name, code in self._codes(exit_code).items():
            url = self._settings.url_of(name)
            check = self._checks.get(name) or _Check(url, name)
            if url and not check.is_told:
                pings.append((check, str(code)))
        self._send(pings, self._settings.limit)

    def _codes(self, exit_code: int) -> dict[str, int]:
        """Return what each workflow came to, by what the whole command did."""
        ticked = self._config.ticked
        if exit_code == _INTERRUPTED:  # those that it has not come to are not well, and have not failed
            return {
                name: ticked.get(name, 0) if name != self._workflow else exit_code for name in self._checks
            }
        # An error of none of those that were advanced, such as a folder that cannot be read, is of one of the others.
        unclear = exit_code if exit_code > max(ticked.values(), default=0) else 0
        return {name: code if name in self._checks else max(code, unclear) for name, code in ticked.items()}

    def _send(self, pings: list[tuple[_Check, str]], limit: float) -> None:
        """Ping all at once within the limit, which holds for all of it: addresses of names, tries, answers."""
        deadline = monotonic() + limit
        under_way = []
        for check, signal in pings:
            outcome: list[str] = []
            url = ping_url(check.url, signal, check.rid)
            # No timeout of a socket covers the look-up of a name, or a server that sends a byte a second. The process
            # does not wait for a daemon thread when it ends.
            thread = threading.Thread(target=_try, args=(url, deadline, outcome), daemon=True)
            thread.start()
            under_way.append((thread, check, signal, outcome))
        for thread, check, signal, outcome in under_way:
            thread.join(max(deadline - monotonic(), 0))
            problem = outcome[0] if outcome else f"no answer within {limit:.3g} s"
            check.is_told = not problem and signal != "start"
            if problem:
                _say_lost(check, signal, problem)


def _say_lost(check: _Check, signal: str, problem: str) -> None:
    from wfepy_hooks.commandline import logger  # lazily: mostly all is well

    whose = f" of {check.workflow}" if check.workflow else ""
    text = "wfepy_healthchecks: the ping /%s%s to %s was lost: %s"
    logger(PLUGIN).warning(text, signal, whose, shown(check.url), problem)


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
