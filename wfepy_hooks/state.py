"""The state document of an instance: writing it, reading it back, and replaying history records over it.

The format is described in ``docs/reference/state-format.md`` and, for machines, in ``state.schema.json`` beside this
module.
"""

from __future__ import annotations

from . import marking as m
from .errors import NewerStateError, StateFormatError
from .instance import Instance
from .outcome import InstanceStatus
from .replaying import changed_transitions, decisions_text, read_decisions, read_end, replay_records
from .statetext import RESTORE
from .statetext import SCHEMA as SCHEMA
from .stores.names import is_name
from .waitstate import WaitState
from .waking import EVERY_TICK, wake_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .codec import Codec
    from .graph import Graph
    from .workflow import Workflow

    Document = dict[str, Any]
    Record = dict[str, Any]

#: What is older is left to ``wfepy_upgrade_state``. A document of schema 1 has none of the keys that came with 2.
OLDEST_SCHEMA = 1
_STATUS = {word: number for number, word in enumerate(m.STATUS_WORDS)}
_STATUS["waiting"] = m.READY
_KEYS = frozenset(
    (
        *("context", "created", "graph", "history", "instance", "parent", "paused"),
        *("queue", "scheduled", "schema", "signals", "status", "tasks", "uid", "wake", "workflow"),
    )
)
_EXTRA_KEYS = frozenset(("parent", "paused", "scheduled", "signals"))
_SCHEDULED_KEYS = frozenset(("due", "missed"))
_SIGNAL_KEYS = frozenset(("by", "data", "id", "name", "received", "sent"))
_WAIT_KEYS = frozenset(("since", "reason", "wait"))
_HISTORY_KEYS = frozenset(("bytes", "records"))
_TASK_KEYS = frozenset(
    [
        "deadline",
        "error",
        "failures",
        "generation",
        "items",
        "next",
        "reason",
        "retry_at",
        "since",
        "status",
        "wait",
    ]
)
_HEX_DIGITS = frozenset("0123456789abcdef")


# Writing


def to_document(instance: Instance, context: Any) -> Document:
    """Return the state document of ``instance``; ``context`` is its encoded context."""
    marking, names = instance.marking, instance.marking.graph.names
    document = {
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
    if document["status"] == InstanceStatus.RUNNING:
        wake = wake_of(instance)
        if wake != EVERY_TICK:
            document["wake"] = wake
    if instance.paused is not None:
        document["paused"] = instance.paused
    if instance.parent is not None:
        document["parent"] = instance.parent
    if instance.scheduled is not None:
        document["scheduled"] = instance.scheduled
    if instance.signals:
        document["signals"] = [{**each.to_json(), "received": each.received} for each in instance.signals]
    return document


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
    if name in instance.retry_at:
        entry["retry_at"] = instance.retry_at[name]
    if name in instance.deadlines:
        entry["deadline"] = instance.deadlines[name]
    if name in instance.items:
        entry["items"] = instance.items[name].to_json()
    if name in instance.waits:
        _add_wait(entry, instance.waits[name])
    if status not in (m.PENDING, m.READY):
        decided = decisions_text(marking, task)
        if decided:
            entry["next"] = decided
    return entry


def _add_wait(entry: dict[str, Any], wait: WaitState) -> None:
    entry["status"] = "waiting"
    entry["since"] = wait.since
    entry.update(wait.to_json())


# Reading


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
            hint=RESTORE,
        )
    if schema > SCHEMA:
        raise NewerStateError(
            f"it has schema version {schema}, this version reads up to {SCHEMA}",
            where=where,
            hint="upgrade wfepy-hooks where this tick runs",
        )
    if schema < OLDEST_SCHEMA:
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
        if document["graph"] == workflow.graph.fingerprint:
            restored = _read(document, workflow)
        else:
            from .migration import catch_up, fitted  # lazily: only after the code has changed

            document, records = fitted(document, records, workflow)
            restored = _read(document, workflow)
            if restored.instance.ended is None:
                catch_up(restored.instance)  # first: records of the new code go on from what this makes ready
        restored.encoded, restored.replayed = replay_records(restored.instance, restored.encoded, records)
    except StateFormatError as error:
        error.where = error.where or where
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StateFormatError(
            f"it is no valid state document ({type(error).__name__}: {error})",
            where=where,
            hint=RESTORE,
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
    if document.get("wake") is not None:
        _moment(document, "wake")
    if not _EXTRA_KEYS.isdisjoint(document):
        _read_extras(instance, document)
    _count(document["history"]["bytes"])
    _read_marking(instance, document)
    if document["status"] != InstanceStatus.RUNNING:
        instance.ended = read_end(document)
    elif _text(document, "graph") != workflow.graph.fingerprint:
        _begin_new_starts(instance, document)
    return Restored(instance, document["context"])


def _read_marking(instance: Instance, document: Document) -> None:
    marking = instance.marking
    graph = marking.graph
    _check_names(document["tasks"], graph, "tasks")
    _check_names(document["queue"], graph, "queue")
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
        raise changed_transitions(name)
    if "failures" in entry:
        instance.failures[name] = _count(entry["failures"])
    if "error" in entry:
        instance.errors[name] = _text(entry, "error")
    if "retry_at" in entry:
        instance.retry_at[name] = _moment(entry, "retry_at")
    if "deadline" in entry:
        instance.deadlines[name] = _moment(entry, "deadline")
    if "items" in entry:
        from .items import ItemsState  # lazily: few tasks have any

        instance.items[name] = ItemsState.from_json(entry["items"])
    if word != "waiting":
        if not _WAIT_KEYS.isdisjoint(entry):
            raise StateFormatError(f'task "{name}" does not wait and has "since", "reason" or "wait"')
    else:
        reason = _text(entry, "reason") if "reason" in entry else ""
        instance.waits[name] = WaitState.from_terms(_text(entry, "since"), reason, entry.get("wait", {}))


def _read_extras(instance: Instance, document: Document) -> None:
    """Read what only few documents have."""
    for key in ("paused", "parent"):
        if key in document:
            value = document[key]
            if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
                raise StateFormatError(f'"{key}" must be an object of texts, not {value!r}')
            setattr(instance, key, value)
    if "scheduled" in document:
        instance.scheduled = document["scheduled"]
        _check_keys(instance.scheduled, _SCHEDULED_KEYS, '"scheduled"')
        _moment(document["scheduled"], "due")
        _count(document["scheduled"]["missed"])
    if "signals" in document:
        from .signals import Signal  # lazily: most instances have none

        for each in document["signals"]:
            _check_keys(each, _SIGNAL_KEYS, "a signal")
            _count(each["received"])
            for key in ("id", "name", "by", "sent"):
                if key in each or key in ("id", "name"):
                    _text(each, key)
        instance.signals = [Signal.from_json(each, each["received"]) for each in document["signals"]]


def _moment(document: Document, key: str) -> str:
    """Return a moment, of which it is checked that it compares as text."""
    text = _text(document, key)
    if len(text) != 27 or text[-1] != "Z":
        raise StateFormatError(f'"{key}" must be a moment such as 2026-11-23T06:13:34.000000Z, not {text!r}')
    return text


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


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise StateFormatError(f"a count must be a whole number, not {value!r}")
    return value
