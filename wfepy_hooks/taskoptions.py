"""What ``@task()`` may be given beside a name and labels."""

from __future__ import annotations

__all__ = ["PLAIN", "TaskOptions", "make_options"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta
    from typing import Any

    from .retrying import Retry
    from .timing import Duration


class TaskOptions:
    """See the parameters of :func:`.task`; durations are kept as timedelta, names as tuples.

    :ivar is_inline: it runs in the process and thread of the tick, whatever the executor
    """

    __slots__ = (
        "deadline",
        "durable",
        "each",
        "into",
        "is_inline",
        "max_parallel",
        "remind_every",
        "removed",
        "renamed_from",
        "retry",
        "time_limit",
    )

    def __init__(self) -> None:
        self.deadline: timedelta | None = None
        self.remind_every: timedelta | None = None
        self.retry: Retry | None = None
        self.time_limit: timedelta | None = None
        self.each: Callable[[Any], Iterable[Any]] | None = None
        self.max_parallel: int | None = None
        self.into = ""
        self.durable = "each"
        self.renamed_from: tuple[str, ...] = ()
        self.removed: tuple[str, ...] = ()
        self.is_inline = False


#: The options of a task that was given none: nearly every task, so it is made once.
PLAIN = TaskOptions()


def make_options(
    *,
    deadline: Duration | None = None,
    remind_every: Duration | None = None,
    retry: Retry | None = None,
    time_limit: Duration | None = None,
    each: Callable[[Any], Iterable[Any]] | None = None,
    max_parallel: int | None = None,
    into: str = "",
    durable: str = "each",
    renamed_from: str | Iterable[str] = (),
    removed: str | Iterable[str] = (),
) -> TaskOptions:
    """Return the options of a task; see :func:`.task`.

    :raises TypeError: :raises ValueError: if one of these cannot be
    """
    times = (deadline, remind_every, time_limit)
    others = (retry, each, max_parallel, into or None, renamed_from or None, removed or None)
    if times == (None,) * 3 and others == (None,) * 6 and durable == "each":
        return PLAIN
    options = TaskOptions()
    options.deadline = _duration(deadline, "deadline")
    options.remind_every = _duration(remind_every, "remind_every")
    options.time_limit = _duration(time_limit, "time_limit")
    if retry is not None:
        from .retrying import Retry  # lazily: most workflows have none

        if not isinstance(retry, Retry):
            raise TypeError(f"retry of a task must be a Retry, such as Retry({retry!r}), not {retry!r}")
        options.retry = retry
    if each is not None and not callable(each):
        raise TypeError(f"each of a task must be a function of the context that returns a list, not {each!r}")
    if each is None and (max_parallel is not None or into or durable != "each"):
        raise ValueError("max_parallel, into and durable of a task are about each=, and there is none")
    if max_parallel is not None and (type(max_parallel) is not int or max_parallel < 1):
        raise ValueError(f"max_parallel of a task must be a number from 1 on, not {max_parallel!r}")
    if durable not in ("each", "batch"):
        raise ValueError(f'durable of a task must be "each" or "batch", not {durable!r}')
    options.each, options.max_parallel, options.into, options.durable = each, max_parallel, into, durable
    options.renamed_from = _names(renamed_from, "renamed_from")
    options.removed = _names(removed, "removed")
    return options


def _duration(value: Duration | None, what: str) -> timedelta | None:
    if value is None:
        return None
    from .timing import parse_duration  # lazily: most tasks have no times

    found = parse_duration(value, f"{what} of a task")
    if not found:
        raise ValueError(f"{what} of a task must be longer than nothing")
    return found


def _names(given: str | Iterable[str], what: str) -> tuple[str, ...]:
    names: tuple[object, ...] = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"{what} of a task must be names of tasks, not {name!r}")
    return tuple(map(str, names))
