"""The hooks around a command: how it begins and ends, and what it needs of a project."""

from __future__ import annotations

from .hookkinds import DECISION, OBSERVATION, SETUP, spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from .commands import Commands
    from .config import Config
    from .configfile import WorkflowConfig
    from .instance import Instance
    from .plugins import PluginHost
    from .registry import Registry
    from .scheduling import ScheduleEntry
    from .task import Task
    from .workflow import Workflow


@spec(SETUP, historic=True)
def wfepy_add_hookspecs(pluginmanager: PluginHost) -> None:
    """Offer hooks of your own to other plugins.

    When: as the plugin is registered, before its other hooks.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        pluginmanager: call its ``add_hookspecs(module)`` with the functions marked ``@wfepy_hooks.hookspec``, and
            later ``config.plugins.hook.NAME(...)`` to call them.
    Result: none.
    """


@spec(SETUP, historic=True)
def wfepy_plugin_registered(plugin: object, name: str, source: str) -> None:
    """Learn of another plugin.

    When: after each registration, and for those before it as the plugin is registered itself.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        plugin: the module or object that was registered.
        name: the name it is known by.
        source: where it was asked for, such as ``-p`` or ``plugins in wfepy.toml``.
    Result: none.
    """


@spec(SETUP)
def wfepy_add_options(parser: ArgumentParser) -> None:
    """Add options to the ``wfepy`` command.

    When: once for each command, after all plugins are loaded and before the command line is parsed; also for
        ``wfepy --help``.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        parser: of all commands; what it parsed is ``config.options`` in ``wfepy_configure``.
    Result: none.
    """


@spec(SETUP)
def wfepy_add_commands(commands: Commands) -> None:
    """Add commands to ``wfepy``.

    When: once for each command, after all plugins are loaded. The code of a command is imported when it runs.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        commands: call its ``add(name, help=..., module=...)``.
    Result: none.
    """


@spec(SETUP, historic=True)
def wfepy_configure(config: Config) -> None:
    """Prepare for work: read your settings, open what you need.

    When: once, after the command line and the config file are merged; a plugin that is registered later gets it then.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        config: the configuration; ``config.plugin_settings`` has the table ``[plugins.NAME]`` of each plugin.
    Result: none.
    """


@spec(SETUP)
def wfepy_unconfigure(config: Config) -> None:
    """Clean up.

    When: once, always last, also after an error, but never without ``wfepy_configure``.
    Kind: setup; an error is fatal and names the plugin, after all other plugins have cleaned up.
    Arguments:
        config: the configuration.
    Result: none.
    """


@spec(OBSERVATION)
def wfepy_command_started(config: Config, command: str) -> None:
    """Observe that a command begins: a whole tick, for one, whatever instances it will find.

    When: once for each command, after ``wfepy_configure`` and before the command does anything; never in scripts that
        work without the command line.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        config: the configuration; ``config.options`` is what the command line said.
        command: the name of the command, such as ``tick``.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_command_finished(config: Config, command: str, exit_code: int) -> None:
    """Observe how a command ended.

    When: once after each ``wfepy_command_started``, also after an error or an interrupt, and before
        ``wfepy_unconfigure``.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        config: the configuration.
        command: the name of the command.
        exit_code: what the process will exit with: 0 if all is well, 130 if it was interrupted.
    Result: ignored.
    """


@spec(SETUP)
def wfepy_register(registry: Registry) -> None:
    """Offer stores, executors, generators and renderers, which the config picks by name.

    When: once, when the first of them is picked.
    Kind: setup; an error is fatal and names the plugin. A name that is taken is an error that names both plugins.
    Arguments:
        registry: call its ``add(kind, name, factory)``.
    Result: none.
    """


@spec(SETUP)
def wfepy_report_header(config: Config) -> str | list[str] | None:
    """Say something in the header of ``--trace-config`` and ``wfepy plugins``.

    When: once for each of these headers.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        config: the configuration.
    Result: a line, a list of lines, or ``None``.
    """


@spec(DECISION)
def wfepy_load_workflows(config: Config, path: str) -> Workflow | list[Workflow] | None:
    """Load the workflows of one configured ``module``.

    When: once for each configured module that is needed. The built-in loader of Python modules is asked last.
    Kind: decision; an error is fatal and names the plugin.
    Arguments:
        config: the configuration; a relative path starts at ``config.root``.
        path: the value of ``module``: a dotted name or the path of a file.
    Result: a workflow, a list of them, or ``None`` to leave it to the others.
    """


@spec(SETUP)
def wfepy_workflow_loaded(workflow: Workflow, config: Config) -> None:
    """Inspect a workflow, and refuse it by raising :exc:`.WorkflowError`.

    When: once for each loaded workflow, after its graph was checked and before anything of it runs.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        workflow: with its tasks and graph.
        config: the configuration.
    Result: none.
    """


@spec(SETUP)
def wfepy_collect_schedules(
    config: Config, workflows: dict[str, WorkflowConfig]
) -> list[ScheduleEntry] | None:
    """Add schedules to those of the config file.

    When: once before a tick decides what is due, and before files for a scheduler are generated.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        config: the configuration.
        workflows: the configured workflows by name.
    Result: a list of :class:`.ScheduleEntry`, or ``None``.
    """


@spec(SETUP)
def wfepy_argument_names(config: Config) -> list[str] | None:
    """Say which arguments of tasks this plugin provides, so that the check of a graph knows them.

    When: once for each run, before the first graph is checked.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        config: the configuration.
    Result: a list of names, or ``None``.
    """


@spec(SETUP)
def wfepy_graph_attributes(workflow: Workflow, task: Task) -> dict[str, str] | None:
    """Change how a task is drawn.

    When: once for each task of a picture.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        workflow: the workflow that is drawn.
        task: the task.
    Result: attributes of its node by name, or ``None``; of two plugins the one that is called first wins.
    """


@spec(OBSERVATION)
def wfepy_internal_error(error: BaseException, instance: Instance | None) -> None:
    """Observe a bug of the engine, or a plugin that broke the contract of a hook.

    When: once for each such error, before it ends the command.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        error: the error.
        instance: the instance that was being advanced, if any.
    Result: ignored.
    """
