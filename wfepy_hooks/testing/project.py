"""A project in a folder of its own, for tests of plugins: its files are written, and ``wfepy`` is run in it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from ..clock import UTC, format_time
from ..timing import to_moment
from .clock import FIRST_MOMENT
from .events import FILE, NOW
from .unheard import told_as_alone

__all__ = ["Event", "MakeProject", "ProjectFolder", "RunResult"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..timing import Moment

_RECORDER = "wfepy_hooks.testing.events"


class Event:
    """A call of an observation hook.

    :ivar hook: the hook, such as ``wfepy_task_finished``
    :ivar workflow: :ivar instance: :ivar task: whose; empty where there is none
    :ivar status: what came of a task or an instance; empty for others
    :ivar fields: everything that is known, by name: ``attempt``, ``changed``, ``reason``, ``event_id``, ``error``,
        ``dest``, ``taken``
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.hook: str = fields["hook"]
        self.workflow: str = fields.get("workflow", "")
        self.instance: str = fields.get("instance", "")
        self.task: str = fields.get("task", "")
        self.status: str = fields.get("status", "")

    def __repr__(self) -> str:
        words = [self.hook.removeprefix("wfepy_"), self.task, self.status]
        return f"<{' '.join(word for word in words if word)}>"


class RunResult:
    """What came of one run of ``wfepy``.

    :ivar command: what was run
    :ivar exit_code: its exit code
    :ivar out: :ivar err: what it printed
    :ivar events: the observation hooks that it called, in order
    """

    def __init__(self, command: str, exit_code: int, out: str, err: str, events: list[Event]) -> None:
        self.command = command
        self.exit_code = exit_code
        self.out = out
        self.err = err
        self.events = events

    def __repr__(self) -> str:
        return f"<RunResult of {self.command}: exit code {self.exit_code}>"

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)

    def of(self, hook: str, **fields: Any) -> list[Event]:
        """Return the events of a hook whose fields are these: ``result.of("wfepy_task_finished", task="nap")``."""
        return [
            each
            for each in self.events
            if each.hook == hook and all(each.fields.get(name) == value for name, value in fields.items())
        ]

    def assert_exit_code(self, exit_code: int = 0) -> RunResult:
        """Expect that it ended so, and return it; the message shows what it printed."""
        __tracebackhide__ = True
        if self.exit_code != exit_code:
            shown = [f"exit code {self.exit_code}, not {exit_code}: {self.command}"]
            shown += [
                f"--- {name} ---\n{text.rstrip()}"
                for name, text in (("out", self.out), ("err", self.err))
                if text
            ]
            raise AssertionError("\n".join(shown))
        return self

    def assert_out(self, *lines: str) -> RunResult:
        """Expect these lines in :attr:`out`, in this order and with any others between them, and return the result.

        :param lines: whole lines, in which ``*`` stands for any text
        """
        __tracebackhide__ = True
        self._assert_lines("out", self.out, lines)
        return self

    def assert_err(self, *lines: str) -> RunResult:
        """Expect these lines in :attr:`err`; see :meth:`assert_out`."""
        __tracebackhide__ = True
        self._assert_lines("err", self.err, lines)
        return self

    def _assert_lines(self, name: str, text: str, lines: tuple[str, ...]) -> None:
        __tracebackhide__ = True
        left, behind = iter(text.splitlines()), ""
        for line in lines:
            pattern = re.compile(".*".join(map(re.escape, line.split("*"))))
            if not any(map(pattern.fullmatch, left)):
                what = f"{self.command}: no line of {name} is {line!r}{behind}"
                raise AssertionError(f"{what}\n--- {name} ---\n{text.rstrip()}")
            behind = f", behind {line!r}"


class ProjectFolder:
    """A project under test. The fixture ``wfepy_project`` makes it.

    :ivar path: its folder
    :ivar environ: what is different in the environment of its commands; ``None``: the variable is taken out
    :ivar now: the moment that it is for its commands; ``None``: as it is
    :ivar plugins: the names of ``-p`` options that each command gets
    """

    def __init__(self, path: Path, files: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.plugins: list[str] = []
        self.now: Moment | None = None
        # What is installed here is not what is tested, and nobody's own settings are to meddle.
        self.environ: dict[str, str | None] = {
            **{name: None for name in os.environ if name.startswith("WFEPY_")},
            "WFEPY_DISABLE_PLUGIN_AUTOLOAD": "1",
            "XDG_CACHE_HOME": str(path.parent / f"{path.name}-cache"),
        }
        path.mkdir(parents=True, exist_ok=True)
        for name, text in (files or {}).items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        """Write a file; its folder is made, and common indentation is taken out."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, str]:
        """Return the texts of all files by their names, but for compiled modules."""
        found = sorted(path for path in self.path.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {str(path.relative_to(self.path)): path.read_text("utf-8", "replace") for path in found}

    def state(self, workflow: str, instance: str = "default") -> dict[str, Any]:
        """Return the state document of an instance, live or ended, from the folder that ``wfepy`` takes by default."""
        folder = self.path / ".wfepy" / "state" / workflow
        files = [folder / f"{instance}.json", folder / "done" / f"{instance}.json"]
        document: dict[str, Any] = json.loads(next(filter(Path.exists, files)).read_text("utf-8"))
        return document

    # --- running -------------------------------------------------------------------------------------

    def run(self, *words: str, now: Moment | None = None) -> RunResult:
        """Run ``wfepy`` with these arguments in this process: fast, and a debugger gets into it.

        The working directory, the environment, ``sys.path``, the imported modules, the handlers of signals and the log
        are afterwards as they were before.

        :param now: the moment that it is; by default :attr:`now`
        """
        from ..cli import main

        out, err = _Stream(), _Stream()
        with self._events(now) as (file, changes), _surroundings(self.path, changes):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), told_as_alone():
                exit_code = main([*self._options(), *words])
            events = _read_events(file)
        return RunResult(_shown(words), exit_code, out.getvalue(), err.getvalue(), events)

    def spawn(self, *words: str, now: Moment | None = None, timeout: float = 60) -> RunResult:
        """Run it in a process of its own, as cron does: what it prints by other programs is seen, too.

        :param timeout: seconds after which it is killed
        :raises subprocess.TimeoutExpired: if it was
        """
        command = [sys.executable, "-m", "wfepy_hooks", *self._options(), *words]
        with self._events(now) as (file, changes):
            environment = {**os.environ, **changes}
            done = subprocess.run(
                command,
                cwd=self.path,
                env={name: value for name, value in environment.items() if value is not None},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
            events = _read_events(file)
        return RunResult(_shown(words), done.returncode, done.stdout, done.stderr, events)

    def _options(self) -> list[str]:
        return [part for name in self.plugins for part in ("-p", name)]

    @contextlib.contextmanager
    def _events(self, now: Moment | None) -> Iterator[tuple[Path, dict[str, str | None]]]:
        """Give the file for the events of one run, and what is different in its environment."""
        file = self.path.parent / f"{self.path.name}-events"
        file.unlink(missing_ok=True)
        # By the environment, so that no command tells of it.
        plugins = ",".join(filter(None, [_RECORDER, self.environ.get("WFEPY_PLUGINS")]))
        changes = {**self.environ, FILE: str(file), "WFEPY_PLUGINS": plugins}
        moment = self.now if now is None else now
        if moment is not None:
            changes[NOW] = format_time(to_moment(moment, FIRST_MOMENT).astimezone(UTC))
        try:
            yield file, changes
        finally:
            file.unlink(missing_ok=True)


class MakeProject:
    """What the fixture ``wfepy_project`` is. It is no function, since each failed test shows it.

    ``wfepy_project({"wfepy.toml": "...", "flow.py": "..."})`` makes a project of these files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[ProjectFolder] = []

    def __call__(self, files: Mapping[str, str] | None = None, *, name: str = "") -> ProjectFolder:
        number = len(self._made) + 1
        folder = self._folder / (name or ("project" if number == 1 else f"project{number}"))
        self._made.append(ProjectFolder(folder, files))
        return self._made[-1]

    def __repr__(self) -> str:
        return f"<wfepy_project in {self._folder}>"


class _Stream(io.StringIO):
    """What is printed, to something that is neither a terminal nor a file."""

    encoding = "utf-8"


def _shown(words: tuple[str, ...]) -> str:
    return shlex.join(["wfepy", *words])


def _read_events(file: Path) -> list[Event]:
    if not file.exists():
        return []
    return [Event(json.loads(line)) for line in file.read_text("utf-8").splitlines()]


@contextlib.contextmanager
def _surroundings(folder: Path, changes: Mapping[str, str | None]) -> Iterator[None]:
    """Be in a folder and an environment, and put right whatever a command has changed of this process."""
    known = _Known()
    os.chdir(folder)
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        known.restore(folder)


class _Known:
    """What a command may change of this process, as it was before."""

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._environ = dict(os.environ)
        self._path = list(sys.path)
        self._modules = dict(sys.modules)
        loggers = (logging.getLogger(), logging.getLogger("wfepy_hooks"))
        self._logs = [(each, list(each.handlers), each.level, each.propagate) for each in loggers]
        self._signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore(self, folder: Path) -> None:
        """Put everything back; of the modules only those of the project go: others must not be there twice."""
        os.chdir(self._folder)
        os.environ.clear()
        os.environ.update(self._environ)
        sys.path[:] = self._path
        for name, module in list(sys.modules.items()):
            if name not in self._modules and _is_below(getattr(module, "__file__", None), folder):
                del sys.modules[name]
        for logger, handlers, level, propagate in self._logs:
            for new in [each for each in logger.handlers if each not in handlers]:
                new.close()
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
        with contextlib.suppress(ValueError):  # not in the main thread: then nobody has changed them
            for number, handler in self._signals.items():
                signal.signal(number, handler)


def _is_below(file: str | None, folder: Path) -> bool:
    return bool(file) and Path(str(file)).is_relative_to(folder)
