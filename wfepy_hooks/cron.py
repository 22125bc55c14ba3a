"""Cron expressions, read strictly: what one daemon runs, another ignores and a third rejects is an error here.

An expression has five fields. Each is ``*``, ``*/STEP``, or a list of numbers, names, ranges and ranges with a step; an
``H`` stands for a number that is picked by a hash. Read, it is a set of numbers for each field, which can be written
down in a form that every daemon understands alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from .errors import ScheduleError

__all__ = ["ALIASES", "CronExpression", "Field", "parse_cron"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
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
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


class _Kind:
    """One of the five fields.

    :ivar low: :ivar high: the numbers it may have
    :ivar names: the names for some of them
    :ivar hashed: how many numbers from ``low`` on an ``H`` picks from: no 31st, which most months lack
    """

    __slots__ = ("hashed", "high", "low", "name", "names")

    def __init__(self, name: str, low: int, high: int, names: dict[str, int], hashed: int) -> None:
        self.name = name
        self.low = low
        self.high = high
        self.names = names
        self.hashed = hashed


_KINDS = (
    _Kind("minute", 0, 59, {}, 60),
    _Kind("hour", 0, 23, {}, 24),
    _Kind("day of the month", 1, 31, {}, 28),
    _Kind("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}, 12),
    _Kind("day of the week", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}, 7),
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
    fields = [_Reader(kind, word, seed).read() for kind, word in zip(_KINDS, words, strict=True)]
    expression = CronExpression(text, *fields)
    _require_a_day(expression)
    return expression


def _fields_of(text: str) -> list[str]:
    if any(not c.isprintable() and c != "\t" for c in text):
        raise ScheduleError("a cron expression is one line of text", value=text)
    words = text.split()
    if words and words[0].startswith("@"):
        return _aliased(text, words)
    for variable in ("CRON_TZ=", "TZ="):
        if words and words[0].startswith(variable):
            zone = words[0][len(variable) :]
            hint = f'write timezone = "{zone}" beside the schedule, and {words[0]} not at all'
            raise ScheduleError("a time zone is no field of a cron expression", value=words[0], hint=hint)
    if len(words) == 5:
        return words
    raise ScheduleError(
        f"a cron expression has 5 fields - minute, hour, day of the month, month, day of the week - not {len(words)}",
        value=text,
        hint=_count_hint(words),
    )


def _count_hint(words: list[str]) -> str:
    if len(words) == 6:
        return f'there are no seconds or years here, write "{" ".join(words[:5])}" or "{" ".join(words[1:])}"'
    if 0 < len(words) < 5:
        return f'write "{" ".join([*words, *["*"] * (5 - len(words))])}" if the others do not matter'
    return 'write such as "0 9 * * mon", Mondays at nine'


def _aliased(text: str, words: list[str]) -> list[str]:
    alias = words[0].lower()
    if alias in ALIASES and len(words) == 1:
        return ALIASES[alias].split()
    if alias in ALIASES:
        raise ScheduleError(f"nothing can follow {alias}", value=text, hint=f'write "{ALIASES[alias]}"')
    if alias == "@reboot":
        hint = "let whatever starts the machine run wfepy tick, or write a time"
        raise ScheduleError("@reboot is no time", value=text, hint=hint)
    if alias == "@every":
        hint = 'write "*/5 * * * *" for every five minutes'
        raise ScheduleError("@every is not known to cron", value=text, hint=hint)
    from .suggest import did_you_mean  # lazily: only for an error

    raise ScheduleError(f"there is no {words[0]}", value=text, hint=did_you_mean(alias, ALIASES))


def _require_a_day(cron: CronExpression) -> None:
    """Refuse a date that no year has."""
    days = cron.day.values
    if any(days[0] <= _LONGEST_MONTHS.get(month, 31) for month in cron.month.values):
        return
    months = ", ".join(_MONTHS[month - 1] for month in cron.month.values)
    raise ScheduleError(
        f"no {months} has a day {days[0]}, so it never comes",
        field="day of the month",
        value=cron.day.text,
        hint="take a day that the month has, or * where the days of the week decide",
    )


class _Reader:
    """Reads one field."""

    def __init__(self, kind: _Kind, word: str, seed: str) -> None:
        self._kind = kind
        self._word = word
        self._seed = seed

    def read(self) -> Field:
        kind, word = self._kind, self._word
        if word == "*":
            return self._field(range(kind.low, kind.high + 1), "*")
        if word.startswith("*/"):
            step = self._step(word[2:])
            return self._field(range(kind.low, self._most + 1, step), "*" if step == 1 else f"*/{step}")
        values: set[int] = set()
        for item in word.split(","):
            values.update(self._item(item))
        return self._field(values, "")

    @property
    def _most(self) -> int:
        """The greatest number that is not another word for the least: Sunday is 0 and 7."""
        return 6 if self._kind.high == 7 else self._kind.high

    def _field(self, values: Iterable[int], text: str) -> Field:
        numbers = tuple(sorted({value % 7 for value in values} if self._kind.high == 7 else set(values)))
        return Field(numbers, text.startswith("*"), text or _compact(numbers))

    def _item(self, item: str) -> Iterable[int]:
        if not item:
            self._refuse("there is nothing between two commas or at an end", "take the comma out")
        if item.startswith("*"):
            self._refuse(f"{item} stands for everything and cannot be part of a list", "write it alone")
        if item[0] in "Hh" and (len(item) == 1 or item[1] in "/("):
            return self._hashed(item)
        body, slash, step = item.partition("/")
        first, dash, last = body.partition("-")
        if slash and not dash:
            self._refuse_step_without_range(first, step)
        low = self._number(first)
        if not dash:
            return (low,)
        return self._range(low, first, last, step if slash else "1")

    def _range(self, low: int, first: str, last: str, step: str) -> Iterable[int]:
        high = self._number(last)
        if high == 0 and low > 0 and self._kind.high == 7:
            high = 7  # mon-sun
        if high < low:
            names = [] if first.isdigit() else list(self._kind.names)
            begin, end = (names[0], names[-1]) if names else (self._kind.low, self._most)
            upper, lower = _span(first, str(end)), _span(str(begin), last)
            hint = f'write "{upper},{lower}"'
            self._refuse(f"{first}-{last} runs backwards, which some daemons never run", hint)
        return range(low, high + 1, self._step(step, high - low + 1) if step != "1" else 1)

    def _hashed(self, item: str) -> Iterable[int]:
        """Return what ``H``, ``H/STEP``, ``H(LOW-HIGH)`` or ``H(LOW-HIGH)/STEP`` stands for."""
        low, count = self._kind.low, self._kind.hashed
        body, slash, step = item[1:].partition("/")
        if body:
            first, dash, last = body.strip("()").partition("-")
            if not (body.startswith("(") and body.endswith(")") and dash):
                self._refuse(
                    f"{item} is not understood", f'write "H", "H/10" or "H({low}-{low + count // 2 - 1})"'
                )
            low, high = self._number(first), self._number(last)
            if high < low:
                self._refuse(f"{first}-{last} runs backwards", f'write "H({last}-{first})"')
            count = high - low + 1
        if not slash:
            return (low + self._hash() % count,)
        size = self._step(step, count)
        return range(low + self._hash() % size, low + count, size)

    def _hash(self) -> int:
        """Return a large number of the seed for this field, of which each remainder is as likely as another.

        The fields take different parts of one hash, so that the pairs of two fields are spread evenly, too. What
        ``H/10`` and ``H`` pick for one seed agree: a start is at a minute at which there is a tick.
        """
        from hashlib import blake2b  # lazily: it takes 4 ms

        number = int.from_bytes(blake2b(self._seed.encode(), digest_size=32).digest(), "big")
        for kind in _KINDS[: _KINDS.index(self._kind)]:
            number //= kind.hashed
        return number

    def _step(self, text: str, count: int = 0) -> int:
        count = count or self._most - self._kind.low + 1
        if not (text.isascii() and text.isdigit()):
            self._refuse(f'the step "{text}" is no number', 'write such as "*/10"')
        step = int(text)
        if not step:
            self._refuse("a step of 0 goes nowhere", 'write "*" for each')
        if step >= count > 1:
            self._refuse(
                f"a step of {step} leaves only the first of {count}",
                "write that number alone; cron counts from the beginning of each hour, day, month and week",
            )
        return step

    def _number(self, text: str) -> int:
        kind = self._kind
        if text.isascii() and text.isdigit():
            number = int(text)
            if not kind.low <= number <= kind.high:
                hint = "midnight is 0" if kind.name == "hour" and number == 24 else ""
                self._refuse(f"{text} is not between {kind.low} and {kind.high}", hint)
            return number
        name = text.lower()
        if name in kind.names:
            return kind.names[name]
        return self._refuse_word(text, name)

    def _refuse_word(self, text: str, name: str) -> NoReturn:
        for kind in _KINDS:
            if name in kind.names:
                self._refuse(f"{text} is a {kind.name}", f"it belongs into another field, the {kind.name}")
        for known in self._kind.names:
            if len(name) > 3 and name.startswith(known):
                self._refuse(f"names have three letters, {text} has {len(text)}", f'write "{known}"')
        for signs, (what, hint) in _FOREIGN.items():
            if any(sign in text for sign in signs):
                self._refuse(what, hint)
        names = " or a name such as " + next(iter(self._kind.names)) if self._kind.names else ""
        low, high = self._kind.low, self._kind.high
        self._refuse(f'"{text}" is not understood', f"write a number from {low} to {high}{names}, or *")

    def _refuse_step_without_range(self, first: str, step: str) -> NoReturn:
        first_number = self._number(first)
        size = self._step(step)
        most, low = self._most, self._kind.low
        whole = f'"*/{size}"' if first_number == low else f'"{first}-{most}/{size}"'
        self._refuse(
            f"{first}/{step} means {first} alone to some daemons, and from {first} on to others",
            f'write "{first}" or {whole}' if first_number + size <= most else f'write "{first}"',
        )

    def _refuse(self, what: str, hint: str) -> NoReturn:
        raise ScheduleError(what, field=self._kind.name, value=self._word, hint=hint)


#: What other programs than cron understand.
_FOREIGN = {
    "?": ("? is of Quartz, cron does not know it", "write *"),
    "~": (
        "a random time is another one at each start of a daemon",
        'write "H" or "H(0-30)", the same each time',
    ),
    "#": (
        "the daemons do not agree on what # means",
        'write a range of days, such as "1-7", and a condition in the workflow',
    ),
    "LlWw": (
        "cron knows no last day and no nearest weekday",
        'write "28-31" and a condition in the workflow, or the first day of the next month',
    ),
}


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


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
