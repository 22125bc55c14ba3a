"""The hooks of one tick of one instance."""

from __future__ import annotations

from .hookkinds import AROUND, DECISION, OBSERVATION, spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .instance import Instance
    from .outcome import RetryDecision, TaskResult, Wait
    from .stores.protocol import Document, Record, Session
    from .summary import TickSummary
    from .task import Task, Transition
    from .waitstate import WaitState
    from .workflow import Workflow


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
