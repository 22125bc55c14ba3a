"""A task with ``each=``: its function runs once for each item of a list, and what it returns is collected."""

from __future__ import annotations

from time import perf_counter

from .answer import as_answer, error_text
from .arguments import Call
from .attempt import run_to_end
from .clock import format_time
from .context import put, read_only
from .engine import NOTHING
from .errors import PluginError
from .items import DONE, RETRYING, WAITING, ItemsState, replay_item
from .outcome import GiveUp, TaskResult, Wait
from .waitstate import wait_from_answer
from .waking import EVERY_TICK

__all__ = ["EachTask", "ItemsFailed"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .marking import Settled
    from .runner import Runner

#: Seconds after which the items of ``durable="batch"`` are made durable together.
_BATCH = 0.2
_MOST_SHOWN = 3


class ItemsFailed(GiveUp):
    """Items of a task failed for good; all others are done."""


class EachTask:
    """The items of one task during one tick.

    :ivar context: what the items get
    """

    def __init__(self, runner: Runner, number: int) -> None:
        self._runner = runner
        self._number = number
        self._task = runner._tasks[number]
        self._queue: list[int] = []
        self._next = 0
        self._running = 0
        self._attempt = 1
        self.context: Any = read_only(runner.instance.context)

    @property
    def _items(self) -> ItemsState:
        return self._runner.instance.items[self._task.name]

    def begin(self) -> Settled | None:
        """List the items, if that was not done before, and find those that are to be tried in this tick.

        :return: what it settled if the items could not be listed, else ``None``
        """
        runner, name = self._runner, self._task.name
        self._attempt = runner.instance.failures.get(name, 0) + 1
        if name not in runner.instance.items:
            assert self._task.options.each is not None
            try:
                with runner._engine.inside_task:
                    listed = list(self._task.options.each(runner.instance.context))
                encoded: Any = runner._codec.encode(listed, f'items of task "{name}"')
            except Exception as error:  # noqa: BLE001  # of the user's function, or of what it returned
                return self.fail(error)
            generation = runner.instance.marking.generation[self._number]
            fields: dict[str, Any] = {"task": name, "generation": generation, "items": encoded}
            if self._task.options.deadline is not None:
                fields["deadline"] = runner._moment(self._task.options.deadline.total_seconds())
            runner._record("items", **fields)
            replay_item(runner.instance, {"event": "items", **fields})
            runner.instance.waits.pop(name, None)
        self._find_due()
        return None

    def _find_due(self) -> None:
        items, instance = self._items, self._runner.instance
        now = format_time(self._runner._engine.clock())
        self._queue = []
        for number in items.open:
            word = items.status[number]
            if word == RETRYING and items.retry_at.get(number, EVERY_TICK) > now:
                continue
            if word == WAITING:
                wait = items.waits[number]
                is_due = wait.is_poll or (wait.until and wait.until <= now) or wait.news(instance.signals)
                if not is_due:
                    continue
            self._queue.append(number)

    def item(self, number: int) -> Any:
        """Return an item, anew: what an earlier attempt did to it is not in it."""
        return self._runner._codec.decode(self._items.items[number])

    def call(self, number: int, attempt: int) -> Call | None:
        """Return what is passed to the task for an item; ``None`` if it asks for nothing."""
        runner = self._runner
        if self._task.name not in runner._wanted:
            return None
        engine, item = runner._engine, self.item(number)
        return Call(runner.instance, self._task, attempt, engine.clock, engine.host, item=item, number=number)

    def attempt_of(self, number: int) -> int:
        """Return which attempt at an item this is, from 1."""
        return self._items.failures.get(number, 0) + 1

    # --- one after the other -------------------------------------------------------------------------

    def run_inline(self) -> list[int]:
        """Run all items that are due in this thread, one after the other, and end the tick of the task."""
        in_batches = self._task.options.durable == "batch"
        while self._next < len(self._queue):
            with self._runner._batch() if in_batches else NOTHING:
                self._run_for(_BATCH if in_batches else 0.0)
        return self.end()

    def _run_for(self, seconds: float) -> None:
        """Run items, at least one, until so many seconds are over."""
        interrupts, end = self._runner._engine.interrupts, perf_counter() + seconds
        while self._next < len(self._queue):
            if interrupts is not None:
                interrupts.check()
            self._run_one(self.next_item())
            if perf_counter() >= end:
                return

    def _run_one(self, number: int) -> None:
        runner, attempt = self._runner, self.attempt_of(number)
        answer: Any = None
        error: BaseException | None = None
        began = perf_counter()
        try:
            answer = self._answer(number, attempt)
        except KeyboardInterrupt as raised:
            if runner._engine.was_interrupted:
                raise
            error = raised
        except BaseException as raised:  # noqa: BLE001  # as in an attempt at a task
            error = raised
        finally:
            took = perf_counter() - began
            runner._consumed = ()
            if runner._open_call is not None:
                runner._close_call()
        self.note(number, attempt, took, answer, error)

    def _answer(self, number: int, attempt: int) -> Any:
        runner = self._runner
        call = runner._open_call = self.call(number, attempt)
        with runner._engine.inside_task:
            values = {} if call is None else call.values(runner._wanted[self._task.name])
            answer = self._task.func(self.context, **values)
            # So it is async, and a plugin is around tasks: one after the other.
            return run_to_end(answer) if hasattr(answer, "__await__") else answer

    # --- side by side --------------------------------------------------------------------------------

    def may_start(self) -> bool:
        """Return whether one more item may run beside the others."""
        most = self._task.options.max_parallel
        return self._next < len(self._queue) and (most is None or self._running < most)

    def next_item(self) -> int:
        """Return the number of the next item that is due."""
        number = self._queue[self._next]
        self._next += 1
        self._running += 1
        return number

    def is_over(self) -> bool:
        """Return whether every item that was due has been tried."""
        return self._next == len(self._queue) and not self._running

    # --- what came of it -----------------------------------------------------------------------------

    def note(self, number: int, attempt: int, took: float, answer: Any, error: BaseException | None) -> None:
        """Record what came of one item."""
        self._running -= 1
        runner = self._runner
        fields: dict[str, Any] = {"item": number, "attempt": attempt}
        try:
            fields.update(self._outcome(number, attempt, answer, error))
        except PluginError as broken:
            runner._not_recorded(self._number, broken)
            return
        if fields["status"] == "waiting" and not self._is_news(number, fields):
            return
        if runner._consumed:
            fields["consumed"] = list(runner._consumed)
        generation = runner.instance.marking.generation[self._number]
        at = runner._record(
            "item", task=self._task.name, generation=generation, **fields, took=round(took, 6)
        )
        from .replaying import take_signals

        take_signals(runner.instance, runner._consumed)
        self._items.note(number, {"at": at, **fields})

    def _outcome(self, number: int, attempt: int, answer: Any, error: BaseException | None) -> dict[str, Any]:
        """Return what is recorded of an item.

        :raises PluginError: if a plugin is broken: then nothing is
        """
        if error is None:
            try:
                return self._answered(number, answer)
            except TypeError as wrong:  # by "strict"; or a CodecError
                error = wrong
        return self._failure(number, attempt, error)

    def _answered(self, number: int, answer: Any) -> dict[str, Any]:
        if answer is None or answer is False or isinstance(answer, Wait):
            given = (
                answer
                if isinstance(answer, Wait)
                else as_answer(self._task, answer, self._runner._engine.strict)
            )
            return self._waiting(number, given)
        if answer is True:
            return {"status": "completed"}
        where = f'what task "{self._task.name}" returned for item {number}'
        return {"status": "completed", "result": self._runner._codec.encode(answer, where)}

    def _waiting(self, number: int, answer: bool | Wait) -> dict[str, Any]:
        given = answer if isinstance(answer, Wait) else Wait()
        if given.child is not None or given.deadline is not None or given.done:
            raise TypeError("an item of each= can wait for a moment or a signal, and for nothing else")
        known = self._items.waits.get(number)
        wait = wait_from_answer(given, known, self._runner._engine.clock(), None)
        wait.offered = max((each.received for each in self._runner.instance.signals), default=0)
        return {"status": "waiting", **wait.to_json()}

    def _is_news(self, number: int, fields: dict[str, Any]) -> bool:
        known = self._items.waits.get(number)
        if known is None or self._runner._consumed:
            return True
        return (known.reason, known.terms()) != (fields.get("reason", ""), fields.get("wait", {}))

    def _failure(self, number: int, attempt: int, error: BaseException) -> dict[str, Any]:
        if isinstance(error, PluginError):
            raise error
        decided = self._runner._decide_retry(self._number, error, attempt)
        fields: dict[str, Any] = {
            "status": "retrying" if decided.again else "failed",
            "error": error_text(error),
            "reason": decided.reason,
        }
        name = self._task.name
        if decided.again and decided.delay is not None:
            fields["retry_at"] = self._runner._moment(decided.delay)
            self._runner.summary.retrying[name] = error
        elif decided.again:
            self._runner.summary.failures[name] = error
        result = TaskResult(fields["status"], attempt=attempt, reason=decided.reason, error=error)
        result.retry_at = fields.get("retry_at", "")
        self._runner.summary.add_item_failure(name, number, result)
        return fields

    def fail(self, error: BaseException) -> Settled:
        """End the attempt at the task by an error that is not about one of its items."""
        return self._runner._failed(self._number, self._attempt, 0.0, error)

    def end(self) -> list[int]:
        """End the tick of the task; it is over when no item is open."""
        runner, items, name = self._runner, self._items, self._task.name
        runner._consumed = ()
        if items.open:
            done = items.status.count(DONE)
            runner.summary.waiting[name] = f"{done} of {len(items.status)} items are done"
            return []
        results = runner._codec.decode(items.collected())
        put(runner.instance.context, self._task.options.into or name, results)
        if items.failed:
            return self.fail(ItemsFailed(_failed_text(items))).ready
        return runner._conclude(self._number, self._attempt, 0.0, True).ready


def _failed_text(items: ItemsState) -> str:
    failed = items.failed
    shown = "; ".join(f"item {number}: {items.errors.get(number, '')}" for number in failed[:_MOST_SHOWN])
    more = f"; and {len(failed) - _MOST_SHOWN} more" if failed[_MOST_SHOWN:] else ""
    return f"{len(failed)} of {len(items.status)} items failed: {shown}{more}"
