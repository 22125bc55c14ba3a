"""Show the branch, the commit that was pulled last, what is not pushed, and which machine works on what.

    wfepy git status

With --json: {"remote", "branch", "path", "pulled", "tip", "unpushed": [NAME], "outbox": {"kind", "error", "since",
"instances"} or null, "leases": [{"workflow", "holder", "expires", "is_free"}], "error"}. The exit code is 3 if the
remote cannot be reached; what is known here is shown then.
"""

from __future__ import annotations

from wfepy_hooks import format_time
from wfepy_hooks.commandline import clean, result, result_json, say

from .pull import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    from ..errors import GitError
    from ..repository import StateRepository

    repository = StateRepository.from_config(config)
    settings = repository.settings
    standing = repository.standing()
    data: dict[str, Any] = {
        "remote": standing.url,
        "branch": settings.branch,
        "path": settings.path,
        "pulled": standing.pulled,
        "tip": None,
        "unpushed": standing.unpushed,
        "outbox": repository.outbox,
        "leases": [],
        "error": None,
    }
    code = 0
    try:
        data["tip"] = repository.tip()
        for info in repository.leases():
            expires = format_time(info.expires) if info.expires else None
            is_free = info.is_free(config.clock(), settings.margin)
            data["leases"].append(
                {"workflow": info.workflow, "holder": info.holder, "expires": expires, "is_free": is_free}
            )
    except GitError as error:
        data["error"], code = str(error), error.exit_code
    if args.json:
        result_json(data)
    else:
        _show(data)
    return code


def _show(data: dict[str, Any]) -> None:
    result(f"remote    {clean(data['remote'])}")
    result(f"branch    {data['branch']}, the state is in {clean(data['path'])}")
    pulled = data["pulled"][:12] if data["pulled"] else "nothing"
    tip = data["tip"]
    if data["error"] or tip == data["pulled"]:
        newer = "" if data["error"] or not tip else ", which is the last one there"
    else:
        newer = f"; the branch is at {tip[:12]}: wfepy git pull" if tip else "; there is no such branch now"
    result(f"pulled    {pulled}{newer}")
    result(f"unpushed  {listed(data['unpushed'], 20) if data['unpushed'] else 'nothing'}")
    if data["outbox"]:
        result(f"outbox    since {data['outbox']['since'][:16]}Z: {clean(data['outbox']['error'])}")
    for lease in data["leases"]:
        until = f" until {lease['expires'][:19]}Z" if lease["expires"] else ""
        over = ", which is over" if lease["is_free"] else ""
        result(f"lease     {lease['workflow']}: {clean(lease['holder'])}{until}{over}")
    if data["error"]:
        say(f"wfepy: error: {clean(data['error'])}")
