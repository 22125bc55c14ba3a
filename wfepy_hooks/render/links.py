"""Where a click leads: a template such as ``https://host/{path}#L{line}`` gives the page of a line of source."""

from __future__ import annotations

import os
import re

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Link = Callable[[str], str]

#: Names for the templates that many want.
TEMPLATES = {
    "file": "{relpath}#L{line}",
    "github": "{remote}/blob/{commit}/{path}#L{line}",
    "gitlab": "{remote}/-/blob/{commit}/{path}#L{line}",
    "vscode": "vscode://file{abspath}:{line}",
    "pycharm": "pycharm://open?file={abspath}&line={line}",
}
FILES = ("path", "relpath", "abspath")
PLACES = (*FILES, "line", "commit", "remote")
_PLACE = re.compile(r"\{([^{}]*)\}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
# Followed by a browser, these run what stands behind them.
_DANGEROUS = ("javascript:", "data:", "vbscript:")


def is_safe(link: str) -> bool:
    """Return whether following ``link`` runs nothing that stands in it."""
    # Browsers pass over blanks and control characters around and in a scheme.
    bare = re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]", "", link).lower()
    return not bare.startswith(_DANGEROUS)


def source_links(
    template: str,
    *,
    output: str | None = None,
    root: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Link:
    """Return what makes a link of ``file:line``; of a file that the template cannot name it makes ``""``.

    :param template: one of :data:`TEMPLATES`, ``none``, or text with ``{path}`` (from the top of the repository on),
        ``{relpath}`` (from the picture on) or ``{abspath}``, and ``{line}``, ``{commit}``, ``{remote}``
    :param output: the file that the picture is written to; ``None``: it counts as one in the working directory
    :param root: a folder in the repository; ``None``: the working directory
    :raises UsageError: if the template is wrong, or git does not know what it asks for
    """
    if template == "none":
        return lambda location: ""
    template = TEMPLATES.get(template, template)
    _check(template)
    root = os.path.realpath(root or os.curdir)
    known = {}
    if "{commit}" in template:
        known["commit"] = (
            environ.get("GITHUB_SHA") or environ.get("CI_COMMIT_SHA") or _git(root, "rev-parse", "HEAD")
        )
    if "{remote}" in template:
        known["remote"] = _remote(root, environ)
    folder = os.path.dirname(os.path.abspath(output or "picture"))
    return lambda location: _filled(template, location, known, root, folder)


def _check(template: str) -> None:
    used = _PLACE.findall(template)
    for name in used:
        if name not in PLACES:
            from ..suggest import did_you_mean

            raise UsageError(
                f"there is no {{{name}}}", where=f'link "{template}"', hint=did_you_mean(name, PLACES)
            )
    if not any(name in FILES for name in used):
        names = ", ".join([*TEMPLATES, "none"])
        hint = f"write one such as https://host/{{path}}#L{{line}}, or one of {names}"
        raise UsageError("it names no file", where=f'link "{template}"', hint=hint)
    if not is_safe(template):
        raise UsageError(
            "it would run code", where=f'link "{template}"', hint="write one of https:// or an editor"
        )


def _filled(template: str, location: str, known: Mapping[str, str], root: str, folder: str) -> str:
    file, _, line = location.rpartition(":")
    if not os.path.isabs(file):  # "<stdin>", or a module that was made by hand
        return ""
    path = _path_in_repository(file, root)
    if "{path}" in template and not path:
        return ""
    # A colon is escaped, too, so that no folder can be taken for a scheme.
    values = {
        "path": _quoted(path),
        "relpath": _quoted(os.path.relpath(file, folder)),
        "abspath": _quoted(file),
        "line": line,
        **known,
    }
    link = _PLACE.sub(lambda match: values[match[1]], template)
    return link if is_safe(link) else ""  # what the environment says may be anything


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))  # whose names need not be UTF-8


def _path_in_repository(file: str, root: str) -> str:
    """Return the path from the top of the repository of ``root`` on; empty if the file is not of it.

    A submodule is another repository: the server knows its files by another address.
    """
    folder, name = os.path.split(file)
    folder = os.path.realpath(folder)  # a checkout may be reached by links
    top = _top(root)
    path = os.path.relpath(os.path.join(folder, name), top or root)
    if path.startswith(os.path.join(os.pardir, "")) or (top and _top(folder) != top):
        return ""
    return path


def _top(folder: str) -> str:
    """Return the folder of the repository that ``folder`` is in; empty if it is in none."""
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return ""
    return folder


def _remote(root: str, environ: Mapping[str, str]) -> str:
    """Return the web address of the repository."""
    if environ.get("GITHUB_REPOSITORY"):
        return f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{environ['GITHUB_REPOSITORY']}"
    if environ.get("CI_PROJECT_URL"):
        return environ["CI_PROJECT_URL"]
    return web_address(_git(root, "remote", "get-url", "origin"))


# A password may hold an @. A port of ssh is none of the web server, and C:/ is a drive.
_URL = re.compile(r"(?:(https?)|ssh|git)://(?:[^/]*@)?([\w.-]+)(:\d+)?/(.+)")
_SCP = re.compile(r"(?![A-Za-z]:[/\\])(?:[^@/:]*@)?([\w.-]+):(?!//)([^@]+)")


def web_address(remote: str) -> str:
    """Return where people look at a repository: without a password, which pictures would tell everybody.

    :param remote: what git clones: ``git@host:owner/name.git``, ``ssh://git@host/owner/name``, ``https://host/owner/name``
    :raises UsageError: if it is on no server
    """
    if match := _URL.fullmatch(remote):
        scheme, host, port, path = match.groups()
        server = f"{scheme}://{host}{port or ''}" if scheme else f"https://{host}"
    elif match := _SCP.fullmatch(remote):
        server, path = f"https://{match[1]}", match[2]
    else:
        shown = re.sub(r"([\w+.-]+://)?.*@", r"\1", remote, count=1)
        hint = "say where its pages are: --link 'https://host/{path}#L{line}'"
        raise UsageError(f"the remote {shown} is no web site", where="link", hint=hint)
    from urllib.parse import quote

    return f"{server}/{quote(path.rstrip('/').removesuffix('.git'), safe='/%')}"


def _git(folder: str, *words: str) -> str:
    """Return what git answers about the repository of a folder.

    :raises UsageError: if it does not
    """
    import subprocess

    command = ("git", *words)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=60
        )
        said = done.stderr.strip().splitlines()
        if done.returncode == 0:
            return done.stdout.strip()
    except OSError as error:
        said = [error.strerror or str(error)]
    hint = "say where the pages of the source are: --link 'https://host/{path}#L{line}'"
    raise UsageError(" ".join(said[:1]) or "it failed", where=" ".join(command), hint=hint)
