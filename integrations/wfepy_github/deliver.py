"""Record the signal that a job of GitHub Actions was started with, so that the next tick delivers it.

It is read from the environment: WFEPY_GITHUB_SIGNAL, its name; WFEPY_GITHUB_INSTANCE, as WORKFLOW/INSTANCE;
WFEPY_GITHUB_PAYLOAD, JSON or nothing. It is by GITHUB_ACTOR, and its id is that of the run: a run that is repeated
sends nothing twice.
"""

from __future__ import annotations

from wfepy_hooks import (
    InstanceNotFound,
    UsageError,
    WfepyError,
    read_data,
    read_overview,
    send_signal,
    who,
)
from wfepy_hooks.commandline import clean, say

from .actionslog import tell
from .commit import open_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from wfepy_hooks import Config, Store


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    try:
        say(clean(f"wfepy: {_deliver(config)}"))
    except WfepyError as error:
        if config.environ.get("GITHUB_ACTIONS") == "true":
            tell("error", f"the signal was not recorded: {error}", title="wfepy")
        raise
    return 0


def _deliver(config: Config) -> str:
    """Record the signal, and return what has become of it."""
    name = config.environ.get("WFEPY_GITHUB_SIGNAL", "").strip()
    workflow, instance = _addressee(config)
    repository = open_repository(config)
    repository.pull()
    store = config.make_store()
    id = _id(config, name)
    if id and _was_delivered(store, workflow, instance, id):
        return f"{workflow}/{instance} got {name} already; nothing was changed"
    sent = send_signal(store, workflow, instance, name, _payload(config, store), by=_sender(config), id=id)
    repository.push([f"{workflow}/{instance}: signal {name} by {_sender(config)}"])
    if not sent.accepted:
        return f"{name} was sent to {workflow}/{instance} already; nothing was changed"
    waiting = f"for {', '.join(sent.waiting)}" if sent.waiting else sent.warning
    return f"{name} is recorded for {workflow}/{instance}; {waiting}"


def _addressee(config: Config) -> tuple[str, str]:
    text = config.environ.get("WFEPY_GITHUB_INSTANCE", "").strip()
    workflow, slash, instance = text.partition("/")
    if not (workflow and slash and instance):
        hint = 'write it as WORKFLOW/INSTANCE, such as "coffee/default"'
        raise UsageError(f'"{text}" is no instance', where="WFEPY_GITHUB_INSTANCE", hint=hint)
    if workflow not in config.workflows:
        hint = f"there are {', '.join(config.workflows)}"
        raise UsageError(f'there is no workflow "{workflow}"', where="WFEPY_GITHUB_INSTANCE", hint=hint)
    return workflow, instance


def _id(config: Config, name: str) -> str:
    run = config.environ.get("GITHUB_RUN_ID", "")
    return f"github-run-{run}" if run.isascii() and run.isdigit() else ""


def _sender(config: Config) -> str:
    return who(config.environ)


def _payload(config: Config, store: Store) -> Any:
    text = config.environ.get("WFEPY_GITHUB_PAYLOAD", "").strip()
    if not text:
        return None
    workflow, instance = _addressee(config)
    name = config.environ.get("WFEPY_GITHUB_SIGNAL", "").strip()
    try:
        return read_data(text, read_overview(store, workflow, instance), name)
    except UsageError as error:
        error.where = "WFEPY_GITHUB_PAYLOAD"
        raise


def _was_delivered(store: Store, workflow: str, instance: str, id: str) -> bool:
    """Return whether a tick has taken a signal of this id, also if the instance has ended since."""
    try:
        records = store.history(workflow, instance)
        return any(each.get("event") == "signal" and each.get("id") == id for each in records)
    except InstanceNotFound:
        return False
