"""An instance that is loaded and held: what a tick, an operator and a parent's start have in common."""

from __future__ import annotations

from .marking import READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .project import Project
    from .recorder import Recorder
    from .runner import Runner
    from .stores import Session

#: So many signals are made durable together.
_BATCH = 1000


class Held:
    """The hold on an instance, with what is in it. As a context manager it releases it.

    :ivar project: :ivar session: :ivar runner: :ivar recorder: what it consists of
    :ivar instance: the instance
    :ivar had_ended: whether it is one of the past, held to bring it back
    """

    def __init__(
        self,
        project: Project,
        session: Session,
        runner: Runner,
        recorder: Recorder,
        *,
        had_ended: bool = False,
    ) -> None:
        self.project = project
        self.session = session
        self.runner = runner
        self.recorder = recorder
        self.instance = runner.instance
        self.had_ended = had_ended

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *exception: object) -> None:
        self.session.release()

    def cancel_forgotten(self, document: dict[str, Any], records: list[dict[str, Any]]) -> None:
        """Cancel the children of tasks that waited for them when the instance was saved, and that the code has removed.

        Before anything is saved: after that nothing tells of them any more.
        """
        found: dict[str, str] = {}
        for name, entry in document["tasks"].items():
            found[name] = entry.get("wait", {}).get("child", "")
        for record in records:
            if record["event"] == "task" or record.get("verb") in ("skip", "done", "rewind"):
                found[record["task"]] = record.get("wait", {}).get("child", "")
        self.runner.cancel_children([child for child in found.values() if child])

    def receive(self) -> None:
        """Take what is in the inbox into the history and the instance, each signal once by its id.

        What no task takes that waits for it becomes a note of the session, now and not at each later tick.
        """
        workflow, instance = self.session.workflow, self.session.instance
        self.project.family.touched.pop((workflow, instance), None)  # what it was sent is taken now
        inbox = self.session.inbox()
        if not inbox:
            return
        from .signals import Signal  # lazily: most ticks find nothing

        history = self.project.store.history(workflow, instance)
        known = {record.get("id") for record in history if record["event"] == "signal"}
        fresh = [fields for fields in inbox if fields["id"] not in known]
        for first in range(0, len(fresh), _BATCH):
            with self.recorder.batch():
                for fields in fresh[first : first + _BATCH]:
                    signal = Signal.from_json(fields, self.instance.seq + 1)
                    self.recorder.append(self.instance, "signal", **signal.to_json())
                    self.instance.signals.append(signal)
        self.session.discard([fields["id"] for fields in inbox])
        if fresh and (self.instance.waits or self.instance.items):
            from .misfits import misfit_notes  # lazily, as above

            self.session.notes.extend(misfit_notes(self.instance, self.instance.signals[-len(fresh) :]))

    def receive_aloud(self) -> None:
        """Do what :meth:`receive` does where no tick tells of the notes: they come once."""
        self.receive()
        for note in self.session.notes:
            self.runner._log("warning", "%s", note)

    def earlier_answers(self, task: str) -> dict[str, dict[str, str]]:
        """Return what an approval was sent that is retried and asks anew, as it has failed or timed out; received now.

        :return: what the record says of it
        """
        instance = self.instance
        number = instance.marking.graph.index[task]
        is_approval = getattr(instance.workflow.tasks[task].func, "task_name", "") == task
        if not is_approval or instance.marking.status[number] == READY:
            return {}
        self.receive_aloud()  # what lies in the inbox was sent before the question is asked again
        why = f"it was sent before {task} was retried, and asked anew"
        dropped = {each.id: why for each in instance.signals if each.name == task}
        return {"dropped": dropped} if dropped else {}

    def cancel_orphan(self) -> None:
        """Cancel the instance if it is the child of a task that does not wait for it any more."""
        instance = self.instance
        if instance.parent is None or instance.ended is not None:
            return
        from .family import CANCEL

        if any(each.name == CANCEL for each in instance.signals) or self.project.family.is_orphan(instance):
            self.operate("cancel", by="wfepy", reason="nothing waits for this child any more")

    def operate(self, verb: str, **fields: Any) -> None:
        """Record what an operator does, and do it; observers are told of what it skips or cancels."""
        from .operate import apply, tell

        children = self.runner.waited_children()
        at = self.recorder.append(self.instance, "operator", verb=verb, **fields)
        record = {"seq": self.instance.seq, "at": at, "verb": verb, **fields}
        settled = apply(self.instance, record)
        tell(self.project.config.plugins, self.instance, record, settled)
        self.runner.cancel_children(children)

    def save(self) -> None:
        """Record and announce the end of the instance if it has come to one, and write the snapshot."""
        if self.runner.replayed:
            self.runner._tell_again()  # what a tick recorded that was killed before it told
        self.runner._end()
        self.close_if_ended()

    def close_if_ended(self) -> None:
        """Move an instance that has ended to the past, unless it never left that."""
        if self.instance.ended is not None and not self.had_ended:
            self.session.finish()
