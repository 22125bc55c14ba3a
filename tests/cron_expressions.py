"""Random cron expressions, for hypothesis as well as for loops with a seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random

from cron_oracle import BOUNDS, MONTHS, WEEKDAYS


def random_expression(random: Random, near: Sequence[datetime] = ()) -> str:
    """Return an expression that means the same to all daemons, but for ranges to Sunday.

    :param near: times that it should often be due at
    """
    wall = random.choice(near) if near else None
    likely = (
        [None] * 5 if wall is None else [wall.minute, wall.hour, wall.day, wall.month, wall.isoweekday() % 7]
    )
    # Mostly all days and months: it should be due in the window.
    stars = (0.05, 0.2, 0.7, 0.9, 0.7)
    return " ".join("*" if random.random() < stars[at] else _field(random, at, likely[at]) for at in range(5))


def _field(random: Random, at: int, likely: int | None) -> str:
    low, high = BOUNDS[at]
    count = (6 if high == 7 else high) - low + 1
    if random.random() < 0.15:
        return f"*/{random.randint(1, count - 1)}"
    items = [_item(random, at, likely) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return ",".join(items)


def _item(random: Random, at: int, likely: int | None) -> str:
    low, high = BOUNDS[at]
    first = random.randint(low, high)
    if likely is not None and random.random() < 0.7:
        first = min(max(likely + random.choice((-1, 0, 0, 0, 1)), low), high)
    if random.random() < 0.6:
        return _word(random, at, first)
    last = random.choice((random.randint(first, high), high, first))
    if last - first < 2 or random.random() < 0.5:
        return f"{_word(random, at, first)}-{_word(random, at, last)}"
    return f"{first}-{last}/{random.randint(1, last - first)}"


def _word(random: Random, at: int, number: int) -> str:
    if at < 3 or random.random() < 0.5:
        return f"{number:02}" if random.random() < 0.1 else str(number)
    name = MONTHS[number - 1] if at == 3 else WEEKDAYS[number % 7]
    return random.choice((name, name.upper(), name.title()))
