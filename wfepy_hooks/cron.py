"""Cron expressions, read strictly: what one daemon runs, another ignores and a third rejects is an error here.

An expression has five fields. Each is ``*``, ``*/STEP``, or a list of numbers, names, ranges and ranges with a step; an
``H`` stands for a number that is picked by a hash. Read, it is a set of numbers for each field, which can be written
down in a form that every daemon understands alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from .errors import ScheduleError

__all__ = ["ALIASES", "KINDS", "LONGEST", "CronExpression", "Field", "Kind", "parse_cron"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import NoReturn

#: What the shorthands stand for. Debian's cron and cronie know them, crond of busybox crashes on ``@daily``.
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
#: Characters of an expression: each number of each field, written out, is less.
LONGEST = 500
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


class Kind:
    """One of the five kinds of fields.

    :ivar low: :ivar high: the numbers it may have
    :ivar most: the greatest that is not another word for the least: Sunday is 0 and 7
    :ivar names: the names for some of them
    :ivar hashed: how many numbers from ``low`` on an ``H`` picks from: no 31st, which most months lack
    :ivar period: in what it is counted
    """

    __slots__ = ("hashed", "high", "low", "most", "name", "names", "period")

    def __init__(
        self, name: str, low: int, high: int, period: str, *, names: tuple[str, ...] = (), hashed: int = 0
    ) -> None:
        self.name = name
        self.low = low
        self.high = high
        self.most = 6 if high == 7 else high
        self.names = {name: number for number, name in enumerate(names, low)}
        self.hashed = hashed or self.most - low + 1
        self.period = period


KINDS = (
    Kind("minute", 0, 59, "hour"),
    Kind("hour", 0, 23, "day"),
    Kind("day of the month", 1, 31, "month", hashed=28),
    Kind("month", 1, 12, "year", names=_MONTHS),
    Kind("day of the week", 0, 7, "week", names=_WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an expression.

    :ivar values: the numbers it stands for, ascending; Sunday is 0
    :ivar star: whether it begins with ``*``: then the other field of days decides alone
    :ivar text: the field for a crontab, in numbers
    """

    values: tuple[int, ...]
    star: bool
    text: str


@dataclass(frozen=True, slots=True)
class CronExpression:
    """An expression that was read.

    :ivar source: as it was written
    """

    source: str
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def fields(self) -> tuple[Field, Field, Field, Field, Field]:
        """The five fields in their order."""
        return self.minute, self.hour, self.day, self.month, self.weekday

    @property
    def text(self) -> str:
        """The expression for a crontab: five fields of numbers, which all daemons understand alike."""
        return " ".join(field.text for field in self.fields)

    @property
    def is_either_day(self) -> bool:
        """Whether a day matches if one of its two fields does: where neither begins with ``*``, as in cron(5)."""
        return not (self.day.star or self.weekday.star)


def parse_cron(text: str, seed: str = "") -> CronExpression:
    """Read a cron expression.

    :param text: five fields, or one of :data:`ALIASES`
    :param seed: what each ``H`` is picked by; equal seeds give equal numbers
    :raises ScheduleError: names the field, the value, what is wrong, and what to write instead
    """
    words = _fields_of(text)
    fields = [_Reader(kind, word, seed).read() for kind, word in zip(KINDS, words, strict=True)]
    expression = CronExpression(text, *fields)
    _require_a_day(expression, words[2])
    return _with_plain_days(expression)


def _fields_of(text: str) -> list[str]:
    words = text.split()
    if len(words) == 5 and words[0][0] not in "@TC" and text.isprintable() and len(text) <= LONGEST:
        return words
    from .cronhelp import whole  # lazily: for an alias or an error

    return whole(text, words)


def _require_a_day(cron: CronExpression, word: str) -> None:
    """Refuse a date that no year has."""
    months, first = cron.month.values, cron.day.values[0]
    if any(first <= _LONGEST_MONTHS.get(month, 31) for month in months):
        return
    names = ", ".join(_MONTHS[month - 1] for month in months)
    what = f"{names} {'have' if len(months) > 1 else 'has'} no day {first}"
    hint = f"write a day from 1 to {max(_LONGEST_MONTHS[month] for month in months)}"
    if cron.is_either_day:
        hint += ", or * if only the day of the week is to decide"
    else:
        what += ", so this never comes"
    raise ScheduleError(what, field="day of the month", value=word, hint=hint)


def _with_plain_days(cron: CronExpression) -> CronExpression:
    """Write ``*`` for both fields of days where either of two is enough and one has them all.

    To busybox, whose rule has no ``*`` in it, a field with all days leaves the decision to the other one.
    """
    if cron.is_either_day and (len(cron.day.values) == 31 or len(cron.weekday.values) == 7):
        day, weekday = Field(tuple(range(1, 32)), True, "*"), Field(tuple(range(7)), True, "*")
        return CronExpression(cron.source, cron.minute, cron.hour, day, cron.month, weekday)
    return cron


class _Reader:
    """Reads one field."""

    def __init__(self, kind: Kind, word: str, seed: str) -> None:
        self._kind = kind
        self._word = word
        self._seed = seed

    def read(self) -> Field:
        kind, word = self._kind, self._word
        if word == "*":
            return self._field(range(kind.low, kind.most + 1), "*")
        if word.startswith("*/") and "," not in word:
            step = self._step(word[2:], kind.most - kind.low + 1, str(kind.low))
            return self._field(range(kind.low, kind.most + 1, step), "*" if step == 1 else f"*/{step}")
        values: set[int] = set()
        for item in word.split(","):
            values.update(self._item(item))
        return self._field(values, "")

    def _field(self, values: Iterable[int], text: str) -> Field:
        numbers = tuple(sorted({value % 7 for value in values} if self._kind.high == 7 else set(values)))
        return Field(numbers, text.startswith("*"), text or _compact(numbers))

    def _item(self, item: str) -> Iterable[int]:
        if not item:
            self._refuse("there is nothing before or after a comma", "take the comma out")
        if "*" in item:
            self._refuse(*_help().star(self._kind, self._word, item))
        if item[0] in "Hh" and (len(item) == 1 or item[1] in "/("):
            return self._hashed(item)
        body, slash, step = item.partition("/")
        first, dash, last = body.partition("-")
        if dash:
            if not first or not last or "-" in last:
                self._refuse(*_help().broken_range(self._kind, body))
            return self._range(item, first, last, step if slash else "1")
        if slash and not body:
            self._refuse("there is nothing before the slash", f'write "*{item}"')
        number = self._number(first)
        if slash:
            size = self._step(step, self._kind.most - self._kind.low + 1, first)
            self._refuse(*_help().step_without_range(self._kind, first, number, size))
        return (number,)

    def _range(self, item: str, first: str, last: str, step: str) -> Iterable[int]:
        low, high = self._ends(first, last)
        size = 1 if step == "1" else self._step(step, high - low + 1 if low <= high else 0, first)
        if high < low:
            self._refuse(*_help().backwards(self._kind, self._word, item, (low, high, size)))
        return range(low, high + 1, size)

    def _ends(self, first: str, last: str) -> tuple[int, int]:
        low, high = self._number(first), self._number(last)
        if self._kind.high == 7:  # a week begins or ends on Sunday
            if high == 0 < low:
                high = 7
            elif low == 7 > high:
                low = 0
        return low, high

    def _hashed(self, item: str) -> Iterable[int]:
        """Return what ``H``, ``H/STEP``, ``H(LOW-HIGH)`` or ``H(LOW-HIGH)/STEP`` stands for."""
        low, count = self._kind.low, self._kind.hashed
        body, slash, step = item[1:].partition("/")
        if body:
            first, dash, last = body[1:-1].partition("-")
            if not (body.startswith("(") and body.endswith(")") and dash and first and last):
                half = f"H({low}-{low + count // 2 - 1})"
                self._refuse(f'"{item}" is not understood', f'write such as "H", "H/2" or "{half}"')
            low, high = self._ends(first, last)
            if high < low:
                self._refuse(f"{first}-{last} runs backwards", f'write "H({last}-{first})"')
            count = high - low + 1
        picked = self._hash() % count
        if not slash:
            return (low + picked,)
        size = self._step(step, count, "H" + body)
        # The number without a step is one of those with a step: a start is at a minute at which there is a tick.
        return range(low + picked % size, low + count, size)

    def _hash(self) -> int:
        """Return a large number of the seed for this field, of which each remainder is as likely as another.

        The fields take different parts of one hash, so that the pairs of two fields are spread evenly, too.
        """
        from hashlib import blake2b  # lazily: it takes 4 ms

        number = int.from_bytes(blake2b(self._seed.encode(), digest_size=32).digest(), "big")
        for kind in KINDS[: KINDS.index(self._kind)]:
            number //= kind.hashed
        return number

    def _step(self, text: str, count: int, alone: str) -> int:
        """Return the number of a step through ``count`` numbers; ``alone`` is how to write the first of them."""
        if not _is_number(text):
            self._refuse(f'the step "{text}" is no number', 'write such as "*/2"')
        step = int(text)
        if not step:
            self._refuse("a step of 0 goes nowhere", "write a step of 1 or more")
        if step >= count > 1:
            anew = f"cron counts anew in each {self._kind.period}"
            self._refuse(f"a step of {text} leaves only the first of {count}: {anew}", f'write "{alone}"')
        return step

    def _number(self, text: str) -> int:
        kind = self._kind
        if _is_number(text):
            number = int(text)
            if not kind.low <= number <= kind.high:
                self._refuse(*_help().out_of_range(kind, text, number))
            return number
        name = text.lower()
        if name not in kind.names:
            self._refuse(*_help().word(kind, text))
        return kind.names[name]

    def _refuse(self, what: str, hint: str) -> NoReturn:
        raise ScheduleError(what, field=self._kind.name, value=self._word, hint=hint)


def _help() -> ModuleType:
    from . import cronhelp  # lazily: only for an error

    return cronhelp


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _compact(numbers: tuple[int, ...]) -> str:
    """Return the shortest list of numbers and ranges: ``3-53/10``, ``0,7-9``."""
    steps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) > 3 and len(steps) == 1 and steps != {1}:
        return f"{numbers[0]}-{numbers[-1]}/{steps.pop()}"
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 2 else ",".join(map(str, part)) for part in parts)
