"""What all tests share: golden files, components from outside, and a check that a test leaves no trace."""

from __future__ import annotations

import compileall
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

import profiles  # noqa: F401  # it registers them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from building import Begin
    from wfepy_pytest import MakeRunner

    Golden = Callable[[str, str], None]
    Require = Callable[..., None]


pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the tests produce into their golden files instead of comparing it",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line(
        "markers", "outside: needs a component from outside; skipped where it is missing, fails if CI is set"
    )
    # What the tests remember between ticks is not to end up in the cache of whoever runs them.
    cache = tempfile.TemporaryDirectory(prefix="wfepy-cache-")
    config.add_cleanup(cache.cleanup)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)  # a session inside a session ends before the outer one looks for changes
    patch.setenv("XDG_CACHE_HOME", cache.name)
    # Inside of GitHub Actions, ticks are reported there: those of the tests are not to be.
    for name in [each for each in os.environ if each.startswith("GITHUB_")]:
        patch.delenv(name)
    # A workflow that a test writes twice within a second would be taken for the one that was compiled, so the processes
    # of tests write no bytecode. That of the package is there for all of them: to compile it takes each 30 ms and more.
    patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    if not hasattr(config, "workerinput"):
        compile_beside("wfepy_hooks")
        compile_beside("wfepy_notify")  # in a checkout the integrations have a folder of their own
    # Where pytest runs in the background of a script, it and all that it begins would ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def compile_beside(package: str) -> None:
    """Compile a package and what stands beside it that is ours."""
    spec = importlib.util.find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        for each in Path(folder).parent.glob("wfepy_*"):
            compileall.compile_dir(each, quiet=2)


@pytest.fixture(autouse=True)
def leaves_no_trace() -> Iterator[None]:
    """Fail a test that leaves environment, working directory or sys.path changed, and put them right."""
    environ, folder, path = _environ(), os.getcwd(), list(sys.path)
    yield
    changed = [f"environment variable {name}" for name in _differing(environ, _environ())]
    if _current_folder() != folder:
        changed.append("working directory")
    if sys.path != path:
        changed.append("sys.path")
    if changed:
        _restore(environ, folder, path)
        pytest.fail(f"the test left these changed: {', '.join(changed)}", pytrace=False)


def _environ() -> dict[str, str]:
    # pytest itself sets this one, with the phase of the test in it.
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _current_folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # the test has removed it
        return None


def _restore(environ: dict[str, str], folder: str, path: list[str]) -> None:
    for name in _differing(environ, _environ()):
        if name in environ:
            os.environ[name] = environ[name]
        else:
            del os.environ[name]
    os.chdir(folder)
    sys.path[:] = path


@pytest.fixture
def require() -> Require:
    """A function that a test marked ``outside`` calls with what it needs, see :func:`require_component`."""
    return require_component


def require_component(component: str, found: bool | None = None) -> None:
    """Skip the test where ``component`` is missing; fail it instead where the environment variable CI is set.

    :param component: name of a program, such as ``dot``
    :param found: whether it is there, for what is no program
    """
    if found is None:
        found = shutil.which(component) is not None
    if found:
        return
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"{component} is not installed here, and in CI no test may be skipped", pytrace=False)
    pytest.skip(f"needs {component}, which is not installed")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """A function that compares a text with the file of that name in ``golden/`` beside the test's own file.

    With ``--update-golden`` it writes the file instead.
    """
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        file = folder / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            return
        if not file.exists():
            pytest.fail(f"there is no golden file {file}; make it with --update-golden", pytrace=False)
        assert text == file.read_text(encoding="utf-8"), f"{file} differs; if it should, use --update-golden"

    return compare


@pytest.fixture
def begin(workflow_runner: MakeRunner) -> Begin:
    """Begin an instance of a workflow that consists of these tasks: ``begin(brew, drink, plugins=[recorder])``."""
    from building import flow  # lazily: most tests need no workflow

    return lambda *tasks, **options: workflow_runner(flow(*tasks), **options)
