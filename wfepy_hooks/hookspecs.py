"""The hooks: what a plugin may implement. Each function in :data:`MODULES` is the contract of one.

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

from . import hookspecs_command, hookspecs_tick
from .hookkinds import AROUND, DECISION, HOOKS, OBSERVATION, SETUP, HookKind

__all__ = ["AROUND", "DECISION", "HOOKS", "MODULES", "OBSERVATION", "SETUP", "HookKind"]

#: Where the specifications are, as pluggy takes them.
MODULES = (hookspecs_command, hookspecs_tick)
