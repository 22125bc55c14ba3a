"""The workflow that this repository lets GitHub Actions run, and the example that it is made from."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from github_project import BIN, Flows, complaints
from wfepy_hooks import Schedule
from wfepy_hooks.clock import parse_time
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Require

ROOT = Path(__file__).parents[2]
FILE = ".github/workflows/punctuality.yml"


@pytest.fixture
def copy(tmp_path: Path) -> Flows:
    """A copy of what it takes: the tree under test need not be a repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / FILE).parent.mkdir(parents=True)
    shutil.copy(ROOT / FILE, tmp_path / FILE)
    ignored = shutil.ignore_patterns(".wfepy", "__pycache__")
    shutil.copytree(ROOT / "examples/punctuality", tmp_path / "examples/punctuality", ignore=ignored)
    return Flows(tmp_path / "examples/punctuality")


def test_the_workflow_of_this_repository_is_what_its_config_asks_for(copy: Flows) -> None:
    assert copy.run("github", "sync", "--check").stdout == ""


@pytest.mark.outside
def test_it_is_clean_for_the_linters(require: Require, tmp_path: Path) -> None:
    for linter in ("zizmor", "actionlint", "check-jsonschema"):
        require(linter, (BIN / linter).exists())
    assert complaints([(ROOT / FILE).read_text(encoding="utf-8")], tmp_path) == ""


def test_it_cannot_do_harm() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8")
    assert "secrets." not in text
    assert text.count("timeout-minutes") == 3
    (cron,) = [line.split('"')[1] for line in text.splitlines() if "- cron:" in line]
    moments = list(zip(range(3), Schedule(cron).after(parse_time("2026-11-25T00:00:00Z")), strict=False))
    assert len({each.due.date() for _, each in moments}) == 3  # once a day


def test_an_instance_measures_and_comes_to_an_end(
    copy: Flows, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(copy.path)
    monkeypatch.delitem(sys.modules, "punctuality_workflow", raising=False)
    now = parse_time("2026-11-25T00:00:00Z")
    config = Config.load("wfepy.toml", cwd=copy.path, clock=lambda: now, autoload=False)
    project = Project(config)
    project.start("punctuality", "a")
    assert project.tick_one("punctuality", "a").exit_code == 0
    for _ in range(2):
        now += timedelta(days=1, minutes=30)
        assert project.tick_one("punctuality", "a").exit_code == 0
    assert project.read("punctuality", "a").status == "finished"
    assert project.read("punctuality", "a").context["minutes late"] == [30, 30]
    assert "no tick came more than 30 minutes late" in capsys.readouterr().out
