"""The configuration: what the config file, the environment and the command line say, with the plugins they ask for."""

from __future__ import annotations

import os

from .clock import system_clock
from .commands import Commands
from .configfile import Settings, WorkflowConfig, find_config, read_config
from .errors import ConfigError
from .loading import PluginLoader
from .plugins import PluginHost
from .registry import Registry
from .stash import Stash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .clock import Clock
    from .generating import Machine
    from .stores.protocol import Store

__all__ = ["Config", "WorkflowConfig", "find_config"]


class Config:
    """Everything of one run hangs off this object; there is no other place where the plugins are.

    Its life: :meth:`load` or :meth:`without_file`, then :meth:`configure`, in the end :meth:`close`. As a context
    manager it does the last two itself.

    :ivar file: absolute path of the config file, or ``None``
    :ivar root: absolute path of its folder; what the file names relatively starts here
    :ivar state: absolute path of the folder with the saved state
    :ivar workflows: the configured workflows by name
    :ivar plugins: the plugins
    :ivar source_link: where a click on a task of a picture leads, see :func:`.render.source_links`
    :ivar plugin_settings: the tables ``[plugins.NAME]`` by name, as they are in the file
    :ivar project: its name, for what is outside of its folder: entries of schedulers, and what each ``H`` is picked by;
        by default the name of the folder
    :ivar strict: a task that returns neither ``True``, ``False`` nor a wait is an error
    :ivar autoload: whether the installed plugins were loaded
    :ivar required_plugins: names of the plugins that must be there
    :ivar store: name of the store
    :ivar executor: name of the executor
    :ivar clock: returns the time
    :ivar environ: the environment variables
    :ivar options: what the command line said; ``None`` outside of it
    :ivar command: the name of the command that runs, such as ``tick``; empty outside of the command line
    :ivar ticked: the workflows that ticks of this process have looked at, those that were due, with the exit code that
        is due to each: the worst of its instances; 0 also if there was none
    :ivar stash: what plugins keep on this configuration, each under a key of its own
    """

    def __init__(
        self,
        root: str,
        *,
        file: str | None = None,
        settings: Settings | None = None,
        clock: Clock = system_clock,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Make a configuration with no plugins; see :meth:`load` and :meth:`without_file`."""
        settings = settings or Settings({}, {}, {})
        engine = settings.engine
        self.root = os.path.abspath(root)
        self.file = file
        state = os.path.join(self.root, os.path.expanduser(engine.get("state", ".wfepy/state")))
        self.state = os.path.normpath(state)
        self.source_link: str = engine.get("source_link", "file")
        self.workflows: dict[str, WorkflowConfig] = settings.workflows
        self.plugin_settings: dict[str, dict[str, Any]] = settings.plugins
        self.project: str = engine.get("project") or _as_name(os.path.basename(self.root))
        self.strict: bool = engine.get("strict", False)
        self.autoload: bool = engine.get("autoload", True)
        self.required_plugins: list[str] = engine.get("required_plugins", [])
        self.store: str = engine.get("store", "files")
        self.executor: str = engine.get("executor", "inline")
        self.plugins = PluginHost(strict=engine.get("strict_plugins", False))
        self.clock = clock
        self.environ = environ
        self.options: Namespace | None = None
        self.command = ""
        self.ticked: dict[str, int] = {}
        self.stash = Stash()
        self._named: list[str] = engine.get("plugins", [])
        self._registry: Registry | None = None
        self._machine: Machine | None = None
        self._configured = False

    def __repr__(self) -> str:
        return f"<Config {self.file or self.root}>"

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        cwd: str | os.PathLike[str] = ".",
        plugins: Sequence[str] = (),
        autoload: bool | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Clock = system_clock,
        trace: Callable[[str], object] | None = None,
    ) -> Config:
        """Read the config file and load the plugins. What cannot be loaded is in ``config.plugins.failures``.

        :param path: the config file; by default the nearest one in ``cwd`` or above
        :param plugins: names of ``-p`` options, ``no:NAME`` among them
        :param autoload: whether to load the installed plugins; by default the environment and the config file say it
        :param trace: see :attr:`.HookCalls.trace`; given here, it sees the hooks that are called while plugins load
        :raises ConfigError: if there is no config file, or something is wrong with it
        """
        file = (
            find_config(os.fspath(cwd), environ) if path is None else os.path.join(os.path.abspath(cwd), path)
        )
        if file is None:
            raise ConfigError(
                "there is no wfepy.toml, and no pyproject.toml with [tool.wfepy], here or above",
                where=os.path.abspath(cwd),
                hint="wfepy new makes a project, wfepy run FILE.py needs none",
            )
        file = os.path.normpath(file)
        config = cls(
            os.path.dirname(file),
            file=file,
            settings=read_config(file, environ),
            clock=clock,
            environ=environ,
        )
        return config._load_plugins(plugins, autoload, trace)

    @classmethod
    def without_file(
        cls,
        cwd: str | os.PathLike[str] = ".",
        *,
        plugins: Sequence[str] = (),
        autoload: bool | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Clock = system_clock,
        trace: Callable[[str], object] | None = None,
    ) -> Config:
        """Make a configuration for a folder that has no config file, and load the plugins.

        Workflows are added to ``config.workflows``. The parameters are those of :meth:`load`.
        """
        config = cls(os.fspath(cwd), clock=clock, environ=environ)
        return config._load_plugins(plugins, autoload, trace)

    def _load_plugins(
        self, plugins: Sequence[str], autoload: bool | None, trace: Callable[[str], object] | None
    ) -> Config:
        self.autoload = self._wants_autoload(autoload)
        if trace is not None:
            self.plugins.trace = trace
        variable = [name.strip() for name in self.environ.get("WFEPY_PLUGINS", "").split(",")]
        lists = [
            (f"plugins in {os.path.basename(self.file or '')}", self._named),
            ("WFEPY_PLUGINS", [name for name in variable if name]),
            ("-p", list(plugins)),
        ]
        loader = PluginLoader(self.plugins, self.root, self.environ)
        loader.load(lists, autoload=self.autoload, required=self.required_plugins)
        return self

    def _wants_autoload(self, flag: bool | None) -> bool:
        if flag is not None:
            return flag
        return self.autoload and self.environ.get("WFEPY_DISABLE_PLUGIN_AUTOLOAD", "0") in ("", "0")

    @property
    def strict_plugins(self) -> bool:
        """Whether an exception in an observation hook is fatal."""
        return self.plugins.strict

    @strict_plugins.setter
    def strict_plugins(self, value: bool) -> None:
        self.plugins.strict = value

    @property
    def registry(self) -> Registry:
        """The components that the plugins offer.

        :raises PluginError: if two plugins offer the same one
        """
        if self._registry is None:
            registry = Registry(lambda: self.plugins.calling)
            self.plugins.setup("wfepy_register", registry=registry)
            self._registry = registry
        return self._registry

    @property
    def machine(self) -> Machine:
        """What generated files say of the machine; found out when it is first asked for, or set before that."""
        if self._machine is None:
            from .generating import Machine  # lazily: a tick generates nothing

            self._machine = Machine.this()
        return self._machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        self._machine = machine

    def make_store(self) -> Store:
        """Return the store that the config picks.

        :raises PluginError: if nobody offers it
        """
        store: Store = self.registry.get("store", self.store)(self)
        return store

    def commands(self) -> Commands:
        """Return the commands that the plugins add.

        :raises PluginError: if two plugins add the same one
        """
        commands = Commands(lambda: self.plugins.calling)
        self.plugins.setup("wfepy_add_commands", commands=commands)
        return commands

    def configure(self, options: Namespace | None = None) -> None:
        """Let the plugins prepare for work: call ``wfepy_configure``. Only the first call does anything.

        :param options: the parsed command line
        :raises PluginError: if one of them fails
        """
        if not self._configured:
            self._configured = True
            self.options = options
            self.plugins.setup("wfepy_configure", config=self)

    def close(self) -> None:
        """Let the plugins clean up: call ``wfepy_unconfigure``, if ``wfepy_configure`` was called.

        :raises PluginError: if one of them fails; the others have cleaned up
        """
        if self._configured:
            self._configured = False
            self.plugins.teardown("wfepy_unconfigure", config=self)

    def __enter__(self) -> Config:
        try:
            self.configure()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _as_name(text: str) -> str:
    """Return a folder's name as the name of a project: what it may not have becomes ``-``."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text).lstrip("._-")
    return name[:50] or "project"
