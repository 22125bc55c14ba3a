"""When each schedule is due next, remembered from tick to tick, so that a tick need not read cron expressions.

    STATE/.wake/agenda.json

It is a cache, and true of one machine only: it may be deleted or damaged, and the price is time. For each schedule it
has the moments of the days to come, and when this machine has last advanced the workflow by it. Reading a cron
expression takes 100 ms, most of it the import of croniter; looking here takes 1 ms for a hundred workflows.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta

from .clock import format_time, parse_time

__all__ = ["LOOK_BACK", "Agenda"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .scheduling import ScheduleEntry

#: For how long moments are remembered: laws about time zones change, and then what is remembered is wrong.
_AHEAD = timedelta(days=7)
#: How many moments of one schedule are remembered. All are read at each tick.
_MOST = 48
#: How many of the moments that have passed are looked at.
LOOK_BACK = 1000


class Agenda:
    """What is due when.

    :param state: the folder of the state
    """

    def __init__(self, state: str) -> None:
        self._folder = os.path.join(state, ".wake")
        self._known = self._load()
        self._changed = False

    def due(self, entry: ScheduleEntry, after: str, now: str) -> list[str]:
        """Return the moments after one and not after the other at which a schedule was due, in order.

        All of them are texts of :func:`.format_time`, which sort as the moments do, so that nothing need be converted
        where nothing is due. They are the last :data:`LOOK_BACK` at the most, and one more if there are more.

        :raises ScheduleError: if the schedule is wrong
        """
        known = self._known.get(_key(entry))
        if not (known is not None and known["from"] <= after <= now <= known["to"]):
            return self._find(entry, after, now)
        if now < known["next"]:
            return []
        return [moment for moment in known["moments"] if after < moment <= now]

    def _find(self, entry: ScheduleEntry, after: str, now: str) -> list[str]:
        from itertools import islice

        schedule, moment = entry.schedule(), parse_time(now)
        found = schedule.latest(moment, most=LOOK_BACK + 1, after=parse_time(after))
        passed = [format_time(each.due) for each in found]
        end = moment + _AHEAD
        ahead = [format_time(each.due) for each in islice(schedule.between(moment, end), _MOST)]
        known = self._known.setdefault(_key(entry), {})
        known["from"] = passed[-1] if passed else after
        known["to"] = ahead[-1] if len(ahead) == _MOST else format_time(end)
        known["next"] = ahead[0] if ahead else known["to"]
        known["moments"] = ahead
        self._changed = True
        return passed

    def is_tick_due(self, entry: ScheduleEntry, now: str) -> bool:
        """Return whether this machine has a workflow to advance by this schedule, and note that it does.

        So it is if nothing is known: one tick too many does no harm. A clock that was set back must not keep a
        workflow waiting until it has caught up.

        :raises ScheduleError: if the schedule is wrong
        """
        known = self._known.get(_key(entry), {})
        ticked = known.get("ticked", "~")
        if ticked <= now and not self.due(entry, ticked, now):
            return False
        if not known:
            self.due(entry, now, now)  # which tells what is wrong with it
        self._known[_key(entry)]["ticked"] = now
        self._changed = True
        return True

    def save(self, entries: list[ScheduleEntry]) -> None:
        """Write what was found out, if it can be written; of other schedules than these nothing is kept."""
        if not self._changed:
            return
        import json

        kept = {key: self._known[key] for key in map(_key, entries) if key in self._known}
        temporary = f"{self._folder}/agenda.{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, exist_ok=True)
            ignore = f"{self._folder}/.gitignore"
            if not os.path.exists(ignore):
                with open(ignore, "w", encoding="ascii") as file:
                    file.write("*\n")
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(kept, file)
            os.replace(temporary, f"{self._folder}/agenda.json")

    def _load(self) -> dict[str, dict[str, Any]]:
        import json

        try:
            with open(f"{self._folder}/agenda.json", encoding="utf-8") as file:
                found = json.load(file)
            return {key: value for key, value in found.items() if _is_sound(value)}
        except (OSError, ValueError, AttributeError, RecursionError):
            return {}


def _key(entry: ScheduleEntry) -> str:
    parts = (entry.kind, entry.workflow, entry.expression, entry.timezone, entry.seed)
    return "\n".join(parts)


def _is_sound(value: Any) -> bool:
    """Return whether this is what :meth:`Agenda.save` writes."""
    try:
        texts = [value["from"], value["to"], value["next"], value.get("ticked", "~"), *value["moments"]]
    except (KeyError, TypeError, AttributeError):
        return False
    return all(type(text) is str for text in texts)
