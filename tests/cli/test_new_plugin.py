"""The project of a plugin works as it is, up to the wheel that others install."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import package_index
import wfepy_hooks
from cli_folder import Folder, error_line
from github_project import BIN, complaints
from wfepy_hooks import UsageError
from wfepy_hooks.cli.newplugin import new_plugin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from conftest import Require

ROOT = Path(__file__).parent.parent.parent


def pyproject(project: Path) -> Any:
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))


def run(*command: str, cwd: Path, **environ: str) -> str:
    """Run a command that must exit 0, and return what it printed."""
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith(("PIP_", "PYTEST_", "WFEPY_"))
    }
    done = subprocess.run(
        command, cwd=cwd, env={**kept, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_its_tests_pass_with_the_wheel_that_others_install(folder: Folder, tmp_path: Path) -> None:
    folder.ok("new", "--plugin", "wfepy-deploy")
    project, python = tmp_path / "wfepy-deploy", str(tmp_path / "fresh/bin/python")
    run(sys.executable, "-m", "build", "--no-isolation", cwd=project)
    (sdist,), (wheel,) = (project / "dist").glob("*.tar.gz"), (project / "dist").glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel), cwd=project)

    packages = tmp_path / "packages"
    packages.mkdir()
    package_index.fill(packages, "wfepy-hooks", "pytest")
    run(sys.executable, "-m", "venv", "--without-pip", "fresh", cwd=tmp_path)
    with package_index.PackageIndex(packages) as index:
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", f"{wheel}[test]"]
        run(*pip, cwd=tmp_path, **index.environment())
    (project / "src").rename(tmp_path / "away")
    assert "7 passed" in run(python, "-m", "pytest", "-p", "no:cacheprovider", cwd=project)


def test_all_its_names_come_from_the_one_that_is_given(folder: Folder) -> None:
    said = folder.ok("new", "--plugin", "Wfepy_Deploy.er")
    assert said.splitlines()[0] == "wrote the plugin wfepy_deploy_er to wfepy-deploy-er:"
    assert said.splitlines()[-1].startswith("next: cd wfepy-deploy-er && ")
    project = folder.path / "wfepy-deploy-er"
    listed = sorted(str(file.relative_to(project)) for file in project.rglob("*") if file.is_file())
    assert listed == sorted(line.strip() for line in said.splitlines()[1:-1])
    settings = pyproject(project)
    assert settings["project"]["name"] == "wfepy-deploy-er"
    assert settings["project"]["entry-points"] == {"wfepy_hooks": {"wfepy_deploy_er": "wfepy_deploy_er"}}
    assert settings["project"]["dependencies"] == [f"wfepy-hooks>={wfepy_hooks.__version__}"]
    assert (project / "src/wfepy_deploy_er/py.typed").exists()
    assert "[plugins.wfepy_deploy_er]" in (project / "README.md").read_text()
    placeholders = re.compile(r"\$\$|\$\{(?!\{|GITHUB_)")
    assert [name for name in listed if placeholders.search((project / name).read_text("utf-8"))] == []


def test_the_folder_can_be_chosen_but_is_to_be_empty(folder: Folder) -> None:
    said = folder.ok("new", "--plugin", "wfepy-deploy", "my place")
    assert said.splitlines()[-1].startswith("next: cd 'my place' && ")
    before = folder.state()
    assert "the folder is not empty" in error_line(
        folder.wfepy("new", "--plugin", "wfepy-deploy", "my place"), 2
    )
    assert folder.state() == before
    (folder.path / "wfepy-deploy/.git").mkdir(parents=True)
    folder.ok("new", "--plugin", "wfepy-deploy")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "begins and ends with a letter or digit"),
        ("-x", "begins and ends with a letter or digit"),
        ("wfepy deploy", "begins and ends with a letter or digit"),
        ("wfepy-d\u00e9ploy", "begins and ends with a letter or digit"),
        ("../deploy", "begins and ends with a letter or digit"),
        ("deploy\n", "begins and ends with a letter or digit"),
        ("w" * 81, "more than 80 characters"),
        ("9lives", "which Python cannot import"),
        ("class", "which Python cannot import"),
        ("None", "which Python cannot import"),
        ("JSON", "Python has a module json of its own"),
        ("wfepy.notify", "the plugin wfepy_notify of wfepy-hooks"),
        ("wfepy-hooks", "module of wfepy itself"),
        ("wfepy-pytest", "module of wfepy itself"),
        ("wfepy", "module of wfepy itself"),
        ("pluggy", "is installed here"),
        ("flow", "its tests have a module flow of their own"),
        ("Conftest", "its tests have a module conftest of their own"),
    ],
)
def test_a_name_that_cannot_be_one_or_is_taken_is_refused(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said) as caught:
        new_plugin(name, None)
    assert str(caught.value).isprintable()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["wfepy-diary", "wfepy-journal"])
def test_the_names_of_an_installed_plugin_are_taken_whatever_its_package_is_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site/someone_else-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: someone-else\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[wfepy_hooks]\nwfepy_diary = wfepy_journal.plugin\n")
    monkeypatch.syspath_prepend(str(installed.parent))
    with pytest.raises(UsageError, match=r"the plugin wfepy_diary of someone-else 1\.0 is installed here"):
        new_plugin(name, str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


def test_a_refusal_is_one_line_and_exit_code_2(folder: Folder) -> None:
    said = error_line(folder.wfepy("new", "--plugin=wfepy-notify\n"), 2)
    assert said.endswith("choose another one, such as wfepy-deploy; nothing was written")


def test_a_name_that_nobody_would_find_is_remarked_on(folder: Folder) -> None:
    done = folder.wfepy("new", "--plugin", "deploy")
    assert done.returncode == 0
    assert 'begin with "wfepy-"' in done.stderr
    assert folder.wfepy("new", "--plugin", "wfepy-deploy").stderr == ""


def test_what_is_for_workflows_is_refused(folder: Folder) -> None:
    assert "leave --name out" in error_line(folder.wfepy("new", "--plugin", "wfepy-a", "--name", "a"), 2)
    assert "the folder is missing" in error_line(folder.wfepy("new"), 2)


def test_git_knows_the_author(folder: Folder) -> None:
    settings = folder.write("home/.gitconfig", '[user]\nname = "Ann \\"Ace\\" \\\\ Né\\n\u202e$${x}"\n')
    name = 'Ann "Ace" \\ Né$${x}'
    environ = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_SYSTEM": os.devnull}
    folder.ok("new", "--plugin", "wfepy-a", environ=environ)
    assert pyproject(folder.path / "wfepy-a")["project"]["authors"] == [{"name": name}]
    assert name in (folder.path / "wfepy-a/LICENSE").read_text("utf-8")

    folder.ok("new", "--plugin", "wfepy-b", environ={**environ, "PATH": ""})
    assert "authors" not in pyproject(folder.path / "wfepy-b")["project"]
    assert "the authors of wfepy-b" in (folder.path / "wfepy-b/LICENSE").read_text("utf-8")


@pytest.fixture
def github(folder: Folder) -> Path:
    """The folder with what GitHub reads."""
    folder.ok("new", "--plugin", "wfepy-deploy")
    return folder.path / "wfepy-deploy/.github"


@pytest.fixture
def ci(github: Path) -> str:
    """The workflow of GitHub Actions that it has."""
    return (github / "workflows/ci.yml").read_text("utf-8")


@pytest.mark.outside
@pytest.mark.slow
def test_its_ci_is_clean_for_every_linter(ci: str, github: Path, tmp_path: Path, require: Require) -> None:
    for linter in ("zizmor", "actionlint", "check-jsonschema"):
        require(linter, (BIN / linter).exists())
    assert complaints([ci], tmp_path / "lint") == ""
    updates = str(github / "dependabot.yml")
    run(str(BIN / "zizmor"), "--offline", "--quiet", "--persona=auditor", updates, cwd=tmp_path)
    run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.dependabot", updates, cwd=tmp_path)


def test_its_actions_are_pinned(ci: str) -> None:
    used = re.findall(r"uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", ci, re.MULTILINE)
    assert len(used) == ci.count("uses:")


def test_only_the_job_that_uploads_may_speak_for_the_project(ci: str) -> None:
    jobs = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", ci.partition("\njobs:\n")[2], re.MULTILINE))
    assert {name for name, job in jobs.items() if "id-token: write" in job} == {"publish"}
    assert "needs: [test, build]" in jobs["publish"]
    assert "github.ref_type == 'tag'" in jobs["publish"]
    assert "secrets." not in ci


def test_it_supports_the_pythons_that_wfepy_hooks_does(folder: Folder, ci: str) -> None:
    made, own = (pyproject(path)["project"] for path in (folder.path / "wfepy-deploy", ROOT))
    supported = pythons(own)
    assert pythons(made) == supported
    assert made["requires-python"] == own["requires-python"]
    matrix = ", ".join(f'"{version}"' for version in supported)
    assert f"python: [{matrix}]" in ci


def pythons(project: Any) -> list[str]:
    prefix = "Programming Language :: Python :: 3."
    return [each[len(prefix) - 2 :] for each in project["classifiers"] if each.startswith(prefix)]
