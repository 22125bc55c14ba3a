"""The state document of an instance: writing it, reading it back, and replaying history records over it.

The format is described in ``docs/state-format.md`` and, for machines, in ``state.schema.json`` beside this module.
"""

from __future__ import annotations

from . import marking as m
from .errors import NewerStateError, StateFormatError
from .instance import Instance, WaitState
from .outcome import InstanceStatus
from .patch import replay
from .stores.names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .codec import Codec
    from .graph import Graph
    from .workflow import Workflow

    Document = dict[str, Any]
    Record = dict[str, Any]

SCHEMA = 1
_STATUS = {word: number for number, word in enumerate(m.STATUS_WORDS)}
_STATUS["waiting"] = m.READY
_EDGE = {word: number for number, word in enumerate(m.EDGE_WORDS)}
_KEYS = frozenset(
    (
        "context",
        "created",
        "graph",
        "history",
        "instance",
        "queue",
        "schema",
        "status",
        "tasks",
        "uid",
        "workflow",
    )
)
_HISTORY_KEYS = frozenset(("bytes", "records"))
_TASK_KEYS = frozenset(("error", "failures", "generation", "next", "reason", "since", "status"))
_HEX_DIGITS = frozenset("0123456789abcdef")
_ENDS = (InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED)
_OUTCOMES = {"completed": m.DONE, "failed": m.FAILED, "timed_out": m.TIMED_OUT}


# --- writing ------------------------------------------------------------------------------------------


def to_document(instance: Instance, context: Any) -> Document:
    """Return the state document of ``instance``; ``context`` is its encoded context."""
    marking, names = instance.marking, instance.marking.graph.names
    return {
        "context": context,
        "created": instance.created,
        "graph": marking.graph.fingerprint,
        "history": {"bytes": 0, "records": instance.seq},
        "instance": instance.id,
        "queue": [names[task] for task in marking.queue],
        "schema": SCHEMA,
        "status": instance.status,
        "tasks": {name: entry for task, name in enumerate(names) if (entry := _entry(instance, task, name))},
        "uid": instance.uid,
        "workflow": instance.workflow.name,
    }


def _entry(instance: Instance, task: int, name: str) -> dict[str, Any]:
    """Return what is to be written of one task; nothing for a task that is untouched."""
    marking = instance.marking
    status = marking.status[task]
    entry: dict[str, Any] = {}
    if marking.generation[task]:
        entry["generation"] = marking.generation[task]
    if status == m.PENDING and not entry:
        return entry
    entry["status"] = m.STATUS_WORDS[status]
    if name in instance.failures:
        entry["failures"] = instance.failures[name]
    if name in instance.errors:
        entry["error"] = instance.errors[name]
    if name in instance.waits:
        entry["status"] = "waiting"
        entry["since"] = instance.waits[name].since
        if instance.waits[name].reason:
            entry["reason"] = instance.waits[name].reason
    if status not in (m.PENDING, m.READY):
        decided = decisions_text(marking, task)
        if decided:
            entry["next"] = decided
    return entry


def decisions_text(marking: m.Marking, task: int) -> list[str]:
    """Return the decided transitions of ``task`` as ``destination: decision``; nothing while they are pending."""
    graph, edges = marking.graph, marking.edges
    first, end = graph.first_edge[task], graph.first_edge[task + 1]
    if first == end or edges[first] == m.E_PENDING:
        return []
    names, target = graph.names, graph.target
    return [f"{names[target[edge]]}: {m.EDGE_WORDS[edges[edge]]}" for edge in range(first, end)]


# --- reading ------------------------------------------------------------------------------------------


def check_header(document: Document, workflow: str, where: str = "") -> None:
    """Check that ``document`` is a state of ``workflow`` that this version reads.

    :raises NewerStateError: if a newer version wrote it
    :raises StateFormatError: if it is something else
    """
    schema = document.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise StateFormatError(
            'it is no state of wfepy-hooks: it has no "schema" number',
            where=where,
            hint="restore the file from git",
        )
    if schema > SCHEMA:
        raise NewerStateError(
            f"it has schema version {schema}, this version reads up to {SCHEMA}",
            where=where,
            hint="upgrade wfepy-hooks where this tick runs",
        )
    if schema < SCHEMA:
        raise StateFormatError(
            f"it has schema version {schema}, which nothing here upgrades",
            where=where,
            hint="a plugin may do so with wfepy_upgrade_state",
        )
    if document.get("workflow") != workflow:
        raise StateFormatError(
            f"it belongs to workflow {document.get('workflow')!r}, not to {workflow!r}",
            where=where,
            hint="move the file to the folder of its workflow, or name the right workflow",
        )


class Restored:
    """An instance that was read back.

    :ivar instance: the instance
    :ivar encoded: its context as it is written
    :ivar replayed: the history records that the document did not hold yet, with what each settled
    """

    def __init__(self, instance: Instance, encoded: Any) -> None:
        self.instance = instance
        self.encoded = encoded
        self.replayed: list[tuple[Record, m.Settled]] = []


def restore(
    document: Document, records: list[Record], workflow: Workflow, codec: Codec, where: str = ""
) -> Restored:
    """Return the instance that ``document`` and the newer history ``records`` describe.

    :raises StateFormatError: if they do not describe an instance of ``workflow``
    :raises CodecError: if a value of the context cannot be restored
    """
    check_header(document, workflow.name, where)
    try:
        restored = _read(document, workflow)
        _replay(restored, records)
        if restored.instance.ended is None and document["graph"] != workflow.graph.fingerprint:
            restored.instance.marking.resume()
    except StateFormatError as error:
        error.where = error.where or where
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StateFormatError(
            f"it is no valid state document ({type(error).__name__}: {error})",
            where=where,
            hint="restore the file from git, or see docs/state-format.md",
        ) from error
    restored.instance.context = codec.decode(restored.encoded)
    return restored


def _read(document: Document, workflow: Workflow) -> Restored:
    _check_keys(document, _KEYS, "the document")
    _check_keys(document["history"], _HISTORY_KEYS, '"history"')
    instance = Instance(
        workflow,
        id=_id(document),
        uid=_uid(document),
        created=_text(document, "created"),
    )
    instance.seq = _count(document["history"]["records"])
    _count(document["history"]["bytes"])
    graph = workflow.graph
    _check_names(document["tasks"], graph, "tasks")
    _check_names(document["queue"], graph, "queue")
    marking = instance.marking
    marking.queue = {}
    for start in graph.starts:
        marking.status[start] = m.PENDING
    for name, entry in document["tasks"].items():
        _read_task(instance, name, graph.index[name], entry)
    queue = [graph.index[name] for name in document["queue"]]
    ready = [task for task, status in enumerate(marking.status) if status == m.READY]
    if sorted(queue) != ready:
        raise StateFormatError(f'"queue" and the tasks that are ready or waiting differ: {document["queue"]}')
    marking.queue = dict.fromkeys(queue)
    marking.recount()
    if document["status"] != InstanceStatus.RUNNING:
        instance.ended = _end(document)
    elif _text(document, "graph") != graph.fingerprint:
        _begin_new_starts(instance, document)
    return Restored(instance, document["context"])


def _begin_new_starts(instance: Instance, document: Document) -> None:
    """Make the start points ready that the workflow got since the instance was saved."""
    marking = instance.marking
    for start in marking.graph.starts:
        if marking.graph.names[start] not in document["tasks"]:
            marking.status[start] = m.READY
            marking.queue[start] = None


def _check_keys(value: Any, known: frozenset[str], where: str) -> None:
    """Refuse what this version does not know: it would be lost with the next snapshot."""
    if not isinstance(value, dict):
        raise StateFormatError(f"{where} must be an object, not {type(value).__name__}")
    if not known.issuperset(value):
        unknown = min(value.keys() - known)
        raise StateFormatError(f"{where} has an unknown key {unknown!r}", hint="remove or correct it")


def _text(document: Document, key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise StateFormatError(f'"{key}" must be text, not {value!r}')
    return value


def _check_names(names: Any, graph: Graph, where: str) -> None:
    if names is None or not isinstance(names, dict if where == "tasks" else list):
        raise StateFormatError(f'"{where}" has the wrong type: {type(names).__name__}')
    if not graph.index.keys() >= set(names):
        unknown = [name for name in names if name not in graph.index]
        from .suggest import closest  # lazily: only for an error

        near = closest(str(unknown[0]), graph.names)
        suggestion = f' (did you mean "{near}"?)' if near else ""
        more = f" and {len(unknown) - 3} more" if unknown[3:] else ""
        raise StateFormatError(
            f"the workflow has no task {', '.join(map(repr, unknown[:3]))}{more}{suggestion}",
            hint="give the task its old name back with @task(name=...), or finish this instance with the old code",
        )


def _read_task(instance: Instance, name: str, task: int, entry: dict[str, Any]) -> None:
    _check_keys(entry, _TASK_KEYS, f'task "{name}"')
    marking = instance.marking
    word = entry["status"]
    marking.status[task] = _STATUS[word]
    marking.generation[task] = _count(entry.get("generation", 0))
    if "next" in entry:
        first = marking.graph.first_edge[task]
        decided = read_decisions(marking.graph, task, entry["next"])
        marking.edges[first : first + len(decided)] = decided
    elif word in ("done", "skipped", "cancelled") and marking.graph.edges_of(task):
        raise _changed(name)
    if "failures" in entry:
        instance.failures[name] = _count(entry["failures"])
    if "error" in entry:
        instance.errors[name] = _text(entry, "error")
    if word != "waiting":
        if "since" in entry or "reason" in entry:
            raise StateFormatError(f'task "{name}" does not wait and has "since" or "reason"')
    else:
        reason = _text(entry, "reason") if "reason" in entry else ""
        instance.waits[name] = WaitState(_text(entry, "since"), reason)


def _id(document: Document) -> str:
    name = _text(document, "instance")
    if not is_name(name):
        raise StateFormatError(f'"instance" is no name of an instance: {name!r}')
    return name


def _uid(document: Document) -> str:
    uid = _text(document, "uid")
    if len(uid) != 12 or not _HEX_DIGITS.issuperset(uid):
        raise StateFormatError(f'"uid" must be 12 hex digits, not {uid!r}')
    return uid


def _end(document: Document) -> str:
    status = _text(document, "status")
    if status not in _ENDS:
        raise StateFormatError(f'"status" must be running or one of {", ".join(_ENDS)}, not {status!r}')
    return status


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise StateFormatError(f"a count must be a whole number, not {value!r}")
    return value


def read_decisions(graph: Graph, task: int, texts: list[str]) -> list[int]:
    """Return the decisions that :func:`decisions_text` wrote.

    :raises StateFormatError: if the transitions of the task are others now
    """
    edges = graph.edges_of(task)
    if len(texts) != len(edges):
        raise _changed(graph.names[task])
    decisions = []
    for edge, text in zip(edges, texts, strict=True):
        dest, _, word = text.rpartition(": ")
        if dest != graph.names[graph.target[edge]] or word == "pending":
            raise _changed(graph.names[task])
        decisions.append(_EDGE[word])
    return decisions


def _changed(name: str) -> StateFormatError:
    return StateFormatError(
        f'task "{name}" was decided when it had other transitions',
        hint="give it its old transitions back, or finish this instance with the old code",
    )


# --- replaying ----------------------------------------------------------------------------------------


def _replay(restored: Restored, records: list[Record]) -> None:
    instance = restored.instance
    restored.encoded = replay(restored.encoded, records)
    for record in records:
        instance.seq = record["seq"]
        if record["event"] == "ended":
            instance.ended = _end(record)
            settled = m.Settled()
        elif record["event"] == "task":
            settled = replay_task(instance, record)
        else:
            settled = m.Settled()
        restored.replayed.append((record, settled))


def replay_task(instance: Instance, record: Record) -> m.Settled:
    """Do to ``instance`` what the attempt in ``record`` did."""
    name, status = record["task"], record["status"]
    _check_names([name], instance.marking.graph, "queue")
    task = instance.marking.graph.index[name]
    if instance.marking.status[task] != m.READY or instance.marking.generation[task] != record["generation"]:
        raise StateFormatError(f'history record {record["seq"]} ends task "{name}", which was not running')
    if status == "waiting":
        note_wait(instance, name, record["at"], record.get("reason", ""))
        return m.Settled()
    if status == "retrying":
        note_failure(instance, name, record["attempt"], record.get("error", ""))
        return m.Settled()
    decisions = read_decisions(instance.marking.graph, task, record["next"]) if record.get("next") else []
    if status == "completed" and not decisions and instance.marking.graph.edges_of(task):
        raise _changed(name)
    return settle(instance, task, name, _OUTCOMES[status], decisions, record.get("error", ""))


def note_wait(instance: Instance, name: str, at: str, reason: str) -> None:
    """Keep that a task waits; ``since`` stays that of its first answer."""
    known = instance.waits.get(name)
    instance.waits[name] = WaitState(known.since if known else at, reason)


def note_failure(instance: Instance, name: str, attempt: int, error: str) -> None:
    """Keep that an attempt failed and the task is to be tried again."""
    instance.waits.pop(name, None)
    instance.failures[name] = attempt
    instance.errors[name] = error


def settle(
    instance: Instance, task: int, name: str, outcome: int, decisions: list[int], error: str = ""
) -> m.Settled:
    """End a task and forget what was kept of its attempts, and of those of the tasks that this takes along."""
    if instance.failures or instance.waits or instance.errors:
        instance.forget_attempts(name)
    settled = instance.marking.settle(task, outcome, decisions)
    if error:
        instance.errors[name] = error
    names = instance.marking.graph.names
    if instance.waits or instance.failures or instance.errors:
        for dropped in settled.cancelled:
            instance.forget_attempts(names[dropped])
        for loop in settled.repeated:
            for inner in instance.marking.graph.region(loop):
                for again in inner.tasks:
                    instance.forget_attempts(names[again])
    return settled
