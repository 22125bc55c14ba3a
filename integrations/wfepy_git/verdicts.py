"""What a failed fetch or push means, by what git and the remote say: git in the language C, the remote in its own."""

from __future__ import annotations

import re

from .errors import Denied, GitError, HookDeclined, Missing, Network, Protected, Stale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .program import Done

__all__ = ["is_no_branch", "push_error", "rejections", "remote_error"]

_PROTECTED = re.compile(
    r"protected branch|GH006|GH013|repository rule violations|branch is protected|denyCurrentBranch"
    r"|branch is currently checked out|deletion prohibited|denying non-fast-forward",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"permission denied|permission to .* denied|authentication failed|could not read (?:username|password)"
    r"|terminal prompts disabled|access denied|host key verification failed|publickey"
    r"|returned error: 40[13]|not allowed to push|insufficient permission|write access to repository not granted"
    r"|dubious ownership|read.only file system|unable to create temporary object directory",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"does not appear to be a git repository|repository not found|repository '.*' not found"
    r"|repository .* does not exist|returned error: 404|project you were looking for could not be found"
    r"|no such remote|couldn't find remote ref",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"could not resolve|connection (?:refused|reset|timed out|closed)|failed to connect|couldn't connect"
    r"|network is unreachable|no route to host|operation timed out|early EOF|hung up unexpectedly|unexpected disconnect"
    r"|RPC failed|returned error: 5\d\d|SSL|TLS|the remote end hung up|broken pipe|unable to access"
    r"|died of signal|remote failed to report|invalid index-pack output|unexpected flush packet|expected "
    r"|could not read from remote repository",
    re.IGNORECASE,
)
_HOOK = re.compile(r"hook declined|declined by hook|hook failed", re.IGNORECASE)
_STALE = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to lock|failed to update ref"
    r"|reference already exists|incorrect old value|atomic push failed|atomic transaction failed",
    re.IGNORECASE,
)


def remote_error(done: Done, remote: str) -> GitError:
    """Return the error for a git that could not talk to the remote."""
    return _by_words(done.err, remote) or GitError(
        f"git cannot reach the remote: {_said(done.err)}",
        where=remote,
        hint="try git ls-remote with it by hand",
    )


def is_no_branch(done: Done) -> bool:
    """Return whether a fetch failed because the branch is not there, while the repository is."""
    return bool(done.code) and "couldn't find remote ref" in done.err


def rejections(done: Done) -> dict[str, str]:
    """Return why each reference that was not updated was not, from the output of ``git push --porcelain``."""
    found = {}
    for line in done.out.decode("utf-8", "backslashreplace").splitlines():
        flag, _, rest = line.partition("\t")
        names, _, summary = rest.partition("\t")
        if flag == "!":
            found[names.rpartition(":")[2]] = summary
    return found


def push_error(done: Done, ref: str, remote: str) -> GitError:
    """Return the error for a push that did not update ``ref``; :exc:`.Stale` if trying again may help."""
    why = rejections(done).get(ref)
    if why is None:
        return remote_error(done, remote)
    told = _remote_lines(done.err)
    said = next((line for line in told if _PROTECTED.search(line)), told[0] if told else "")
    branch = ref.removeprefix("refs/heads/")
    what = f"the remote refuses the push to {branch}: {_in_brackets(why)}" + (f" ({said})" if said else "")
    if _PROTECTED.search(why) or _PROTECTED.search(said):
        hint = f'let this user push to {branch}, or keep the state on another branch: branch = "..." in the config'
        return Protected(what, where=remote, hint=hint)
    if _HOOK.search(why):
        return HookDeclined(what, where=remote, hint="ask who runs the remote what its hook wants")
    if _STALE.search(why):
        return Stale(f"somebody has pushed to {branch} before us", where=remote, hint="try again")
    if "remote rejected" in why and "non-fast" in why:
        return Protected(what, where=remote, hint="the remote allows no such change of a reference")
    return _by_words(why + "\n" + done.err, remote) or GitError(what, where=remote)


def _by_words(text: str, remote: str) -> GitError | None:
    said = _said(text)
    if _MISSING.search(text):
        hint = "look at remote in [plugins.wfepy_git] of the config, and whether this user may see the repository"
        return Missing(f"there is no such repository: {said}", where=remote, hint=hint)
    if _DENIED.search(text):
        hint = "give this user, or its key or token, the right to read and write it"
        return Denied(f"the remote does not let us in: {said}", where=remote, hint=hint)
    if _NETWORK.search(text):
        hint = "what is not pushed is kept here and goes with the next push"
        return Network(f"the remote does not answer: {said}", where=remote, hint=hint)
    return None


def _said(text: str) -> str:
    """Return the line of an output that tells most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for pattern in (_MISSING, _DENIED, _NETWORK):
        for line in lines:
            if pattern.search(line):
                return _without_password(line)
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    return _without_password((told or lines or ["it says nothing"])[0])


def _without_password(text: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _remote_lines(text: str) -> list[str]:
    """Return what the remote says itself, its hook for example."""
    lines = (line.removeprefix("remote:").strip() for line in text.splitlines() if line.startswith("remote:"))
    return [_without_password(line) for line in lines if line]


def _in_brackets(why: str) -> str:
    """Return ``hook declined`` of ``[remote rejected] (hook declined)``."""
    return why.rpartition("(")[2].rstrip(")") or why
