"""The manifests for Kubernetes: what is in them, that the schema takes them, and that no text is read otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import graphs  # noqa: F401  # for the profile of hypothesis
from cli_folder import Folder, error_line
from wfepy_hooks import ConfigError, Schedule, ScheduleEntry
from wfepy_hooks.config import Config
from wfepy_hooks.configfile import Settings as FileSettings
from wfepy_kubernetes.manifests import manifests
from wfepy_kubernetes.naming import job_name, label
from wfepy_kubernetes.settings import read_settings
from wfepy_kubernetes.yaml import to_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Golden

ENTRIES = (
    ScheduleEntry("coffee", "tick", "3-53/10 * * * *"),
    ScheduleEntry("report", "tick", "0 */2 * * *", timezone="Asia/Kolkata"),
    ScheduleEntry("report", "start", "30 2 1 * mon", timezone="Europe/Prague"),
)
#: The first version that has all that is used, and what the clusters of a few years have.
VERSIONS = ("1.27", "1.30", "1.34")
DNS_1123 = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")


def project(root: str = "/srv/coffee", *, file: str = "wfepy.toml", **table: Any) -> Config:
    name = table.pop("name", "coffee")
    state = table.pop("state", ".wfepy/state")
    settings = FileSettings({"project": name, "state": state}, {}, {"wfepy_kubernetes": table})
    return Config(
        root,
        file=os.path.join(root, file),
        settings=settings,
        clock=lambda: datetime(2026, 11, 20, 7, 30, tzinfo=timezone.utc),
    )


def text_of(config: Config, entries: Sequence[ScheduleEntry] = ENTRIES) -> str:
    config.plugin_settings["wfepy_kubernetes"].setdefault("image", "example.org/coffee:1.4")
    (file,) = manifests(entries, config, read_settings(config))
    assert file.path.endswith(".yaml")
    return file.text


def documents(config: Config, entries: Sequence[ScheduleEntry] = ENTRIES) -> list[Any]:
    """Return the manifests as a cluster reads them."""
    return list(yaml.safe_load_all(text_of(config, entries)))


def container(config: Config) -> Any:
    return documents(config)[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]


def test_the_manifests_of_a_project(golden: Golden) -> None:
    golden("kubernetes.yaml", text_of(project()))


def test_the_manifests_of_each_schedule_with_all_settings(golden: Golden) -> None:
    config = project(
        per_workflow=True,
        namespace="team",
        python="/venv/bin/python",
        folder="/app",
        user=10001,
        storage="10Gi",
        storage_class="fast",
        secrets=["coffee-token", "coffee-mail"],
        service_account="coffee",
        timeout="2h",
        starting_deadline="10min",
        requests={"cpu": "1"},
        limits={},
    )
    golden("kubernetes-per-workflow.yaml", text_of(config))


def test_by_default_one_job_wakes_up_at_each_needed_minute() -> None:
    (claim, job) = documents(project())
    assert job["spec"]["schedule"] == "0,3,13,23,30,33,43,53 * * * *"
    assert job["spec"]["timeZone"] == "Etc/UTC"
    assert job["metadata"]["name"] == claim["metadata"]["name"] == "wfepy-coffee"


def test_each_minute_may_be_needed() -> None:
    (_, job) = documents(project(), [ScheduleEntry("a", "tick", "* * * * *")])
    assert Schedule(job["spec"]["schedule"]).cron.minute.values == tuple(range(60))


def test_per_workflow_each_schedule_has_its_own_time_zone_and_fields() -> None:
    found = [
        (each["metadata"]["name"], each["spec"]["schedule"], each["spec"]["timeZone"])
        for each in documents(project(per_workflow=True))[1:]
    ]
    assert found == [
        ("wfepy-coffee--coffee--tick", "3-53/10 * * * *", "Etc/UTC"),
        ("wfepy-coffee--report--tick", "0 */2 * * *", "Asia/Kolkata"),
        ("wfepy-coffee--report--start", "30 2 1 * 1", "Europe/Prague"),
    ]


def test_two_schedules_of_one_kind_have_names_of_their_own() -> None:
    entries = [ScheduleEntry("a", "start", "0 1 * * *"), ScheduleEntry("a", "start", "0 2 * * *")]
    names = [each["metadata"]["name"] for each in documents(project(per_workflow=True), entries)[1:]]
    assert names == ["wfepy-coffee--a--start", "wfepy-coffee--a--start2"]


def test_the_state_is_mounted_where_the_config_has_it() -> None:
    def mounted(config: Config) -> str:
        mounts = {each["name"]: each["mountPath"] for each in container(config)["volumeMounts"]}
        return str(mounts["state"])

    assert mounted(project()) == "/srv/coffee/.wfepy/state"
    assert mounted(project(folder="/app")) == "/app/.wfepy/state"
    assert mounted(project(folder="/app", state="../data")) == "/srv/data"
    assert mounted(project(folder="/app", state="/var/lib/coffee")) == "/var/lib/coffee"


@pytest.mark.parametrize("state", [".", "..", "a:b", "/", "/tmp"])
def test_a_state_that_cannot_be_a_volume_is_refused(state: str) -> None:
    with pytest.raises(ConfigError, match="the state cannot be a volume there"):
        text_of(project(state=state))


def test_a_volume_that_is_there_already_is_used() -> None:
    (job,) = documents(project(claim="shared"))
    volumes = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    assert volumes[0]["persistentVolumeClaim"] == {"claimName": "shared"}


def test_variables_of_kubernetes_are_escaped_in_the_command() -> None:
    command = container(project(python="/opt/$(X)/python", file="$$.toml"))["command"]
    assert command == ["/opt/$$(X)/python", "-m", "wfepy_hooks", "--config", "$$$$.toml", "tick", "--due"]


def test_nothing_to_do_is_an_error() -> None:
    with pytest.raises(
        ConfigError, match=r"wfepy.toml: no workflow has a schedule; write such as schedule = "
    ):
        documents(project(), [])


def test_the_image_must_be_named() -> None:
    message = (
        r'/srv/coffee/wfepy.toml: \[plugins.wfepy_kubernetes\]: there is no image .*; write image = "regis'
    )
    with pytest.raises(ConfigError, match=message):
        read_settings(project())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("imag", "x", 'there is no key imag; did you mean "image"?'),
        ("image", "a b", "image must be the name of an image, such as "),
        ("namespace", "Team", "namespace must be up to 63 lower-case letters, digits and dashes"),
        ("folder", "app", "folder must be an absolute path in the image"),
        ("user", 0, "user must be the number of a user, not 0"),
        ("storage", "1 GB", 'storage must be a quantity, such as "1Gi", not "1 GB"'),
        ("secrets", "token", "secrets must be a list of names of secrets"),
        ("timeout", "soon", "timeout must be a duration"),
        ("starting_deadline", "5s", "starting_deadline must be a duration of at least 10 seconds"),
        ("requests", {"gpu": "1"}, "requests must be a table of quantities"),
        ("limits", {"cpu": "a lot"}, "limits must be a table of quantities"),
    ],
)
def test_a_wrong_setting_is_told(key: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"[plugins.wfepy_kubernetes] {message}")):
        read_settings(project(**{"image": "x", key: value}))  # type: ignore[arg-type]


def test_in_pyproject_the_table_has_another_name() -> None:
    with pytest.raises(ConfigError, match=r"pyproject.toml: \[tool.wfepy.plugin.wfepy_kubernetes\]"):
        read_settings(project(file="pyproject.toml"))


names = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}", fullmatch=True),
    st.sampled_from(["a", "a-b", "a--b", "A", "a.b", "a-", "x" * 50, "x" * 49]),
)
workflow_names = st.one_of(names, st.text(min_size=1, max_size=20), st.just("y" * 100))


@given(
    st.lists(
        st.tuples(names, workflow_names, st.sampled_from(["tick", "start"])),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_each_job_has_a_name_of_its_own_that_kubernetes_takes(parts: list[tuple[str, str, str]]) -> None:
    found = [job_name(*each) for each in parts]
    assert len(set(found)) == 2
    for name in [*found, job_name(parts[0][0])]:
        assert DNS_1123.fullmatch(name), name
        assert len(name) <= 52


@given(workflow_names)
def test_labels_are_such_as_kubernetes_takes(text: str) -> None:
    assert LABEL.fullmatch(label(text))


paths = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0:"), min_size=1, max_size=12
).map(lambda text: "/" + (text.replace("/", "_").strip(". ") or "x"))
tables = st.fixed_dictionaries(
    {"image": st.sampled_from(["x", "example.org:5000/a/b@sha256:0123"])},
    optional={
        "per_workflow": st.booleans(),
        "namespace": st.sampled_from(["default", "yes", "123"]),
        "python": st.sampled_from(["python", 'a "b"', "é: #"]),
        "folder": st.sampled_from(["/app", "/a b", "/é"]),
        "user": st.integers(1, 2**31 - 1),
        "storage": st.sampled_from(["1Gi", "500M", "1.5Ti"]),
        "storage_class": st.sampled_from(["fast", "true", "1.5"]),
        "claim": st.sampled_from(["null", "0x1f"]),
        "secrets": st.lists(st.sampled_from(["a", "no", "1e3", "a.b"]), max_size=2),
        "service_account": st.just("robot"),
        "timeout": st.sampled_from(["1s", "2h"]),
        "starting_deadline": st.sampled_from(["10s", "1d"]),
        "requests": st.sampled_from([{}, {"cpu": "1"}, {"cpu": "100m", "memory": "1Gi"}]),
        "limits": st.sampled_from([{}, {"memory": "1Gi", "ephemeral-storage": "2Gi"}]),
    },
)


@settings(max_examples=25)
@given(tables, paths, names, workflow_names, st.sampled_from(VERSIONS))
def test_the_schema_takes_the_manifests_of_any_settings(
    table: dict[str, Any], root: str, name: str, workflow: str, version: str
) -> None:
    config = project(root + "/p", name=name, **table)
    entries = [ScheduleEntry(workflow, "tick", "*/7 1 1 * *", timezone="Europe/Prague")]
    found = documents(config, entries)
    for each in found:
        kubernetes_validate.validate(each, version, strict=True)
    pod = found[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    one = pod["containers"][0]
    assert one["workingDir"] == table.get("folder", root + "/p")
    assert one["image"] == table["image"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert one["securityContext"]["readOnlyRootFilesystem"] is True
    workflows = [workflow.replace("$", "$$")] if table.get("per_workflow") else []
    assert one["command"][-len(workflows) - 2 :] == ["tick", *workflows, "--due"]
    assert [ref["secretRef"]["name"] for ref in one.get("envFrom", [])] == table.get("secrets", [])


def test_the_schema_would_see_a_misspelt_key() -> None:
    (_, job) = documents(project())
    job["spec"]["concurencyPolicy"] = job["spec"].pop("concurrencyPolicy")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[0], strict=True)


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(
        [
            "yes",
            "No",
            "null",
            "~",
            "1",
            "1e3",
            "0x1f",
            "- a",
            "a: b",
            "#",
            "",
            " ",
            "1:30",
            "\U0001f600",
            "\x85",
        ]
    ),
)
data = st.recursive(
    st.one_of(texts, st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)


@given(data)
def test_yaml_is_read_back_as_what_was_written(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="no UTF-8"):
        to_yaml({"a": "\udc80"})


def test_the_same_schedules_give_the_same_bytes() -> None:
    assert text_of(project()) == text_of(project())
    assert text_of(project()) == text_of(project(), ENTRIES[::-1])


def test_the_command_prints_what_the_generator_makes(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.configure(extra='project = "demo"')
    line = error_line(folder.wfepy("kubernetes", "show"), 4)
    assert "there is no image that has the project in it" in line
    with open(folder.path / "wfepy.toml", "a") as file:
        file.write('start = "0 9 * * mon"\n[plugins.wfepy_kubernetes]\nimage = "x"\n')
    shown = folder.ok("kubernetes", "show")
    assert shown == folder.ok("generate", "kubernetes")
    assert len(list(yaml.safe_load_all(shown))) == 2
    each = folder.ok("kubernetes", "show", "--per-workflow")
    assert list(yaml.safe_load_all(each))[1]["metadata"]["name"] == "wfepy-demo--flow--start"
