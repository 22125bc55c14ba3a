"""The state document: written, read back, replayed over, and refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies as st

import wfepy_hooks as wfepy
from building import END, START, Build, two_branches
from wfepy_hooks import state
from wfepy_hooks.codec import Codec

SCHEMA = json.loads((Path(wfepy.__file__).parent / "state.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def rich_workflow() -> wfepy.Workflow:
    """A loop, a skipped branch, a task that waits and one that fails."""
    build = Build().add("start", START, "draft", wfepy.followed_by("never", lambda context: False), "fails")
    build.add("draft", "review").add("never", END)
    build.add("review", wfepy.followed_by("draft", lambda context: context["ran"].count("review") < 3), "ask")
    build.add("ask", END, does=wfepy.wait(reason="the editor"))
    return build.add("fails", END, does=lambda context: 1 // 0).workflow()


def rich_runner() -> wfepy.Runner:
    runner = rich_workflow().create_runner()
    with pytest.raises(ZeroDivisionError):
        runner.run()
    return runner


def document_of(runner: wfepy.Runner) -> dict[str, Any]:
    runner.instance.created = "2026-11-23T06:13:34.000000Z"
    document = state.to_document(runner.instance, Codec().encode(runner.context))
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]  # an object stays one


def restored(document: dict[str, Any], workflow: wfepy.Workflow) -> wfepy.Instance:
    return state.restore(document, [], workflow, Codec()).instance


def test_a_document_is_what_the_schema_says_and_reads_back_as_it_was() -> None:
    runner = rich_runner()
    document = document_of(runner)

    VALIDATOR.validate(document)
    again = restored(document, runner.workflow)
    assert state.to_document(again, Codec().encode(again.context)) == document
    assert again.marking.state == runner.instance.marking.state
    assert again.why("ask") == runner.instance.why("ask")


def test_what_is_written_of_a_task_can_be_read_by_a_person() -> None:
    tasks = document_of(rich_runner())["tasks"]

    assert tasks["start"] == {"next": ["draft: taken", "never: false", "fails: taken"], "status": "done"}
    assert tasks["review"] == {"generation": 2, "next": ["draft: false", "ask: taken"], "status": "done"}
    assert tasks["never"] == {"status": "skipped"}
    assert tasks["ask"] == {"reason": "the editor", "since": "", "status": "waiting"}
    assert tasks["fails"]["status"] == "ready"
    assert tasks["fails"]["error"].startswith("ZeroDivisionError: integer")
    assert tasks["fails"]["failures"] == 1


def test_an_untouched_task_is_left_out() -> None:
    runner = two_branches().runner()
    assert document_of(runner)["tasks"] == {"start": {"status": "ready"}}


# Refused


def change(**changes: Any) -> Any:
    def apply(document: dict[str, Any]) -> None:
        document.update(changes)

    return apply


def change_task(name: str, **changes: Any) -> Any:
    def apply(document: dict[str, Any]) -> None:
        document["tasks"].setdefault(name, {}).update(changes)

    return apply


REFUSED = [
    (lambda d: d.pop("schema"), wfepy.StateFormatError, 'it has no "schema" number'),
    (change(schema=True), wfepy.StateFormatError, 'it has no "schema" number'),
    (change(schema=3), wfepy.NewerStateError, "upgrade wfepy-hooks"),
    (change(schema=0), wfepy.StateFormatError, "which nothing here upgrades"),
    (change(workflow="tea"), wfepy.StateFormatError, "it belongs to workflow 'tea', not to 'flow'"),
    (change(tasks=[]), wfepy.StateFormatError, '"tasks" has the wrong type'),
    (change(queue={}), wfepy.StateFormatError, '"queue" has the wrong type'),
    (change(queue=[]), wfepy.StateFormatError, "differ"),
    (change(queue=["ask", "ask"]), wfepy.StateFormatError, "differ"),
    (change(status="done"), wfepy.StateFormatError, '"status" must be running or one of'),
    (change(extra=1), wfepy.StateFormatError, "unknown key 'extra'"),
    (change(history={"bytes": -1, "records": 0}), wfepy.StateFormatError, "a count must be a whole number"),
    (
        change_task("revew", status="done"),
        wfepy.StateFormatError,
        r"no task 'revew' \(did you mean \"review\"\?\)",
    ),
    (change_task("start", status="doing"), wfepy.StateFormatError, "no valid state document"),
    (
        change_task("start", next=["draft: taken"]),
        wfepy.StateFormatError,
        '"start" was decided when it had other',
    ),
    (change_task("start", next=None), wfepy.StateFormatError, "no valid state document"),
    (
        change_task("review", next=["draft: maybe", "ask: taken"]),
        wfepy.StateFormatError,
        "no valid state document",
    ),
    (
        lambda d: d["tasks"]["start"].pop("next"),
        wfepy.StateFormatError,
        '"start" was decided when it had other',
    ),
    (change_task("start", generation=1.5), wfepy.StateFormatError, "a count must be a whole number"),
    (change_task("start", since="now"), wfepy.StateFormatError, "does not wait"),
    (change(context={"a": {"$object": "os:system", "state": {}}}), wfepy.CodecError, "os"),
]


@pytest.mark.parametrize(("edit", "error", "message"), REFUSED, ids=[message[:30] for *_, message in REFUSED])
def test_a_wrong_document_is_refused_with_a_reason(edit: Any, error: type[Exception], message: str) -> None:
    runner = rich_runner()
    document = document_of(runner)
    edit(document)
    with pytest.raises(error, match=message):
        restored(document, runner.workflow)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from(["", "done", "ask", "draft: taken", "running"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["status", "next", "x"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any, skip: str = "") -> list[tuple[Any, Any]]:
    """Every ``(container, key)`` in a document."""
    if not isinstance(value, (dict, list)):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    found = [(value, key) for key in keys if key != skip]
    return found + [place for key in keys if key != skip for place in places(value[key])]


@hypothesis.given(
    where=st.integers(0, 60), action=st.sampled_from(["replace", "remove", "add"]), replacement=JSON_VALUES
)
@hypothesis.settings(max_examples=400, deadline=None)
def test_what_the_schema_refuses_the_loader_refuses(where: int, action: str, replacement: Any) -> None:
    runner = rich_runner()
    document = document_of(runner)
    spots = places(document, skip="context")  # the codec's own tests are about the context
    spot, key = spots[where % len(spots)]
    if action == "replace":
        spot[key] = replacement
    elif action == "remove":
        del spot[key]
    elif isinstance(spot, dict):
        spot["another"] = replacement
    hypothesis.assume(not VALIDATOR.is_valid(document))
    with pytest.raises(wfepy.StateError):
        restored(document, runner.workflow)


# Replayed


def test_records_replay_to_the_same_state() -> None:
    workflow = rich_workflow()
    fresh = document_of(workflow.create_runner())
    records: list[dict[str, Any]] = [
        {
            "task": "start",
            "next": ["draft: taken", "never: false", "fails: taken"],
            "set": {"ran": ["start"]},
        },
        {"task": "draft", "next": ["review: taken"], "set": {"ran": ["start", "draft"]}},
        {"task": "review", "next": ["draft: true", "ask: taken"]},
        {"task": "draft", "generation": 1, "next": ["review: taken"]},
        {"task": "fails", "status": "retrying", "error": "ZeroDivisionError: oh"},
    ]
    for seq, record in enumerate(records, 1):
        record.update({"seq": seq, "at": "2026-11-23T06:13:34Z", "event": "task", "attempt": 1})
        record.setdefault("generation", 0)
        record.setdefault("status", "completed")
    found = state.restore(fresh, records, workflow, Codec())

    assert found.instance.seq == 5
    assert found.instance.context == {"ran": ["start", "draft"]}
    assert found.instance.generation("review") == 1
    assert found.instance.failures == {"fails": 1}
    assert len(found.replayed) == 5


def test_a_record_of_a_task_that_was_not_running_is_refused() -> None:
    workflow = rich_workflow()
    record = {
        "seq": 1,
        "at": "",
        "event": "task",
        "task": "ask",
        "generation": 0,
        "attempt": 1,
        "status": "completed",
    }
    with pytest.raises(wfepy.StateFormatError, match='record 1 ends task "ask", which was not running'):
        state.restore(document_of(workflow.create_runner()), [record], workflow, Codec())


def test_a_record_of_a_task_that_has_transitions_now_is_refused() -> None:
    before = Build().add("a", START, END)
    after = Build().add("a", START, END, "z").add("z", END)
    document = document_of(before.runner())
    record = {
        "seq": 1,
        "at": "",
        "event": "task",
        "task": "a",
        "generation": 0,
        "attempt": 1,
        "status": "completed",
    }
    with pytest.raises(wfepy.StateFormatError, match='"a" was decided when it had other transitions'):
        state.restore(document, [record], after.workflow(), Codec())


def test_what_was_skipped_in_an_earlier_pass_is_told_of_that_pass() -> None:
    seen: list[tuple[str, int]] = []

    class Watch:
        @wfepy.hookimpl
        def wfepy_task_finished(self, task: wfepy.Task, result: wfepy.TaskResult) -> None:
            if result.status == "skipped":
                seen.append((task.name, result.generation))

    build = Build().add("head", START, wfepy.followed_by("never", lambda context: False), "tail")
    build.add("never", "tail").add(
        "tail", wfepy.join_point(), wfepy.followed_by("head", lambda context: len(context["ran"]) < 6), END
    )
    build.runner(plugins=[Watch()]).run()

    assert seen == [("never", 0), ("never", 1), ("never", 2)]


# A changed workflow


def test_a_new_branch_that_is_decided_already_does_not_stop_the_instance() -> None:
    """A join that lost a branch goes on: what it still waited for is not there any more."""
    before = Build().add("a", START, "b", "c").add("b", "d").add("c", "d", does=False)
    before = before.add("d", wfepy.join_point(), END)
    runner = before.runner()
    runner.run()
    document = document_of(runner)
    after = Build().add("a", START, "b", "c").add("b", "d").add("c", END, does=False).add("d", END)
    again = restored(document, after.workflow())

    assert [again.marking.graph.names[task] for task in again.marking.queue] == ["c", "d"]


def test_a_new_start_point_runs_in_an_instance_that_began_without_it() -> None:
    runner = Build().add("a", START, END, does=False).runner()
    runner.run()
    after = Build().add("a", START, END, does=False).add("extra", START, END).workflow()
    again = restored(document_of(runner), after)

    assert [after.graph.names[task] for task in again.marking.queue] == ["a", "extra"]


def test_a_file_of_a_changed_task_says_which(tmp_path: Path) -> None:
    runner = two_branches(left=False).runner()
    runner.run()
    file = tmp_path / "state"
    runner.dump(str(file))
    changed = Build().add("start", START, "left").add("left", "end", does=False).add("end", END).runner()
    with pytest.raises(wfepy.StateFormatError) as caught:
        changed.load(str(file))

    assert str(file) in str(caught.value)
    assert "no task 'right'" in str(caught.value)


# Runner.load and dump


def test_dump_and_load_after_every_tick_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "state-file"
    runner = two_branches(left=lambda context: context["ran"].count("left") > 2).runner()
    for _ in range(3):
        runner.run()
        runner.dump(str(file))
        VALIDATOR.validate(json.loads(file.read_text()))
        runner = runner.workflow.create_runner()
        runner.load(str(file))

    assert runner.finished
    assert runner.context["ran"] == ["start", "left", "right", "left", "left", "end"]
    assert file.read_text().endswith("\n")


def test_a_dump_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "state-file"
    runner = two_branches(left=False).runner()
    runner.run()
    runner.dump(str(file))
    before = file.read_bytes()
    runner.context["lock"] = (number for number in range(3))
    with pytest.raises(wfepy.CodecError, match=r'context\["lock"\]'):
        runner.dump(str(file))

    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["state-file"]


def test_a_pickle_of_wfepy_is_refused_and_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "state-file"
    file.write_bytes(b"\x80\x04\x95")
    with pytest.raises(wfepy.StateFormatError, match=r"never loaded.*wfepy import-wfepy"):
        two_branches().runner().load(str(file))


def test_a_missing_file_is_what_python_says(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        two_branches().runner().load(str(tmp_path / "none"))


class Order:
    """A context of the workflow's own module; making one is noted."""

    made = 0

    def __init__(self) -> None:
        Order.made += 1
        self.cups = 0


def test_a_context_of_the_own_module_is_restored_without_calling_its_init(tmp_path: Path) -> None:
    workflow = two_branches(left=False).workflow
    made = workflow()
    made.modules.append(__name__)
    runner = made.create_runner()
    runner.context = Order()
    runner.context.cups = 3
    runner.dump(str(tmp_path / "file"))
    again = made.create_runner()
    again.load(str(tmp_path / "file"))

    assert type(again.context) is Order
    assert again.context.cups == 3
    assert Order.made == 1


class Elsewhere:
    """A context of a module that is none of the workflow's."""


def test_a_script_may_keep_the_class_of_its_context_where_it_likes(tmp_path: Path) -> None:
    workflow = two_branches(left=False).workflow()
    runner = workflow.create_runner(Elsewhere())
    runner.context.inner = None
    runner.dump(str(tmp_path / "file"))
    again = workflow.create_runner(Elsewhere())
    again.load(str(tmp_path / "file"))
    assert type(again.context) is Elsewhere

    with pytest.raises(wfepy.CodecError, match="Elsewhere"):
        workflow.create_runner().load(str(tmp_path / "file"))
    workflow.register_class(Elsewhere)
    workflow.create_runner().load(str(tmp_path / "file"))


def test_documents_are_not_shared_with_the_instance() -> None:
    runner = rich_runner()
    document = document_of(runner)
    kept = copy.deepcopy(document)
    runner.instance.marking.cancel()

    assert document == kept
