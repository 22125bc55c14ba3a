"""What a project wants to happen when: the schedules of its workflows."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

from .errors import PluginError, ScheduleError
from .timing import parse_duration

__all__ = ["START", "TICK", "ScheduleEntry", "collect_schedules", "from_config"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .config import Config
    from .configfile import WorkflowConfig
    from .schedule import Schedule

#: What :attr:`ScheduleEntry.kind` may be: the live instances are advanced, or a new one begins.
TICK, START = "tick", "start"
#: What :attr:`ScheduleEntry.grace` is by default.
GRACE = timedelta(minutes=10)


class ScheduleEntry:
    """One schedule of one workflow.

    :ivar workflow: its name
    :ivar kind: what happens: :data:`TICK` or :data:`START`
    :ivar expression: when, as it is written
    :ivar timezone: in which time zone that is meant
    :ivar seed: what each ``H`` is picked by
    :ivar missed: which of the missed starts are made up for: ``skip``, ``once`` or ``all``
    :ivar grace: a start that comes no later than this, after its moment, is not missed; a timedelta
    :ivar where: where it is written, for messages
    """

    # No dataclass: the module dataclasses takes 8 ms, and each tick of a project with schedules makes these.
    __slots__ = ("expression", "grace", "kind", "missed", "seed", "timezone", "where", "workflow")

    def __init__(
        self,
        workflow: str,
        kind: str,
        expression: str,
        *,
        timezone: str = "UTC",
        seed: str = "",
        missed: str = "once",
        grace: str | timedelta = GRACE,
        where: str = "",
    ) -> None:
        """Make an entry; ``grace`` is a duration as in :func:`wfepy_hooks.wait`.

        :raises ValueError: if it is no such kind, no such way to treat what was missed, or no duration
        """
        if kind not in (TICK, START):
            raise ValueError(f"kind must be {TICK!r} or {START!r}, not {kind!r}")
        if missed not in ("skip", "once", "all"):
            raise ValueError(f"missed must be 'skip', 'once' or 'all', not {missed!r}")
        self.workflow = workflow
        self.kind = kind
        self.expression = expression
        self.timezone = timezone
        self.seed = seed
        self.missed = missed
        self.grace = grace if isinstance(grace, timedelta) else parse_duration(grace, "grace")
        self.where = where

    def __repr__(self) -> str:
        return f"<ScheduleEntry {self.kind} {self.workflow} at {self.expression!r} {self.timezone}>"

    def schedule(self) -> Schedule:
        """Return the schedule, read.

        :raises ScheduleError: if it is wrong; with its place
        """
        from .schedule import Schedule  # lazily: a tick in which nothing can be due needs none

        try:
            return Schedule(self.expression, self.timezone, seed=self.seed)
        except ScheduleError as error:
            error.where = self.where
            raise


def from_config(config: Config, workflows: Mapping[str, WorkflowConfig]) -> list[ScheduleEntry]:
    """Return the schedules that the config file gives its workflows."""
    entries = []
    for name, workflow in workflows.items():
        for kind, key, expression in (
            (TICK, "schedule", workflow.schedule),
            (START, "start", workflow.start),
        ):
            if expression:
                entry = ScheduleEntry(
                    name,
                    kind,
                    expression,
                    timezone=workflow.timezone or "UTC",
                    seed=f"{config.project}/{name}",
                    missed=workflow.missed,
                    grace=workflow.grace or GRACE,
                    where=f"[workflows.{name}] {key}",
                )
                entries.append(entry)
    return entries


def collect_schedules(config: Config, names: Iterable[str] | None = None) -> list[ScheduleEntry]:
    """Return the schedules of the configured workflows and those that plugins add.

    :param names: only of these workflows
    :raises PluginError: if a plugin fails, or returns something else
    """
    found: list[list[object]] = config.plugins.setup(
        "wfepy_collect_schedules", list, config=config, workflows=config.workflows
    )
    entries = [_require_entry(each) for each in chain.from_iterable(found)]
    wanted = None if names is None else set(names)
    order = {name: number for number, name in enumerate(config.workflows)}
    wanted_entries = (each for each in entries if wanted is None or each.workflow in wanted)
    return sorted(wanted_entries, key=lambda each: order.get(each.workflow, len(order)))


def _require_entry(each: object) -> ScheduleEntry:
    if isinstance(each, ScheduleEntry):
        return each
    kind = type(each).__name__
    raise PluginError(f"wfepy_collect_schedules must return a list of ScheduleEntry, not of {kind}")
