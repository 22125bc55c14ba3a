"""Instances that begin by schedule: each once, whatever the ticks and the clock do."""

from __future__ import annotations

import json
import multiprocessing
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from killing import killed_at
from wfepy_hooks import ScheduleEntry, hookimpl
from wfepy_hooks.agenda import LOOK_BACK
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project, Report
from wfepy_hooks.starting import MOST_ROUNDS, MOST_STARTS, Begun

FLOW = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def brew(context, instance):
        return context.get("ready") or wfepy.wait(reason=f"for {instance.due:%H:%M}" if instance.due else "")
"""
MONDAY = datetime(2026, 11, 23, 7, 30, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


class Flow:
    """A project with one scheduled workflow, opened anew for each tick as a process would, and a clock to set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = MONDAY
        self.plugins: list[object] = []
        self.begun: list[Begun] = []
        (path / "brewing.py").write_text(textwrap.dedent(FLOW))
        self.configure(start="0 8 * * *")

    def configure(self, name: str = "coffee", **keys: str) -> None:
        lines = [f'[workflows.{name}]\nmodule = "brewing.py"']
        lines += [f'{key} = "{value}"' for key, value in keys.items()]
        (self.path / "wfepy.toml").write_text("\n".join(lines) + "\n")

    def open(self) -> Project:
        config = Config.load(cwd=self.path, autoload=False, environ={}, clock=lambda: self.now)
        for plugin in self.plugins:
            config.plugins.register(plugin)
        return Project(config)

    def tick(self, *names: str, due_only: bool = False) -> list[Report]:
        self.begun = []
        return list(self.open().tick(names or None, due_only=due_only, begun=self.begun.append))

    def tick_at(self, text: str, **options: bool) -> list[str]:
        """Tick at a moment of that Monday, or of another day, and return what was begun."""
        day, _, time = text.rpartition(" ")
        self.now = datetime.fromisoformat(f"{day or '2026-11-23'}T{time}+00:00")
        for report in self.tick(**options):
            assert report.error is None, report.error
        return [each.instance for each in self.begun]

    def instances(self) -> list[str]:
        store = self.open().store
        return sorted([*store.list("coffee"), *store.list("coffee", ended=True)])

    def notes(self) -> dict[str, dict[str, str]]:
        file = self.path / ".wfepy/state/coffee/schedule/starts.json"
        notes: dict[str, dict[str, str]] = json.loads(file.read_text())
        return notes

    def files(self) -> dict[str, bytes]:
        """The state, without what only this machine remembers."""
        files = (self.path / ".wfepy").rglob("*")
        return {
            str(file): file.read_bytes() for file in files if file.is_file() and ".wake" not in file.parts
        }


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "brewing", raising=False)
    return Flow(tmp_path)


def test_an_instance_begins_at_its_moment_and_is_advanced_in_the_same_tick(flow: Flow) -> None:
    assert flow.tick_at("07:50") == []
    flow.now = datetime(2026, 11, 23, 8, 0, 3, tzinfo=timezone.utc)
    (report,) = flow.tick()
    assert report.instance == "2026-11-23T0800Z"
    assert report.summary is not None
    assert report.summary.waiting == {"brew": "for 08:00"}
    instance = flow.open().read("coffee", report.instance)
    assert instance.due == datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
    assert instance.scheduled == {"due": "2026-11-23T08:00:00.000000Z", "missed": 0}
    assert flow.tick_at("2026-11-24 08:00") == ["2026-11-24T0800Z"]


def test_an_instance_begins_once_whatever_ticks_come(flow: Flow) -> None:
    flow.tick_at("07:50")
    started = [each for time in ("08:00", "08:00", "08:01", "09:00", "23:59") for each in flow.tick_at(time)]
    assert started == ["2026-11-23T0800Z"]


def test_a_tick_that_begins_nothing_writes_nothing(flow: Flow) -> None:
    flow.tick_at("07:50")
    flow.tick_at("08:00")
    before = flow.files()
    for time in ("08:00", "09:00", "2026-11-24 07:59"):
        flow.tick_at(time)
    assert flow.files() == before


def test_the_very_first_tick_may_be_that_of_the_moment(flow: Flow) -> None:
    assert flow.tick_at("08:00") == ["2026-11-23T0800Z"]


def test_a_schedule_that_is_new_makes_up_for_nothing(flow: Flow) -> None:
    assert flow.tick_at("12:00") == []
    assert flow.tick_at("2026-11-24 08:30") == ["2026-11-24T0800Z"]


def test_a_schedule_that_was_changed_is_new(flow: Flow) -> None:
    flow.tick_at("07:50")
    flow.tick_at("08:00")
    flow.configure(start="0 * * * *")
    assert flow.tick_at("2026-11-24 12:30") == []
    assert flow.tick_at("2026-11-24 13:01") == ["2026-11-24T1300Z"]
    assert list(flow.notes()) == ["0 * * * * UTC"], "nothing is kept of the old one"


@pytest.mark.parametrize(
    ("missed", "begun", "counts"),
    [
        ("once", ["2026-11-26T0600Z"], [11]),
        ("skip", [], []),
        ("all", [f"2026-11-{day}T{hour:02}00Z" for day in (23, 24, 25, 26) for hour in (0, 6, 12, 18)], [0]),
    ],
)
def test_three_days_without_a_tick(flow: Flow, missed: str, begun: list[str], counts: list[int]) -> None:
    flow.configure(start="0 */6 * * *", missed=missed)
    flow.tick_at("07:30")
    found = flow.tick_at("2026-11-26 08:30")
    expected = [each for each in begun if "2026-11-23T0730Z" < each < "2026-11-26T0830Z"]
    assert found == expected
    assert [each.missed for each in flow.begun][: len(counts)] == counts
    assert flow.notes()["0 */6 * * * UTC"].get("missed", 0) == {"once": 11, "skip": 12, "all": 0}[missed]
    assert flow.tick_at("2026-11-26 08:31") == []
    assert flow.tick_at("2026-11-26 12:00") == ["2026-11-26T1200Z"]


def test_a_start_within_its_grace_is_not_missed(flow: Flow) -> None:
    flow.configure(start="0 8 * * *", missed="skip", grace="6h")
    flow.tick_at("07:30")
    assert flow.tick_at("13:59") == ["2026-11-23T0800Z"]
    assert flow.tick_at("2026-11-24 14:01") == []
    assert flow.tick_at("2026-11-25 08:00") == ["2026-11-25T0800Z"]


def test_all_missed_starts_are_made_up_for_up_to_a_limit(flow: Flow) -> None:
    flow.configure(start="*/5 * * * *", missed="all")
    flow.tick_at("07:31")
    begun = flow.tick_at("2026-11-24 07:31")
    assert len(begun) == MOST_STARTS
    assert begun[-1] == "2026-11-24T0730Z"
    assert [each.missed for each in flow.begun] == [288 - MOST_STARTS] + [0] * (MOST_STARTS - 1)
    assert len(flow.instances()) == MOST_STARTS + 1


def test_a_year_of_missed_starts_is_counted_up_to_a_limit(flow: Flow) -> None:
    flow.configure(start="*/5 * * * *")
    flow.tick_at("07:31")
    assert flow.tick_at("2027-11-23 07:31") == ["2027-11-23T0730Z"]
    assert flow.begun[0].missed == LOOK_BACK - 1


def test_a_clock_that_is_set_back_starts_nothing_twice_and_loses_nothing(flow: Flow) -> None:
    flow.configure(start="*/20 * * * *")
    seen = [each for time in ("07:35", "07:40", "08:00", "08:20") for each in flow.tick_at(time)]
    seen += [each for time in ("07:20", "07:25", "07:40", "08:00") for each in flow.tick_at(time)]
    assert seen == ["2026-11-23T0740Z", "2026-11-23T0800Z", "2026-11-23T0820Z"]
    assert flow.tick_at("08:20") == []
    assert flow.tick_at("08:40") == ["2026-11-23T0840Z"]


def test_another_machine_that_shares_the_state_begins_nothing_twice(flow: Flow) -> None:
    flow.tick_at("07:50")
    flow.tick_at("08:00")
    (flow.path / ".wfepy/state/.wake/agenda.json").unlink()
    assert flow.tick_at("08:05") == []


def test_a_restored_older_state_begins_again_only_what_is_not_there(flow: Flow) -> None:
    flow.tick_at("07:50")
    file = flow.path / ".wfepy/state/coffee/schedule/starts.json"
    before = file.read_bytes()
    flow.tick_at("08:00")
    file.write_bytes(before)
    assert flow.tick_at("08:01") == []
    assert flow.instances() == ["2026-11-23T0800Z"]


def test_an_ended_instance_is_not_begun_again(flow: Flow) -> None:
    flow.tick_at("07:50")
    file = flow.path / ".wfepy/state/coffee/schedule/starts.json"
    before = file.read_bytes()
    project = flow.open()
    project.start("coffee", "2026-11-23T0800Z", {"ready": True})
    list(project.tick())
    assert project.store.list("coffee", ended=True) == ["2026-11-23T0800Z"]
    file.write_bytes(before)
    assert flow.tick_at("08:01") == []


def _tick_from_elsewhere(path: str, time: str) -> None:
    flow = Flow.__new__(Flow)
    flow.path, flow.plugins, flow.begun = Path(path), [], []
    flow.now = datetime.fromisoformat(time)
    list(flow.open().tick(None))


def test_two_ticks_at_the_same_second_begin_it_once(flow: Flow) -> None:
    flow.tick_at("07:50")
    context = multiprocessing.get_context("spawn")
    arguments = (str(flow.path), "2026-11-23T08:00:00+00:00")
    both = [context.Process(target=_tick_from_elsewhere, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert flow.instances() == ["2026-11-23T0800Z"]
    history = flow.open().store.history("coffee", "2026-11-23T0800Z")
    assert [record["task"] for record in history] == ["brew"]


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="needs fork")
def test_a_tick_that_is_killed_anywhere_begins_it_once_all_the_same(flow: Flow) -> None:
    point, killed = 0, True
    while killed:
        point += 1
        day = f"2026-11-{23 + point % 7}" if point % 7 else "2026-12-15"
        flow.now = datetime.fromisoformat(f"{day}T07:50:00+00:00")
        for file in sorted((flow.path / ".wfepy").rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        flow.tick()
        flow.now = datetime.fromisoformat(f"{day}T08:00:00+00:00")
        killed = killed_at(point, flow.tick)
        flow.tick()
        assert flow.instances() == [f"{day}T0800Z"], f"killed at fault point {point}"
        assert flow.notes()["0 8 * * * UTC"]["until"] == f"{day}T08:00:00.000000Z"
        assert flow.tick() != []
    assert point > 10


def test_a_workflow_that_cannot_be_loaded_begins_when_it_is_mended(flow: Flow) -> None:
    flow.tick_at("07:50")
    good = (flow.path / "brewing.py").read_text()
    (flow.path / "brewing.py").write_text("import nowhere")
    sys.modules.pop("brewing", None)
    flow.now = MONDAY + HOUR
    (report,) = flow.tick()
    assert report.exit_code == 4
    assert "nowhere" in str(report.error)
    (flow.path / "brewing.py").write_text(good)
    sys.modules.pop("brewing", None)
    assert flow.tick_at("08:40") == ["2026-11-23T0800Z"]


def test_a_wrong_schedule_is_told_and_everything_else_goes_on(flow: Flow) -> None:
    flow.open().start("coffee", "by-hand")
    flow.configure(start="0 8 * * fri-mon")
    project = flow.open()
    wrong, other = project.tick()
    assert project.config.ticked == {"coffee": 4}
    assert (wrong.workflow, wrong.instance, wrong.exit_code) == ("coffee", "", 4)
    assert str(wrong.error).startswith(
        '[workflows.coffee] start: day of the week "fri-mon": fri-mon runs backwards'
    )
    assert (other.instance, other.exit_code) == ("by-hand", 0)


def test_notes_that_are_damaged_are_told_and_begin_nothing(flow: Flow) -> None:
    flow.tick_at("07:50")
    file = flow.path / ".wfepy/state/coffee/schedule/starts.json"
    for text in ("<<<<<<< HEAD", "[]", '{"a": 1}', '{"a": {"until": 1}}', '{"a": {"until": "now"}}'):
        file.write_text(text)
        flow.now = MONDAY + HOUR
        (report,) = flow.tick()
        assert report.exit_code == 3
        assert "starts.json: it does not say what the schedules have begun; restore it" in str(report.error)
        assert file.read_text() == text


def test_a_start_follows_its_time_zone_through_both_changes_of_clocks(flow: Flow) -> None:
    flow.configure(start="30 2 * * *", timezone="Europe/Prague")
    flow.tick_at("2026-03-27 12:00")
    moment = datetime(2026, 3, 28, 0, 0, tzinfo=timezone.utc)
    begun = []
    while moment < datetime(2026, 3, 31, tzinfo=timezone.utc):
        begun += flow.tick_at(f"{moment:%Y-%m-%d %H:%M}")
        moment += HOUR / 2
    assert begun == ["2026-03-28T0130Z", "2026-03-29T0100Z", "2026-03-30T0030Z"]
    flow.tick_at("2026-10-24 00:25")
    moment = datetime(2026, 10, 24, 0, 30, tzinfo=timezone.utc)
    begun = []
    while moment < datetime(2026, 10, 27, tzinfo=timezone.utc):
        begun += flow.tick_at(f"{moment:%Y-%m-%d %H:%M}")
        moment += HOUR / 2
    assert begun == ["2026-10-24T0030Z", "2026-10-25T0030Z", "2026-10-26T0130Z"]


def test_a_plugin_adds_schedules(flow: Flow) -> None:
    class Evenings:
        @hookimpl
        def wfepy_collect_schedules(self, workflows: dict[str, object]) -> list[ScheduleEntry]:
            return [ScheduleEntry(name, "start", "0 18 * * *") for name in workflows]

    flow.configure()
    flow.plugins.append(Evenings())
    flow.tick_at("12:00")
    assert flow.tick_at("18:00") == ["2026-11-23T1800Z"]


def test_only_the_named_workflows_begin_anything(flow: Flow) -> None:
    text = (flow.path / "wfepy.toml").read_text()
    (flow.path / "wfepy.toml").write_text(text + text.replace("coffee", "tea"))
    flow.tick()
    flow.now = MONDAY + HOUR
    flow.tick("tea")
    assert [each.workflow for each in flow.begun] == ["tea"]
    flow.tick()
    assert [each.workflow for each in flow.begun] == ["coffee"]


# What a tick of a scheduler advances


def test_a_tick_of_a_scheduler_advances_a_workflow_when_its_schedule_is_due(flow: Flow) -> None:
    flow.configure(schedule="0 * * * *")
    flow.open().start("coffee", "one")

    def advanced(time: str) -> bool:
        flow.now = datetime.fromisoformat(f"2026-11-23T{time}+00:00")
        return bool(flow.tick(due_only=True))

    assert advanced("07:31"), "nothing is known yet, and one tick too many does no harm"
    assert [
        time for time in ("07:32", "07:59", "08:00", "08:01", "08:59", "10:30", "10:31") if advanced(time)
    ] == [
        "08:00",
        "10:30",
    ]
    assert advanced("09:30"), "the clock was set back, and must not catch up first"
    assert not advanced("09:59")
    assert advanced("10:00")


def test_a_tick_of_a_person_advances_everything(flow: Flow) -> None:
    flow.configure(schedule="0 0 1 1 *")
    flow.open().start("coffee", "one")
    assert [report.instance for report in flow.tick() + flow.tick()] == ["one", "one"]


def test_a_workflow_without_a_schedule_is_advanced_at_each_tick_of_a_scheduler(flow: Flow) -> None:
    flow.tick_at("07:50", due_only=True)
    flow.open().start("coffee", "one")
    assert len(flow.tick(due_only=True)) == len(flow.tick(due_only=True)) == 1


def test_what_begins_is_advanced_at_once_though_the_schedule_is_not_due(flow: Flow) -> None:
    flow.configure(schedule="30 * * * *", start="0 8 * * *")
    flow.tick_at("07:50", due_only=True)
    flow.now = MONDAY + HOUR / 2
    assert [report.instance for report in flow.tick(due_only=True)] == ["2026-11-23T0800Z"]
    assert flow.tick(due_only=True) == []


def test_a_wrong_schedule_of_ticks_keeps_no_workflow_from_being_advanced(flow: Flow) -> None:
    flow.configure(schedule="0~30 * * * *")
    flow.open().start("coffee", "one")
    for _ in range(2):
        wrong, report = flow.tick(due_only=True)
        assert (wrong.instance, wrong.exit_code, report.instance) == ("", 4, "one")


def test_what_falls_due_during_a_long_tick_of_a_scheduler_is_not_left_to_the_next_one(flow: Flow) -> None:
    flow.configure(schedule="*/30 * * * *", start="0 8 * * *")
    flow.tick_at("07:50", due_only=True)
    flow.open().start("coffee", "slow")
    flow.now = datetime(2026, 11, 23, 7, 59, tzinfo=timezone.utc)
    flow.configure(schedule="59 * * * *", start="0 8 * * *")
    advanced = []
    for report in flow.open().tick(None, due_only=True):
        advanced.append(report.instance)
        flow.now += timedelta(minutes=7)
    assert advanced == ["slow", "2026-11-23T0800Z", "slow"], (
        "begun in the second round, in which all is advanced"
    )


def test_a_tick_of_a_scheduler_ends_though_there_is_always_something_due(flow: Flow) -> None:
    flow.configure(schedule="* * * * *")
    flow.open().start("coffee", "slow")
    advanced = []
    for report in flow.open().tick(None, due_only=True):
        advanced.append(report.instance)
        flow.now += timedelta(minutes=2)
    assert len(advanced) == MOST_ROUNDS


def test_a_tick_that_is_killed_is_repeated_by_the_next_one_of_the_scheduler(flow: Flow) -> None:
    flow.configure(schedule="0 * * * *")
    flow.open().start("coffee", "one")
    flow.tick(due_only=True)
    flow.now = MONDAY + HOUR / 2
    ticking = flow.open().tick(None, due_only=True)
    next(ticking)
    del ticking
    flow.now += timedelta(minutes=5)
    assert len(flow.tick(due_only=True)) == 1


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', "[" * 9999])
def test_a_damaged_agenda_is_made_anew(flow: Flow, text: str) -> None:
    flow.tick_at("07:50")
    (flow.path / ".wfepy/state/.wake/agenda.json").write_text(text)
    assert flow.tick_at("08:00") == ["2026-11-23T0800Z"]


@pytest.mark.parametrize(
    "value", [None, 1, [], {}, {"from": 1, "to": 2, "next": 3, "moments": []}, {"from": "x"}]
)
def test_what_an_agenda_says_of_a_schedule_may_be_damaged(flow: Flow, value: object) -> None:
    flow.tick_at("07:50")
    file = flow.path / ".wfepy/state/.wake/agenda.json"
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text()), value)))
    assert flow.tick_at("08:00") == ["2026-11-23T0800Z"]


def test_an_agenda_that_cannot_be_written_costs_nothing_but_time(flow: Flow) -> None:
    state = flow.path / ".wfepy/state"
    state.mkdir(parents=True)
    (state / ".wake").write_text("not a folder")
    assert flow.tick_at("07:50") == []
    assert flow.tick_at("08:00") == ["2026-11-23T0800Z"]


def test_croniter_is_only_imported_where_something_may_be_due(flow: Flow) -> None:
    import subprocess

    flow.configure(schedule="0 0 * * *", start="0 0 * * *")

    def imported() -> bool:
        command = [sys.executable, "-X", "importtime", "-m", "wfepy_hooks", "tick", "--due"]
        run = subprocess.run(command, cwd=flow.path, capture_output=True, text=True, check=True)
        return "croniter" in run.stderr

    assert imported(), "the schedule is new"
    assert not imported(), "nothing can be due before midnight"
