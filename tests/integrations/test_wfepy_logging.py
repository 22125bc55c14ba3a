"""Events through logging: the lines, the fields, the levels, and where they go."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks as wfepy
from cli_folder import Folder, error_line, flow, misbehaving
from observing import Watched
from wfepy_hooks import ConfigError
from wfepy_hooks.config import Config
from wfepy_hooks.hookspecs import HOOKS, OBSERVATION
from wfepy_hooks.project import Project
from wfepy_logging.events import EventLog
from wfepy_logging.formatters import JsonLines, TextLines
from wfepy_logging.output import _priority
from wfepy_logging.settings import DEFAULTS, Settings, read_settings

FLOW = """
    def fails(context):
        if not context.get("works"):
            raise ValueError("no\\nsuch thing")
        return True

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("wait_for_it")
    @wfepy.followed_by("never", lambda context: False)
    def first(context):
        return True

    @wfepy.task(remind_every="1d")
    @wfepy.followed_by("last")
    def wait_for_it(context):
        return bool(context.get("go")) or wfepy.wait(reason="nobody has come")

    @wfepy.task()
    @wfepy.end_point()
    def never(context):
        return True

    @wfepy.task(retry=wfepy.Retry(attempts=2, delay="1min", jitter=0))
    @wfepy.end_point()
    def last(context):
        return fails(context)
"""
#: What differs from run to run.
TOOK = re.compile(r"\d+\.\d{3} s")

Watch = Callable[..., Watched]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    made = []

    def make(body: str = FLOW, *plugins: object, **settings: Any) -> Watched:
        made.append(Watched(tmp_path, monkeypatch, body, *plugins, wfepy_logging=settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def lines(folder: Path) -> list[str]:
    text = (folder / "events.log").read_text(encoding="utf-8")
    return [TOOK.sub("0.000 s", line) for line in text.splitlines()]


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder)]


def test_the_life_of_an_instance_as_lines(watch: Watch, tmp_path: Path) -> None:
    watched = watch(to="events.log")
    watched.start()
    watched.tick()
    watched.tick()  # a repeated poll is no news
    watched.clock.advance("1d")
    watched.tick()
    assert lines(tmp_path) == [
        "2026-11-23T06:13:34.123Z INFO flow/one first completed in 0.000 s",
        "2026-11-23T06:13:34.123Z INFO flow/one never skipped: because no transition to it was taken",
        "2026-11-23T06:13:34.123Z INFO flow/one wait_for_it waits: nobody has come",
        "2026-11-24T06:13:34.123Z WARNING flow/one wait_for_it still waits since 2026-11-23T06:13:34Z: nobody has come",
    ]


def test_a_failure_has_the_users_part_of_its_traceback(watch: Watch, tmp_path: Path) -> None:
    watched = watch(to="events.log")
    watched.start(go=True)
    watched.tick()
    watched.clock.advance("1min")
    watched.tick()
    found = lines(tmp_path)
    again = next(line for line in found if "retrying" in line)
    assert again == (
        "2026-11-23T06:13:34.123Z WARNING flow/one last retrying, attempt 1, again at 2026-11-23T06:14:34Z: "
        "ValueError: no\\nsuch thing"
    )
    start = next(number for number, line in enumerate(found) if " ERROR " in line)
    assert found[start] == (
        "2026-11-23T06:14:34.123Z ERROR flow/one last failed, attempt 2: ValueError: no\\nsuch thing"
    )
    trace = "\n".join(found[start:])
    assert "Traceback (most recent call last):" in trace
    assert "watched_flow.py" in trace
    assert "in fails" in trace
    assert "wfepy_hooks" not in trace
    assert "Traceback" not in "\n".join(found[:start])  # a policy has it tried again: one line


def test_json_lines_have_the_fields(watch: Watch, tmp_path: Path) -> None:
    watched = watch(to="events.log", format="json", level="debug")
    instance = watched.start()
    watched.tick()
    found = events(tmp_path)
    assert [each["event"] for each in found] == [
        *("tick_started", "task_started", "transition", "transition", "task_completed", "task_skipped"),
        *("task_started", "task_waiting", "state_saved", "tick_finished"),
    ]
    done = next(each for each in found if each["event"] == "task_completed")
    assert isinstance(done.pop("took"), float)
    assert done == {
        "at": "2026-11-23T06:13:34.123Z",
        "level": "info",
        "event": "task_completed",
        "workflow": "flow",
        "instance": "one",
        "task": "first",
        "attempt": 1,
        "status": "completed",
        "event_id": f"{instance.uid}-1",
        "message": "flow/one first completed in 0.000 s",
    }
    assert [
        (each["task"], each["dest"], each["taken"]) for each in found if each["event"] == "transition"
    ] == [
        ("first", "wait_for_it", True),
        ("first", "never", False),
    ]
    ended = found[-1]
    assert (ended["event"], ended["completed"], ended["waiting"]) == ("tick_finished", 1, 1)
    assert isinstance(ended["took"], float)


def test_a_bad_end_says_why(watch: Watch, tmp_path: Path) -> None:
    body = """
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("last", lambda context: context["way"] == "on")
    def first(context):
        if context["way"] == "fail":
            raise wfepy.GiveUp("no paper")
        return True

    @wfepy.task()
    @wfepy.end_point()
    def last(context):
        return True
    """
    watched = watch(body, to="events.log", format="json", level="error")
    watched.start("a", way="fail")
    watched.start("b", way="nowhere")
    watched.tick()
    ends = [(each["message"], each["reason"]) for each in events(tmp_path) if each["event"] != "task_failed"]
    false = "first -> last: skipped, the condition at watched_flow.py:5 was false"
    assert ends == [
        ("flow/a ends: failed, first: GiveUp: no paper", "first: GiveUp: no paper"),
        (f"flow/b ends: dead end, {false}", false),
    ]


def test_event_ids_of_an_instance_are_all_different(watch: Watch, tmp_path: Path) -> None:
    watched = watch(to="events.log", format="json")
    watched.start(go=True, works=True)
    watched.tick()
    ids = [each["event_id"] for each in events(tmp_path)]
    assert len(set(ids)) == len(ids) == 5


def test_a_traceback_in_json_is_one_field_and_text_is_unharmed(watch: Watch, tmp_path: Path) -> None:
    watched = watch(
        """
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def only(context):
            raise ValueError("žluťoučký \\x1b[31m \\udc80 kůň")
        """,
        to="events.log",
        format="json",
    )
    watched.start()
    watched.tick()
    (failed,) = events(tmp_path)
    assert failed["error"] == "ValueError: žluťoučký \x1b[31m \udc80 kůň"
    assert failed["traceback"].startswith("Traceback (most recent call last):\n")
    assert "žluťoučký" in (tmp_path / "events.log").read_text(encoding="utf-8")


def test_every_observation_hook_is_logged() -> None:
    observed = {name for name, hook in HOOKS.items() if hook.kind is OBSERVATION}
    assert {name for name in observed if not hasattr(EventLog, name)} == set()


def test_every_event_of_a_status_has_a_level() -> None:
    statuses = {value for name, value in vars(wfepy.TaskStatus).items() if name.isupper()}
    ends = {value for name, value in vars(wfepy.InstanceStatus).items() if name.isupper()} - {"running"}
    assert {f"task_{status}" for status in statuses} <= set(DEFAULTS)
    assert {f"instance_{status}" for status in ends} <= set(DEFAULTS)


def test_levels_are_given_per_event(watch: Watch, tmp_path: Path) -> None:
    watched = watch(
        to="events.log", format="json", levels={"task_completed": "off", "tick_started": "critical"}
    )
    watched.start()
    watched.tick()
    assert [(each["event"], each["level"]) for each in events(tmp_path)] == [
        ("tick_started", "critical"),
        ("task_skipped", "info"),
        ("task_waiting", "info"),
    ]


def test_what_is_below_the_level_makes_no_file(watch: Watch, tmp_path: Path) -> None:
    watched = watch(to="log/events.log", level="critical")
    watched.start()
    watched.tick()
    assert not (tmp_path / "log").exists()


def test_items_that_fail_are_logged_though_no_hook_tells_of_them(watch: Watch, tmp_path: Path) -> None:
    watched = watch(
        """
        @wfepy.task(each=lambda context: [1, 2])
        @wfepy.start_point()
        @wfepy.end_point()
        def every(context, item):
            return 1 / (item - 1) == 1
        """,
        to="events.log",
        format="json",
    )
    watched.start()
    watched.tick()
    failed = next(each for each in events(tmp_path) if each["event"].startswith("item_"))
    assert (failed["task"], failed["error"]) == ("every", "ZeroDivisionError: division by zero")


class BreaksOff:
    """A plugin that breaks off each attempt at a task, which then cannot be recorded."""

    @wfepy.hookimpl(wrapper=True)
    def wfepy_run_task(self) -> Any:
        yield
        raise KeyError("mine")


def test_an_attempt_that_a_plugin_broke_off_is_logged(watch: Watch, tmp_path: Path) -> None:
    watched = watch(FLOW, BreaksOff(), to="events.log", format="json", level="error")
    watched.start()
    watched.tick()
    broken, failed = events(tmp_path)
    assert (broken["event"], failed["event"]) == ("internal_error", "task_unrecorded")
    assert (failed["task"], failed["level"]) == ("first", "error")
    assert "PluginError: plugin BreaksOff: wfepy_run_task raised KeyError" in failed["error"]


def test_a_value_that_cannot_be_saved_is_logged_as_each_other_failure(watch: Watch, tmp_path: Path) -> None:
    body = FLOW.replace("return fails(context)", 'context["key"] = print; return True')
    watched = watch(body, to="events.log", format="json", level="warning")
    watched.start(go=True)
    watched.tick()
    watched.clock.advance("2min")
    watched.tick()
    found = [each for each in events(tmp_path) if each["event"].startswith("task")]
    assert [each["event"] for each in found] == ["task_retrying", "task_failed"]
    assert all('CodecError: task "last": context["key"]: a function' in each["error"] for each in found)


def test_handlers_of_the_user_get_records_with_the_fields(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = watch(to="handlers", level="info")
    watched.start()
    watched.tick()
    record: Any = next(each for each in caplog.records if each.name == "wfepy.flow")
    assert (record.event, record.workflow, record.instance, record.task) == (
        *("task_completed", "flow", "one", "first"),
    )
    assert record.getMessage().startswith("flow/one first completed in ")
    assert record.created == watched.clock.now.timestamp()
    assert logging.Formatter("%(levelname)s %(threadName)s %(process)d").format(record) == (
        f"INFO MainThread {os.getpid()}"
    )


def test_a_record_factory_of_the_user_is_asked(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.trace_id = "77"
        return record

    watched = watch(to="handlers", level="info")
    watched.start()
    logging.setLogRecordFactory(factory)
    try:
        watched.tick()
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    assert {getattr(each, "trace_id", "") for each in caplog.records if each.name == "wfepy.flow"} == {"77"}


def test_handlers_may_be_configured_in_the_config_file(folder: Folder) -> None:
    folder.configure()
    config = folder.path / "wfepy.toml"
    handlers = """
        [plugins.wfepy_logging.config.formatters.lines]
        "()" = "wfepy_logging.formatters.JsonLines"

        [plugins.wfepy_logging.config.handlers.all]
        class = "logging.FileHandler"
        filename = "all.jsonl"
        formatter = "lines"

        [plugins.wfepy_logging.config.root]
        level = "INFO"
        handlers = ["all"]
    """
    folder.write("more.toml", handlers)
    config.write_text(config.read_text() + (folder.path / "more.toml").read_text())
    folder.write("flow.py", misbehaving("import logging; logging.getLogger('mine').warning('by hand')"))
    done = folder.wfepy("run", "flow")
    found = [json.loads(line) for line in (folder.path / "all.jsonl").read_text().splitlines()]
    assert [each.get("event", each.get("logger")) for each in found] == [
        *("task_completed", "task_skipped", "mine", "task_waiting"),
    ]
    assert "a completed" in done.stderr  # the engine's own lines are as they were


def test_a_task_that_configures_logging_anew_silences_no_event(folder: Folder) -> None:
    body = "import logging.config; logging.config.dictConfig({'version': 1})"
    folder.configure(extra='[plugins.wfepy_logging]\nto = "events.jsonl"\nformat = "json"\n', flow=flow(body))
    folder.ok("run", "flow")
    found = [json.loads(line)["event"] for line in (folder.path / "events.jsonl").read_text().splitlines()]
    assert found == ["task_completed", "task_skipped", "task_waiting"]


def test_handlers_of_a_workflow_do_not_write_each_line_once_more(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = watch(to="events.log")
    watched.start()
    watched.tick()
    assert [each for each in caplog.records if each.name.startswith("wfepy.")] == []


def test_the_table_for_logging_leaves_the_loggers_alone_that_are_there(watch: Watch) -> None:
    logger = logging.getLogger("of_somebody_else")
    watch(config={"root": {}})
    assert not logger.disabled


def test_an_error_that_says_all_itself_has_no_traceback(watch: Watch, tmp_path: Path) -> None:
    watched = watch(
        """
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def only(context):
            raise wfepy.GiveUp("there is no paper")
        """,
        to="events.log",
    )
    watched.start()
    watched.tick()
    assert "GiveUp: there is no paper" in "\n".join(lines(tmp_path))
    assert "Traceback" not in "\n".join(lines(tmp_path))


def test_a_handler_that_raises_is_told_once_and_stops_no_tick(folder: Folder) -> None:
    folder.write("broken.py", """
        import logging

        class Broken(logging.Handler):
            def emit(self, record):
                raise RuntimeError("it is broken")
        """)  # fmt: skip
    folder.environ["PYTHONPATH"] = str(folder.path)
    folder.configure(
        extra="""
[plugins.wfepy_logging.config.handlers.x]
class = "broken.Broken"
[plugins.wfepy_logging.config.root]
level = "DEBUG"
handlers = ["x"]
"""
    )
    done = folder.wfepy("run", "flow")
    assert done.returncode == 0
    assert done.stderr.count("wfepy_logging: a handler cannot log: RuntimeError: it is broken") == 1
    assert "flow/default waits for b" in done.stdout


def test_a_wrong_table_for_logging_ends_the_command(folder: Folder) -> None:
    folder.configure(extra="")
    config = folder.path / "wfepy.toml"
    config.write_text(
        f'{config.read_text()}\n[plugins.wfepy_logging.config.handlers.x]\nclass = "no.such.Handler"\n'
    )
    assert "Unable to configure handler 'x'" in error_line(folder.wfepy("run", "flow"), 4)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_lines_to_standard_error_come_in_place_of_the_engines_own(folder: Folder) -> None:
    folder.configure()
    config = folder.path / "wfepy.toml"
    config.write_text(f'{config.read_text()}\n[plugins.wfepy_logging]\nformat = "json"\n')
    done = folder.wfepy("run", "flow")
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["event"] for each in found] == ["task_completed", "task_skipped", "task_waiting"]
    assert "flow/default waits for b" in done.stdout


@pytest.mark.parametrize("is_read_by_systemd", [False, True])
def test_the_journal_of_systemd_is_told_the_priority_of_each_line(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_read_by_systemd: bool
) -> None:
    with (tmp_path / "journal").open("w+") as journal:
        status = os.fstat(journal.fileno())
        device = status.st_dev if is_read_by_systemd else status.st_dev + 1
        monkeypatch.setenv("JOURNAL_STREAM", f"{device}:{status.st_ino}")
        monkeypatch.setattr(sys, "stderr", journal)
        watched = watch(
            FLOW.replace('retry=wfepy.Retry(attempts=2, delay="1min", jitter=0)', ""), to="stderr"
        )
        watched.start(go=True)
        watched.tick()
        written = (tmp_path / "journal").read_text().splitlines()
    if not is_read_by_systemd:
        assert not any(line.startswith("<") for line in written)
        return
    assert all(re.match("<[46]>", line) for line in written)
    assert [line[:3] for line in written if "first completed" in line] == ["<6>"]
    assert [line[:3] for line in written if "last retrying" in line] == ["<4>"]
    assert [line[:3] for line in written if "Traceback" in line] == ["<4>"], "each line of it, too"


@pytest.mark.parametrize(
    ("level", "priority"), [(50, 2), (49, 3), (40, 3), (30, 4), (20, 6), (19, 7), (10, 7)]
)
def test_levels_are_priorities_of_syslog(level: int, priority: int) -> None:
    assert _priority(level) == priority


def test_without_settings_nothing_is_logged_or_imported(folder: Folder) -> None:
    folder.configure()
    code = """
import sys
from wfepy_hooks.config import Config
with Config.load() as config:
    assert config.plugins.has_plugin("wfepy_logging")
    assert not config.plugins.task_finished
print([name for name in sys.modules if name.startswith("wfepy_logging.") or name == "logging"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder.path
    )
    assert done.stdout == "[]\n"


def test_a_file_that_cannot_be_opened_is_told_and_the_events_go_to_standard_error(
    watch: Watch, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events.log").mkdir()
    watched = watch(to="events.log")
    watched.start()
    watched.tick()
    assert [each for each in caplog.messages if "cannot be logged there: Is a directory" in each]
    assert "flow/one first completed" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told_once(
    watch: Watch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = watch(to="/dev/full", level="debug")
    watched.start()
    (report,) = watched.tick()
    watched.close()
    assert report.error is None
    assert [each for each in caplog.messages if "/dev/full" in each] == [
        "/dev/full: events cannot be logged there: No space left on device"
    ]
    assert capsys.readouterr().err == ""


def test_logging_is_put_back_in_the_end(watch: Watch) -> None:
    logger = logging.getLogger("wfepy")
    before = (logger.level, logger.propagate, list(logger.handlers))
    watched = watch(to="events.log")
    watched.start()
    watched.tick()
    assert logger.handlers != before[2]
    watched.close()
    assert (logger.level, logger.propagate, logger.handlers) == before


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"format": "xml"}, 'format must be "text" or "json", not "xml"'),
        ({"level": "off"}, "level must be one of debug, info, warning, error, critical"),
        (
            {"levels": {"task_complete": "info"}},
            'there is no event "task_complete"; did you mean "task_completed"?',
        ),
        ({"levels": {"task_completed": "loud"}}, "task_completed must be one of debug, info"),
        ({"to": "stderr", "config": {"root": {}}}, "to and config exclude each other"),
        ({"file": "x"}, "there is no key file"),
    ],
)
def test_a_wrong_setting_is_an_error(table: dict[str, Any], problem: str) -> None:
    config = Config(".")
    config.plugin_settings = {"wfepy_logging": table}
    with pytest.raises(ConfigError, match=re.escape(problem)):
        read_settings(config)


def test_formatters_take_any_record() -> None:
    record = logging.LogRecord("theirs", logging.INFO, "x.py", 1, "%s\n%s", ("a", object), None)
    assert "INFO a\\n<class 'object'>" in TextLines().format(record)
    assert json.loads(JsonLines().format(record))["logger"] == "theirs"


def test_the_header_says_what_goes_where() -> None:
    said = Settings("/var/log/a", json=True, tasks=20).header()
    assert said == "logging: events from info on, and what tasks log from info on as JSON lines to /var/log/a"
    assert Settings(level=30).header() == "logging: events from warning on as lines to standard error"
    assert Settings("handlers").header() == "logging: events to the handlers of Python's logging"


def test_the_settings_have_defaults() -> None:
    settings = Settings()
    assert (settings.to, settings.json, settings.levels["task_failed"]) == ("stderr", False, logging.ERROR)


PAGE = Path(__file__).parent.parent.parent / "docs/how-to/logging.md"


def test_the_page_lists_the_events_and_their_levels(request: pytest.FixtureRequest) -> None:
    rows = [f"| `{event}` | {level} |" for event, level in DEFAULTS.items()]
    table = "\n".join(["| event | level |", "| --- | --- |", *rows, ""])
    text = PAGE.read_text(encoding="utf-8")
    expected = re.sub(r"(?<=<!-- events -->\n).*?(?=<!-- end -->)", lambda _: table, text, flags=re.DOTALL)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(expected, encoding="utf-8")
    else:
        assert text == expected


# --- what tasks log themselves -----------------------------------------------------------------------------

TALKATIVE = """
    import logging
    logger = logging.getLogger("shop.till")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def sell(context):
        logger.debug("not this")
        logger.info("sold %s", "a\\tcup")
        return True
"""


def test_what_tasks_log_comes_between_the_events_with_its_place(watch: Watch, tmp_path: Path) -> None:
    class Shop:
        @wfepy.hookimpl
        def wfepy_instance_finished(self) -> None:
            logging.getLogger("wfepy_shop").error("a plugin has said this")

    watched = watch(TALKATIVE, Shop(), to="events.log", format="json", tasks="info")
    watched.start()
    watched.tick()
    told, done, *_ = events(tmp_path)
    (last,) = [each for each in events(tmp_path) if each.get("logger") == "wfepy_shop"]
    assert isinstance(told.pop("at"), str)
    assert told == {
        "level": "info",
        "event": "log",
        "workflow": "flow",
        "instance": "one",
        "task": "sell",
        "attempt": 1,
        "logger": "shop.till",
        "message": "sold a\tcup",
    }
    assert done["event"] == "task_completed"
    assert (last["event"], last["logger"], "task" in last) == ("log", "wfepy_shop", False)


def test_what_tasks_log_names_its_place_in_lines(watch: Watch, tmp_path: Path) -> None:
    class Shop:
        @wfepy.hookimpl
        def wfepy_tick_finished(self) -> None:
            logging.getLogger("wfepy_shop").error("closed")

    watched = watch(TALKATIVE, Shop(), to="events.log", tasks="info")
    watched.start()
    watched.tick()
    assert lines(tmp_path)[-1].partition("Z ")[2] == "ERROR closed"
    assert lines(tmp_path)[0].partition("Z ")[2] == r"INFO flow/one sell: sold a\tcup"


def test_an_attempt_that_a_plugin_broke_off_is_the_place_of_nothing_more(
    watch: Watch, tmp_path: Path
) -> None:
    class Breaks:
        @wfepy.hookimpl(wrapper=True)
        def wfepy_run_task(self, instance: wfepy.Instance) -> Any:
            answer = yield
            if instance.id == "a":
                raise KeyError("mine")
            return answer

    watched = watch(TALKATIVE, Breaks(), to="events.log", format="json", tasks="info")
    watched.start("a")
    watched.start("b")
    watched.tick()
    assert [each["instance"] for each in events(tmp_path) if each["event"] == "log"] == ["a", "b"]


def test_a_span_that_nobody_records_is_not_named(watch: Watch, tmp_path: Path) -> None:
    trace = pytest.importorskip("opentelemetry.trace")
    watched = watch(to="events.log", format="json")
    watched.start()
    with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(trace_id=1, span_id=2, is_remote=False))):
        watched.tick()
    assert {each["trace_id"] for each in events(tmp_path)} == {f"{1:032x}"}
    assert not any("span_id" in each for each in events(tmp_path))


def test_of_attempts_at_the_same_time_nobody_knows_whose_a_record_is(watch: Watch, tmp_path: Path) -> None:
    task = "\n@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\ndef {0}(context):\n    return meet('{0}')\n"
    body = """
import logging, threading
barrier = threading.Barrier(2, timeout=10)

def meet(name):
    barrier.wait()
    logging.getLogger(name).warning("met")
    barrier.wait()
    return True
"""
    watched = watch(body + task.format("a") + task.format("b"), to="events.log", format="json", tasks="info")
    watched.config.executor = "threads:2"
    watched.project = Project(watched.config)
    watched.start()
    watched.tick()
    told = [each for each in events(tmp_path) if each["event"] == "log"]
    assert sorted(each["logger"] for each in told) == ["a", "b"]
    assert not any("task" in each for each in told)


def test_standard_error_has_what_tasks_warn_of_in_the_form_of_the_events(folder: Folder) -> None:
    folder.configure(flow=flow('import logging; logging.getLogger("x").warning("low on beans")'))
    config = folder.path / "wfepy.toml"
    config.write_text(f'{config.read_text()}\n[plugins.wfepy_logging]\nformat = "json"\n')
    found = [json.loads(line) for line in folder.wfepy("run", "flow").stderr.splitlines()]
    assert [(each["event"], each.get("task")) for each in found if each["event"] == "log"] == [("log", "b")]


@pytest.mark.parametrize("to", ["a-folder", "/dev/full"])
def test_a_log_that_takes_in_what_tasks_log_and_cannot_be_written_is_told_once(
    folder: Folder, to: str
) -> None:
    (folder.path / "a-folder").mkdir()
    folder.configure(flow=flow('import logging; logging.getLogger("x").warning("low on beans")'))
    config = folder.path / "wfepy.toml"
    config.write_text(f'{config.read_text()}\n[plugins.wfepy_logging]\nto = "{to}"\ntasks = "info"\n')
    told = folder.wfepy("-q", "run", "flow").stderr.splitlines()
    (line,) = [each for each in told if "cannot be logged there" in each]
    assert line.startswith("wfepy: warning: ")
    told = [each.partition("Z ")[2] for each in told if each != line]
    events = ["INFO flow/default a completed", "WARNING flow/default b: low on beans"]
    assert [sum(each.startswith(start) for each in told) for start in events] == [int(to == "a-folder")] * 2


def test_what_tasks_in_threads_log_opens_the_log_no_second_time(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    whole = EventLog.open

    def noted(self: EventLog) -> None:
        opened.append(threading.get_ident())
        whole(self)

    monkeypatch.setattr(EventLog, "open", noted)
    watched = watch(TALKATIVE, to="events.log", tasks="info")
    watched.config.executor = "threads:2"
    watched.project = Project(watched.config)
    watched.start()
    watched.tick()
    assert opened == [threading.get_ident()]


def test_a_tick_to_which_nothing_is_due_imports_no_logging(folder: Folder) -> None:
    folder.configure()
    config = folder.path / "wfepy.toml"
    config.write_text(f"{config.read_text()}\n[plugins.wfepy_logging]\n")
    code = "import sys; from wfepy_hooks.cli import main; main(['tick']); assert 'logging' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder.path)
    assert (done.returncode, done.stderr) == (0, "")


def test_by_default_a_file_has_the_events_alone_and_logging_is_as_before(
    watch: Watch, tmp_path: Path
) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    watched = watch(TALKATIVE, to="events.log", level="debug")
    assert (root.level, list(root.handlers)) == before
    watched.close()
    watched = watch(TALKATIVE, to="quiet.log", tasks="error")
    watched.project.workflow("flow")
    assert root.level == before[0], "handlers of others get what they got"
    watched.close()
    watched = watch(TALKATIVE, to="other.log", tasks="debug")
    watched.project.workflow("flow")
    assert root.level == logging.DEBUG
    watched.close()
    assert (root.level, list(root.handlers)) == before
    assert not (tmp_path / "other.log").exists(), "nothing was logged"
