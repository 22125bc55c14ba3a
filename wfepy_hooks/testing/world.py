"""What the runners of one test share: the project with its store in memory, the clock, the doubles."""

from __future__ import annotations

import copy
import os
import types
from dataclasses import dataclass, replace

from ..config import Config
from ..configfile import WorkflowConfig, find_config, read_config
from ..errors import ConfigError
from ..loader import is_file
from ..loading import LOCAL_NAME, PluginLoader
from ..project import Project
from ..workflow import Workflow
from .clock import FIRST_MOMENT, FakeClock
from .roundtrip import RoundTrip
from .store import TestingStore

__all__ = ["Recipe", "World"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..timing import Moment
    from .doubles import Double

    #: What a workflow may be named by, and the same with paths as text.
    Target = Workflow | types.ModuleType | str | os.PathLike[str]
    Loadable = Workflow | types.ModuleType | str

#: Stands in the configuration where a workflow is not loaded by its name.
_GIVEN = "given_by_the_test"


@dataclass(frozen=True)
class Recipe:
    """What a test asked for; worlds are made by it again and again.

    :ivar target: a module, a workflow, the path of a file, or the name of a workflow of the config file
    :ivar folder: where paths start, and the search for the config file
    :ivar config_file: the config file; empty: the nearest one
    :ivar state: a folder for what is not in the store
    :ivar now: when it begins
    :ivar plugins: names and objects, or ``"config"``
    :ivar round_trip: whether instances are saved and loaded after each task
    :ivar context: the values of the first context, or the context itself
    :ivar instance: the id of the first instance
    :ivar executor: where tasks run that can run at the same time: ``"inline"``, ``"threads"`` or ``"processes"``
    :ivar start: whether it begins at once; ``None``: unless the workflow has a schedule that begins instances
    :ivar all_schedules: whether those of the other workflows of the config file begin instances, too
    :ivar passes: how often a task may be called in one tick, as the loops that it is in go round
    """

    target: Target
    folder: str
    config_file: str = ""
    state: str = ".wfepy/state"
    now: Moment = FIRST_MOMENT
    plugins: Sequence[object] | str = ()
    round_trip: bool = True
    context: Any = None
    instance: str = "default"
    start: bool | None = None
    executor: str = "inline"
    all_schedules: bool = False
    passes: int = 500


class World:
    """What the runners of one test share.

    :ivar recipe: what the test asked for
    :ivar target: what the workflow is loaded from
    :ivar name: of the workflow that the test is about
    :ivar config: the configuration; its store is in memory
    :ivar clock: the clock
    :ivar store: what would be in files
    :ivar doubles: those of each workflow, by the names of their tasks
    :ivar project: the project; made anew by a restart
    :ivar observer: the plugin of the test
    :ivar signals: how many signals were sent
    :ivar sent_notes: what their sender should know of signals, by workflow, instance and id
    :ivar is_settled: whether everything that could be done without time was done by a tick
    """

    def __init__(self, recipe: Recipe) -> None:
        """
        :raises WfepyError: if there is no such workflow, or something is wrong with the configuration
        """
        self.recipe = recipe
        self.target = target = _checked(recipe.target)
        if isinstance(target, str) and not is_file(target):
            self.name, self.config = target, _configured(target, recipe.folder, recipe.config_file)
        else:
            self.config = Config(recipe.folder)
            self.name = _add(self.config, target)
        self.clock = FakeClock(recipe.now)
        self.store = TestingStore()
        self.doubles: dict[str, dict[str, Double]] = {}
        self.observer = RoundTrip(self, is_strict=recipe.round_trip)
        self.signals = 0
        self.sent_notes: dict[tuple[str, str, str], str] = {}
        self.is_settled = True
        self._prepare(self.config)
        self.restart()

    def _prepare(self, config: Config) -> None:
        if not self.recipe.all_schedules:
            for name, workflow in config.workflows.items():
                if name != self.name:
                    # What it does would be done for real, in a test of another one.
                    workflow.start = ""
        config.state = self.recipe.state
        config.clock = self.clock
        config.store = "testing"
        config.executor = self.recipe.executor
        config.plugins.register_builtins()
        config.plugins.register(self.observer, "wfepy:testing", "the test")
        _load_plugins(config, self.recipe.plugins)
        config.plugins.require_healthy()
        config.configure()

    def restart(self) -> None:
        """Forget everything but what is saved, as the end of a process does."""
        self.project = Project(self.config)
        self.project._engine.sleep = self.clock.sleep
        self.project._engine.timer = self.clock.seconds

    def check_name(self, workflow: str) -> None:
        """Expect that there is a workflow of this name.

        :raises ConfigError: if there is none
        """
        _check_name(workflow, self.config)

    def replace_code(self, workflow: str, target: Target) -> None:
        """Let a workflow be loaded from something else from now on."""
        target = _checked(target)
        if isinstance(target, str):
            self.config.workflows[workflow].module = target
        else:
            self.config.workflows[workflow].module = _GIVEN
            self.target = target
            self.recipe = replace(self.recipe, target=target)

    def load(self, path: str) -> Workflow | None:
        """Return the workflow that the test has given, if it is one; with tasks of its own."""
        target = self.target
        if path != _GIVEN or isinstance(target, str):
            return None
        if isinstance(target, Workflow):
            made = copy.copy(target)
            made.tasks, made.provided = dict(target.tasks), set(target.provided)
            return made
        made = Workflow()
        made.collect_tasks(target)
        return made


def _checked(target: Target) -> Loadable:
    """Return what names a workflow, a path as text.

    :raises TypeError: if it is nothing that does
    """
    if isinstance(target, os.PathLike):
        return os.fspath(target)
    if isinstance(target, (str, Workflow, types.ModuleType)):
        return target
    raise TypeError(
        "the workflow of a test must be a module, a Workflow, the path of a .py file or a name in the config file, "
        f"not {target!r}"
    )


def _configured(name: str, folder: str, config_file: str) -> Config:
    """Return the configuration in which there is a workflow of this name, without its plugins."""
    file = config_file or find_config(folder)
    if file is None:
        raise ConfigError(
            f'there is no config file that has a workflow "{name}", in the folder of the test or above',
            where=folder,
            hint="give the module or its .py file, or name the config file by wfepy_config in pytest's own",
        )
    config = Config(os.path.dirname(file), file=file, settings=read_config(file))
    _check_name(name, config)
    return config


def _check_name(name: str, config: Config) -> None:
    if name not in config.workflows:
        from ..suggest import did_you_mean  # lazily: only for an error

        raise ConfigError(
            f'there is no workflow "{name}"',
            where=config.file or "the test, which has no config file",
            hint=did_you_mean(name, config.workflows) or "give the path of its file",
        )


def _add(config: Config, target: Loadable) -> str:
    """Add a workflow that no config file names, and return its name."""
    if isinstance(target, str):
        name, module = os.path.splitext(os.path.basename(target))[0], target
    else:
        module = _GIVEN
        name = target.name if isinstance(target, Workflow) else target.__name__.rpartition(".")[2]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name) or "workflow"
    config.workflows[name] = WorkflowConfig(name, module)
    return name


def _load_plugins(config: Config, plugins: Sequence[object] | str) -> None:
    """Load what the test asks for: by default nothing, so that nobody outside of the test hears of it."""
    if plugins == "config":
        config._load_plugins((), None, None)
        return
    if isinstance(plugins, str):
        raise TypeError(f'plugins must be "config", or a list of names and objects, not {plugins!r}')
    names = [each for each in plugins if isinstance(each, str)]
    for plugin in plugins:
        if not isinstance(plugin, str):
            config.plugins.register(plugin, source="the test")
    # A test may also hand over the module that it has imported; then the file is not loaded beside it.
    if LOCAL_NAME not in names and not config.plugins.has_plugin(LOCAL_NAME):
        config.plugins.block(LOCAL_NAME)
    loader = PluginLoader(config.plugins, config.root, config.environ)
    loader.load([("the test", [name for name in names if name != LOCAL_NAME])], autoload=False)
