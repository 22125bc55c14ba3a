"""How often a failed task is tried again, and when."""

from __future__ import annotations

from .outcome import GiveUp, RetryDecision
from .timing import duration_text, parse_duration

__all__ = ["Retry"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from .timing import Duration

    Errors: TypeAlias = (
        type[BaseException] | Iterable[type[BaseException]] | Callable[[BaseException], object]
    )


class Retry:
    """The policy for failed attempts of a task: ``@task(retry=Retry(5, delay="1min"))``.

    The delay before attempt ``n + 1`` is ``delay * factor ** (n - 1)``, at most ``max_delay``, and longer or shorter by
    up to the part ``jitter`` of it. Its end is saved as a moment; the first tick after it tries again.

    :ivar attempts: how many there are in all; ``None``: no limit
    :ivar delay: :ivar max_delay: as timedelta
    :ivar factor: by which the delay grows
    :ivar jitter: 0 to 1; the same for one attempt whenever it is asked, so that a restart changes nothing
    :ivar inline_up_to: a delay up to this is waited for within the tick, while other tasks go on
    """

    __slots__ = ("attempts", "delay", "factor", "inline_up_to", "jitter", "max_delay", "on", "unless")

    def __init__(
        self,
        attempts: int | None = 3,
        delay: Duration = "1min",
        *,
        factor: float = 2.0,
        max_delay: Duration = "1d",
        jitter: float = 0.1,
        on: Errors = BaseException,
        unless: Errors = (),
        inline_up_to: Duration = "5s",
    ) -> None:
        """
        :param attempts: how many there are in all, the first included; ``None``: no limit
        :param delay: between the first and the second: a timedelta or text such as ``"30s"``
        :param factor: by which it grows each time; 1: it stays
        :param max_delay: how long it becomes at most
        :param jitter: the part of a delay, 0 to 1, by which it may be longer or shorter
        :param on: the errors that are worth another attempt: a class, several, or a function of the error
        :param unless: the errors among these that are not
        :param inline_up_to: a delay up to this is waited for within the tick
        :raises TypeError: :raises ValueError: if one of these cannot be
        """
        _check_number("factor", factor, 1, 1000)
        _check_number("jitter", jitter, 0, 1)
        if attempts is not None and type(attempts) is not int:
            raise TypeError(f"attempts of Retry must be a whole number or None, not {attempts!r}")
        if attempts is not None and attempts < 1:
            raise ValueError(f"attempts of Retry must be at least 1, not {attempts}")
        self.attempts = attempts
        self.delay = parse_duration(delay, "delay of Retry")
        self.factor = factor
        self.max_delay = parse_duration(max_delay, "max_delay of Retry")
        self.jitter = jitter
        self.on = _matcher(on, "on")
        self.unless = _matcher(unless, "unless")
        self.inline_up_to = parse_duration(inline_up_to, "inline_up_to of Retry")

    def decide(self, error: BaseException, attempt: int, key: str = "") -> RetryDecision:
        """Return whether a task is tried again after an attempt that raised.

        :param error: what it raised
        :param attempt: the number of the attempt, from 1
        :param key: makes the jitter of different tasks differ
        """
        if isinstance(error, GiveUp):
            return RetryDecision(False, "the task gave up")
        if not self.on(error) or self.unless(error):
            return RetryDecision(False, f"{type(error).__name__} is not worth another attempt")
        if self.attempts is not None and attempt >= self.attempts:
            return RetryDecision(False, f"attempt {attempt} of {self.attempts} failed")
        seconds = self.seconds_after(attempt, key)
        of = f" of {self.attempts}" if self.attempts is not None else ""
        reason = f"attempt {attempt + 1}{of} in {duration_text(seconds)}"
        return RetryDecision(True, reason, delay=seconds, inline=seconds <= self.inline_up_to.total_seconds())

    def seconds_after(self, attempt: int, key: str = "") -> float:
        """Return the delay after an attempt, in seconds."""
        longest = self.max_delay.total_seconds()
        # Capped before it is computed: factor ** 10,000 is no float.
        exponent = min(attempt - 1, 200)
        try:
            seconds = min(self.delay.total_seconds() * self.factor**exponent, longest)
        except OverflowError:
            seconds = longest
        if self.jitter:
            seconds *= 1 + self.jitter * (2 * _fraction(f"{key}/{attempt}") - 1)
        return seconds


def _check_number(what: str, value: object, least: float, most: float) -> None:
    if not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{what} of Retry must be a number from {least} to {most}, not {value!r}")


def _matcher(errors: Errors, what: str) -> Callable[[BaseException], object]:
    if isinstance(errors, type):
        errors = (errors,)
    if callable(errors):
        return errors
    classes = tuple(errors)
    given: tuple[object, ...] = classes
    for each in given:
        if not isinstance(each, type) or not issubclass(each, BaseException):
            raise TypeError(f"{what} of Retry must be exceptions or a function of one, not {each!r}")
    return lambda error: isinstance(error, classes)


def _fraction(text: str) -> float:
    """Return a number from 0 to 1 that is always the same for ``text``: ``random`` would cost 5 ms to import."""
    from zlib import crc32

    return crc32(text.encode()) / 0xFFFFFFFF
