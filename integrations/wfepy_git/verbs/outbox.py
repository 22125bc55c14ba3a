"""Show what is not pushed, and why; settle what went on in two ways.

    wfepy git outbox
    wfepy git outbox --take theirs coffee/default       # give up what is here; a copy is kept in .wfepy/git
    wfepy git outbox --take ours coffee/default         # the next push puts what is here in place of theirs

With --json: {"unpushed": [NAME], "outbox": {"kind", "error", "since", "instances"} or null}.
"""

from __future__ import annotations

from wfepy_hooks import UsageError
from wfepy_hooks.commandline import clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from ..repository import StateRepository


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    parser.add_argument("instances", nargs="*", metavar="WORKFLOW/INSTANCE", help="what to settle")
    parser.add_argument(
        "--take",
        choices=("ours", "theirs"),
        help="which side goes on: what is here, or what is on the branch",
    )
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    from ..repository import StateRepository

    repository = StateRepository.from_config(config)
    if bool(args.instances) != bool(args.take):
        raise UsageError(
            "--take and the instances go together", hint="wfepy git outbox --take theirs coffee/default"
        )
    if args.take:
        for name in args.instances:
            kept = repository.settle_conflict(name, args.take)
            _tell_settled(name, args.take, kept)
        return 0
    _list(args, repository)
    return 0


def _list(args: Namespace, repository: StateRepository) -> None:
    unpushed, outbox = repository.standing().unpushed, repository.outbox
    if args.json:
        result_json({"unpushed": unpushed, "outbox": outbox})
        return
    for name in unpushed:
        result(clean(name))
    if outbox:
        result(f"not pushed since {outbox['since'][:19]}Z: {clean(outbox['error'])}")
    elif unpushed:
        result("wfepy git push delivers this")
    else:
        result("nothing is left to push")


def _tell_settled(name: str, side: str, kept: str) -> None:
    if side == "ours":
        result(f"{name}: what is here goes on; wfepy git push puts it on the branch")
    else:
        result(f"{name}: what is on the branch goes on" + (f"; what was here is in {kept}" if kept else ""))
