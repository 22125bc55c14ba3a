"""The task that runs now, with the time it has taken, at the end of a terminal's output."""

from __future__ import annotations

import threading
import time

from .output import clean, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Spinner"]

#: Seconds before it shows; a task that is over by then is not worth the flicker.
DELAY = 0.3
INTERVAL = 0.1
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_FRAMES = "|/-\\"


class Spinner:
    """Draws ``⠋ make_coffee 3.2s`` behind the cursor, and leaves the cursor where it is.

    What the task prints goes over it, so nothing that it prints is lost or moved: the cursor is saved, the text is
    written with wrapping off, and the cursor is put back. The cursor is never hidden, for a task may kill the process.

    :param stream: a terminal
    :param unicode: whether it can show the frames
    """

    def __init__(self, stream: TextIO, *, unicode: bool, color: bool) -> None:
        self._stream = stream
        self._frames = FRAMES if unicode else PLAIN_FRAMES
        self._dim, self._normal = ("\x1b[2m", "\x1b[0m") if color else ("", "")
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def start(self, name: str) -> None:
        """Begin to draw, a moment from now."""
        self.stop()  # a task whose end could not be recorded was never told to be over
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._draw, args=(clean(name), self._stop), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop drawing; nothing of it is left."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _draw(self, name: str, stop: threading.Event) -> None:
        began = time.monotonic()
        if stop.wait(DELAY):
            return
        frame = 0
        while not stop.wait(INTERVAL):
            text = f"{self._frames[frame % len(self._frames)]} {name} {time.monotonic() - began:.1f}s"
            self._put(f"{self._dim}{text}{self._normal}")
            frame += 1
        self._put("")

    def _put(self, text: str) -> None:
        # Save the cursor, wrapping off, erase to the end of the line, text, wrapping on, restore the cursor.
        write(self._stream, f"\x1b7\x1b[?7l\x1b[K{text}\x1b[?7h\x1b8")
