"""What there is to say about the state of a task: what it waits for, what its last attempt failed of."""

from __future__ import annotations

from ..marking import STATUS_WORDS
from ..waking import deadline_of
from ..why import items_text, wait_terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..instance import Instance


def state_and_note(instance: Instance, number: int, name: str) -> tuple[str, str]:
    """Return the state of a task, a key of :data:`.look.LOOKS`, and what there is to say about it."""
    state = STATUS_WORDS[instance.marking.status[number]]
    failures, error = instance.failures.get(name, 0), instance.errors.get(name, "")
    if state == "ready":
        if name in instance.waits:
            return "waiting", _wait_note(instance, name)
        if name in instance.items and (instance.items[name].open or not failures):
            return state, _with_terms(items_text(instance.items[name]), _deadline(instance, name))
        if failures or error:
            return "retrying", _with_terms(_attempt_note(failures, error), _next_attempt(instance, name))
    return state, error if state in ("failed", "timed_out") else ""


def _attempt_note(failures: int, error: str) -> str:
    head = f"attempt {failures} failed" if failures else ""
    return ": ".join(filter(None, (head, error)))


def _wait_note(instance: Instance, name: str) -> str:
    wait = instance.waits[name]
    terms = [
        term.removeprefix("for a ").removeprefix("for the ")
        for term in wait_terms(wait, beside_reason=bool(wait.reason))
        if term[:5] != "until"
    ]
    if wait.until:
        terms.append(f"until {_minute(wait.until)}")
    return _with_terms(wait.reason, [*terms, *_deadline(instance, name)])


def _next_attempt(instance: Instance, name: str) -> Iterator[str]:
    if name in instance.retry_at:
        yield f"again at {_minute(instance.retry_at[name])}"
    yield from _deadline(instance, name)


def _deadline(instance: Instance, name: str) -> Iterator[str]:
    deadline = deadline_of(instance, name)
    if deadline:
        yield f"times out at {_minute(deadline)}"


def _with_terms(note: str, terms: Iterable[str]) -> str:
    text = ", ".join(terms)
    return f"{note} ({text})" if note and text else note or text


def _minute(moment: str) -> str:
    """Return a moment as a person reads it; ``2026-12-24T18:00:00.000000Z`` is ``2026-12-24 18:00Z``."""
    day, _, time = moment.partition("T")
    return f"{day} {time[:5]}Z" if time else moment
