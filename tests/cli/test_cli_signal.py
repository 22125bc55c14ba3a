"""wfepy signal."""

from __future__ import annotations

import json

import pytest

from cli_folder import FLOW, Folder, error_line, flow

ASK = FLOW.replace("def b(context):", "def b(context, signals):").replace(
    'return os.path.exists("go") or wfepy.wait(reason="there is no file go")',
    """answer = signals.take("approve")
        context["answer"] = answer and answer.data
        return answer is not None or wfepy.wait(signal="approve", choices=("yes", "no"), by=("ann", "bob"))""",
)


@pytest.fixture
def ask(folder: Folder) -> Folder:
    """A folder with an instance whose task ``b`` waits for the signal ``approve``."""
    folder.configure(flow=ASK)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    return folder


def test_a_signal_is_delivered_by_the_next_tick(ask: Folder) -> None:
    said = ask.ok("signal", "flow", "x", "approve", "--data", "yes", "--by", "ann", "--id", "mail-17")
    assert said == "flow/x: approve is sent to b, at the next tick: wfepy tick\n"
    assert "tick; 1 signal in the inbox, delivered at the next tick" in ask.ok("status")
    ask.ok("tick")
    assert ask.data("show", "flow", "x")["context"]["answer"] == "yes"
    lines = ask.ok("history", "flow", "x").splitlines()
    assert 'signal approve by ann = "yes", sent 20' in lines[2]
    assert "(id mail-17)" in lines[2]
    assert "took mail-17" in lines[3]


def test_the_history_names_the_record_of_a_signal_that_came_without_an_id(ask: Folder) -> None:
    ask.ok("signal", "flow", "x", "approve", "--data", "yes", "--by", "ann")
    ask.ok("tick")
    line = ask.ok("history", "flow", "x").splitlines()[3]
    assert "(took signal 3)" in line
    assert ask.ok("history", "flow", "x", "-n", "2").splitlines()[0] == line, "also if that is not shown"
    data = ask.data("history", "flow", "x")["records"]
    assert data[3]["consumed"] == [data[2]["id"]]


def test_what_the_wait_would_not_take_is_refused_without_the_code(ask: Folder) -> None:
    ask.write("flow.py", "def (:")
    before = ask.state()
    refused = ask.wfepy("signal", "flow", "x", "approve", "--data", '"maybe"', "--by", "ann")
    assert 'flow/x: "approve" is refused: it must be "yes" or "no", not "maybe"' in error_line(refused, 2)
    refused = ask.wfepy("signal", "flow", "x", "approve", "--data", "maybe", "--by", "ann")
    assert 'it is neither "yes" or "no" nor JSON' in error_line(refused, 2)
    refused = ask.wfepy("signal", "flow", "x", "approve", "--data", "yes", "--by", "eve")
    assert "it must be sent by ann or bob, not by eve" in error_line(refused, 2)
    assert ask.state() == before
    ask.ok("signal", "flow", "x", "approve", "--data", "yes", "--by", "ann")


def test_a_signal_can_be_sent_beside_a_broken_plugin_and_is_checked_all_the_same(ask: Folder) -> None:
    ask.write("wfepy_plugins.py", "import nothing_of_this_name")
    words = ("signal", "flow", "x", "approve", "--by", "ann", "--data")
    refused = ask.wfepy(*words, "maybe")
    assert 'it is neither "yes" or "no" nor JSON' in error_line(refused, 2)
    sent = ask.wfepy(*words, "yes")
    assert (sent.returncode, sent.stdout) == (
        0,
        "flow/x: approve is sent to b, at the next tick: wfepy tick\n",
    )
    assert "wfepy: warning: plugin wfepy_plugins: ModuleNotFoundError" in sent.stderr
    assert "plugin wfepy_plugins" in error_line(ask.wfepy("tick"), 4)


def test_a_signal_that_nobody_waits_for_is_kept(ask: Folder) -> None:
    done = ask.wfepy("signal", "flow", "x", "aprove", "--data", '{"a": 1}')
    assert (done.returncode, done.stdout) == (0, "flow/x: aprove is sent, and kept\n")
    assert 'what is waited for is approve; did you mean "approve"?' in done.stderr
    ask.ok("tick")
    assert "not taken yet: aprove" in ask.ok("status")
    assert "signal aprove by" in ask.ok("show", "flow", "x")


def test_a_signal_that_comes_twice_is_told_once(ask: Folder) -> None:
    words = ("signal", "flow", "x", "approve", "--data", "yes", "--by", "ann", "--id", "one")
    assert ask.data(*words)["accepted"] is True
    assert ask.data(*words) == {
        "workflow": "flow",
        "instance": "x",
        "id": "one",
        "name": "approve",
        "accepted": False,
        "waiting": [],
        "warning": "",
    }
    ask.ok("start", "flow", "--id", "y")  # so that x is not the only one
    assert "was sent already; nothing was changed" in ask.ok(*words)


def test_a_person_may_commit_a_signal_as_a_file(ask: Folder) -> None:
    signal = {"name": "approve", "data": "no", "by": "bob"}
    ask.write("state/flow/inbox/x/by-hand.json", json.dumps(signal))
    assert "1 signal in the inbox" in ask.ok("status")
    ask.ok("tick")
    assert ask.data("show", "flow", "x")["context"]["answer"] == "no"


def test_a_committed_signal_that_the_wait_does_not_take_is_told_once_and_stays_in_the_status(
    ask: Folder,
) -> None:
    ask.write(
        "state/flow/inbox/x/by-hand.json", json.dumps({"name": "approve", "data": "maybe", "by": "bob"})
    )
    told = ask.wfepy("tick").stderr
    assert (
        'wfepy: warning: flow/x: the signal "approve" of the id by-hand: b does not take it, '
        'it must be "yes" or "no", not "maybe"; send one that fits: wfepy signal flow x approve\n'
    ) in told
    assert "by-hand" not in ask.wfepy("tick").stderr
    row = 'not taken: approve (by-hand): not by b, it must be "yes" or "no", not "maybe"'
    assert row in " ".join(ask.wfepy("status", environ={"COLUMNS": "300"}).stdout.split())
    (kept,) = ask.data("status")["instances"][0]["signals"]
    assert kept["refused"] == {"b": 'it must be "yes" or "no", not "maybe"'}
    ask.ok("signal", "flow", "x", "approve", "--data", "no", "--by", "ann")
    assert "by-hand" not in ask.wfepy("tick").stderr
    assert ask.data("show", "flow", "x")["context"]["answer"] == "no"


def test_of_many_signals_that_do_not_fit_a_few_are_told_one_by_one(ask: Folder) -> None:
    for number in range(8):
        signal = {"name": "approve", "data": number, "by": "eve"}
        ask.write(f"state/flow/inbox/x/n{number}.json", json.dumps(signal))
    told = ask.wfepy("tick").stderr
    assert told.count("it must be sent by ann or bob, not by eve") == 5
    assert "flow/x: 3 more signals that no task takes; see wfepy status" in told


def test_a_signal_that_came_before_the_wait_whose_terms_it_misses_is_told_when_the_wait_begins(
    folder: Folder,
) -> None:
    folder.configure(flow=flow("return wfepy.wait(signal='approve', choices=('yes', 'no'), done=True)"))
    folder.ok("start", "flow", "--id", "x")
    folder.ok("signal", "flow", "x", "approve", "--data", '"maybe"', "--by", "ann", "--id", "early")
    assert 'the id early: b does not take it, it must be "yes" or "no"' in folder.wfepy("tick").stderr
    assert "early" not in folder.wfepy("tick").stderr


def test_an_instance_that_takes_no_signal_is_told(ask: Folder) -> None:
    assert "no such instance" in error_line(ask.wfepy("signal", "flow", "y", "approve"), 3)
    ask.ok("cancel", "flow", "x", "--yes")
    refused = ask.wfepy("signal", "flow", "x", "approve")
    assert "it has ended: cancelled, so it takes no signals" in error_line(refused, 3)
    assert 'names that begin with "wfepy."' in error_line(ask.wfepy("signal", "flow", "x", "wfepy.cancel"), 2)


REVIEW = """
import wfepy_hooks as wfepy

print("imported")

@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("review")
def draft(context, signals):
    return signals.take("drafted") is not None or wfepy.wait(signal="drafted")

@wfepy.approval(by="bob")
@wfepy.followed_by("end", lambda context: context["review"] == "approve")
@wfepy.followed_by("fix", lambda context: context["review"] == "reject")
def review(context):
    pass

@wfepy.task()
@wfepy.followed_by("review")
@wfepy.followed_by("end", lambda context: False)
def fix(context, signals):
    return signals.take("fixed") is not None or wfepy.wait(signal="fixed")

@wfepy.task()
@wfepy.join_point()
@wfepy.end_point()
def end(context):
    return True
"""


@pytest.fixture
def reviewed(folder: Folder) -> Folder:
    """A folder with an instance whose approval ``review`` has not asked yet."""
    folder.configure(flow=REVIEW)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    return folder


def test_an_answer_before_the_first_asking_is_a_word_and_is_told_that_it_counts(reviewed: Folder) -> None:
    words = ("signal", "flow", "x", "review")
    refused = reviewed.wfepy(*words, "--data", "maybe", "--by", "bob")
    assert 'it is neither "approve" or "reject" nor JSON' in error_line(refused, 2)
    refused = reviewed.wfepy(*words, "--data", "approve", "--by", "eve")
    assert '"review" is refused: it must be sent by bob, not by eve; review is not waiting now' in error_line(
        refused, 2
    )
    sent = reviewed.wfepy(*words, "--data", "approve", "--by", "bob")
    assert (sent.returncode, sent.stdout) == (0, "flow/x: review is sent, and kept\n")
    assert "review is not waiting now; the answer is kept, and counts when it asks" in sent.stderr
    reviewed.ok("signal", "flow", "x", "drafted")
    assert "flow/x finished" in reviewed.ok("tick")


def test_an_answer_between_two_askings_is_refused(reviewed: Folder) -> None:
    reviewed.ok("signal", "flow", "x", "review", "--data", "reject", "--by", "bob")
    reviewed.ok("signal", "flow", "x", "drafted")
    reviewed.ok("tick")
    refused = reviewed.wfepy("signal", "flow", "x", "review", "--data", "approve", "--by", "bob")
    assert (
        "review is not waiting now, it is done; an answer counts only if it is sent after it asks anew"
        in (error_line(refused, 2))
    )


def test_an_early_answer_can_be_sent_while_the_code_is_broken(reviewed: Folder) -> None:
    reviewed.write("flow.py", "def (:")
    said = reviewed.wfepy("signal", "flow", "x", "review", "--data", '"approve"', "--by", "eve")
    assert (said.returncode, said.stdout) == (0, "flow/x: review is sent, and kept\n")


@pytest.mark.parametrize("is_received", [False, True])
def test_a_signal_that_nobody_will_take_can_be_discarded(reviewed: Folder, is_received: bool) -> None:
    reviewed.ok("signal", "flow", "x", "reviw", "--id", "mail-1")
    if is_received:
        reviewed.ok("tick")
    wrong = reviewed.wfepy("signal", "flow", "x", "--discard", "mail-2")
    assert "there is no signal of the id mail-2 that nobody has taken; did you mean" in error_line(wrong, 2)
    words = ("signal", "flow", "x", "--discard", "mail-1")
    said = reviewed.ok(*words, "--by", "ann", "-m", "misspelt")
    assert said == "flow/x: the signal reviw of the id mail-1 is discarded\n"
    assert "mail-1" not in reviewed.ok("show", "flow", "x")
    assert "the signal of the id mail-1 was discarded by ann: misspelt" in reviewed.ok("history", "flow", "x")
    assert "no signal of the id mail-1" in error_line(reviewed.wfepy(*words), 2)
    made = json.loads(reviewed.ok("signal", "flow", "x", "drafted", "--json"))["id"]
    other = reviewed.wfepy(
        "signal", "flow", "x", "--discard", f"{made[:-1]}{'1' if made[-1] != '1' else '2'}"
    )
    assert "wfepy status --json lists those" in error_line(other, 2), "it is not that of another signal"
    reviewed.ok("tick")
    assert "review" in reviewed.ok("status")


def test_discarding_says_what_it_does_not_do(reviewed: Folder) -> None:
    refused = reviewed.wfepy("signal", "flow", "x", "reviw", "--discard", "mail-1")
    assert "--discard drops a signal, and sends none" in error_line(refused, 2)
    assert "no NAME is given" in error_line(reviewed.wfepy("signal", "flow", "x"), 2)
    reviewed.ok("signal", "flow", "x", "reviw", "--id", "mail-1")
    said = reviewed.data("signal", "flow", "x", "--discard", "mail-1")
    assert said == {"workflow": "flow", "instance": "x", "id": "mail-1", "name": "reviw", "discarded": True}
