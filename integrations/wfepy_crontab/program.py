"""The ``crontab`` program, and nothing but it: it knows where a crontab is, and tells the daemon."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CrontabProgram"]

#: How the programs say that there is no crontab: those of Vixie's family, and busybox.
_NONE = re.compile(r"(?:^|: )no crontab for |can't open '[^/]*': No such file or directory", re.MULTILINE)
#: How Debian's ``crontab -l`` shows a carriage return.
_SHOWN_CR = rb"\r"
#: Seconds after which a program that says nothing is given up.
_PATIENCE = 60


class CrontabProgram:
    """Reads and writes the crontab of the user who calls it."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
        """Make one that is run by ``words``."""
        self._words = list(words)
        self._environ = {**environ, "LC_ALL": "C"}  # what it says is looked at

    def read(self) -> bytes | None:
        """Return the crontab; ``None`` if there is none.

        :raises WfepyError: if it cannot be read; what is not understood is never taken for an empty crontab
        """
        done = self._run("-l")
        if done.returncode == 0:
            return self._exactly(done.stdout) if _SHOWN_CR in done.stdout else done.stdout
        said = _text(done)
        if done.returncode == 1 and not done.stdout and _NONE.search(said) and "not allowed" not in said:
            return None
        raise self._failed(
            "-l", done, "ask whoever runs this machine, or look at: crontab -l; nothing was changed"
        )

    def _exactly(self, listed: bytes) -> bytes:
        r"""Return the crontab of which ``listed`` is what -l prints, where that may not be its very bytes.

        Debian's -l prints a carriage return as ``\r``. What -e gives to an editor has the bytes; ours copies them, and
        changes nothing.

        :raises WfepyError: if they cannot be told
        """
        with tempfile.TemporaryDirectory(prefix="wfepy-crontab-") as folder:
            copy, editor = os.path.join(folder, "copy"), os.path.join(folder, "editor")
            with open(editor, "w", encoding="utf-8") as script:  # busybox runs nothing but a program
                script.write(f'#!/bin/sh\ncat "$1" >{shlex.quote(copy)}\n')
            os.chmod(editor, 0o700)
            done = self._run("-e", environ={"VISUAL": editor, "EDITOR": editor})
            try:
                with open(copy, "rb") as stream:
                    exact = stream.read()
            except OSError:
                exact = b""
        if listed not in (exact, exact.replace(b"\r", _SHOWN_CR)):
            hint = "there is a carriage return in the crontab, or a \\r; take it out by: crontab -e"
            raise self._failed("-e", done, f"{hint}; nothing was changed")
        return exact

    def write(self, table: bytes | None) -> None:
        """Replace the crontab; ``None`` removes it.

        :raises WfepyError: if the program fails, which then keeps the one that was there
        """
        word = "-r" if table is None else "-"
        done = self._run(word, table)
        if done.returncode:
            raise self._failed(word, done, "the crontab is as it was")

    def _run(
        self, word: str, data: bytes | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = [*self._words, word]
        try:
            return subprocess.run(
                command,
                input=data or b"",
                capture_output=True,
                env={**self._environ, **(environ or {})},
                timeout=_PATIENCE,
                check=False,
            )
        except FileNotFoundError as error:
            hint = (
                "install cron (Debian: apt install cron; Fedora: cronie), or let something else run the ticks"
            )
            raise WfepyError("there is no such program", where=self._words[0], hint=hint) from error
        except OSError as error:
            raise WfepyError(f"it cannot be run: {error.strerror}", where=self._words[0]) from error
        except subprocess.TimeoutExpired as error:
            raise WfepyError(f"it has not ended in {_PATIENCE} s", where=" ".join(command)) from error

    def _failed(self, word: str, done: subprocess.CompletedProcess[bytes], hint: str) -> WfepyError:
        said = "; ".join(line.strip() for line in _text(done).splitlines() if line.strip())
        what = said or f"it failed with exit code {done.returncode} and said nothing"
        return WfepyError(what, where=" ".join([*self._words, word]), hint=hint)


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode("utf-8", "backslashreplace")
