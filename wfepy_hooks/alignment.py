"""Sorting the decisions of a task into the transitions that its code has now. Pure.

A decision is found again by where its transition leads. These changes have one meaning, so nobody is asked:

* the transitions are in another order; of several to one task, it does not matter which was taken;
* several transitions to one task became fewer: taken, if one of them was;
* a transition is gone that was not taken, or that led to a task which has run meanwhile or is running;
* a transition is new, and could not have been taken: the task was skipped, or had another outcome;
* a transition is new, and leads to a task that is decided already or is running: it changes nothing any more.

A transition that repeats a loop is never of the last two kinds: taking it would change what has run already.
"""

from __future__ import annotations

__all__ = ["TAKEN", "Alignment", "split", "words_to"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .workflow import Workflow

TAKEN = ("taken", "true")
#: What is decided about a transition that is new: it is not taken.
_NOT_TAKEN = "cancelled"
#: The outcomes that a transition is about which a task with that status did not have.
_OTHER_OUTCOMES = {
    "done": ("failed", "timeout"),
    "failed": ("done", "timeout"),
    "timed_out": ("done", "failed"),
}


def split(text: str) -> tuple[str, str]:
    """Return the destination and the word of a decision such as ``serve: taken``.

    :raises ValueError: if it is none
    """
    dest, colon, word = text.rpartition(": ")
    if not colon:
        raise ValueError(f"{text!r} is no decision")
    return dest, word


def words_to(dest: str, texts: Iterable[str]) -> list[str]:
    """Return what was decided about the transitions to one task."""
    return [word for each, word in map(split, texts) if each == dest]


class Alignment:
    """The decisions of one task, and what becomes of them.

    :ivar keep: what is new is not taken, and what is gone does not matter
    :ivar problem: what has no single meaning; empty if all has
    """

    def __init__(
        self, workflow: Workflow, name: str, texts: list[str], status: str, states: Mapping[str, str] | None
    ) -> None:
        """
        :param texts: what was decided, as ``destination: word``
        :param status: what has become of the task
        :param states: the status of each task that anything has happened to; ``None`` if they are not known
        """
        self._graph = workflow.graph
        self._transitions = workflow.tasks[name].followed_by
        self._task = self._graph.index[name]
        self._texts = texts
        self._status = status
        self._states = states
        self.keep = False
        self.problem = ""

    def run(self) -> list[str]:
        """Return the decisions in the order of the transitions that there are now."""
        left: dict[str, list[str]] = {}
        for dest, word in map(split, self._texts):
            left.setdefault(dest, []).append(word)
        dests = [transition.dest for transition in self._transitions]
        for dest, words in left.items():
            if len(words) > dests.count(dest) > 0:  # fewer of them: taken if one of them was
                words.sort(key=lambda word: word not in TAKEN)
        decided, gained = [], []
        for ordinal, transition in enumerate(self._transitions):
            words = left.get(transition.dest, [])
            word = words.pop(0) if words else self._new(ordinal)
            if not word:
                gained.append(transition.dest)
            decided.append(f"{transition.dest}: {word or _NOT_TAKEN}")
        lost = [dest for dest, words in left.items() if dest not in dests and self._matters(dest, words)]
        if not self.keep:
            self.problem = _problem(gained, lost)
        return decided

    def _new(self, ordinal: int) -> str:
        """Return what is decided about a transition that is new; empty if that has no single meaning."""
        if self._status in ("skipped", "cancelled"):
            return self._status
        if self._transitions[ordinal].on in _OTHER_OUTCOMES.get(self._status, ()):
            return "outcome"
        edge = self._graph.first_edge[self._task] + ordinal
        if not self._graph.is_loop_edge[edge] and self._has_begun(self._transitions[ordinal].dest):
            return _NOT_TAKEN
        return ""

    def _matters(self, dest: str, words: list[str]) -> bool:
        """Return whether it makes a difference that the transitions to a task are gone."""
        if not any(word in TAKEN for word in words) or dest not in self._graph.index:
            return False  # a task that is gone, too, has its own question
        return not self._has_begun(dest) or self._leads_back_from(dest)

    def _has_begun(self, name: str) -> bool:
        """Return whether a task is running or decided, so that one more or less transition to it does not matter."""
        return self._states is not None and self._states.get(name, "pending") != "pending"

    def _leads_back_from(self, dest: str) -> bool:
        """Return whether the transition to ``dest`` may have repeated a loop."""
        found = {self._graph.index[dest]}
        todo = list(found)
        while todo and self._task not in found:
            targets = {self._graph.target[edge] for edge in self._graph.edges_of(todo.pop())}
            todo += targets - found
            found |= targets
        return self._task in found


def _problem(gained: list[str], lost: list[str]) -> str:
    parts = []
    if gained:
        parts.append(f"leads to {_names(gained)} now")
    if lost:
        parts.append(f"does not lead to {_names(lost)} any more, where the instance was to go")
    return f"it {' and '.join(parts)}" if parts else ""


def _names(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in dict.fromkeys(names)]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)
