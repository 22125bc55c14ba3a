"""The generated workflow file: what is in it, what is refused, and that every linter likes it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from github_project import BIN, COFFEE, complaints, make_config, workflow_text
from wfepy_github.installing import Installation, find_installation
from wfepy_github.pins import PINS
from wfepy_github.place import Place, find_place
from wfepy_hooks import ConfigError, ScheduleError, UsageError, generate
from wfepy_hooks.config import WorkflowConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Golden, Require

#: The table of the facts, verified from the tags of these actions.
TABLE = {
    "actions/checkout": ("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/setup-python": ("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "astral-sh/setup-uv": ("v10.0.1", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d"),
    "actions/upload-artifact": ("v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
}
#: The inputs that the steps may give to each action: no linter knows them.
INPUTS = {
    "actions/checkout": {"ref", "persist-credentials"},
    "actions/setup-python": {"python-version"},
    "astral-sh/setup-uv": {"python-version", "enable-cache"},
    "actions/upload-artifact": {"name", "path", "include-hidden-files", "if-no-files-found"},
}
UV = Installation(("uv sync --locked", 'echo "$PWD"/.venv/bin >> "$GITHUB_PATH"'), by_uv=True)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() and "${{" not in text and text.isprintable()
)
NAMES = st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True).filter(
    lambda name: not name.startswith(("GITHUB_", "RUNNER_", "ACTIONS_"))
)
EXPRESSIONS = (
    "H/10 * * * *",
    "*/2 * * * *",
    "0 9 * * mon",
    "H H 1,15 * *",
    "@daily",
    "5-10 9-17 * * mon-fri",
    "58,0 * * * *",
)


@st.composite
def cases(draw: st.DrawFn) -> str:
    """The text for any combination of the options."""
    secrets = draw(st.lists(NAMES, max_size=2, unique=True))
    variables = draw(st.dictionaries(NAMES.filter(lambda n: n not in secrets), TEXT, max_size=2))
    options: dict[str, Any] = {
        "python": draw(st.sampled_from(["3.10", "3.13", "3.14.1"])),
        "runner": draw(
            st.sampled_from(["ubuntu-24.04", "macos-15", ["self-hosted", "linux"], ["ubuntu-latest"]])
        ),
        "timeout": draw(st.sampled_from(["1min", "2h", "350min"])),
        "secrets": secrets,
        "variables": variables,
    }
    if draw(st.booleans()):
        options["environment"] = draw(TEXT)
    if draw(st.booleans()):
        options["install"] = ["python -m pip install -r 'a b.txt'", 'echo "done: #1"']
    workflows = [
        WorkflowConfig(
            f"w{number}",
            "w",
            schedule=draw(st.sampled_from(("", *EXPRESSIONS))),
            start=draw(st.sampled_from(("", *EXPRESSIONS))),
            timezone=draw(st.sampled_from(("", "Europe/Prague", "America/St_Johns"))),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    folder = draw(st.sampled_from(["", "flows", "a b/c'd", 'q"uote/ünïcode', "# no: comment", "- x", "true"]))
    place = Place(
        "/srv/flows",
        folder,
        f"{folder}/.wfepy/state".lstrip("/"),
        installation=draw(st.sampled_from([UV, Installation()])),
    )
    file = draw(st.sampled_from(["wfepy.toml", "pyproject.toml", "it's mine.toml", "a: #b.toml"]))
    return workflow_text(options, workflows, place=place, file=file)


@pytest.mark.outside
@pytest.mark.slow
def test_every_combination_of_options_is_clean_for_every_linter(
    tmp_path_factory: pytest.TempPathFactory, require: Require
) -> None:
    for linter in ("zizmor", "actionlint", "check-jsonschema"):
        require(linter, (BIN / linter).exists())

    # A linter is a process that takes a second, so each example is a whole folder of files.
    @settings(max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(cases(), min_size=15, max_size=15))
    def lint(texts: list[str]) -> None:
        assert complaints(texts, tmp_path_factory.mktemp("lint")) == ""

    lint()


@given(cases())
@settings(max_examples=30, deadline=None)
def test_it_is_yaml_that_says_what_was_asked_for(text: str) -> None:
    data = yaml.safe_load(text)
    assert set(data["jobs"]) == {"deliver", "tick"}
    assert data["permissions"] == {}
    for job in data["jobs"].values():
        assert job["permissions"] == {"contents": "write"}
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if "uses" in step:
                action, _, commit = step["uses"].partition("@")
                assert commit == TABLE[action][1]
                assert set(step["with"]) <= INPUTS[action]


def steps_of(text: str, job: str = "tick") -> dict[str, Any]:
    data = yaml.safe_load(text)
    return {step["name"]: step for step in data["jobs"][job]["steps"]}


def test_the_pins_are_those_of_the_table() -> None:
    assert {pin.action: (pin.version, pin.commit) for pin in PINS} == TABLE


def test_the_file_is_stable_byte_for_byte(golden: Golden) -> None:
    golden("wfepy_github/plain.yml", workflow_text())


def test_the_file_with_all_options_is_stable_byte_for_byte(golden: Golden) -> None:
    options = {
        "python": "3.12",
        "runner": ["self-hosted", "linux"],
        "timeout": "2h",
        "environment": "production",
        "secrets": ["SLACK_TOKEN", "SMTP_PASSWORD"],
        "variables": {"QUOTES": "a 'b' \"c\": #d", "LINES": "one\ntwo", "NUMBER": "1", "YES": "yes"},
    }
    workflows = [
        COFFEE,
        WorkflowConfig("tea", "tea", schedule="*/2 * * * *"),
        WorkflowConfig("milk", "milk", start="0 9 * * mon", timezone="Europe/Prague"),
    ]
    place = Place("/srv/flows", "drinks/hot", "drinks/hot/.wfepy/state", "drinks/hot/.wfepy/git", UV)
    golden("wfepy_github/full.yml", workflow_text(options, workflows, place=place, file="my flows.toml"))


def test_only_the_steps_that_talk_to_the_remote_see_the_token_and_only_the_tick_the_secrets() -> None:
    text = workflow_text({"secrets": ["SLACK_TOKEN"]})
    with_token = {
        name
        for job in ("deliver", "tick")
        for name, step in steps_of(text, job).items()
        if "github.token" in str(step)
    }
    assert with_token == {"Record the signal", "Fetch the state", "Commit the state"}
    assert [name for name, step in steps_of(text).items() if "secrets." in str(step)] == ["Advance"]
    assert text.count("secrets.") == 1
    assert "toJSON" not in text


def test_every_step_of_ours_hands_its_signals_on() -> None:
    text = workflow_text()
    runs = [
        step["run"] for job in ("deliver", "tick") for step in steps_of(text, job).values() if "run" in step
    ]
    ours = [run for run in runs if "wfepy github" in run]
    assert len(ours) == 4
    assert all(run.startswith("exec wfepy github ") for run in ours)


def test_a_pending_delivery_is_in_a_group_of_its_own_and_ticks_are_one_after_the_other() -> None:
    data = yaml.safe_load(workflow_text())
    assert "github.run_id" in data["jobs"]["deliver"]["concurrency"]["group"]
    assert data["jobs"]["tick"]["concurrency"] == {"group": "wfepy-tick", "cancel-in-progress": False}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("*/10 * * * *", "*/10 * * * *"),
        ("* * * * *", "4-59/5 * * * *"),
        ("*/2 8 * * *", "4-59/5 8 * * *"),
        ("1,2,3 * * * *", "5 * * * *"),
        ("0,58 * * * *", "0 * * * *"),
        ("0,58 9 * * *", "0,58 9 * * *"),
        ("0 0 * * sun", "0 0 * * 0"),
        ("@hourly", "0 * * * *"),
    ],
)
def test_github_gets_five_fields_of_numbers_five_minutes_apart(expression: str, text: str) -> None:
    written = workflow_text({}, [WorkflowConfig("w", "w", schedule=expression)])
    assert f'    - cron: "{text}"\n' in written
    assert ("# Less often" in written) == (
        (expression != text and text[0] in "45") or expression == "0,58 * * * *"
    )


@given(st.sets(st.integers(0, 59), min_size=1), st.booleans())
def test_what_is_due_is_served_within_ten_minutes_by_jobs_that_are_five_apart(
    minutes: set[int], around: bool
) -> None:
    from wfepy_github.crons import minutes_apart

    found = minutes_apart(sorted(minutes), around_the_clock=around)
    following = [*found, found[0] + 60] if around else found
    assert all(after - before >= 5 for before, after in pairwise(following)) or len(found) == 1
    assert all(any(0 <= each - minute < 10 for each in following) for minute in minutes)


def test_an_h_is_never_minute_0() -> None:
    workflows = [WorkflowConfig(f"w{number}", "w", schedule="H/30 * * * *") for number in range(300)]
    (file,) = generate("github", make_config({}, workflows))
    found = {line.split('"')[1].split()[0] for line in file.text.splitlines() if "- cron:" in line}
    assert len(found) == 29
    assert not any(minutes.startswith("0") for minutes in found)


def test_equal_schedules_are_one_entry() -> None:
    workflows = [WorkflowConfig(name, "w", schedule="7 * * * *") for name in ("a", "b")]
    text = workflow_text(
        {}, [*workflows, WorkflowConfig("c", "w", schedule="7 * * * *", timezone="Asia/Tokyo")]
    )
    assert text.count("- cron:") == 2
    assert "# a (tick), b (tick)\n" in text
    assert 'timezone: "Asia/Tokyo"' in text


@pytest.mark.parametrize(
    ("expressions", "texts"),
    [
        (["5 9 * * *", "5 9 * * mon"], ["5 9 * * *"]),
        (["5 9 * * mon", "5 9 * * *"], ["5 9 * * *"]),
        (["5 9 1 * *", "5 9 * * *", "25 9 * * *"], ["5 9 * * *", "25 9 * * *"]),
        (["*/10 * * * *", "30 8-9 * * mon-fri"], ["*/10 * * * *"]),
        (["5 9 1 * mon", "5 9 * * mon"], ["5 9 1 * 1", "5 9 * * 1"]),
        (["5 9 * * *", "5 9 1 * mon"], ["5 9 * * *", "5 9 1 * 1"]),
    ],
)
def test_what_another_entry_covers_is_left_out(expressions: list[str], texts: list[str]) -> None:
    workflows = [WorkflowConfig(f"w{n}", "w", schedule=text) for n, text in enumerate(expressions)]
    written = workflow_text({}, workflows)
    assert [line.split('"')[1] for line in written.splitlines() if "- cron:" in line] == texts
    assert all(f"w{number} (tick)" in written for number in range(len(expressions)))


def test_a_wrong_schedule_is_told_with_its_place() -> None:
    with pytest.raises(ScheduleError, match=r"\[workflows.w\] schedule"):
        workflow_text({}, [WorkflowConfig("w", "w", schedule="61 * * * *")])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"secret": ["A"]}, 'no key secret; did you mean "secrets"'),
        ({"secrets": ["GITHUB_TOKEN"]}, "secrets must be a list of names"),
        ({"secrets": ["a-b"]}, "secrets must be a list of names"),
        ({"secrets": ["${{ x }}"]}, "secrets must be a list of names"),
        ({"secrets": ["A"], "variables": {"a": "b"}}, "a is in secrets and variables twice"),
        ({"variables": {"A": "${{ secrets.A }}"}}, "A has ${{ in it, which GitHub would evaluate"),
        ({"variables": {"A": "a\x00b"}}, "A has a line break or another control character"),
        ({"variables": {"A B": "x"}}, "variables must be a table"),
        ({"environment": "a\nb"}, "environment has a line break"),
        ({"environment": "${{ github.actor }}"}, "has ${{ in it"),
        ({"install": "echo ${{ github.event.issue.title }}"}, "has ${{ in it"),
        ({"install": ["a\x1bb"]}, "a line of install has a line break or another control character"),
        ({"runner": "windows-2025"}, "runner must be"),
        ({"runner": "ubuntu 24"}, "runner must be"),
        ({"python": "3.9"}, "python must be"),
        ({"python": '3.13"'}, "python must be"),
        ({"timeout": "7h"}, "timeout must be"),
        ({"timeout": 30}, "timeout must be"),
        ({"heartbeat_days": 51}, "heartbeat_days must be"),
        ({"heartbeat_days": True}, "heartbeat_days must be"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        workflow_text(settings)
    assert message in str(error.value)


def test_a_config_file_of_a_dangerous_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="evaluate"):
        workflow_text({}, file="${{ github.actor }}.toml")


def test_a_config_file_of_another_name_is_named_to_each_step() -> None:
    text = workflow_text({}, file="it's.toml")
    assert "exec wfepy --config 'it'\"'\"'s.toml' github fetch" in [
        s.get("run") for s in steps_of(text).values()
    ]


@pytest.mark.parametrize("name", ["a${{b", "a\nb", "a\u2028b"])
def test_a_folder_of_a_dangerous_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    root = tmp_path / name
    root.mkdir()
    with pytest.raises(ConfigError, match="the folder of the project"):
        find_place(make_config(root=str(root)))


def test_a_folder_in_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in no git repository"):
        find_place(make_config(root=str(tmp_path)))


def test_a_state_outside_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "repo/.git").mkdir(parents=True)
    config = make_config(root=str(tmp_path / "repo"))
    config.state = str(tmp_path / "state")
    with pytest.raises(ConfigError, match="the folder of the state is outside of the repository"):
        find_place(config)


def install_lines(files: dict[str, str], tmp_path: Path, folder: str = "") -> tuple[str, ...]:
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    root = tmp_path / folder
    root.mkdir(parents=True, exist_ok=True)
    return find_installation(str(root), str(tmp_path)).require().lines


def test_a_lock_of_uv_comes_first(tmp_path: Path) -> None:
    lines = install_lines({"uv.lock": "", "requirements.txt": "", "pyproject.toml": "[project]\n"}, tmp_path)
    assert lines == ("uv sync --locked", 'echo "$PWD"/.venv/bin >> "$GITHUB_PATH"')


def test_a_lock_above_the_folder_is_found(tmp_path: Path) -> None:
    lines = install_lines({"uv.lock": ""}, tmp_path, "a/b")
    assert lines == ("uv sync --locked --directory ../..", 'echo "$PWD"/../../.venv/bin >> "$GITHUB_PATH"')


def test_hashes_in_the_requirements_are_required(tmp_path: Path) -> None:
    lines = install_lines({"requirements.txt": "a==1 \\\n    --hash=sha256:00\n"}, tmp_path)
    assert lines == ("python -m pip install --require-hashes -r requirements.txt",)


def test_requirements_without_hashes_are_installed_as_they_are(tmp_path: Path) -> None:
    lines = install_lines({"requirements dev.txt": "a==1\n# no --hash= here\n"}, tmp_path)
    assert lines == ("python -m pip install -r 'requirements dev.txt'",)


def test_several_requirements_are_a_question(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"which of these is to be installed: requirements-a\.txt, requirements-b\.txt"
    ):
        install_lines({"requirements-a.txt": "", "requirements-b.txt": ""}, tmp_path)


def test_a_project_is_installed_by_pip(tmp_path: Path) -> None:
    assert install_lines({"pyproject.toml": "[project]\nname = 'x'\n"}, tmp_path, "flows") == (
        "python -m pip install ..",
    )


def test_a_pyproject_that_is_no_project_is_passed_over(tmp_path: Path) -> None:
    (line,) = install_lines({"pyproject.toml": "[tool.wfepy]\n"}, tmp_path)
    assert line.startswith("python -m pip install wfepy-hooks==")


def test_the_install_of_the_config_comes_before_all(tmp_path: Path) -> None:
    place = Place("/srv/flows", installation=Installation((), problem="which?"))
    assert steps_of(workflow_text({"install": "make deps"}, place=place))["Install"]["run"] == "make deps\n"
    with pytest.raises(ConfigError, match="which\\?"):
        workflow_text({}, place=place)
