"""Reading a state file of WfEpy 0.1.1, which is a pickle, without unpickling it.

Of what the pickle names only a fixed list is made: WfEpy's own states, plain types of Python and its standard library,
and objects of the workflow's own modules, by their attributes. No code of the file or of a class is run on the way, as
with :mod:`.codec`. Anything else is refused by its name.
"""

from __future__ import annotations

from . import marking as m
from .answer import error_text
from .errors import StateError, StateFormatError, WfepyError
from .frontier import marking_from
from .instance import Instance
from .outcome import TaskState
from .pickles.parse import Plain, parse_pickle
from .pickles.rebuild import Rebuilder

__all__ = ["Imported", "read_state"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .codec import Codec
    from .task import Task
    from .workflow import Workflow

    Token = tuple[str, TaskState]


class Imported:
    """What a state file of WfEpy comes to.

    :ivar instance: the instance, which is not saved yet
    :ivar tokens: what WfEpy knew: the tasks that were in the queue, and their states
    :ivar notes: what is not known, and what is different from now on
    """

    def __init__(self, instance: Instance, tokens: list[Token], notes: list[str]) -> None:
        self.instance = instance
        self.tokens = tokens
        self.notes = notes


def read_state(
    data: bytes, workflow: Workflow, codec: Codec, *, id: str, created: str, where: str = ""
) -> Imported:
    """Return the instance whose state WfEpy wrote.

    The conditions of tasks that were executed, and whose transitions WfEpy had not decided yet, are asked.

    :param data: the pickle
    :param created: the present time; since when the tasks wait is not known
    :raises StateFormatError: if it is no such file, or there is something in it that is not read
    :raises StateError: if there is nothing to go on with
    """
    notes: list[str] = []
    try:
        tokens, context = _read(data, workflow, codec, notes)
    except StateFormatError as error:
        error.where = f"{where}: {error.where}" if where and error.where else where or error.where
        raise
    if not tokens:
        raise StateError("it has finished: no task of it is left to run", where=where)
    if context is None:
        notes.append("the context was None, and is an empty dict now")
    instance = Instance(workflow, context, id=id, created=created)
    _place(instance, tokens, where)
    if not instance.is_running:
        word = instance.status.replace("_", " ")
        raise StateError(f"there is nothing to go on with: it is {word}, as far as can be seen", where=where)
    return Imported(instance, tokens, notes + _unknown(instance, tokens))


def _read(data: bytes, workflow: Workflow, codec: Codec, notes: list[str]) -> tuple[list[Token], Any]:
    """Return the tokens and the context, and add what is to be told of these to ``notes``."""
    fields = _fields(parse_pickle(data))
    if not {"state", "context"} <= fields.keys():
        raise StateFormatError('it is no state of WfEpy: there is no "state" and "context" in it')
    others = [key for key in fields if key not in ("state", "context")]
    if others:
        notes.append(f"left out, as it is not WfEpy's own: {', '.join(others)}")
    tokens = _tokens(Rebuilder(codec, [], "state", states=True).value(fields["state"]), workflow)
    return tokens, Rebuilder(codec, notes, "context").value(fields["context"])


def _fields(root: Any) -> dict[str, Any]:
    if not isinstance(root, Plain) or root.kind is not dict:
        raise StateFormatError("it is no state of WfEpy: it holds no dict")
    return {str(key): value for key, value in root.members}


def _tokens(state: Any, workflow: Workflow) -> list[Token]:
    """Return the tokens of WfEpy with the present names of their tasks."""
    renamed = {old: task.name for task in workflow.tasks.values() for old in task.options.renamed_from}
    found = []
    for pair in state if isinstance(state, list) else [None]:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise StateFormatError('it is no state of WfEpy: "state" is no list of tasks and their states')
        name, word = pair
        if not isinstance(name, str) or not isinstance(word, TaskState):
            raise StateFormatError(f'it is no state of WfEpy: "state" has {pair!r:.60}')
        name = name if name in workflow.tasks else renamed.get(name, name)
        if name not in workflow.tasks:
            raise _unknown_task(name, workflow)
        found.append((name, word))
    return found


def _unknown_task(name: str, workflow: Workflow) -> StateFormatError:
    from .suggest import closest

    near = closest(name, workflow.tasks)
    return StateFormatError(
        f'it is at a task "{name}", which workflow {workflow.name} does not have',
        hint=f'write renamed_from="{name}" at the task that it is now'
        + (f', maybe "{near}"' if near else ""),
    )


# Where it is


def _place(instance: Instance, tokens: list[Token], where: str) -> None:
    """Put the instance where the tokens are."""
    from .replaying import note_wait, settle
    from .waitstate import WaitState

    graph = instance.marking.graph
    instance.marking, executed = marking_from(graph, tokens)
    for name, word in tokens:
        if word is TaskState.WAITING and graph.index[name] in instance.marking.queue:
            note_wait(instance, name, WaitState(instance.created, ""))
    for number in executed:
        task = instance.workflow.tasks[graph.names[number]]
        settle(instance, number, task.name, m.DONE, _decide(task, instance.context, where))


def _decide(task: Task, context: Any, where: str) -> list[int]:
    """Ask the conditions of a task that was executed.

    :raises WfepyError: if one of them raises
    """
    found = []
    for transition in task.followed_by:
        if transition.on not in ("done", "any"):
            found.append(m.E_OUTCOME)
        elif transition.cond is None:
            found.append(m.E_TAKEN)
        else:
            try:
                found.append(m.E_TRUE if transition.cond(context) else m.E_FALSE)
            except (Exception, SystemExit) as error:
                what = f'the condition of "{task.name}" for "{transition.dest}" raised {error_text(error)}'
                raise WfepyError(what, where=where, hint=f"see {transition.location}") from error
    return found


# What is not known


def _unknown(instance: Instance, tokens: list[Token]) -> list[str]:
    """Return what WfEpy does not save, as far as it concerns the instance."""
    notes = []
    graph = instance.marking.graph
    if instance.waits:
        notes.append(f"since when {_listed(instance.waits)} waited; it counts from now on")
    done = [graph.names[task] for task, status in enumerate(instance.marking.status) if status == m.DONE]
    executed = {name for name, word in tokens if word is TaskState.COMPLETE}
    guessed = [name for name in done if name not in executed]
    if guessed:
        notes.append(f"whether {_listed(guessed)} ran or was skipped; it counts as done")
    if any(task in graph.loop_at or graph.loop_of[task] >= 0 for task in instance.marking.queue):
        notes.append("in which pass its loop is; it counts as the first")
    joins = dict.fromkeys(name for name, word in tokens if word is TaskState.BLOCKED)
    if joins:
        notes.append(f"by which transitions {_listed(joins)} was reached; only how many they are is known")
    return notes


def _listed(names: Any) -> str:
    found = [str(name) for name in names]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if found[5:] else "")
