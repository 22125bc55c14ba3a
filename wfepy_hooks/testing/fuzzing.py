"""Deciding the conditions of a workflow by all kinds of values, to see where its instances can end.

No task is called: each is done, or has another outcome that a transition is about. The conditions are asked for real,
with a context whose items hypothesis draws, from the values that the conditions themselves mention. An item keeps its
value until a task has ended that mentions it.
"""

from __future__ import annotations

from .. import marking as m
from ..errors import UsageError
from ..suggest import closest
from .domains import domain_of
from .drawn import drawn_context, root_of
from .mentions import Mentions, mentions_of
from .probing import Shape, observe

__all__ = ["DeadEnd", "FuzzReport", "fuzz"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..graph import Graph
    from ..task import Task, Transition
    from ..workflow import Workflow

#: A loop that has repeated so often is left alone: by itself it would repeat for as long as the values say so.
_MOST_PASSES = 5
_MOST = 5
#: So often other values are drawn for a condition that raised, such as 'no' < 3.
_MOST_DRAWS = 20
_MATCHES = {m.DONE: ("done", "any"), m.FAILED: ("failed", "any"), m.TIMED_OUT: ("timeout", "any")}
_OUTCOMES = {"done": m.DONE, "failed": m.FAILED, "timeout": m.TIMED_OUT}


class DeadEnd:
    """A way to an end that is no end point.

    :ivar path: what the tasks came to, in order, such as ``review`` or ``upload (failed)``
    :ivar values: the items of the context that decided it
    :ivar conditions: the conditions that were false
    """

    def __init__(self, path: list[str], values: dict[str, Any], conditions: list[str]) -> None:
        self.path = path
        self.values = values
        self.conditions = conditions

    def __str__(self) -> str:
        values = ", ".join(f"{key} = {value!r}" for key, value in self.values.items())
        lines = [f"{' -> '.join(self.path)}, then nothing" + (f" (with {values})" if values else "")]
        return "\n".join([*lines, *(f"    {each}" for each in self.conditions)])


class FuzzReport:
    """What was found.

    :ivar examples: how many instances were tried
    :ivar unreachable: names of the tasks that were never reached
    :ivar untaken: the transitions that were never taken, in words
    :ivar dead_ends: the shortest way to each dead end
    :ivar unclear: conditions that raised with all values that were tried, and what
    :ivar unset: items that conditions ask for, and that neither a task nor the first context seems to set; with what
        they are likely to be a misspelling of, or nothing
    :ivar unasked: items that the test gives values for, and that no condition has asked for; likewise
    """

    def __init__(self, workflow: str) -> None:
        self.workflow = workflow
        self.examples = 0
        self.unreachable: list[str] = []
        self.untaken: list[str] = []
        self.dead_ends: list[DeadEnd] = []
        self.unclear: dict[str, str] = {}
        self.unset: dict[str, str] = {}
        self.unasked: dict[str, str] = {}

    def __str__(self) -> str:
        lines = [f"{self.workflow}: {self.examples} instances were tried"]
        lines += [f"never reached: {each}" for each in self.unreachable]
        lines += [f"never taken: {each}" for each in self.untaken]
        lines += [f"dead end: {each}" for each in self.dead_ends[:_MOST]]
        if self.dead_ends[_MOST:]:
            lines.append(f"and {len(self.dead_ends) - _MOST} more dead ends")
        lines += [f"not looked at, since it raised {error}: {each}" for each, error in self.unclear.items()]
        for key, near in self.unset.items():
            lines.append(f'no task sets "{key}"' + _meant(near))
        for key, near in self.unasked.items():
            lines.append(f'no condition asks for "{key}", for which there are values' + _meant(near))
        return "\n".join(lines)

    def check(self) -> None:
        """Expect that nothing was found. An item that nothing sets is let pass if no other has a name like its own.

        :raises AssertionError: with what was
        """
        __tracebackhide__ = True
        is_misspelt = any(self.unset.values())
        is_missed = self.unreachable or self.untaken or self.dead_ends or self.unclear
        if is_missed or is_misspelt or self.unasked:
            raise AssertionError(
                f"{self}\nIf these values cannot be, or others can, say what they may be: "
                "fuzz_conditions(KEY=[VALUE, ...])"
            )


class _Trial:
    """The values with which one condition is asked.

    :ivar drawn: those of all items that it asked for
    """

    def __init__(self, explorer: _Explorer, known: Mapping[str, Any], data: Any) -> None:
        self.drawn: dict[str, Any] = {}
        self._explorer = explorer
        self._known = known
        self._data = data
        self._last: tuple[str, Shape, tuple[Any, ...]] | None = None

    def draw(self, key: str, shape: Shape, defaults: tuple[Any, ...] = ()) -> Any:
        """Return the value of an item, drawn if it has none."""
        if key not in self.drawn:
            if key in self._known:
                self.drawn[key] = self._known[key]
            else:
                self.drawn[key] = self._explorer.draw(key, shape, defaults, self._data)
                self._last = (key, shape, defaults)
        return self.drawn[key]

    def is_given(self, key: str) -> bool:
        """Return whether the test says what an item may be."""
        return self._explorer.is_given(key)

    def give_up_last(self) -> bool:
        """Return whether another value can be drawn for the item that was drawn last."""
        if self._last is None:
            return False
        key, shape, defaults = self._last
        return self._explorer.give_up(key, self.drawn[key], shape, defaults)


class _Explorer:
    """Walks through a workflow again and again. What a walk does depends on nothing but what is drawn in it."""

    def __init__(
        self, workflow: Workflow, given: Mapping[str, Any], strategies: Any, context: object
    ) -> None:
        self.workflow = workflow
        self._sample = context
        self._shape = Shape()
        self.report = FuzzReport(workflow.name)
        self._strategies = strategies
        self._tasks: list[Task] = list(workflow.tasks.values())
        self._task_mentions = [mentions_of(task.func) for task in self._tasks]
        conditions = [each.cond for task in self._tasks for each in task.followed_by if each.cond is not None]
        self._conditions = [mentions_of(each) for each in conditions]
        for each in conditions:
            observe(each, self._shape, context)
        self._given = {key: self._strategy(value) for key, value in given.items()}
        self._domains: dict[str, list[Any]] = {}
        #: The values of items that raised in the present walk.
        self._bad: dict[str, list[Any]] = {}
        #: Whether a condition of it could not be asked.
        self._is_made_up = False
        self._choices: dict[str, Any] = {
            getattr(task.func, "wfepy_into", "") or task.name: getattr(task.func, "wfepy_choices", None)
            for task in self._tasks
            if hasattr(task.func, "wfepy_choices")
        }
        #: The items that conditions have asked for.
        self._asked: dict[str, None] = {}
        #: Those among them that the test gives values for.
        self._used: set[str] = set()
        self._keys = {*given, *self._choices, *self._shape.parts}
        self._reached: set[int] = set()
        self._taken: set[int] = set()
        self._dead_ends: dict[tuple[str, ...], DeadEnd] = {}

    def _strategy(self, value: Any) -> Any:
        return value if hasattr(value, "example") else self._strategies.sampled_from(list(value))

    def is_given(self, key: str) -> bool:
        """Return whether the test says what an item may be."""
        return key in self._given

    def finish(self) -> FuzzReport:
        """Return what was found."""
        graph, report = self.workflow.graph, self.report
        report.unreachable = [name for number, name in enumerate(graph.names) if number not in self._reached]
        transitions = [each for task in self._tasks for each in task.followed_by]
        report.untaken = [
            _in_words(each)
            for number, each in enumerate(transitions)
            if number not in self._taken and each.source not in report.unreachable
        ]
        report.unset = {
            key: closest(key, self._settable(key)) for key in self._asked if not self._is_set(key)
        }
        report.unasked = {key: closest(key, self._asked) for key in self._given if key not in self._used}
        report.dead_ends = sorted(self._dead_ends.values(), key=lambda each: len(each.path))
        return report

    def _is_set(self, key: str) -> bool:
        """Return whether the first context has an item, or a task may set it, as far as that can be seen."""
        return _has(self._sample, key) or any(
            self._may_set(number, key) for number in range(len(self._tasks))
        )

    def _settable(self, key: str) -> list[str]:
        """Return names that an item may have been meant to be: those that the first context and tasks mention."""
        found = {*self._choices, *_names_in(self._sample)}
        for task, mentions in zip(self._tasks, self._task_mentions, strict=True):
            found.update(each for each in mentions.values if isinstance(each, str) and each.isidentifier())
            found.add(task.options.into or task.name)
        return sorted(found - {key})

    def walk(self, data: Any) -> None:
        """Go through the workflow once, by what ``data`` draws."""
        graph = self.workflow.graph
        marking, path = m.Marking(graph), []
        values: dict[str, Any] = {}
        self._bad = {}
        self._is_made_up = False
        self.report.examples += 1
        used: dict[str, Any] = {}
        while marking.queue:
            number = next(iter(marking.queue))
            if marking.generation[number] > _MOST_PASSES:
                return
            task = self._tasks[number]
            outcome = self._outcome(task, data)
            path.append(task.name if outcome == m.DONE else f"{task.name} ({m.STATUS_WORDS[outcome]})")
            for key in [key for key in values if self._may_set(number, key)]:
                del values[key]
            decisions = [self._decide(each, outcome, values, used, data) for each in task.followed_by]
            self._reached.add(number)
            self._taken.update(
                graph.first_edge[number] + place
                for place, decision in enumerate(decisions)
                if decision in (m.E_TAKEN, m.E_TRUE)
            )
            marking.settle(number, outcome, decisions)
        if marking.state == "dead_end" and not self._is_made_up:
            self._note_dead_end(graph, marking, path, used)

    def _outcome(self, task: Task, data: Any) -> int:
        words = {each.on for each in task.followed_by} - {"done", "any"}
        outcomes = [m.DONE, *sorted(_OUTCOMES[word] for word in words)]
        if len(outcomes) == 1:
            return m.DONE
        drawn: int = data.draw(self._strategies.sampled_from(outcomes))
        return drawn

    def _may_set(self, number: int, key: str) -> bool:
        task, name = self._tasks[number], root_of(key)
        into = getattr(task.func, "wfepy_into", "") or task.options.into or task.name
        return name == into or self._task_mentions[number].may_use(name)

    def _decide(
        self, transition: Transition, outcome: int, values: dict[str, Any], used: dict[str, Any], data: Any
    ) -> int:
        if transition.on not in _MATCHES[outcome]:
            return m.E_OUTCOME
        if transition.cond is None:
            return m.E_TAKEN

        raised = ""
        for _ in range(_MOST_DRAWS):
            trial = _Trial(self, values, data)
            try:
                is_taken = bool(transition.cond(drawn_context(trial, self._shape, self._sample)))
            except Exception as error:  # noqa: BLE001  # it is the user's code, and the values are made up
                raised = f"{type(error).__name__}: {error}"
                if not trial.give_up_last():
                    break
            else:
                values.update(trial.drawn)
                used.update(trial.drawn)
                return m.E_TRUE if is_taken else m.E_FALSE
        self.report.unclear.setdefault(_in_words(transition), raised)
        self._is_made_up = True
        return m.E_TRUE if data.draw(self._strategies.booleans()) else m.E_FALSE

    def draw(self, key: str, shape: Shape, defaults: tuple[Any, ...], data: Any) -> Any:
        """Return a value for an item of the context."""
        if key in self._given:
            self._used.add(key)
            return data.draw(self._given[key])
        if root_of(key) not in self._given:
            self._asked[root_of(key)] = None
        return data.draw(self._strategies.sampled_from(self._domain(key, shape, defaults)))

    def _domain(self, key: str, shape: Shape, defaults: tuple[Any, ...]) -> list[Any]:
        """Return what an item may be, without what was given up in this walk."""
        if key not in self._domains:
            mentioned = _mentioned(root_of(key), self._conditions, self._keys)
            self._domains[key] = list(self._choices.get(key) or domain_of(shape, mentioned))
        bad = self._bad.get(key, ())
        return [each for each in [*self._domains[key], *defaults] if not any(each is other for other in bad)]

    def give_up(self, key: str, value: Any, shape: Shape, defaults: tuple[Any, ...]) -> bool:
        """Draw this value no more in this walk: a condition raised with it. Return whether there are others."""
        if key in self._given or len(self._domain(key, shape, defaults)) < 2:
            return False
        self._bad.setdefault(key, []).append(value)
        return True

    def _note_dead_end(self, graph: Graph, marking: m.Marking, path: list[str], used: dict[str, Any]) -> None:
        transitions = [each for task in self._tasks for each in task.followed_by]
        false = tuple(
            f"{_in_words(transitions[edge])} was false"
            for edge, decision in enumerate(marking.edges)
            if decision == m.E_FALSE
        )
        known = self._dead_ends.get(false)
        if known is None or len(path) < len(known.path):
            self._dead_ends[false] = DeadEnd(path, used, list(false))


def _meant(near: str) -> str:
    return f'; did you mean "{near}"?' if near else ""


def _has(context: object, key: str) -> bool:
    return key in _names_in(context) or hasattr(type(context), key)


def _names_in(context: object) -> list[str]:
    names = context if isinstance(context, dict) else getattr(context, "__dict__", ())
    return [each for each in names if isinstance(each, str)]


def _in_words(transition: Transition) -> str:
    on = "" if transition.on == "done" else f" on {transition.on}"
    at = f" (condition at {transition.location})" if transition.cond is not None else ""
    return f"{transition.source} -> {transition.dest}{on}{at}"


def _mentioned(key: str, conditions: Iterable[Mentions], keys: set[str]) -> list[Any]:
    """Return the values that the conditions mention that ask for an item."""
    return [
        value
        for each in conditions
        if each.may_use(key)
        for value in each.values
        if value != key and value not in keys and not (isinstance(value, str) and not value.isprintable())
    ]


def fuzz(workflow: Workflow, values: Mapping[str, Any], max_examples: int, context: object) -> FuzzReport:
    """See :meth:`.WorkflowRunner.fuzz_conditions`.

    :param context: a context as the workflow begins with it
    :raises UsageError: if hypothesis is not installed
    """
    try:
        from hypothesis import HealthCheck, Phase, given, settings, strategies
    except ImportError as error:
        raise UsageError(
            "fuzz_conditions() needs hypothesis, which is not installed", hint="pip install hypothesis"
        ) from error
    explorer = _Explorer(workflow, values, strategies, context)

    @settings(
        max_examples=max_examples,
        database=None,
        derandomize=True,  # a test that passes today passes tomorrow
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.data())
    def explore(data: Any) -> None:
        explorer.walk(data)

    explore()
    return explorer.finish()
