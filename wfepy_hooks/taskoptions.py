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
    """See the parameters of :func:`.task`; durations are kept as timedelta, names as tuples."""

    __slots__ = (
        *("deadline", "durable", "each", "into", "max_parallel"),
        *("remind_every", "removed", "renamed_from", "retry", "time_limit"),
    )

    def __init__(
        self,
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
    ) -> None:
        """
        :raises TypeError: :raises ValueError: if one of these cannot be
        """
        self.deadline = _duration(deadline, "deadline")
        self.remind_every = _duration(remind_every, "remind_every")
        self.time_limit = _duration(time_limit, "time_limit")
        self.retry = retry
        self.each, self.max_parallel, self.into, self.durable = each, max_parallel, into, durable
        self.renamed_from = _names(renamed_from, "renamed_from")
        self.removed = _names(removed, "removed")
        if retry is not None:
            _check_retry(retry)
        _check_each(self)


def _check_retry(retry: object) -> None:
    from .retrying import Retry  # lazily: most workflows have none

    if not isinstance(retry, Retry):
        raise TypeError(f"retry of a task must be a Retry, such as Retry({retry!r}), not {retry!r}")


def _check_each(options: TaskOptions) -> None:
    each, most, durable = options.each, options.max_parallel, options.durable
    if each is not None and not callable(each):
        raise TypeError(f"each of a task must be a function of the context that returns a list, not {each!r}")
    if each is None and (most is not None or options.into or durable != "each"):
        raise ValueError("max_parallel, into and durable of a task are about each=, and there is none")
    if most is not None and (type(most) is not int or most < 1):
        raise ValueError(f"max_parallel of a task must be a number from 1 on, not {most!r}")
    if durable not in ("each", "batch"):
        raise ValueError(f'durable of a task must be "each" or "batch", not {durable!r}')


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


#: The options of a task that was given none: nearly every task, so it is made once.
PLAIN = TaskOptions()
_DEFAULTS: dict[str, Any] = TaskOptions.__init__.__kwdefaults__ or {}


def make_options(**given: Any) -> TaskOptions:
    """Return the options of a task, :data:`PLAIN` where all are as by default; see :class:`TaskOptions`."""
    return PLAIN if given == _DEFAULTS else TaskOptions(**given)
