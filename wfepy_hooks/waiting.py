"""What a task returns when it is not done yet: until when, for which signal, how long at most."""

from __future__ import annotations

__all__ = ["Child", "Wait", "sleep", "start_child", "wait"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .timing import Duration, Moment

    Json = Any

_SCALARS = (str, int, float, bool, type(None))


class Wait:
    """That a task is not done yet. It is falsy, so that WfEpy's ``if not result`` holds.

    :ivar reason: what it waits for, for the person who reads ``wfepy status``
    :ivar until: when the task is called again, as it was given
    :ivar signals: names of the signals that wake it
    :ivar choices: what the data of such a signal may be; empty: anything
    :ivar schema: JSON Schema of the data of such a signal, or ``None``
    :ivar by: who may send such a signal; empty: anybody
    :ivar deadline: when it times out, as it was given
    :ivar remind_every: how often the plugins are reminded that it waits, as it was given
    :ivar done: when its moment or signal comes, the task is done, and not called again
    :ivar child: the instance whose end it waits for, or ``None``
    """

    __slots__ = (
        "by",
        "child",
        "choices",
        "deadline",
        "done",
        "reason",
        "remind_every",
        "schema",
        "signals",
        "until",
    )

    def __init__(
        self,
        reason: str | None = None,
        *,
        until: Moment | None = None,
        signal: str | Iterable[str] = (),
        choices: Iterable[Json] = (),
        schema: Mapping[str, Json] | None = None,
        by: str | Iterable[str] = (),
        deadline: Moment | None = None,
        remind_every: Duration | None = None,
        done: bool = False,
        child: Child | None = None,
    ) -> None:
        if reason is not None and not isinstance(reason, str):
            raise TypeError(f"the reason of a wait must be text, not {type(reason).__name__}")
        self.reason = reason
        self.until = until
        self.signals = names(signal, "signal of a wait")
        self.choices = tuple(choices)
        self.schema = None if schema is None else dict(schema)
        self.by = names(by, "by of a wait")
        self.deadline = deadline
        self.remind_every = remind_every
        self.done = done
        self.child = child
        if until is not None or deadline is not None or remind_every is not None:
            _check_times(self)
        if self.choices or self.schema is not None or self.by:
            _check_terms(self)
        if done and until is None and not self.signals:
            raise ValueError("a wait with done=True needs until= or signal=, else it would be done at once")

    @property
    def is_poll(self) -> bool:
        """Whether the task is just called again at the next tick."""
        return self.until is None and not self.signals and self.child is None

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but a reason."""
        return self.is_poll and self.deadline is None and self.remind_every is None

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wait) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((Wait, self.reason, self.signals))

    def __repr__(self) -> str:
        given = ", ".join(
            f"{name}={value!r}" for name, value in self._fields() if value not in (None, (), False)
        )
        return f"wait({given})"

    def _fields(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in Wait.__slots__]


class Child:
    """The instance that a task starts and waits for.

    :ivar workflow: the configured name of its workflow
    :ivar id: its id; empty: made from the ids of the parent and the task
    :ivar data: set in its first context
    :ivar into: the key of the parent's context that gets the outcome; empty: the name of the task
    """

    __slots__ = ("data", "id", "into", "workflow")

    def __init__(
        self, workflow: str, id: str = "", data: Mapping[str, Any] | None = None, into: str = ""
    ) -> None:
        self.workflow = workflow
        self.id = id
        self.data = dict(data or {})
        self.into = into

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Child) and all(
            getattr(self, n) == getattr(other, n) for n in Child.__slots__
        )

    __hash__ = None  # type: ignore[assignment]  # data may be anything

    def __repr__(self) -> str:
        return f"Child({self.workflow!r}, {self.id!r})"


def wait(
    *,
    until: Moment | None = None,
    signal: str | Iterable[str] = (),
    choices: Iterable[Json] = (),
    schema: Mapping[str, Json] | None = None,
    by: str | Iterable[str] = (),
    deadline: Moment | None = None,
    remind_every: Duration | None = None,
    reason: str | None = None,
    done: bool = False,
) -> Wait:
    """Return from a task that is not done yet.

    Without ``until`` and ``signal`` the task is called again at each tick. With them it is not called before its
    moment or one of the signals has come, whichever is first.

    :param until: an aware datetime, or a duration from now on: a timedelta or text such as ``"3d"``
    :param signal: the name of a signal, or several; the task takes it from its argument ``signals``
    :param choices: what the data of these signals may be. Anything else is refused where it is sent.
    :param schema: JSON Schema that the data of these signals must satisfy
    :param by: who may send them
    :param deadline: past it, the outcome of the task is ``timeout``. A duration counts from when the task first
        waited, so that asking again does not put it off.
    :param remind_every: how often ``wfepy_task_reminder`` is called meanwhile
    :param reason: what it waits for, shown by ``wfepy status`` and to the plugins
    :param done: when the moment or signal comes the task is done, without being called again
    :raises TypeError: :raises ValueError: if one of these cannot be; raised in a task it is a failed attempt
    """
    return Wait(
        reason,
        until=until,
        signal=signal,
        choices=choices,
        schema=schema,
        by=by,
        deadline=deadline,
        remind_every=remind_every,
        done=done,
    )


def sleep(until: Moment, *, reason: str | None = None) -> Wait:
    """Return from a task that is done when the moment has come; it is not called again.

    :param until: an aware datetime, or a duration from now on: a timedelta or text such as ``"2d"``
    """
    return Wait(reason, until=until, done=True)


def start_child(
    workflow: str,
    *,
    id: str = "",
    data: Mapping[str, Any] | None = None,
    into: str = "",
    deadline: Moment | None = None,
    remind_every: Duration | None = None,
    reason: str | None = None,
) -> Wait:
    """Return from a task that is done when an instance of another workflow has ended.

    The instance is begun once for each generation of the task, however often the task is called; a retry after it has
    failed begins another. When it has finished, the task is done; when it ended otherwise, the task failed. Cancelling
    or rewinding the task, or cancelling its instance, cancels the child.

    :param workflow: the configured name of the other workflow
    :param id: of the new instance; by default made from this instance and the task. The next child of the same task,
        when it was rewound, retried or is in a loop, is ``ID.2``, and so on.
    :param data: set in the first context of the new instance
    :param into: the key of the context that gets the outcome, ``{"workflow", "instance", "status", "context"}``; by
        default the name of the task
    :param deadline: :param remind_every: :param reason: as for :func:`wait`
    """
    child = Child(workflow, id, data, into)
    return Wait(reason, deadline=deadline, remind_every=remind_every, child=child)


def names(given: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Return one name or several as a tuple.

    :param what: what they are, for the message
    :raises TypeError: if one is no name
    """
    if isinstance(given, str):
        given = (given,) if given else ()
    found: tuple[object, ...] = tuple(given)
    for name in found:
        if not isinstance(name, str) or not name or not name.isprintable():
            raise TypeError(f"{what} must be one name or several, not {name!r}")
    return tuple(map(str, found))


def _check_times(given: Wait) -> None:
    from .clock import system_clock
    from .timing import parse_duration, to_moment  # lazily: a poll has no times

    now = system_clock()
    for what in ("until", "deadline"):
        value = getattr(given, what)
        if value is not None:
            to_moment(value, now, f"{what} of a wait")
    if given.remind_every is not None and not parse_duration(given.remind_every, "remind_every of a wait"):
        raise ValueError("remind_every of a wait must be longer than nothing")


def _check_terms(given: Wait) -> None:
    if not given.signals:
        raise ValueError("choices, schema and by of a wait are about its signal, and there is none")
    for choice in given.choices:
        if not isinstance(choice, _SCALARS):
            raise TypeError(f"choices of a wait must be text, numbers, true, false or null, not {choice!r}")
