"""What ``wfepy github doctor`` asks the remote; nothing is changed there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from datetime import timedelta

from wfepy_hooks import WfepyError, parse_duration, parse_time

from .checks import ERROR, OK, WARNING, Finding
from .place import place_of
from .settings import read_settings
from .token import git_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wfepy_git.repository import StateRepository
    from wfepy_hooks import Config

__all__ = ["default_branch", "last_tick", "newest_state", "permission"]

#: Seconds that a remote may take.
TIMEOUT = 60
#: A branch that is not made: pushing to it is only tried.
PROBE = "refs/heads/wfepy-doctor-probe"


def _git(config: Config, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ = {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **git_environment(config)}
    try:
        return subprocess.run(
            ["git", *words],
            cwd=place_of(config).top,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise WfepyError(f"git cannot be run: {error.strerror}", hint="install git") from error
    except subprocess.TimeoutExpired as error:
        raise WfepyError(f"git {words[0]} got no answer within {TIMEOUT} s") from error


def _remote(config: Config) -> str:
    from wfepy_git.settings import read_settings as git_settings

    return git_settings(config).remote


def _said(run: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    return next(
        (line for line in lines if line.startswith(("fatal:", "remote:", "error:"))), "it says nothing"
    )


def default_branch(config: Config) -> Iterator[Finding]:
    """Look whether the workflow file is where GitHub reads schedules."""
    check, remote = "default branch", _remote(config)
    run = _git(config, "ls-remote", "--symref", remote, "HEAD")
    if run.returncode:
        yield Finding(check, ERROR, f"{remote} cannot be asked: {_said(run)}")
        return
    branch, commit = "", ""
    for line in run.stdout.splitlines():
        if line.startswith("ref: "):
            branch = line[5:].split("\t")[0].removeprefix("refs/heads/")
        elif line.endswith("\tHEAD"):
            commit = line.split("\t")[0]
    if not commit:
        yield Finding(
            check, ERROR, f"{remote} has no commit on its default branch", "push the workflow file to it"
        )
        return
    yield _on_branch(config, check, branch or "HEAD", commit)


def _on_branch(config: Config, check: str, branch: str, commit: str) -> Finding:
    path = read_settings(config).path
    if _git(config, "cat-file", "-e", commit).returncode:
        return Finding(
            check, WARNING, f"what is on {branch} is not here, so nothing can be told", "git fetch"
        )
    there = _git(config, "rev-parse", "--verify", "-q", f"{commit}:{path}").stdout
    if not there:
        what = f"schedules run from {branch} alone, and {path} is not on it"
        return Finding(check, ERROR, what, "commit it and push it there")
    if there != _git(config, "hash-object", path).stdout:
        what = f"another {path} is on {branch}, from where schedules run"
        return Finding(check, WARNING, what, "commit it and push it there")
    return Finding(check, OK, f"{path} is on {branch}")


def permission(config: Config) -> Iterator[Finding]:
    """Try to push, without pushing."""
    remote = _remote(config)
    run = _git(config, "push", "--dry-run", "--porcelain", "--no-verify", remote, f"HEAD:{PROBE}")
    if run.returncode:
        hint = "whoever asks here must have write access; for jobs: Settings > Actions > General"
        yield Finding("push", ERROR, f"{remote} would not take a push: {_said(run)}", hint)
    else:
        yield Finding("push", OK, f"{remote} would take a push from here")


@contextlib.contextmanager
def newest_state(config: Config) -> Iterator[StateRepository]:
    """Let the state of the configuration be that of the branch, in a folder of its own, for a while.

    :raises GitError: if it cannot be had
    """
    from wfepy_git.repository import StateRepository
    from wfepy_git.settings import read_settings as git_settings

    settings, state = git_settings(config), config.state
    with tempfile.TemporaryDirectory(prefix="wfepy-doctor-") as folder:
        settings.state, settings.home = os.path.join(folder, "state"), os.path.join(folder, "git")
        repository = StateRepository(config, settings, git_environment(config))
        repository.pull()
        try:
            config.state = settings.state
            yield repository
        finally:
            config.state = state


def last_tick(config: Config, repository: StateRepository) -> Iterator[Finding]:
    """Look how old the newest commit of the state is."""
    settings = read_settings(config)
    last = next(iter(repository.log(1)), None)
    if last is None:
        hint = "run the workflow by hand; a run in which there is nothing to commit leaves none"
        yield Finding("last tick", WARNING, "no tick has committed any state yet", hint)
        return
    when = parse_time(last.date)
    age = config.clock() - when
    if settings.last_tick:
        limit = parse_duration(settings.last_tick)
    elif settings.heartbeat_days:
        limit = timedelta(days=settings.heartbeat_days + 1)
    else:
        limit = timedelta.max
    shown = f"the last commit of the state is {age.days} days old, of {when:%Y-%m-%d %H:%M}Z"
    if age > limit:
        hint = "look into the tab Actions: schedules that are off can be turned on there"
        yield Finding("last tick", ERROR, f"{shown}, older than {limit.days} days", hint)
    else:
        yield Finding("last tick", OK, shown)
