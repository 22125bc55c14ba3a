"""The commands of the engine, added as a plugin adds its own."""

from __future__ import annotations

from ..markers import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..commands import Commands

#: Every command of the engine by the heading under which ``wfepy --help`` lists it.
GROUPS = {
    "run workflows": {
        "run": "begin or go on with one instance of a workflow or of a .py file",
        "tick": "advance all instances of the configured workflows, as cron does",
        "watch": "tick again and again, where there is no cron",
        "start": "begin an instance, which the next tick runs",
    },
    "look": {
        "status": "list the instances and what they wait for",
        "show": "show everything of one instance",
        "history": "show what happened to one instance",
        "why": "explain why a task runs, waits or was skipped",
        "next": "show when the schedules begin instances and tick",
        "graph": "draw a workflow, with the state of an instance if wanted",
    },
    "step in": {
        "signal": "send a signal to an instance, such as an approval",
        "retry": "try a failed task again, or all of an instance",
        "skip": "skip a task that waits or failed",
        "done": "declare a task done that waits or failed",
        "cancel": "end an instance",
        "pause": "let no tick run an instance",
        "resume": "let the ticks run a paused instance again",
        "rewind": "begin anew at a task of an instance",
    },
    "set up": {
        "new": "write a starter project, or that of a plugin",
        "check": "check the graphs, and the saved instances against them",
        "generate": "write files for what runs the ticks, such as systemd or Kubernetes",
        "migrate": "take instances over into changed code",
        "import-wfepy": "take over the state file of an instance that WfEpy ran",
        "plugins": "list the plugins and the hooks they implement",
    },
}


@hookimpl
def wfepy_add_commands(commands: Commands) -> None:
    for group in GROUPS.values():
        for name, help in group.items():
            commands.add(name, help=help, module=f"{__package__}.{name.replace('-', '_')}")
