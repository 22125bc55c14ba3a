"""Beginning the instances that the schedules ask for, each exactly once.

The id of such an instance is the moment for which it begins, so that no two ticks, on whatever machines, begin it
twice. Up to which moment a schedule has been served is noted in the store, after the instances are there: a tick that
is killed in between leaves a moment that the next one meets again, with its instance.
"""

from __future__ import annotations

from . import faults
from .agenda import LOOK_BACK, Agenda
from .clock import format_time, parse_time
from .errors import InstanceExists, WfepyError
from .report import Report
from .scheduling import START, TICK, collect_schedules

__all__ = ["Begun", "Schedules", "instance_id", "overdue", "scheduled_tick"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from .project import Project
    from .schedule import Schedule
    from .scheduling import ScheduleEntry
    from .stores import Store

#: How many instances ``missed = "all"`` begins at once.
MOST_STARTS = 100
#: How often one tick of a scheduler looks at what is due. A tick ends, whatever takes how long.
MOST_ROUNDS = 10


class Begun:
    """An instance that a schedule has begun.

    :ivar workflow: :ivar instance: which one
    :ivar due: for which moment
    :ivar missed: how many moments before that were passed over, up to :data:`.LOOK_BACK`
    """

    __slots__ = ("due", "instance", "missed", "workflow")

    def __init__(self, workflow: str, instance: str, due: datetime, missed: int) -> None:
        self.workflow = workflow
        self.instance = instance
        self.due = due
        self.missed = missed


def scheduled_tick(
    project: Project,
    workflows: Sequence[str],
    advance: Callable[[list[str]], Iterator[Report]],
    *,
    due_only: bool,
    begun: Callable[[Begun], None] | None,
) -> Iterator[Report]:
    """Begin the instances that are due, and advance the live ones; see :meth:`.Project.tick`.

    With ``due_only`` it looks again in the end: some schedulers do not start another tick while one runs, and what
    falls due meanwhile would wait until the next day.

    :param advance: advances the live instances of workflows
    """
    schedules = Schedules(project, workflows, begun)
    for again in range(MOST_ROUNDS if due_only else 1):
        if again and not schedules.is_another_minute():
            return
        yield from schedules.begin()
        chosen = list(workflows)
        if due_only:
            found = list(schedules.due(again=again > 0))
            yield from (each for each in found if not isinstance(each, str))
            chosen = [each for each in found if isinstance(each, str)]
        yield from advance(chosen)
        schedules.close()


class Schedules:
    """What the schedules ask of one tick.

    :param workflows: only of these
    :param begun: called for each instance that was begun
    """

    def __init__(
        self, project: Project, workflows: Sequence[str], begun: Callable[[Begun], None] | None = None
    ) -> None:
        self._project = project
        self._agenda = Agenda(project.config.state)
        self._tell = begun
        self._workflows = workflows
        self._all = collect_schedules(project.config)
        chosen = set(workflows)
        self._starts = [each for each in self._all if each.kind == START and each.workflow in chosen]
        self._look()

    def _look(self) -> None:
        self._now = self._project.config.clock()
        self._now_text = format_time(self._now)
        self._begun: set[str] = set()

    def is_another_minute(self) -> bool:
        """Return whether something may be due now that was not when this was asked last, and take it to be now."""
        before = self._now_text
        self._look()
        return before[:16] != self._now_text[:16]

    def begin(self) -> Iterator[Report]:
        """Begin the instances that are due; yield a report for each that could not be."""
        for entry in self._starts:
            yield from self._serve(entry)

    def due(self, *, again: bool = False) -> Iterator[str | Report]:
        """Yield the workflows that are to be advanced: those whose schedule is due, in which an instance has begun, and
        those that have no schedule.

        For a schedule that is wrong, yield a report. Its workflow is advanced.

        :param again: this tick has advanced workflows before: only what is due since then
        """
        ticks: dict[str, list[ScheduleEntry]] = {}
        for entry in self._all:
            if entry.kind == TICK:
                ticks.setdefault(entry.workflow, []).append(entry)
        for workflow in self._workflows:
            entries = ticks.get(workflow, ())
            is_due = workflow in self._begun or not (entries or again)
            for entry in entries:
                try:
                    is_due |= self._agenda.is_tick_due(entry, self._now_text)
                except WfepyError as error:
                    if not again:
                        yield self._failed(workflow, "", error)
                        is_due = True
            if is_due:
                yield workflow

    def close(self) -> None:
        """Remember what was found out, for the ticks to come."""
        self._agenda.save(self._all)

    def _failed(self, workflow: str, instance: str, error: WfepyError) -> Report:
        report = Report(workflow, instance)
        report.error = error
        report.note(self._project.config.ticked)
        return report

    def _serve(self, entry: ScheduleEntry) -> Iterator[Report]:
        name = ""
        try:
            plan = self._plan(entry)
            for due, missed in plan.starts:
                name = instance_id(due)
                self._start(entry.workflow, name, due, missed)
            if plan.until is not None:
                self._note(entry, plan)
        except WfepyError as error:
            yield self._failed(entry.workflow, name, error)

    def _plan(self, entry: ScheduleEntry) -> Plan:
        noted = self._project.store.starts(entry.workflow).get(key_of(entry))
        if noted is None:
            after = format_time(self._now - entry.grace)
            return first_plan(self._agenda.due(entry, after, self._now_text), self._now)
        until = noted["until"]
        if until >= self._now_text:  # the clock was set back
            return Plan()
        return later_plan(entry, self._agenda.due(entry, until, self._now_text), self._now)

    def _start(self, workflow: str, name: str, due: datetime, missed: int) -> None:
        scheduled = {"due": format_time(due), "missed": missed}
        try:
            self._project.create(workflow, name, scheduled=scheduled).release()
        except InstanceExists:
            return  # another tick was faster, or this moment was not noted because a tick was killed
        if faults.hit:
            faults.hit("start.created")
        self._begun.add(workflow)
        if self._tell is not None:
            self._tell(Begun(workflow, name, due, missed))

    def _note(self, entry: ScheduleEntry, plan: Plan) -> None:
        note: dict[str, Any] = {"until": format_time(plan.until)} if plan.until is not None else {}
        if plan.missed:
            note["missed"] = plan.missed
        keep = [key_of(each) for each in self._starts if each.workflow == entry.workflow]
        self._project.store.note_start(entry.workflow, key_of(entry), note, keep)


class Plan:
    """What becomes of the moments that are due of one schedule.

    :ivar starts: the moments for which an instance begins, with how many were missed before each
    :ivar until: up to which moment everything is decided by that; ``None`` if nothing changes
    :ivar missed: how many moments were passed over since the last time
    """

    __slots__ = ("missed", "starts", "until")

    def __init__(
        self, starts: Sequence[tuple[datetime, int]] = (), until: datetime | None = None, missed: int = 0
    ) -> None:
        self.starts = starts
        self.until = until
        self.missed = missed


def first_plan(due: list[str], now: datetime) -> Plan:
    """Return the plan for a schedule of which nothing is noted: it is new, and so nothing was missed."""
    if not due:
        return Plan(until=now)
    last = parse_time(due[-1])
    return Plan([(last, 0)], last)


def later_plan(entry: ScheduleEntry, due: list[str], now: datetime) -> Plan:
    """Return the plan for a schedule with these moments since the last one that is noted, oldest first."""
    if not due:
        return Plan()
    moments = [parse_time(text) for text in due[-LOOK_BACK:]]
    last = moments[-1]
    chosen = {"once": moments[-1:], "all": moments[-MOST_STARTS:]}.get(entry.missed, [])
    if entry.missed == "skip" and now - last <= entry.grace:
        chosen = [last]
    missed = len(moments) - len(chosen)
    starts = [(moment, 0 if number else missed) for number, moment in enumerate(chosen)]
    return Plan(starts, last, missed)


def overdue(
    entry: ScheduleEntry, schedule: Schedule, store: Store, now: datetime
) -> Sequence[tuple[datetime, int]]:
    """Return what a tick at ``now`` would begin: moments, with how many were missed before each."""
    noted = store.starts(entry.workflow).get(key_of(entry))
    after = now - entry.grace if noted is None else parse_time(noted["until"])
    if after >= now:
        return ()
    due = [format_time(each.due) for each in schedule.latest(now, most=LOOK_BACK + 1, after=after)]
    plan = first_plan(due, now) if noted is None else later_plan(entry, due, now)
    return plan.starts


def instance_id(due: datetime) -> str:
    """Return the id of the instance that begins for a moment: ``2026-11-23T0800Z``."""
    seconds = f"{due:%S}" if due.second else ""  # the old local times of some zones are odd
    return f"{due:%Y-%m-%dT%H%M}{seconds}Z"


def key_of(entry: ScheduleEntry) -> str:
    """Return under what the store notes a schedule. With another expression or time zone it is a new one."""
    return f"{entry.expression} {entry.timezone}"
