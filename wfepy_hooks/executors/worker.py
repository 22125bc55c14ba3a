"""One attempt at a task away from the tick: a :class:`Job` goes there, a :class:`Done` comes back.

The task gets a copy of the context, which goes there and comes back as the JSON of the codec. Both can be pickled
whatever the task does, and what cannot travel is told by name.
"""

from __future__ import annotations

import pickle
from time import perf_counter

from ..answer import as_answer
from ..context import read_only
from ..errors import CodecError
from ..notices import logger
from .failures import TaskError, portable, trace_of, with_trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..codec import Json
    from ..task import Task
    from .homes import Home, Loaded

__all__ = ["Done", "Job", "run_job"]


class Job:
    """A call of one task.

    :ivar home: where the task is found: a :class:`.Loaded` for threads, a :class:`.Home` for processes
    :ivar task: its name
    :ivar context: the encoded context; it is not changed
    :ivar arguments: what the task gets by name
    :ivar strict: an answer that is neither ``True``, ``False`` nor a wait is an error
    :ivar raw: it is about an item of a task: the answer may be anything, and the context is only read
    """

    __slots__ = ("arguments", "context", "home", "raw", "strict", "task")

    def __init__(
        self,
        home: Home | Loaded,
        task: str,
        context: Json,
        arguments: Mapping[str, Any] | None = None,
        *,
        strict: bool = False,
        raw: bool = False,
    ) -> None:
        self.home = home
        self.task = task
        self.context = context
        self.arguments: Mapping[str, Any] = {} if arguments is None else arguments
        self.strict = strict
        self.raw = raw

    def __reduce__(self) -> Any:
        """Pickle the job, with each argument by itself: they can be unpickled only when the home is loaded.

        :raises TypeError: names the argument that cannot be pickled
        """
        arguments = self.arguments
        if not isinstance(arguments, _Packed):  # else it is on its way already
            arguments = {name: self._packed(name, value) for name, value in arguments.items()}
        return _remote_job, (self.home, self.task, _text(self.context), arguments, self.strict, self.raw)

    def _packed(self, name: str, value: object) -> bytes:
        try:
            return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise TypeError(
                f'the argument "{name}" of the task "{self.task}" cannot be sent to another process: {error}; '
                f'take something simpler, or use executor = "threads"'
            ) from error


def _remote_job(
    home: Home, task: str, context: str, arguments: dict[str, bytes], strict: bool, raw: bool
) -> Job:
    return Job(home, task, _value(context), _Packed(arguments), strict=strict, raw=raw)


def _text(context: Json) -> str:
    """Return an encoded context as text: pickle cannot take one that is nested as deep as it may be."""
    import json  # lazily: threads need none

    return json.dumps(context, check_circular=False)


def _value(text: str) -> Json:
    import json  # lazily, as above

    found: Json = json.loads(text)
    return found


class _Packed(dict[str, bytes]):
    """Arguments that were pickled one by one."""


class Done:
    """What came of a :class:`Job`.

    :ivar answer: ``True``, ``False`` or a wait; anything, if the job is raw; ``None`` after an error
    :ivar context: the encoded context afterwards, also after an error of the task. ``None`` if there is none: the job
        could not begin, or it cannot be saved, as the error tells, or after an error of the task a warning.
    :ivar took: seconds in the task's function
    :ivar error: what the task raised, or why its answer does not count; from another process with the traceback as
        its ``__cause__``
    :ivar trace: that traceback as text; empty in the process where it was raised
    :ivar warnings: to be logged by :meth:`log_warnings`
    """

    __slots__ = ("answer", "context", "error", "took", "trace", "warnings")

    def __init__(self) -> None:
        self.answer: Any = None
        self.context: Json = None
        self.took = 0.0
        self.error: BaseException | None = None
        self.trace = ""
        self.warnings: list[str] = []

    def log_warnings(self) -> None:
        """Log what was to be said, through the logger of this package."""
        for text in self.warnings:
            logger().warning("%s", text)

    def __reduce__(self) -> Any:
        """Pickle what came of it, whatever it is."""
        error, trace = self.error, self.trace
        if error is not None:
            error, trace = portable(error), trace or trace_of(error)
        try:
            answer = pickle.dumps(self.answer, pickle.HIGHEST_PROTOCOL)
        except Exception as unsent:  # noqa: BLE001  # whatever a stranger's __reduce__ raises
            answer = pickle.dumps(None)
            error = TaskError(
                f"what the task returned, of type {type(self.answer).__name__}, cannot be sent back from "
                f"another process: {unsent}; return plain data"
            )
        return _arrived, (answer, _text(self.context), self.took, error, trace, self.warnings)


def _arrived(
    answer: bytes, context: str, took: float, error: BaseException | None, trace: str, warnings: list[str]
) -> Done:
    done = Done()
    done.context, done.took, done.trace, done.warnings = _value(context), took, trace, warnings
    done.error = None if error is None else with_trace(error, trace)
    try:
        done.answer = pickle.loads(answer)
    except Exception as error:  # noqa: BLE001  # a module of the worker that is not here
        done.error = TaskError(f"what the task returned cannot be read here: {type(error).__name__}: {error}")
    return done


def run_job(job: Job) -> Done:
    """Call a task, and return what came of it: nothing that the task raises gets out."""
    attempt = _Attempt(job)
    try:
        attempt.begin()
        answer = attempt.task.func(attempt.context, **attempt.arguments)
        return attempt.ended(answer)
    except BaseException as error:  # noqa: BLE001  # sys.exit() in a task is a failure of the task too
        return attempt.failed(error)


class _Attempt:
    """A job that runs."""

    task: Task
    context: Any
    arguments: dict[str, Any]

    def __init__(self, job: Job) -> None:
        self._job = job
        self._done = Done()
        self._loaded: Loaded | None = None
        self._began = 0.0

    def begin(self) -> None:
        job = self._job
        loaded = job.home.load()
        self.task = loaded.task(job.task)
        self.arguments = dict(job.arguments)
        if isinstance(job.arguments, _Packed):
            self.arguments = {name: self._unpacked(name, value) for name, value in job.arguments.items()}
        context = loaded.codec.decode(job.context)
        self.context = read_only(context) if job.raw else context
        self._loaded = loaded
        self._began = perf_counter()

    def _unpacked(self, name: str, value: bytes) -> Any:
        try:
            return pickle.loads(value)
        except Exception as error:
            text = f'the argument "{name}" of the task "{self._job.task}" cannot be read in another process'
            raise TypeError(f"{text}: {type(error).__name__}: {error}") from error

    def ended(self, answer: object) -> Done:
        done, job = self._done, self._job
        done.took = perf_counter() - self._began
        try:
            done.answer = answer if job.raw else self._checked(answer)
        except TypeError as error:  # job.strict
            done.error = error
        self._save_context()
        return done

    def _checked(self, answer: object) -> object:
        if type(answer) is bool:
            return answer
        if not isinstance(self._job.arguments, _Packed):
            return as_answer(self.task, answer, self._job.strict)
        with _Collected(self._done.warnings):
            return as_answer(self.task, answer, self._job.strict)

    def failed(self, error: BaseException) -> Done:
        self._done.error = error
        if self._loaded is not None:
            self._done.took = perf_counter() - self._began
            self._save_context()
        return self._done

    def _save_context(self) -> None:
        assert self._loaded is not None
        if self._job.raw:
            return  # it is an item, which cannot change the context
        try:
            self._done.context = self._loaded.codec.encode(self.context)
        except CodecError as error:
            self._unsaved(error)
        except Exception as error:  # noqa: BLE001  # no memory is left
            self._done.error, self._done.answer = error, None

    def _unsaved(self, error: CodecError) -> None:
        from ..codec_errors import dropped, left_by  # lazily: it is rare

        done, task = self._done, self._job.task
        if done.error is None:
            done.error, done.answer = left_by(task, error), None
        else:
            done.warnings.append(dropped(task, error))


class _Collected:
    """Entered in a worker process, where nobody listens to the log: collects the text of the warnings instead."""

    def __init__(self, texts: list[str]) -> None:
        import logging  # lazily: there seldom is something

        self._logger = logging.getLogger("wfepy_hooks")
        self._handler = logging.Handler()
        self._handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]

    def __enter__(self) -> None:
        self._propagates, self._logger.propagate = self._logger.propagate, False
        self._logger.addHandler(self._handler)

    def __exit__(self, *exception: object) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.propagate = self._propagates
