"""Faults to plant in the engine, one at a time, for `test_mutants.py`: every one of them must be found.

The text to replace must be in the file exactly once.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """What is wrong then, the file, the text in it, the text to put there, and the tests that must find it.

    ``first`` is in the name of the test that is tried first, where the others take their time to find nothing.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    first: str = "after_every"


def in_dominators(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "dominators.py", old, new, "test_properties", **more)


def in_graph(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "graph.py", old, new, "test_properties")


def in_marking(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "marking.py", old, new, "test_properties", **more)


def in_stepping_in(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "marking.py", old, new, "test_stepping_in", **more)


def in_state(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "state.py", old, new, "test_properties_runner")


def in_replaying(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "replaying.py", old, new, "test_properties_runner", **more)


def in_attempt(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "attempt.py", old, new, "test_properties_runner", **more)


def in_committing(name: str, old: str, new: str, **more: str) -> Mutant:
    return Mutant(name, "committing.py", old, new, "test_properties_runner", **more)


def in_task(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "task.py", old, new, "test_properties_runner")


def in_schedule(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "schedule.py", old, new, "test_schedule_random")


def in_cron(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "cron.py", old, new, "test_schedule_random")


GRAPH = [
    in_graph(
        "loop edge is a join input",
        "if not self.is_loop_edge[edge] and reached[self.source[edge]]:",
        "if reached[self.source[edge]]:",
    ),
    in_graph("exits are not held", "self.held_by[edge] = loop\n", "pass\n"),
    in_graph(
        "exits are held by the innermost loop only",
        "self.held_by[edge] = loop\n",
        "self.held_by[edge] = loop if self.held_by[edge] < 0 else self.held_by[edge]\n",
    ),
    in_graph("inner loop is no part of the outer one", "inner.parent = loop.number", "pass"),
    in_graph(
        "join(all) is join(any)", "self.need[number] = len(self.forward_in[number])", "self.need[number] = 1"
    ),
    in_graph(
        "cancel_rest cancels what leads elsewhere too",
        "return task in self.ends or any(",
        "return task in self.ends and any(",
    ),
    in_graph(
        "cancel_rest cancels no loop",
        "if task in self.loop_at and task != join:",
        "if False:",
    ),
    in_graph(
        "cancel_rest cancels what comes after the join in its loop",
        "return region - after",
        "return region - {join}",
    ),
    in_dominators(
        "every edge that closes a cycle is a loop edge",
        "found[edge] = first[head] <= first[tail] <= last[head]",
        "found[edge] = 1",
        first="checks_find",
    ),
]

JOINS = [
    in_marking("skip is not carried on", "            decided.append(task)\n", "            pass\n"),
    in_marking(
        "join(sync) does not wait for all",
        "            if pending:\n",
        "            if pending and not taken:\n",
    ),
    in_marking("join(sync) runs although all are skipped", "= taken > 0, taken == 0", "= True, False"),
    in_marking("join(all) is not skipped early", "taken + pending < need", "not pending and taken < need"),
    in_marking("join(n) is skipped one too early", "taken + pending < need", "taken + pending <= need"),
    in_marking("join(n) runs one too late", "runs, skips = taken >= need,", "runs, skips = taken > need,"),
    in_marking(
        "join(n) runs one too early", "runs, skips = taken >= need,", "runs, skips = taken >= need - 1,"
    ),
    in_marking(
        "join(any) runs again",
        "if self.status[target] == PENDING:",
        "if self.status[target] in (PENDING, DONE):",
    ),
    in_marking(
        "transition for another outcome is taken",
        "_TAKEN = (False, True, True, False, False, False, False)",
        "_TAKEN = (False, True, True, False, False, True, False)",
    ),
]

LOOPS = [
    in_marking(
        "loop edge repeats its loop although it was skipped",
        "any(_TAKEN[self.edges[edge]] for edge in loop.back_edges)",
        "any(self.edges[edge] not in (E_FALSE, E_OUTCOME, E_CANCELLED) for edge in loop.back_edges)",
    ),
    in_marking(
        "loop repeats only if all of its loop edges are taken",
        "any(_TAKEN[self.edges[edge]] for edge in loop.back_edges)",
        "all(_TAKEN[self.edges[edge]] for edge in loop.back_edges)",
    ),
    in_marking(
        "region repeats before all is decided",
        "while self._open[loop.number] == 0:",
        "while self._open[loop.number] <= 1:",
    ),
    in_marking(
        "exits take the value of the first pass",
        "settled.repeated.append(loop.number)",
        "settled.repeated.append(loop.number), [self._carry(edge, [], settled) for edge in loop.exits]",
    ),
    in_marking("head does not become ready again", "self._make_ready(loop.head, settled)", "pass"),
    in_marking("inner loop is not reset", "for inner in graph.region(loop.number):", "for inner in [loop]:"),
    in_marking(
        "transitions of the region keep their decisions",
        "self._drop(task, PENDING, E_PENDING)",
        "self.status[task] = PENDING",
    ),
    in_marking(
        "generation counts for the head only",
        "self.generation[task] += 1",
        "self.generation[task] += task == loop.head",
    ),
    in_marking("joins remember the last pass", "self._taken[task] = 0", "pass"),
    in_marking(
        "outer loop does not hear that the inner one closed", "self._open[loop.number] -= 1\n\n", "pass\n\n"
    ),
]

ENDS = [
    in_marking("failure that nobody handles goes on", "elif decisions or outcome == DONE:", "else:"),
    in_marking(
        "failed is done",
        "self.status[task] = outcome",
        "self.status[task] = DONE if outcome == FAILED else outcome",
    ),
    in_marking(
        "timeout is done",
        "self.status[task] = outcome",
        "self.status[task] = DONE if outcome == TIMED_OUT else outcome",
    ),
    in_marking("terminate is ignored", "if outcome == DONE and task in graph.terminating:", "if False:"),
    in_marking(
        "failed end point terminates",
        "if outcome == DONE and task in graph.terminating:",
        "if task in graph.terminating:",
    ),
    in_marking("dead end is called finished", 'else "dead_end"', 'else "finished"'),
    in_marking("failure is called dead end", "if self._left and not self._terminated:", "if False:"),
    in_marking(
        "cancelled task stays in the queue",
        "        self.queue.pop(task, None)\n        settled.cancelled",
        "        settled.cancelled",
    ),
    in_marking(
        "cancel_rest leaves what is ready",
        "if self.status[task] in (PENDING, READY):",
        "if self.status[task] == PENDING:",
    ),
    in_marking(
        "failure in a losing branch holds up the end",
        "self._drop(task, self.status[task], E_CANCELLED)",
        "continue",
    ),
    in_marking("cancelled loop repeats", "self.edges[edge] = E_CANCELLED", "pass"),
]

STEPPING_IN = [
    in_stepping_in("rewind forgets the loops around a task", "edges += graph.loops[loop].exits", "pass"),
    in_stepping_in(
        "rewind goes on along loop edges",
        "target not in found and not graph.is_loop_edge[edge]",
        "target not in found",
    ),
    in_stepping_in("rewind takes start points along", " and target not in graph.starts", ""),
    in_stepping_in("rewind keeps the generation", "self.generation[each] += 1", "pass"),
    in_stepping_in("rewind applies no join rules", "resumed = self.resume()", "resumed = Settled()"),
    in_stepping_in("rewind derives nothing anew", "self.recount()\n        resumed", "resumed"),
    in_stepping_in(
        "end point that a loop runs again has still ended the instance",
        "if self._terminated:  # by an end",
        "if False:  # by an end",
    ),
    in_stepping_in(
        "skip by hand is not carried on",
        "self._spread([task], settled)\n        return settled\n\n    def rewind",
        "return settled\n\n    def rewind",
        first="skipped_by_hand",
    ),
    in_stepping_in(
        "cancelled failure may be retried",
        " and not self._is_decided(task)\n\n    def retry",
        "\n\n    def retry",
    ),
    in_stepping_in(
        "cancelled instance is cancelled for ever",
        "self._cancelled = False\n        self._look",
        "self._look",
        first="person_cancelled",
    ),
]

RESTORING = [
    in_marking(
        "restored exits are not held",
        " or (held_by >= 0 and self._open[held_by])",
        "",
        first="marking_restored",
    ),
    in_marking("restored failure is decided", "and self.edges[first] != E_PENDING", ""),
    in_marking(
        "restored instance forgets that it was terminated",
        "any(self.status[task] == DONE for task in self.graph.terminating)",
        "False",
        first="marking_restored",
    ),
    in_state("generation is not saved", 'entry["generation"] = marking.generation[task]', "pass"),
    in_state("order of the queue is not restored", "dict.fromkeys(queue)", "dict.fromkeys(sorted(queue))"),
    in_state("decisions are not restored", "marking.edges[first : first + len(decided)] = decided", "pass"),
    in_replaying(
        "wait is not replayed", "note_wait(instance, name, WaitState.from_json(since, record))", "pass"
    ),
    in_replaying(
        "decisions are not replayed",
        'read_decisions(graph, task, record["next"]) if record.get("next") else []',
        "[]",
    ),
    in_replaying(
        "context is not replayed",
        "encoded = replay(encoded, records)",
        "pass",
        first="snapshot_and_history",
    ),
    in_state("number of failures is not saved", 'entry["failures"] = instance.failures[name]', "pass"),
]

RUNNER = [
    in_attempt(
        "conditions are asked twice",
        "decisions = self._decide(number, m.DONE) if answer is True else []",
        "decisions = answer is True and self._decide(number, m.DONE) and self._decide(number, m.DONE) or []",
    ),
    in_attempt(
        "attempt whose context cannot be saved does not count",
        "cannot be saved\n            return self._failed(number, attempt, took, error)",
        "cannot be saved\n            self._drop_unsaved(number, error)\n            return _NOTHING",
        first="cannot_be_saved",
    ),
    in_committing(
        "context that cannot be saved is not put back",
        "            self._recorder.put_back_context(self.instance)\n",
        "",
        first="cannot_be_saved",
    ),
    in_committing("on=any is not about failures", 'm.FAILED: ("failed", "any")', 'm.FAILED: ("failed",)'),
    in_committing("GiveUp is tried again", "return RetryDecision(False,", "return RetryDecision(True,"),
    in_task(
        "transitions below @task are in reverse order",
        "for apply in reversed(stack.marks):",
        "for apply in stack.marks:",
    ),
    in_task(
        "transitions above @task are in reverse order",
        "self.insert(0, transition)",
        "self.append(transition)",
    ),
]

SCHEDULES = [
    in_schedule(
        "second pass is not due",
        "second_passes.append(Occurrence(second, wall, SECOND_PASS))",
        "pass",
    ),
    in_schedule(
        "fixed time is due in both passes",
        "if self.follows_the_wall:\n                second_passes",
        "if True:\n                second_passes",
    ),
    in_schedule(
        "second passes come last",
        "while second_passes and second_passes[0].due < found.due:",
        "while second_passes and found.rule != FIRST_PASS:",
    ),
    in_schedule("gap is due before it", "return after.replace(microsecond=0)", "return before - _MINUTE"),
    in_schedule(
        "gap is due an offset later", "Occurrence(self._end_of_gap(second, first)", "Occurrence(first"
    ),
    in_schedule(
        "fixed time in a gap is lost",
        "if self.follows_the_wall:\n            return None",
        "if True:\n            return None",
    ),
    in_schedule(
        "star in the hour is ignored", "self.cron.minute.star or self.cron.hour.star", "self.cron.minute.star"
    ),
    in_schedule("times in one gap are due again and again", "                moment = found.due\n", ""),
    in_schedule("moment itself is due after it", "if found.due > moment:", "if found.due >= moment:"),
    in_schedule("end is not between", "each.due <= until, self.after", "each.due < until, self.after"),
    in_schedule(
        "second passes of what is before are lost",
        "start -= max(offsets[0] - offsets[1], timedelta())",
        "pass",
    ),
    in_schedule("either day is enough after a star", "implement_cron_bug=True", "implement_cron_bug=False"),
    in_schedule(
        "moments are compared as the walls show them",
        "    return moment.astimezone(UTC)\n",
        "    return moment\n",
    ),
    in_schedule(
        "latest does not look far back",
        "span *= 4",
        "span *= 4\n            floor = max(floor, until - timedelta(days=999))",
    ),
    in_cron("one field with all days leaves it to the other", "if cron.is_either_day and (len", "if (len"),
]

MUTANTS = [*GRAPH, *JOINS, *LOOPS, *ENDS, *STEPPING_IN, *RESTORING, *RUNNER, *SCHEDULES]
