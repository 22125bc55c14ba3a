"""What to say about a cron expression that is refused: each function returns what is wrong, and what to write instead.

Apart from :mod:`.cron`, since only a mistake needs it.
"""

from __future__ import annotations

import re

from .cron import ALIASES, KINDS, LONGEST, parse_cron
from .errors import ScheduleError

__all__ = ["backwards", "broken_range", "out_of_range", "star", "step_without_range", "whole", "word"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TypeAlias

    from .cron import Kind

    Help: TypeAlias = tuple[str, str]

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_NAMES = "minute, hour, day of the month, month, day of the week"
_EVERY = {"s": "", "m": "*/{} * * * *", "h": "0 */{} * * *", "d": "0 0 * * *"}


def whole(text: str, words: list[str]) -> list[str]:
    """Return the fields of a text that is more or less than five fields: an alias, or a mistake."""
    if not text.replace("\t", " ").isprintable():
        _refuse_character(text)
    if len(text) > LONGEST:
        raise ScheduleError(f"a cron expression has at most {LONGEST} characters", value=f"{text[:50]} ...")
    if words and words[0].startswith("@"):
        return _aliased(text, words)
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        zone = words[0].partition("=")[2]
        what = "a time zone is no part of a cron expression"
        hint = f'write timezone = "{zone}" beside the schedule, and here only the five fields'
        raise ScheduleError(what, value=text, hint=hint)
    if len(words) == 5:  # with tabs in between, or a mistake in the first of them
        return words
    what = f"a cron expression has five fields ({_NAMES}), and this has {len(words)}"
    raise ScheduleError(what, value=text, hint=_count(words))


def _refuse_character(text: str) -> NoReturn:
    character = next(each for each in text if not each.isprintable() and each != "\t")
    if character in "\r\n":
        raise ScheduleError("a cron expression is one line", value=text, hint="take the line breaks out")
    what = f"there is an invisible character in it, U+{ord(character):04X}"
    raise ScheduleError(what, value=text, hint="type it anew")


def _count(words: list[str]) -> str:
    if len(words) > 5:
        few = f'"{" ".join(words[:5])}"' if len(words) == 6 else ""
        fitting = [
            few,
            *(f'"{" ".join(words[at : at + 5])}"' for at in range(1 if few else 0, len(words) - 4)),
        ]
        found = [each for each in fitting if _is_right(each[1:-1])]
        without = "there are no seconds, years or commands here"
        return f"{without}: write {' or '.join(found[:2])}" if found else without
    if len(words) == 1 and f"@{words[0].lower()}" in ALIASES:
        return f'write "@{words[0].lower()}"'
    filled = " ".join([*words, *["*"] * (5 - len(words))])
    if words and _is_right(filled):
        return f'write "{filled}" if the others do not matter'
    return 'write such as "0 9 * * mon", which is Mondays at nine'


def _is_right(text: str) -> bool:
    try:
        parse_cron(text)
    except ScheduleError:
        return False
    return True


def _aliased(text: str, words: list[str]) -> list[str]:
    alias = words[0].lower()
    if alias in ALIASES and len(words) == 1:
        return ALIASES[alias].split()
    if alias in ALIASES:
        raise ScheduleError(f"nothing can follow {alias}", value=text, hint=f'write "{alias}"')
    if alias == "@reboot":
        hint = "let what starts the machine run wfepy tick, or write a time"
        raise ScheduleError("@reboot is not a time", value=text, hint=hint)
    if alias == "@every":
        raise ScheduleError("@every is not known to cron", value=text, hint=_every(words[1:]))
    from .suggest import did_you_mean  # lazily: it is slow

    raise ScheduleError(f"there is no {words[0]}", value=text, hint=did_you_mean(alias, ALIASES))


def _every(words: list[str]) -> str:
    match = re.fullmatch(r"([1-9]\d*)([mhd])\w*", "".join(words).lower(), re.ASCII)
    found = _EVERY[match[2]].format(match[1]) if match else ""
    if not (match and _is_right(found)) or (match[2] == "d" and match[1] != "1"):
        return 'write such as "*/5 * * * *", which is every five minutes'
    return f'write "{parse_cron(found).text}"'


def _replaced(word: str, item: str, new: str) -> str:
    return ",".join(new if each == item else each for each in word.split(","))


def star(kind: Kind, whole_word: str, item: str) -> Help:
    """Explain an item of a list with a ``*`` in it."""
    if item == "*":
        return "a list with * in it is everything", 'write "*" alone'
    step = item[2:]
    if item.startswith("*/") and step.isascii() and step.isdigit():
        instead = _replaced(whole_word, item, f"{kind.low}-{kind.most}/{step}")
        return f'"{item}" cannot be part of a list', f'write "{instead}"'
    return f'"{item}" is not understood', 'write "*" for each, or "*/2" for each second one'


def broken_range(kind: Kind, body: str) -> Help:
    """Explain a range that has not two ends."""
    parts = body.split("-")
    if len(parts) > 2 and all(parts):
        return "a range has two ends", f'write "{parts[0]}-{parts[-1]}"'
    where = "after" if parts[0] else "before"
    instead = f"{parts[0] or kind.low}-{parts[-1] or kind.most}"
    return f"there is nothing {where} the dash", f'write "{instead}"'


def step_without_range(kind: Kind, first: str, number: int, step: int) -> Help:
    """Explain ``5/15``."""
    what = f"{first}/{step} is {first} alone to some daemons, and goes on from {first} in steps of {step} to others"
    if number + step > kind.most:
        return what, f'write "{first}"'
    rest = "*" if number == kind.low else f"{number}-{kind.most}"
    rest += f"/{step}" if step > 1 else ""
    return what, f'write "{first}" or "{rest}"'


def backwards(kind: Kind, whole_word: str, item: str, numbers: tuple[int, int, int]) -> Help:
    """Explain ``fri-mon``; the numbers are those of its ends and of its step."""
    low, high, step = numbers
    first, _, last = item.partition("/")[0].partition("-")
    size = kind.most - kind.low + 1
    if step > 1:
        values = range(low, high + size + 1, step)
        instead = ",".join(str((value - kind.low) % size + kind.low) for value in values)
    else:
        names = [] if first.isdigit() else list(kind.names)
        begin, end = (names[0], names[-1]) if names else (str(kind.low), str(kind.most))
        instead = f"{_span(first, end)},{_span(begin, last)}"
    what = f"{first}-{last} runs backwards, which some daemons never run"
    return what, f'write "{_replaced(whole_word, item, instead)}"'


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def out_of_range(kind: Kind, text: str, number: int) -> Help:
    """Explain a number that is too small or too large."""
    what = f"{text} is too {'small' if number < kind.low else 'large'}"
    if (kind.name, number) == ("minute", 60):
        return what, "the last minute is 59, and the full hour is minute 0"
    if (kind.name, number) == ("hour", 24):
        return what, "the last hour is 23, and midnight is hour 0"
    return what, f"write a number from {kind.low} to {kind.high}"


def word(kind: Kind, text: str) -> Help:
    """Explain what is neither a number nor a name of this field."""
    name = text.lower()
    if name == "h":
        return "H cannot be the end of a range", f'write such as "H({kind.low}-{kind.low + 5})"'
    return _foreign(kind, text, name) or _name(kind, text, name) or _unknown(kind, text, name)


def _name(kind: Kind, text: str, name: str) -> Help | None:
    for ordinal, other in zip(_ORDINALS, KINDS, strict=True):
        if other is not kind and name[:3] in other.names and name.isalpha() and name[:3] not in kind.names:
            return f"{text} is a {other.name}", f"write it in the {ordinal} field"
    if len(name) > 3 and name[:3] in kind.names and name.isalpha():
        return f"a name has three letters, and {text} has {len(text)}", f'write "{name[:3]}"'
    return None


def _foreign(kind: Kind, text: str, name: str) -> Help | None:
    """Explain what other programs understand."""
    if "?" in text:
        return "? is known to Quartz and not to cron", 'write "*"'
    if "~" in text:
        ends = text.replace("~", "-") if re.fullmatch(r"\d+~\d+", text, re.ASCII) else ""
        what = "~ picks another time at each start of a daemon"
        return (
            what,
            f'write "H({ends})", which is always the same' if ends else 'write "H", which is always the same',
        )
    if "#" in text:
        look = "as the day of the month, and let a condition in the workflow look at the day of the week"
        return "the daemons do not agree on what # means", f'write a week such as "1-7" {look}'
    if re.fullmatch(rf"(\d*|{'|'.join(kind.names)})(l|w|lw|wl)\d*", name, re.ASCII):
        look = "as the day of the month, and let a condition in the workflow decide"
        return (
            f"{text} is known to Quartz and not to cron",
            f'write the days that may be, such as "28-31", {look}',
        )
    if match := re.fullmatch(r"(\d\d?):(\d\d)", text, re.ASCII):
        return "a time of the day is two fields, minute and hour", f'write "{int(match[2])} {int(match[1])}"'
    return None


def _unknown(kind: Kind, text: str, name: str) -> Help:
    from .suggest import closest  # lazily: it is slow

    if name.isalpha() and (match := closest(name, kind.names)):
        return f'"{text}" is not understood', f'did you mean "{match}"?'
    names = f", a name such as {next(iter(kind.names))}," if kind.names else ""
    return f'"{text}" is not understood', f"write a number from {kind.low} to {kind.high}{names} or *"
