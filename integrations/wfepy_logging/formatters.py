"""How a record becomes a line.

Handlers of your own may have these, too, by ``"()" = "wfepy_logging.formatters.JsonLines"``; they take any record.
"""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from json import JSONEncoder
from json.encoder import encode_basestring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["JsonLines", "TextLines"]

# Made once: json.dumps() would make one for each line, for these are not its defaults.
_encode = JSONEncoder(ensure_ascii=False, default=str).encode
#: What makes JSON of the common types, without the encoder, which takes 2 us for each.
_ENCODERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: repr,
    float: repr,
    bool: {True: "true", False: "false"}.__getitem__,
}


class _Lines(logging.Formatter):
    _second = -1
    _second_text = ""

    def moment(self, record: logging.LogRecord) -> str:
        """Return when it was, in UTC: ``2026-11-23T06:13:34.123Z``."""
        second = int(record.created)
        if second != self._second:  # most events of a tick share their second, and this takes 2 us
            self._second = second
            self._second_text = datetime.fromtimestamp(second, timezone.utc).isoformat()[:19]
        return f"{self._second_text}.{int(record.created % 1 * 1000):03}Z"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _place(record: logging.LogRecord) -> str:
    """Return in which attempt somebody has logged; of an event its text says so."""
    fields = vars(record).get("wfepy") or {}
    if "logger" not in fields or "task" not in fields:
        return ""
    return f"{fields['workflow']}/{fields['instance']} {fields['task']}: "


class TextLines(_Lines):
    """``2026-11-23T06:13:34.123Z INFO coffee/default make_coffee completed in 0.012 s``, and tracebacks below."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.moment(record)} {record.levelname} {_printable(_place(record) + record.getMessage())}"
        if record.exc_info:
            trace = self.formatException(record.exc_info).split("\n")
            line = "\n".join([line, *map(_printable, trace)])
        return line


class JsonLines(_Lines):
    """One JSON object a line; the records of other programs have their logger in it, and no event."""

    def format(self, record: logging.LogRecord) -> str:
        fields = vars(record).get("wfepy") or {"logger": record.name}
        encoder = _ENCODERS.get
        line = f'{{"at": "{self.moment(record)}", "level": "{record.levelname.lower()}"'
        for key, value in fields.items():
            line += f', "{key}": {encoder(type(value), _encode)(value)}'
        line += f', "message": {encode_basestring(record.getMessage())}'
        if record.exc_info:
            line += f', "traceback": {encode_basestring(self.formatException(record.exc_info))}'
        return line + "}"
