"""Running git, in an environment of its own: nothing of the caller's checkout, language or configuration gets in.

What a user has set up to reach the remote does get in: credentials, ssh, proxies, ``insteadOf``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

from .errors import GitError, Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Done", "Git", "add_config", "clean_environment"]

#: The variables of git that say how to reach a remote, or where the user's configuration is. All others name a
#: checkout, an index or a person, or make git write what nobody has asked for.
KEPT = (
    "GIT_SSH",
    "GIT_ASKPASS",
    "GIT_CONFIG_",
    "GIT_PROXY",
    "GIT_SSL_",
    "GIT_HTTP_",
    "GIT_EXEC_PATH",
    "GIT_ALLOW_PROTOCOL",
)
_DROPPED = ("GIT_CONFIG_PARAMETERS",)

#: What the user's configuration must not change here.
OWN_CONFIG = (
    ("core.hooksPath", os.devnull),
    ("core.autocrlf", "false"),
    ("core.fsmonitor", "false"),
    ("core.logAllRefUpdates", "false"),
    ("commit.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "no"),
    ("fetch.prune", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("color.ui", "false"),
    ("advice.detachedHead", "false"),
    ("init.templateDir", ""),
    ("init.defaultBranch", "none"),
)


class Done:
    """A git that has ended: its exit code, and what it wrote."""

    __slots__ = ("code", "err", "out")

    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which git runs."""
    kept = {
        name: value
        for name, value in environ.items()
        if (not name.startswith("GIT_") or name.startswith(KEPT)) and name not in _DROPPED
    }
    # LC_ALL: what git says is read here, and users have languages. LANGUAGE counts for more, in some systems.
    kept.pop("LANGUAGE", None)
    return {**kept, "LC_ALL": "C", "TZ": "UTC", "GIT_TERMINAL_PROMPT": "0"}


def add_config(environ: dict[str, str], entries: Iterable[tuple[str, str]]) -> None:
    """Add configuration to an environment, behind what is there: neither arguments nor files show it."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdigit() else 0
    for number, (key, value) in enumerate(entries, number + 1):  # noqa: B020  # it goes on from where it was
        environ[f"GIT_CONFIG_KEY_{number - 1}"] = key
        environ[f"GIT_CONFIG_VALUE_{number - 1}"] = value
    environ["GIT_CONFIG_COUNT"] = str(number)


class Git:
    """Runs git in one folder.

    :param folder: where it runs
    :param environ: see :func:`clean_environment`
    :param timeout: for how many seconds it may run
    """

    def __init__(self, folder: str, environ: Mapping[str, str], timeout: float) -> None:
        self.folder = folder
        self.environ = environ
        self.timeout = timeout

    def run(self, *words: str, input: bytes = b"", own: Sequence[int] = (0,)) -> Done:
        """Run a command to its end.

        :param own: the exit codes that the caller understands
        :raises Network: if it takes longer than the timeout
        :raises GitError: if there is no git, or it ends with any other code
        """
        done = self.attempt(*words, input=input)
        if done.code not in own:
            raise unexpected(words, done)
        return done

    def attempt(self, *words: str, input: bytes = b"") -> Done:
        """Run a command to its end, whatever that is; see :meth:`run`."""
        try:
            process = subprocess.Popen(
                ["git", *words],
                cwd=self.folder,
                env=dict(self.environ),
                stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal to ask for passwords at, and one group to end
            )
        except OSError as error:
            hint = "install git 2.39 or newer" if isinstance(error, FileNotFoundError) else ""
            raise GitError(f"git cannot be run: {error.strerror}", where=self.folder, hint=hint) from error
        try:
            out, err = process.communicate(input or None, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            what = f"git {words[0]} got no answer within {self.timeout:g} s"
            raise Network(what, hint="try again, or give it more time: timeout in the config") from None
        except BaseException:
            _end(process)
            raise
        return Done(process.returncode, out, err.decode("utf-8", "backslashreplace"))


def unexpected(words: Sequence[str], done: Done) -> GitError:
    """Return the error for a git that failed where it never should."""
    said = [line for line in done.err.splitlines() if line.strip()]
    told = next((line for line in said if line.startswith(("fatal:", "error:"))), (said or [""])[-1])
    return GitError(f"git {words[0]} failed with exit code {done.code}: {told.strip() or 'it says nothing'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a git and what it has started; a helper that hangs would keep the pipes open."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()
