"""Commands at a terminal, where somebody may answer what they ask."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios

from cli_folder import COMMAND, Folder


def at_terminal(
    folder: Folder,
    *words: str,
    columns: int = 80,
    environ: dict[str, str] | None = None,
    answer: str = "",
) -> tuple[int, str]:
    """Run a command in a terminal, and return its exit code and all that is seen there.

    :param answer: what is typed when it asks whether to do something
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder.path)
        kept = {name: value for name, value in folder.environ.items() if name != "COLUMNS"}
        os.execve(COMMAND[0], [*COMMAND, *words], {**kept, "TERM": "xterm-256color", **(environ or {})})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen = b""
    while data := _read(terminal):
        seen += data
        if seen.endswith(b"[y/N] "):
            os.write(terminal, f"{answer}\n".encode())
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace").replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side is closed
        return b""
