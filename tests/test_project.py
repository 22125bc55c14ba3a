"""What a user installs, what a tick imports, and which modules know of which."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import wfepy_hooks
from wfepy_github.pins import PINS

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "wfepy_hooks"

needs_sources = pytest.mark.skipif(
    not SOURCES.is_dir(), reason="the sources are away: the wheel is under test"
)

#: What a tick must do without: each of these costs it milliseconds, and a tick is a process of its own every time.
HEAVY = {
    "asyncio",
    "concurrent.futures",
    "croniter",
    "graphviz",
    "importlib.metadata",
    "opentelemetry",
    "rich",
    "smtplib",
    "sqlite3",
}

#: What the graph and the marking must not know, directly or through what they import.
IMPURE = {
    "os",
    "io",
    "time",
    "pathlib",
    "datetime",
    "pluggy",
    "logging",
    "subprocess",
    "random",
    "tempfile",
    "json",
}


def imported(*command: str, cwd: Path) -> set[str]:
    """Return the modules that ``python COMMAND`` imports."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WFEPY_")}
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return set(re.findall(r"^import time:[\s\d|]+\|\s*(\S+)$", run.stderr, re.MULTILINE))


def without_the_interpreters_own(modules: set[str], cwd: Path) -> set[str]:
    return modules - imported("-c", "pass", cwd=cwd)


@pytest.fixture
def waiting_coffee(tmp_path: Path) -> Path:
    """A folder with the coffee example, one instance of which waits."""
    folder = tmp_path / "coffee"
    folder.mkdir()
    for name in ("coffee_workflow.py", "wfepy.toml"):  # not its plugin: a plain tick has none
        shutil.copy(ROOT / "examples/coffee" / name, folder)
    subprocess.run([sys.executable, "-m", "wfepy_hooks", "start", "coffee"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "wfepy_hooks", "tick"], cwd=folder, check=True)
    return folder


def test_a_plain_tick_imports_nothing_heavy(waiting_coffee: Path) -> None:
    modules = without_the_interpreters_own(
        imported("-m", "wfepy_hooks", "tick", cwd=waiting_coffee), waiting_coffee
    )
    assert HEAVY & modules == set()


@pytest.mark.parametrize("module", ["graph", "marking"])
@needs_sources
def test_the_graph_and_the_marking_are_pure(module: str) -> None:
    known, todo = set(), [module]
    for own in todo:  # it grows while it is walked
        for name in needed_by(SOURCES / f"{own}.py"):
            if name not in known:
                known.add(name)
                todo += [name] if (SOURCES / f"{name}.py").exists() else []
    assert known & IMPURE == set()


def needed_by(file: Path) -> set[str]:
    """Return the modules that ``file`` imports at run time, also inside functions; its own package's without dots."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    from_imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    names |= {node.module for node in from_imports if node.module}
    names |= {alias.name for node in from_imports if node.module is None for alias in node.names}
    return {name.removeprefix("wfepy_hooks.") for name in names}


def test_the_public_names_are_there() -> None:
    assert [name for name in wfepy_hooks.__all__ if not hasattr(wfepy_hooks, name)] == []
    assert list(wfepy_hooks.__all__) == sorted(set(wfepy_hooks.__all__))


def copy_of_the_tree(folder: Path) -> Path:
    """Return a copy of what goes into the distribution, with an integration in it."""
    tree = folder / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(SOURCES, tree / "wfepy_hooks", ignore=shutil.ignore_patterns("__pycache__"))
    integration = tree / "integrations/wfepy_probe"
    integration.mkdir(parents=True)
    (integration / "__init__.py").write_text("")
    return tree


def build(tree: Path, *options: str) -> Path:
    """Build without isolation, which would download the backend; return the folder of what was built."""
    out = tree.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options, str(tree)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return out


@pytest.mark.slow
@needs_sources
def test_the_wheel_holds_the_package_and_the_integrations_at_its_top(tmp_path: Path) -> None:
    out = build(copy_of_the_tree(tmp_path))  # the wheel is built from the sdist, so both are tested
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        requires = re.findall(
            r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", archive.read(metadata).decode(), re.MULTILINE
        )
    assert {"wfepy_hooks/__init__.py", "wfepy_hooks/py.typed", "wfepy_probe/__init__.py"} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"wfepy_hooks", "wfepy_probe"}
    assert {f"wfepy_hooks/{path.relative_to(SOURCES)}" for path in source_files()} <= names
    assert sorted(requires) == ["croniter", "graphviz", "pluggy", "rich", "tomli"]
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as source:
        assert any(name.endswith("/integrations/wfepy_probe/__init__.py") for name in source.getnames())


def source_files() -> list[Path]:
    return [path for path in SOURCES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@needs_sources
def test_the_extras_do_not_leak_into_the_package() -> None:
    """What only the tests need is not imported by the package: it must work without."""
    known = {
        "attr",
        "attrs",
        "hypothesis",
        "jsonschema",
        "build",
        "hatchling",
        "kubernetes_validate",
        "xdist",
        "yaml",
    }
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r"^(?:import|from) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if name in known
    }
    assert found == set()


@needs_sources
def test_the_engine_knows_no_integration() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES.rglob("*.py")
        for name in re.findall(
            r"^\s*(?:import|from) (wfepy_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        if name != "wfepy_hooks"
    }
    assert found == set()


def test_the_lock_pins_everything_and_names_no_registry() -> None:
    lines = (ROOT / "requirements/lock.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line)] == []
    assert "://" not in "\n".join(lines)


def used_actions(file: Path) -> list[str]:
    return re.findall(r"uses: (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_actions_of_the_workflows_are_pinned_by_commit_and_say_their_version() -> None:
    for workflow in (ROOT / ".github/workflows").glob("*.yml"):
        uses = used_actions(workflow)
        assert uses
        assert [line for line in uses if not re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@needs_sources
def test_an_action_is_pinned_to_one_commit_in_our_workflows_and_in_those_that_we_make() -> None:
    files = [*(ROOT / ".github/workflows").glob("*.yml"), SOURCES / "starter/plugin/ci.txt"]
    places = {path.name: used_actions(path) for path in files}
    places["wfepy_github"] = [pin.text for pin in PINS]
    found: dict[str, dict[str, set[str]]] = {}
    for place, uses in places.items():
        for action, _, commit in (line.partition("@") for line in uses):
            found.setdefault(action, {}).setdefault(commit, set()).add(place)
    assert {action: commits for action, commits in found.items() if len(commits) > 1} == {}
