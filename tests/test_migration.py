"""Instances that were saved before the code changed: what becomes of them, and what is asked."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import wfepy_hooks as wfepy
from building import END, JOIN, START, Build
from wfepy_hooks import migration, state
from wfepy_hooks.codec import Codec

Document = dict[str, Any]
Records = list[dict[str, Any]]


def saved(build: Build, ticks: int = 1) -> Document:
    """Run an instance of the old code, and return its document."""
    runner = build.runner()
    for _ in range(ticks):
        runner.tick()
    return state.to_document(runner.instance, Codec().encode(runner.context))


def adapted(
    document: Document, build: Build, records: Records | None = None, **decided: Any
) -> migration.Adapted:
    """Fit a document to the new code, and check that neither it nor the context was changed on the way."""
    before = copy.deepcopy((document, records))
    workflow = build.workflow()
    found = migration.adapt(document, records or [], workflow, **decided)
    assert (document, records) == before
    assert found.document["context"] == document["context"]
    if not found.questions:
        again = migration.adapt(found.document, found.records, workflow)
        assert [each for each in again.changes if "new start point" not in each] == []
        assert again.questions == []
    return found


def loaded(found: migration.Adapted, build: Build) -> wfepy.Instance:
    return state.restore(found.document, found.records, build.workflow(), Codec()).instance


def finish(found: migration.Adapted, build: Build) -> list[str]:
    """Run an adapted instance to its end with the new code, and return what ran in all."""
    runner = build.runner()
    runner = wfepy.Runner.resume(loaded(found, build), runner._engine)
    runner.tick()
    assert runner.status == "finished"
    ran: list[str] = runner.context["ran"]
    return ran


def reasons(found: migration.Adapted) -> list[str]:
    return [question.reason for question in found.questions]


def renamed(old: str | tuple[str, ...]) -> Any:
    """A mark that stands for ``@task(renamed_from=old)``, see :meth:`Code.add`."""
    return {"renamed_from": old}


class Code(Build):
    """A workflow whose tasks may have options: ``add("b", END, renamed_from="a")``."""

    def add(self, name: str, *marks: Any, does: Any = True, **options: Any) -> Code:
        super().add(name, *marks, does=does)
        if options:
            made = getattr(self.module, name)
            plain = wfepy.task(name, **options)(made.func)
            made.options = plain.options
        return self


OLD = Code().add("start", START, "ask").add("ask", "serve", does=False).add("serve", END)


# Safe


def test_nothing_is_done_where_the_graph_is_the_same() -> None:
    found = adapted(saved(OLD), OLD)
    assert (found.verdict, found.changes) == ("safe", [])


def test_a_change_of_what_is_not_decided_yet_is_safe() -> None:
    after = Code().add("start", START, "ask").add("ask", "serve", "wash").add("serve", END).add("wash", END)
    found = adapted(saved(OLD), after)
    assert found.verdict == "safe"
    assert finish(found, after) == ["start", "ask", "ask", "serve", "wash"]


def test_a_join_that_lost_a_branch_goes_on() -> None:
    before = Code().add("start", START, "left", "right").add("left", "end")
    before.add("right", "end", does=False).add("end", JOIN, END)
    after = Code().add("start", START, "left", "right").add("left", "end")
    after.add("right", END, does=False).add("end", END)
    instance = loaded(adapted(saved(before), after), after)
    assert [instance.marking.graph.names[task] for task in instance.marking.queue] == ["right", "end"]


# Renamed


@pytest.mark.parametrize("ticks", [0, 1])
def test_a_renamed_task_is_found_by_its_earlier_name(ticks: int) -> None:
    after = Code().add("begin", START, "question", renamed_from="start")
    after.add("question", "serve", renamed_from=("query", "ask")).add("serve", END)
    found = adapted(saved(OLD, ticks), after)
    assert found.verdict == "migrated"
    assert '"begin" was called "start"' in found.changes
    assert finish(found, after)[-2:] == ["question", "serve"]
    assert finish(found, after).count("begin") == (0 if ticks else 1)


def test_what_is_kept_of_a_task_is_kept_under_its_new_name() -> None:
    document = saved(OLD)
    document["tasks"]["ask"].update(reason="the guest", since="2026-11-23T06:13:34.000000Z")
    after = (
        Code().add("start", START, "question").add("question", "serve", renamed_from="ask").add("serve", END)
    )
    found = adapted(document, after)
    assert found.document["tasks"]["question"] == document["tasks"]["ask"]
    assert found.document["tasks"]["start"]["next"] == ["question: taken"]
    assert found.document["queue"] == ["question"]


def test_a_name_that_two_tasks_of_an_instance_would_get_is_asked_about() -> None:
    before = (
        Code().add("start", START, "ask", "query").add("ask", END, does=False).add("query", END, does=False)
    )
    after = Code().add("start", START, "ask").add("ask", END, renamed_from="query")
    document = saved(before)
    found = adapted(document, after)
    assert reasons(found) == ['it has both "query" and "ask", which would be one task by renamed_from=']
    assert found.questions[0].options == ("--drop query",)
    assert finish(adapted(document, after, drop=["query"]), after)[-1] == "ask"


def test_two_earlier_names_in_one_instance_are_asked_about() -> None:
    before = (
        Code().add("start", START, "ask", "query").add("ask", END, does=False).add("query", END, does=False)
    )
    after = Code().add("start", START, "question").add("question", END, renamed_from=("query", "ask"))
    found = adapted(saved(before), after)
    assert [question.task for question in found.questions] == ["query", "ask"]


def test_the_child_of_an_instance_of_the_same_workflow_reports_to_the_task_by_its_new_name() -> None:
    document = saved(OLD)
    document["parent"] = {"workflow": "flow", "instance": "x", "task": "ask", "signal": "s", "uid": "0" * 12}
    after = (
        Code().add("start", START, "question").add("question", "serve", renamed_from="ask").add("serve", END)
    )
    assert adapted(document, after).document["parent"]["task"] == "question"
    document["parent"]["workflow"] = "another"
    assert adapted(document, after).document["parent"]["task"] == "ask"


def test_an_approval_that_is_renamed_keeps_its_votes() -> None:
    def flow(task: Any) -> Code:
        code = Code().add("start", START, "review").add("end", END)
        code.module.review = task  # type: ignore[attr-defined]
        code.module.start = wfepy.task()(wfepy.start_point()(wfepy.followed_by(task)(code.module.start.func)))  # type: ignore[attr-defined]
        return code

    def review(context: object) -> None:
        asked.append("asked")

    def look_at_it(context: object) -> None:
        asked.append("asked again")

    asked: list[str] = []
    mark = wfepy.followed_by("end")
    before = flow(wfepy.approval(quorum=2)(mark(review)))
    document = saved(before)
    vote = {"id": "1", "name": "review", "data": "approve", "by": "ann", "received": 5}
    document["signals"] = [vote, {**vote, "id": "2", "name": "another"}]
    del document["wake"]
    after = flow(wfepy.approval(quorum=2, renamed_from="review")(mark(look_at_it)))
    second = {**vote, "seq": 6, "at": "", "event": "signal", "id": "3", "by": "bob"}
    del second["received"]
    found = adapted(document, after, [second])
    assert finish(found, after) == ["start", "end"]
    assert loaded(found, after).signals[1].name == "another"
    assert asked == ["asked"]


def test_the_end_of_a_child_is_put_where_the_task_is_called_now() -> None:
    document = saved(OLD)
    document["tasks"]["ask"]["wait"] = {"child": "other/1", "into": "ask", "signals": ["wfepy.ended.other/1"]}
    after = (
        Code().add("start", START, "question").add("question", "serve", renamed_from="ask").add("serve", END)
    )
    wait = adapted(document, after).document["tasks"]["question"]["wait"]
    assert wait == {"child": "other/1", "into": "question", "signals": ["wfepy.ended.other/1"]}


# Removed

WITHOUT_ASK = Code().add("start", START, "serve").add("serve", END, removed="ask")


@pytest.mark.parametrize(
    ("status", "left"),
    [("ready", []), ("waiting", []), ("failed", []), ("done", ["serve: taken"])],
)
def test_an_instance_goes_on_where_a_task_was_removed(status: str, left: list[str]) -> None:
    document = saved(OLD)
    document["tasks"]["ask"] = {"status": status, **({"next": left} if left else {})}
    document["queue"] = [] if status in ("failed", "done") else ["ask"]
    if status == "waiting":
        document["tasks"]["ask"]["since"] = ""
    if status == "done":
        document["tasks"]["serve"] = {"status": "ready"}
        document["queue"] = ["serve"]
    found = adapted(document, WITHOUT_ASK)
    assert (found.verdict, found.changes[0]) == ("migrated", '"serve" takes the place of "ask"')
    assert finish(found, WITHOUT_ASK) == ["start", "ask", "serve"]


def test_a_transition_that_the_removed_task_did_not_take_is_not_taken() -> None:
    """The condition of the removed task said that "serve" does not follow; it may still come from elsewhere."""
    never = wfepy.followed_by("serve", lambda context: False)
    before = Code().add("start", START, "ask", "cook").add("ask", never, END)
    before.add("cook", "serve", does=False).add("serve", JOIN, END)
    after = (
        Code()
        .add("start", START, "serve", "cook")
        .add("cook", "serve")
        .add("serve", JOIN, END, removed="ask")
    )
    document = saved(before)
    found = adapted(document, after)
    assert found.document["tasks"]["start"]["next"] == ["serve: false", "cook: taken"]
    assert finish(found, after) == ["start", "ask", "cook", "cook", "serve"]


def test_two_transitions_that_become_one_are_taken_if_one_was() -> None:
    never = wfepy.followed_by("serve", lambda context: False)
    before = Code().add("start", START, never, "ask").add("ask", "serve", does=False).add("serve", JOIN, END)
    found = adapted(saved(before), WITHOUT_ASK)
    assert found.document["tasks"]["start"]["next"] == ["serve: taken"]
    assert finish(found, WITHOUT_ASK) == ["start", "ask", "serve"]


def test_an_instance_goes_on_at_a_task_to_which_nothing_led_in_it() -> None:
    before = Code().add("ask", START, "serve", does=False).add("serve", END)
    after = Code().add("other", START, "serve").add("serve", END, removed="ask")
    instance = loaded(adapted(saved(before), after), after)
    assert [instance.marking.graph.names[task] for task in instance.marking.queue] == ["serve", "other"]


def test_a_task_that_ran_is_not_replaced_by_one_that_did_not_follow_it() -> None:
    before = Code().add("start", START, "ask").add("ask", "serve").add("serve", END, does=False)
    after = Code().add("start", START, "query").add("query", "serve", removed="ask").add("serve", END)
    found = adapted(saved(before), after)
    (question,) = found.questions
    assert "has not run and did not follow it" in question.reason
    assert question.hint == 'write renamed_from="ask" if it does the same work'
    found = adapted(saved(before), after, drop=["ask"])
    assert [each.options for each in found.questions] == [("--keep start", "--rewind start")]
    found = adapted(saved(before), after, drop=["ask"], keep=["start"])
    assert finish(found, after) == ["start", "ask", "serve", "serve"]


# Gone without a word


@pytest.mark.parametrize(("ticks", "where"), [(0, "there"), (1, "waits there")])
def test_a_task_that_is_gone_without_a_word_is_asked_about(ticks: int, where: str) -> None:
    before = Code().add("ask", START, "serve", does=False).add("serve", END)
    after = Code().add("question", START, "serve").add("serve", END)
    (question,) = adapted(saved(before, ticks), after).questions
    assert (question.task, question.options) == ("ask", ("--drop ask",))
    assert question.reason.startswith("the workflow has no task 'ask'")
    assert question.reason.endswith(where)
    assert 'renamed_from="ask"' in question.hint
    assert 'removed="ask"' in question.hint


def test_the_task_that_was_likely_meant_is_named() -> None:
    after = Code().add("start", START, "asks").add("asks", "serve").add("serve", END)
    (question,) = adapted(saved(OLD), after).questions
    assert '(did you mean "asks"?)' in question.reason


def test_a_task_that_is_dropped_counts_as_skipped() -> None:
    before = Code().add("start", START, "ask", "cook").add("ask", "serve", does=False)
    before.add("cook", "serve").add("serve", JOIN, END)
    after = Code().add("start", START, "cook").add("cook", "serve").add("serve", END)
    found = adapted(saved(before), after, drop=["ask"])
    assert found.changes == ['"ask" is forgotten']
    assert finish(found, after) == ["start", "ask", "cook", "serve"]


def test_a_task_that_did_not_run_goes_without_a_question() -> None:
    never = wfepy.followed_by("never", lambda context: False)
    before = Code().add("start", START, "ask", never).add("ask", END, does=False).add("never", END)
    after = Code().add("start", START, "ask").add("ask", END)
    found = adapted(saved(before), after)
    assert found.changes == ['"never" did not run and is gone']
    assert finish(found, after) == ["start", "ask", "ask"]


def test_a_join_that_is_gone_while_branches_wait_for_it_is_asked_about() -> None:
    before = Code().add("start", START, "left", "right").add("left", "meet")
    before.add("right", "meet", does=False).add("meet", JOIN, END)
    after = Code().add("start", START, "left", "right").add("left", END).add("right", END)
    assert reasons(adapted(saved(before), after)) == ["the workflow has no task 'meet', which was to run"]
    assert finish(adapted(saved(before), after, drop=["meet"]), after)[-1] == "right"


def test_a_name_that_the_code_has_cannot_be_dropped() -> None:
    found = adapted(saved(OLD), Code().add("start", START, "ask").add("ask", END), drop=["ask"])
    assert found.document["queue"] == ["ask"]


# Decided tasks


def decided(status: str, after: Code, *texts: str, **tasks: str) -> migration.Adapted:
    """Fit an instance whose first task is decided; the others have the statuses that are given."""
    document = saved(Code().add("one", START, "two", "three").add("two", END).add("three", END), 0)
    document["tasks"] = {name: {"status": word} for name, word in tasks.items()}
    document["tasks"]["one"] = {"status": status, "next": list(texts)} if texts else {"status": status}
    document["queue"] = [name for name, word in tasks.items() if word == "ready"]
    return adapted(document, after)


def code(*marks: Any) -> Code:
    """A task "one" with these transitions, and all to which they may lead."""
    made = Code().add("one", START, *marks).add("two", JOIN, END).add("three", JOIN, END)
    return made.add("also", START, "two", "three").add("more", START, "two", "three")


BOTH = code("two", "three")


@pytest.mark.parametrize(
    ("status", "after", "texts", "tasks", "expected"),
    [
        pytest.param("done", code("three", "two"), ("two: taken", "three: false"), {"two": "ready"},
                     ["three: false", "two: taken"], id="reordered"),
        pytest.param("done", code("two"), ("two: false", "two: true"), {"two": "ready"},
                     ["two: true"], id="fewer to one task"),
        pytest.param("done", code("two"), ("two: taken", "three: false"), {"two": "ready", "three": "skipped"},
                     ["two: taken"], id="one is gone that was not taken"),
        pytest.param("done", code("two"), ("two: taken", "three: true"), {"two": "ready", "three": "ready"},
                     ["two: taken"], id="one is gone that led to where the instance is"),
        pytest.param("done", BOTH, ("two: taken",), {"two": "ready", "three": "done"},
                     ["two: taken", "three: cancelled"], id="a new one to a task that has run"),
        pytest.param("skipped", BOTH, ("two: skipped",), {"two": "ready"},
                     ["two: skipped", "three: skipped"], id="a new one of a skipped task"),
        pytest.param("skipped", code("two", END), (), {"two": "ready"},
                     ["two: skipped"], id="the first one of a skipped task"),
        pytest.param("cancelled", BOTH, ("two: cancelled",), {"two": "ready"},
                     ["two: cancelled", "three: cancelled"], id="a new one of a cancelled task"),
        pytest.param("done", code("two", wfepy.followed_by("three", on="failed")), ("two: taken",), {"two": "ready"},
                     ["two: taken", "three: outcome"], id="a new one for another outcome"),
        pytest.param("failed", code("two", wfepy.followed_by("three", on="failed")), ("three: taken",),
                     {"three": "ready"}, ["two: outcome", "three: taken"], id="a new one that is for done"),
        pytest.param("timed_out", code("two", wfepy.followed_by("three", on="timeout")), ("three: taken",),
                     {"three": "ready"}, ["two: outcome", "three: taken"], id="a new one after a timeout"),
    ],
)  # fmt: skip
def test_a_change_of_transitions_with_one_meaning_is_not_asked_about(
    status: str, after: Code, texts: tuple[str, ...], tasks: dict[str, str], expected: list[str]
) -> None:
    found = decided(status, after, *texts, **tasks)
    assert found.questions == []
    assert found.document["tasks"]["one"]["next"] == expected
    loaded(found, after)


@pytest.mark.parametrize(
    ("after", "texts", "tasks", "reason"),
    [
        pytest.param(BOTH, ("two: taken",), {"two": "ready"}, 'it leads to "three" now', id="a new one"),
        pytest.param(BOTH, (), {"three": "done"}, 'it leads to "two" now', id="the first one"),
        pytest.param(code("two"), ("two: taken", "three: taken"), {"two": "ready"},
                     'it does not lead to "three" any more', id="one is gone that was taken"),
        pytest.param(code("three"), ("two: taken",), {},
                     'it leads to "three" now and does not lead to "two" any more', id="another one"),
    ],
)  # fmt: skip
def test_any_other_change_of_transitions_is_asked_about(
    after: Code, texts: tuple[str, ...], tasks: dict[str, str], reason: str
) -> None:
    (question,) = decided("done", after, *texts, **tasks).questions
    assert question.reason.startswith(f'task "one" was decided when it had other transitions: {reason}')
    assert question.options == ("--keep one", "--rewind one")


def test_a_decided_task_that_is_kept_takes_none_of_its_new_transitions() -> None:
    before = Code().add("start", START, "ask").add("ask", END, does=False)
    after = Code().add("start", START, "ask", "cook").add("ask", END).add("cook", END)
    found = adapted(saved(before), after, keep=["start"])
    assert found.document["tasks"]["start"]["next"] == ["ask: taken", "cook: cancelled"]
    assert finish(found, after) == ["start", "ask", "ask"]


def test_a_task_that_failed_without_a_transition_about_it_stays_failed() -> None:
    def give_up(context: object) -> bool:
        raise wfepy.GiveUp("no milk")

    document = saved(
        Code().add("start", START, "end", "ask", does=give_up).add("end", END).add("ask", END, does=False)
    )
    document["tasks"]["ask"], document["queue"] = {"status": "ready"}, ["ask"]
    document["status"] = "running"
    after = (
        Code()
        .add("start", START, "ask", wfepy.followed_by("end", on="failed"))
        .add("end", END)
        .add("ask", END)
    )
    found = adapted(document, after)
    assert found.verdict == "safe"
    assert loaded(found, after).marking.is_unhandled(0)


# Loops


def again(times: int) -> Any:
    return wfepy.followed_by("draft", lambda context: context["ran"].count("draft") < times)


LOOP = Code().add("draft", START, "read").add("read", again(3), "print").add("print", END)


def waiting_loop(does: Any = False) -> Code:
    code = Code().add("draft", START, "read")
    return code.add("read", again(3), "print", does=lambda context: context["ran"].count("read") < 3).add(
        "print", END
    )


def test_a_task_that_is_new_in_a_loop_is_in_its_pass() -> None:
    document = saved(waiting_loop())
    assert document["tasks"]["read"]["generation"] == 2
    after = Code().add("draft", START, "read").add("read", again(4), "check")
    after.add("check", again(4), "print").add("print", END)
    found = adapted(document, after)
    assert found.verdict == "safe"
    assert loaded(found, after).generation("check") == 2
    assert finish(found, after)[-3:] == ["read", "check", "print"]


def test_a_loop_of_which_the_last_open_task_is_gone_repeats() -> None:
    before = Code().add("draft", START, "read", "count").add("read", again(2), "print")
    before.add("count", "print", does=False).add("print", JOIN, END)
    before.add("draft", START, "read", "count").add("count", again(0), "print", does=False)
    after = Code().add("draft", START, "read").add("read", again(2), "print").add("print", END)
    found = adapted(saved(before), after, drop=["count"])
    assert finish(found, after) == ["draft", "read", "count", "draft", "read", "print"]


def test_a_loop_transition_that_was_taken_is_not_lost_silently() -> None:
    before = Code().add("draft", START, "read", "count").add("read", again(9), "print")
    before.add("count", again(9), "print", does=False).add("print", JOIN, END)
    after = Code().add("draft", START, "read", "count").add("read", "print")
    after.add("count", again(9), "print").add("print", JOIN, END)
    (question,) = adapted(saved(before), after).questions
    assert (question.task, 'lead to "draft" any more' in question.reason) == ("read", True)


def test_a_new_loop_transition_of_a_decided_task_is_asked_about() -> None:
    before = Code().add("draft", START, "read").add("read", "print").add("print", END, does=False)
    (question,) = adapted(saved(before), LOOP).questions
    assert 'it leads to "draft" now' in question.reason
    found = adapted(saved(before), LOOP, keep=["read"])
    assert finish(found, LOOP) == ["draft", "read", "print", "print"]


# Start points, and instances that have ended


def test_a_new_start_point_is_told() -> None:
    after = Code().add("start", START, "ask").add("ask", "serve").add("serve", END).add("extra", START, END)
    found = adapted(saved(OLD), after)
    assert (found.verdict, found.changes) == ("migrated", ['"extra" is a new start point'])
    assert sorted(finish(found, after)[2:]) == ["ask", "extra", "serve"]


def test_an_instance_that_has_ended_can_be_looked_at_whatever_the_code_is_now() -> None:
    document = saved(Code().add("start", START, "ask").add("ask", "serve").add("serve", END))
    after = Code().add("begin", START, "cook", "query").add("cook", END).add("query", END)
    found = adapted(document, after)
    assert found.verdict != "needs a decision"
    instance = loaded(found, after)
    assert (instance.status, instance.context["ran"]) == ("finished", ["start", "ask", "serve"])


# The records of a tick that was killed


def record(seq: int, task: str, *decided: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"seq": seq, "at": "2026-11-23T06:13:34.000000Z", "event": "task", "task": task}
    made.update(generation=0, attempt=1, status="completed", took=0.0)
    if decided:
        made["next"] = list(decided)
    return {**made, **fields}


def test_records_are_renamed_too() -> None:
    records = [record(1, "start", "ask: taken", set={"n": 1}), record(2, "ask", status="waiting")]
    after = (
        Code().add("start", START, "question").add("question", "serve", renamed_from="ask").add("serve", END)
    )
    found = adapted(saved(OLD, 0), after, records)
    assert (found.records[0]["next"], found.records[1]["task"]) == (["question: taken"], "question")
    instance = loaded(found, after)
    assert (instance.context["n"], list(instance.waits)) == (1, ["question"])


def test_what_a_removed_task_has_put_into_the_context_stays_there() -> None:
    records = [
        record(1, "start", "ask: taken"),
        record(2, "ask", "serve: taken", set={"answer": 42}),
    ]
    found = adapted(saved(OLD, 0), WITHOUT_ASK, records)
    instance = loaded(found, WITHOUT_ASK)
    assert instance.context["answer"] == 42
    assert [instance.marking.graph.names[task] for task in instance.marking.queue] == ["serve"]
    assert (instance.seq, found.records[1]["event"]) == (2, "forgotten")


def test_a_signal_that_a_forgotten_task_has_taken_does_not_come_back() -> None:
    signal = {"id": "s1", "name": "go", "received": 1}
    records = [
        {"seq": 1, "at": "", "event": "signal", "id": "s2", "name": "go"},
        record(2, "start", "ask: taken"),
        record(3, "ask", "serve: taken", consumed=["s1", "s2"]),
    ]
    document = {**saved(OLD, 0), "signals": [signal, {**signal, "id": "s3"}]}
    instance = loaded(adapted(document, WITHOUT_ASK, records), WITHOUT_ASK)
    assert [each.id for each in instance.signals] == ["s3"]


def test_records_of_the_new_code_follow_what_the_changed_graph_made_ready() -> None:
    """A tick of the new code was killed before its snapshot: the document is old, its records are new."""
    document = saved(OLD)
    after = Code().add("start", START, "serve").add("serve", "wash", removed="ask").add("wash", END)
    records = [record(1, "serve", "wash: taken", set={"ran": ["start", "ask", "serve"]})]
    assert finish(adapted(document, after, records), after) == ["start", "ask", "serve", "wash"]


def test_what_was_decided_by_a_person_is_found_in_the_records() -> None:
    before = Code().add("start", START, "ask", "cook").add("ask", END, does=False).add("cook", END)
    after = Code().add("start", START, "serve").add("serve", END)
    decision = {"seq": 1, "at": "", "event": "operator", "verb": "migrate", "by": "ann"}
    document = saved(before)
    assert adapted(document, after).verdict == "needs a decision"
    records = [{**decision, "drop": ["ask", "cook"], "keep": ["start"]}]
    found = adapted(document, after, records)
    assert found.questions == []
    assert loaded(found, after).status == "dead_end"


def test_a_record_of_a_decision_with_two_meanings_is_asked_about() -> None:
    records = [record(1, "start", "ask: taken"), record(2, "ask", status="waiting")]
    after = Code().add("start", START, "ask", "cook").add("ask", "serve").add("serve", END).add("cook", END)
    (question,) = adapted(saved(OLD, 0), after, records).questions
    assert question.options[0] == "--keep start"
    found = adapted(saved(OLD, 0), after, records, keep=["start"])
    assert finish(found, after) == ["ask", "serve"]


def test_a_task_that_a_person_declared_done_is_sorted_like_any_other() -> None:
    done = {"seq": 1, "at": "", "event": "operator", "verb": "done", "task": "ask", "generation": 0}
    records = [{**done, "by": "ann", "next": ["serve: taken"]}]
    after = Code().add("start", START, "question").add("question", "dish", renamed_from="ask")
    after.add("dish", END, renamed_from="serve")
    found = adapted(saved(OLD), after, records)
    assert finish(found, after) == ["start", "ask", "dish"]


# The errors


def test_an_instance_that_needs_a_decision_is_refused_with_the_commands_that_decide_it() -> None:
    after = Code().add("start", START, "serve").add("serve", END)
    with pytest.raises(wfepy.StateFormatError) as caught:
        state.restore(saved(OLD), [], after.workflow(), Codec(), "flow/default")
    text = str(caught.value)
    assert text.startswith("flow/default: the workflow has no task 'ask', and the instance waits there; ")
    assert "wfepy migrate flow default --drop ask; or write renamed_from=" in text


def test_a_refusal_counts_what_else_is_to_be_decided() -> None:
    after = Code().add("other", START, END)
    adapted = migration.adapt(saved(OLD), [], after.workflow())
    assert str(migration.refusal(adapted)).startswith(
        "the workflow has no task 'ask', and the instance waits there (and 1 more question); "
    )


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        (Code().add("a", START, "b").add("b", END, renamed_from="a"), 'renamed_from="a" names a task that there is'),
        (Code().add("a", START, "b").add("b", END, removed="a"), 'removed="a" names a task that there is'),
        (
            Code().add("a", START, "b", renamed_from="old").add("b", END, renamed_from="old"),
            'renamed_from="old", and renamed_from= of task "a" claims that name, too',
        ),
        (Code().add("a", START, END, renamed_from="old", removed="old"), 'claims that name, too'),
    ],
    ids=["renamed", "removed", "two tasks", "both rules"],
)  # fmt: skip
def test_rules_that_contradict_each_other_are_problems(tasks: Code, problem: str) -> None:
    found = {name: value for name, value in vars(tasks.module).items() if isinstance(value, wfepy.Task)}
    ((task, message),) = migration.rule_problems(found)
    assert problem in message
    assert found[task.name] is task


def test_rules_that_fit_are_none() -> None:
    code = Code().add("a", START, "b", renamed_from=("x", "y")).add("b", END, removed="z")
    found = {name: value for name, value in vars(code.module).items() if isinstance(value, wfepy.Task)}
    assert list(migration.rule_problems(found)) == []
