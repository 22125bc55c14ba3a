"""The units of systemd: what is in them, and that systemd reads back what was meant."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import graphs  # noqa: F401  # for the profile of hypothesis
from wfepy_hooks import ConfigError, GeneratedFile, Machine, ScheduleEntry, tick_command
from wfepy_hooks.config import Config
from wfepy_hooks.configfile import Settings as FileSettings
from wfepy_systemd.escaping import unit_name
from wfepy_systemd.settings import Settings, read_settings
from wfepy_systemd.units import owner_of, units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Golden, Require

ENTRIES = (
    ScheduleEntry("coffee", "tick", "3-53/10 * * * *"),
    ScheduleEntry("report", "tick", "0 * * * *"),
    ScheduleEntry("report", "start", "30 2 1 * mon", timezone="Europe/Prague"),
)


def project(root: str = "/srv/coffee", python: str = "/srv/venv/bin/python", **keys: Any) -> Config:
    settings = FileSettings(keys.pop("engine", {}), {}, {"wfepy_systemd": keys.pop("table", {})})
    config = Config(
        root,
        file=os.path.join(root, keys.pop("file", "wfepy.toml")),
        settings=settings,
        clock=lambda: datetime(2026, 11, 20, 7, 30, tzinfo=timezone.utc),
    )
    config.machine = Machine(python, "ann", (60, 120))
    return config


def joined(files: list[GeneratedFile]) -> str:
    return "\n".join(f"==> {file.path} <==\n{file.text}" for file in files)


def verified(files: list[GeneratedFile], folder: Path) -> None:
    """Let systemd read the units, and fail if it has anything to say: after a typo it exits with 0."""
    for file in files:
        (folder / file.path).write_text(file.text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *(str(folder / file.path) for file in files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def understood(folder: Path, name: str) -> dict[str, list[str]]:
    """Return what systemd says that it has read of a service: the values of each line of its dump, by name."""
    environ = {**os.environ, "SYSTEMD_LOG_LEVEL": "debug"}
    command = ["systemd-analyze", "verify", str(folder / name)]
    done = subprocess.run(command, capture_output=True, check=False, env=environ)
    found: dict[str, list[str]] = {}
    for line in done.stdout.decode().split("\n"):
        key, _, value = line.lstrip("\t").partition(": ")
        found.setdefault(key, []).append(value)
    return found


def words_of(shown: str) -> list[str]:
    """Return the words of a command that systemd shows as a shell would read it."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|([^ ]+)', shown, re.DOTALL)
    return [re.sub(r'\\(["\\$`])', r"\1", quoted) if quoted else bare for quoted, bare in words]


def test_the_units_of_a_project(golden: Golden) -> None:
    golden("systemd-user.txt", joined(units(ENTRIES, project(), Settings())))


def test_the_units_of_the_machine_for_each_workflow(golden: Golden) -> None:
    settings = Settings("system", per_workflow=True, timeout=7200)
    golden("systemd-system.txt", joined(units(ENTRIES, project(), settings)))


def test_the_same_schedules_give_the_same_bytes() -> None:
    assert units(ENTRIES, project(), Settings()) == units(ENTRIES, project(), Settings())
    assert units(ENTRIES, project(), Settings()) == units(ENTRIES[::-1], project(), Settings())


def test_without_hardening_a_task_may_do_anything() -> None:
    (service, _) = units(ENTRIES, project(), Settings("system", harden=False))
    assert "NoNewPrivileges" not in service.text
    assert "Protect" not in service.text


def test_nothing_to_do_is_an_error() -> None:
    with pytest.raises(
        ConfigError, match=r"wfepy.toml: no workflow has a schedule; write such as schedule = "
    ):
        units([], project(), Settings())


@pytest.mark.parametrize(
    "what",
    ["/srv/a\nb", "/srv/a\rb", "/srv/\x1b", "/srv/\udc80", "/srv/\x85", "/srv/\ufdd0", "/srv/\U0001ffff"],
)
def test_what_cannot_be_in_a_unit_is_refused(what: str) -> None:
    for config in (project(root=what), project(python=what)):
        with pytest.raises(ConfigError, match="cannot be in a unit of systemd; rename it, or make a link"):
            units(ENTRIES, config, Settings())


def test_the_owner_of_a_unit_is_read_back() -> None:
    for file in units(ENTRIES, project(root='/srv/my "%h" é/x'), Settings()):
        assert owner_of(file.text) == ("x", '/srv/my "%h" é/x')
    assert owner_of("[Unit]\nDescription=of somebody else\n") is None


def test_the_names_of_units_are_escaped_as_systemd_does() -> None:
    assert unit_name("demo") == "wfepy-demo"
    assert unit_name("demo", "cof-fee") == "wfepy-demo--cof-fee"
    assert unit_name("demo", "a b/é") == r"wfepy-demo--a\x20b\x2f\xc3\xa9"
    assert unit_name("a--b", "-c-") == r"wfepy-a-\x2db--\x2dc\x2d"
    with pytest.raises(ConfigError, match="too long for a unit"):
        unit_name("demo", "x" * 250)


@pytest.mark.outside
def test_systemd_takes_the_names_back(require: Require) -> None:
    require("systemd-escape")
    (escaped,) = [unit_name("p", "a b%é$")[len("wfepy-p--") :]]
    done = subprocess.run(["systemd-escape", "--unescape", "--", escaped], capture_output=True, check=True)
    assert done.stdout.decode().rstrip("\n") == "a b%é$"


parts = st.text("ab-.", min_size=1, max_size=5).map(lambda text: "a" + text)


@given(parts, st.one_of(st.just(""), parts), parts, st.one_of(st.just(""), parts))
def test_no_two_workflows_have_units_of_one_name(one: str, first: str, other: str, second: str) -> None:
    assert (unit_name(one, first) == unit_name(other, second)) == ((one, first) == (other, second))


#: Whatever systemd can read back; those of the category Cn are no characters.
characters = st.characters(exclude_categories=("Cc", "Cs", "Cn"))
file_names = st.text(
    st.one_of(st.sampled_from(" %$\"'\\;#=~@:!+-|{}h\u2028é\ufeff"), characters),
    min_size=1,
    max_size=20,
).map(lambda text: text.replace("/", "_").strip(".") or "x")


@pytest.mark.outside
@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink an example would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    file_names,
    file_names,
    file_names,
    st.text(characters, min_size=1, max_size=20),
    st.sampled_from(["user", "system"]),
    st.booleans(),
    st.sampled_from([0, 1, 86400]),
    st.booleans(),
)
def test_systemd_reads_back_what_was_meant(
    require: Require,
    folder: str,
    python: str,
    file: str,
    workflow: str,
    scope: str,
    each: bool,
    timeout: int,
    harden: bool,
) -> None:
    require("systemd-analyze")
    with tempfile.TemporaryDirectory() as name:
        root, program = os.path.join(name, "r", folder), os.path.join(name, "p", python)
        os.mkdir(os.path.dirname(program))
        os.symlink("/bin/true", program)
        config = project(root, program, file=file + ".toml", engine={"project": "demo"})
        entries = [ScheduleEntry(workflow, "tick", "*/7 1 1 * *", timezone="Europe/Prague")]
        files = units(entries, config, Settings(scope, per_workflow=each, timeout=timeout, harden=harden))
        verified(files, Path(name))
        found = understood(Path(name), files[0].path)
        command = tick_command(config, [workflow] if each else [])
        (shown,) = found["Command Line"]
        words = [word.replace("$$", "$") for word in words_of(shown)]
        shell = ["/bin/sh", "-c", 'exec "$0" "$@"'] if set(program) & set("\"'\\$") else []
        assert words == [*shell, *command]
        assert found["WorkingDirectory"] == [root]
        assert found.get("User", [""]) == ["ann" if scope == "system" else ""]


@pytest.mark.outside
def test_a_typo_would_be_seen(require: Require, tmp_path: Path) -> None:
    require("systemd-analyze")
    files = units(ENTRIES, project(python="/bin/true"), Settings())
    broken = [GeneratedFile(file.path, file.text.replace("KillMode", "KilMode")) for file in files]
    with pytest.raises(AssertionError, match="KilMode"):
        verified(broken, tmp_path)


def test_the_settings_are_read_from_the_config_file() -> None:
    table = {"scope": "system", "per_workflow": True, "timeout": "2h", "harden": False, "user": "bob"}
    found = read_settings(project(table=table))
    assert found == Settings("system", per_workflow=True, timeout=7200, harden=False, user="bob")
    assert read_settings(project()) == Settings()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"scop": "user"}, r'\[plugins.wfepy_systemd\] there is no key scop; did you mean "scope"?'),
        ({"scope": "root"}, 'scope must be "user" or "system", not "root"'),
        ({"timeout": "soon"}, 'timeout must be a duration of at least a second, such as "2h", not "soon"'),
        ({"user": "a b"}, 'user must be the name of a user, not "a b"'),
        ({"harden": 1}, "harden must be true or false, not 1"),
    ],
)
def test_a_wrong_setting_is_told(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?").replace(".", r"\.")):
        read_settings(project(table=table))
