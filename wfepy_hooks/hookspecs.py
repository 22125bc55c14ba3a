"""The hooks: what a plugin may implement. Each function here is the contract of one.

A plugin is a module or an object with functions of these names, marked with ``@wfepy_hooks.hookimpl``; each asks for
the arguments that it needs, by name. Hooks are plain functions, called in the process that runs the tick.

A command begins with these:

1. ``wfepy_add_hookspecs`` and ``wfepy_plugin_registered``, as each plugin is registered
2. ``wfepy_add_commands``, then ``wfepy_add_options``
3. ``wfepy_configure``
4. ``wfepy_report_header``, for ``--trace-config``
5. ``wfepy_command_started``

It calls these when it first needs what they give:

1. ``wfepy_collect_schedules`` for what is due
2. ``wfepy_register`` for the store, and for executors, generators and renderers
3. ``wfepy_load_workflows``, ``wfepy_argument_names`` and ``wfepy_workflow_loaded`` for a workflow
4. ``wfepy_graph_attributes`` for each task of a picture

One tick of one instance calls them in this order:

1. ``wfepy_load_state``, and ``wfepy_upgrade_state`` for what is too old to be read
2. ``wfepy_tick_started``
3. ``wfepy_task_reminder`` for each task that waits and whose reminder is due
4. for each attempt at a task:

   1. ``wfepy_task_started``
   2. ``wfepy_run_task``, and in it ``wfepy_provide_argument`` for each argument that is not built in
   3. if it raised: ``wfepy_decide_retry``
   4. the attempt is made durable, with the decisions of its transitions
   5. ``wfepy_transition_evaluated`` for each transition
   6. ``wfepy_task_finished``, also for the tasks that were skipped by it

5. ``wfepy_instance_finished``, if that was the end of it
6. ``wfepy_save_state``, if anything changed, then ``wfepy_state_saved``
7. ``wfepy_tick_finished``

A command ends with these:

1. ``wfepy_internal_error``, if the engine or a plugin is broken; from within a tick it comes at once
2. ``wfepy_command_finished``
3. ``wfepy_unconfigure``
"""

from __future__ import annotations

from .hookkinds import AROUND, DECISION, HOOKS, OBSERVATION, SETUP, HookKind, spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from .commands import Commands
    from .config import Config
    from .configfile import WorkflowConfig
    from .instance import Instance
    from .outcome import RetryDecision, TaskResult, Wait
    from .plugins import PluginHost
    from .registry import Registry
    from .scheduling import ScheduleEntry
    from .stores.protocol import Document, Record, Session
    from .summary import TickSummary
    from .task import Task, Transition
    from .waitstate import WaitState
    from .workflow import Workflow


__all__ = ["AROUND", "DECISION", "HOOKS", "OBSERVATION", "SETUP", "HookKind"]


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


@spec(OBSERVATION)
def wfepy_tick_started(instance: Instance) -> None:
    """Observe that a tick begins to advance an instance.

    When: once for each tick and instance, after its state was loaded; ``wfepy_tick_finished`` always follows.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: as it was loaded.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_tick_finished(instance: Instance, summary: TickSummary) -> None:
    """Observe that a tick is done with an instance.

    When: once after each ``wfepy_tick_started``, also if the tick failed.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: as the tick leaves it.
        summary: what the tick did: the tasks that completed, were skipped, wait or failed.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_task_started(instance: Instance, task: Task, attempt: int) -> None:
    """Observe that a task is about to be tried.

    When: once for each attempt, before the executor gets it.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance.
        task: the task.
        attempt: 1 for the first attempt of the task in this pass of its loop.
    Result: ignored.
    """


@spec(AROUND)
def wfepy_run_task(instance: Instance, task: Task, attempt: int) -> bool | Wait:
    """Run the task, or act around it.

    When: once for each attempt, in the process of the tick. The engine's own implementation is innermost.
    Kind: around; what the task raises is a failed attempt, and so is a :exc:`.GiveUp` of a plugin. What else a plugin
        raises is an error that names it, and so is a result of another type; then the attempt does not count.
    Arguments:
        instance: the instance.
        task: the task.
        attempt: 1 for the first attempt of the task in this pass of its loop.
    Result: ``True`` if the task is done, ``False`` or a :class:`.Wait` if it is not.
    """
    raise NotImplementedError


@spec(SETUP)
def wfepy_argument_names(config: Config) -> list[str] | None:
    """Say which arguments of tasks this plugin provides, so that the check of a graph knows them.

    When: once for each run, before the first graph is checked.
    Kind: setup; an error is fatal and names the plugin.
    Arguments:
        config: the configuration.
    Result: a list of names, or ``None``.
    """


@spec(DECISION)
def wfepy_provide_argument(name: str, instance: Instance, task: Task) -> object | None:
    """Provide an argument that a task asks for by its name.

    When: for each attempt of a task that has a parameter of a name that is not built in.
    Kind: decision; an error is fatal and names the plugin. The attempt is not counted then.
    Arguments:
        name: the name of the parameter.
        instance: the instance.
        task: the task.
    Result: the argument, or a generator (call your own generator function) that yields it once and cleans up behind
        the yield when the attempt has ended, however it did: as in a fixture of pytest, an exception of the task does
        not come out of the yield. ``None`` to leave it to the others.
    """


@spec(DECISION)
def wfepy_decide_retry(
    instance: Instance, task: Task, error: BaseException, attempt: int
) -> RetryDecision | None:
    """Decide whether a failed task is tried again.

    When: once after each attempt that raised, before it is recorded. The built-in policy is asked last.
    Kind: decision; an error is fatal and names the plugin.
    Arguments:
        instance: the instance.
        task: the task.
        error: what it raised.
        attempt: the number of the attempt, from 1.
    Result: a :class:`.RetryDecision`, or ``None`` to leave it to the others.
    """


@spec(OBSERVATION)
def wfepy_transition_evaluated(instance: Instance, transition: Transition, taken: bool, reason: str) -> None:
    """Observe the decision of a transition.

    When: once for each transition and pass of its loop, after the decision is durable.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance; its ``event_id`` is that of the attempt, or what else has decided the transition.
        transition: the transition; its ``source`` and ``dest`` are names of tasks.
        taken: whether the task it leads to shall run.
        reason: why, as it is recorded.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_task_finished(instance: Instance, task: Task, result: TaskResult) -> None:
    """Observe what came of a task.

    When: once for each attempt and for each skipped task, after the result is durable.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance.
        task: the task.
        result: its ``status`` is completed, waiting, retrying, failed, timed_out or skipped; ``changed`` tells a first
            wait from a repeated poll; ``event_id`` is the same when the event comes again after a crash.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_task_reminder(instance: Instance, task: Task, wait: WaitState) -> None:
    """Observe that a task still waits, as often as its ``remind_every`` says.

    When: in the first tick after each such moment, after that is durable; once, however many of them have passed.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance; its ``event_id`` is the same when the event comes again after a crash.
        task: the task.
        wait: what it waits for, since when, and when the next reminder is due.
    Result: ignored.
    """


@spec(OBSERVATION)
def wfepy_instance_finished(instance: Instance, status: str) -> None:
    """Observe the end of an instance.

    When: once in its life, after the end is durable.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance; its ``event_id`` is the same when the event comes again after a crash.
        status: ``finished``, ``dead_end``, ``failed`` or ``cancelled``.
    Result: ignored.
    """


@spec(AROUND)
def wfepy_load_state(session: Session, workflow: Workflow) -> tuple[Document, list[Record]]:
    """Load the saved state of an instance, or act around that: check it, correct it, count it.

    When: once for each tick and instance. The engine's own implementation, which reads the chosen store, is innermost;
        what the store cannot read, no plugin can replace.
    Kind: around; an error is fatal to the tick of this instance and names the plugin, and so is a result of another
        type.
    Arguments:
        session: the hold on the instance in its store.
        workflow: the workflow that it is an instance of.
    Result: the state document, a ``dict`` of JSON values, and the list of the history records that it does not hold.
    """
    raise NotImplementedError


@spec(AROUND)
def wfepy_save_state(session: Session, instance: Instance, document: Document) -> bool:
    """Save the state of an instance, or act around that.

    When: at the end of a tick that changed something. The engine's own implementation, which writes to the chosen
        store, is innermost. The history, which is written before, is not passed here.
    Kind: around; an error is fatal to the tick of this instance and names the plugin, and so is a result that is no
        ``bool``.
    Arguments:
        session: the hold on the instance in its store.
        instance: the instance.
        document: the state document, a ``dict`` of JSON values.
    Result: ``True`` once it is durable.
    """
    raise NotImplementedError


@spec(DECISION)
def wfepy_upgrade_state(document: Document, from_version: int) -> Document | None:
    """Bring a state document of an older version to the present one.

    When: once for each document that is loaded and is older than what this version reads by itself, before it is read.
        It reads all that wfepy-hooks has ever written, schema 1 and later; so this is for what others wrote.
    Kind: decision; an error is fatal and names the plugin.
    Arguments:
        document: the older document.
        from_version: its schema version.
    Result: the upgraded document, or ``None`` to leave it to the others.
    """


@spec(OBSERVATION)
def wfepy_state_saved(instance: Instance, saved: Document) -> None:
    """Observe that a snapshot was saved.

    When: after each snapshot that is durable.
    Kind: observation; an exception is logged and changes nothing.
    Arguments:
        instance: the instance.
        saved: the state document that was saved.
    Result: ignored.
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
