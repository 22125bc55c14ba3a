"""What ``docs/reference/config.md`` says of every key: its rule is the code's, default and meaning are here.

``tests/test_docs.py`` holds the keys to those of the code, and each default to what is so without the key.
"""

from __future__ import annotations

import re
from importlib import import_module

from prose import table
from wfepy_hooks.configfile import ENGINE_KEYS, WORKFLOW_KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    #: The default as it would be written in the file, empty where there is none, and the meaning.
    Meanings: TypeAlias = dict[str, tuple[str, str]]

__all__ = ["ENGINE", "PLUGINS", "WORKFLOW", "engine", "plugins", "rules", "workflow"]

#: What is as it stands in the file, in the words of a rule.
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\{[^}]*\}')
ENGINE: Meanings = {
    "project": (
        "",
        "its name outside of this folder: in schedulers, in messages, and for what `H` of a "
        "[schedule](schedules.md) picks. Without it, the name of the folder",
    ),
    "state": (
        '".wfepy/state"',
        "folder of the instances, relative to the config file; `--state` comes before it",
    ),
    "plugins": (
        "[]",
        "modules to load as [plugins](../how-to/plugins.md), in this order; `no:NAME` keeps one out",
    ),
    "required_plugins": ("[]", "plugins without which no command runs"),
    "autoload": ("true", "load the plugins of installed packages; see also `WFEPY_DISABLE_PLUGIN_AUTOLOAD`"),
    "strict": ("false", "a task that returns neither `True`, `False` nor a wait is an error; else a warning"),
    "strict_plugins": ("false", "an exception in a plugin that only observes is an error; else it is logged"),
    "store": (
        '"files"',
        "what keeps the instances: `files`, `memory` (for trying out), or one that a plugin offers",
    ),
    "executor": (
        '"inline"',
        "where tasks run that are ready at the same time: one after the other in the tick itself, `threads:4`, "
        "`processes:4`, or one that a plugin offers",
    ),
    "source_link": (
        '"file"',
        "where a click on a task of a [picture](../how-to/pictures.md#links-to-the-source) leads: a template, or "
        "`file`, `github`, `gitlab`, `vscode`, `pycharm`, `none`",
    ),
}
WORKFLOW: Meanings = {
    "module": (
        "",
        "where the tasks are: a dotted name, or a path relative to the config file; it must be there",
    ),
    "schedule": (
        "",
        "when ticks happen, as [cron](schedules.md) has it. Without it, each time that something calls `wfepy tick`",
    ),
    "start": (
        "",
        "when a new instance begins, as [cron](schedules.md) has it. Without it, by hand: `wfepy start`",
    ),
    "timezone": ('"UTC"', "of both, an IANA name such as `Europe/Prague`"),
    "missed": ('"once"', "which starts are made up for that no tick came for; `once`: the last of them"),
    "grace": ('"10min"', "a start that comes no later than this is not missed"),
    "context": ("", "called to make the first context. Without it, that is a dict"),
}
PLUGINS: dict[str, tuple[str, Meanings]] = {
    "wfepy_crontab": (
        "cron",
        {
            "log": ('".wfepy/tick.log"', "what the ticks log to"),
            "per_workflow": ("false", "a line for each workflow that has a schedule or a start"),
            "mail_errors": ("false", "let cron mail what a tick has logged, if it failed"),
            "program": ('"crontab"', "what edits the crontab"),
            "cron_d": ('"/etc/cron.d"', "folder of the system's cron files, for `--cron-d`"),
            "mailto": ("", "who gets the mail of the lines in `cron_d`. Without it, whoever runs them"),
        },
    ),
    "wfepy_systemd": (
        "systemd",
        {
            "scope": ('"user"', "whose systemd it is"),
            "per_workflow": ("false", "a timer and a service for each workflow"),
            "timeout": ("", "a tick that takes longer is ended. Without it, none is"),
            "harden": ("true", "keep the ticks from what hardly any task does"),
            "user": ("", 'who runs the ticks of `scope = "system"`. Without it, who owns the folder'),
        },
    ),
    "wfepy_kubernetes": (
        "kubernetes",
        {
            "image": ("", "the image with the project and its Python; it must be there"),
            "per_workflow": ("false", "a CronJob for each schedule of each workflow, in its time zone"),
            "namespace": ("", "where it all is. Without it, where kubectl puts it"),
            "python": ('"python"', "the interpreter in the image"),
            "folder": ("", "the folder of the project in the image. Without it, the same path as here"),
            "user": ("1000", "who runs the ticks and owns the state"),
            "storage": ('"1Gi"', "size of the volume for the state"),
            "storage_class": ("", "of that volume. Without it, the cluster's default"),
            "claim": ("", "a volume claim that is there already. Without it, one is made"),
            "secrets": ("[]", "secrets whose keys become environment variables"),
            "service_account": ("", "without it, the namespace's default, without a token"),
            "timeout": ("", "a tick that takes longer is ended. Without it, none is"),
            "starting_deadline": ('"1h"', "a tick that could not begin is made up for this long"),
            "requests": ('{ cpu = "100m", memory = "128Mi" }', "what a tick is given at least"),
            "limits": ('{ memory = "512Mi" }', "what a tick is given at most"),
        },
    ),
    "wfepy_github": (
        "github",
        {
            "name": ('"wfepy"', "of the workflow and its file"),
            "python": ('"3.13"', "the version of Python"),
            "runner": ('"ubuntu-24.04"', "what the job runs on"),
            "timeout": ('"30min"', "a tick that takes longer is ended; its state is committed then"),
            "install": ("", "what installs the project. Without it, found out by what is in the repository"),
            "environment": (
                "",
                'the GitHub environment of the tick. Without it, `"wfepy"` if there are `secrets`',
            ),
            "secrets": ("[]", "secrets that the tasks see as environment variables"),
            "variables": ("{}", "further environment variables"),
            "heartbeat_days": ("30", "after so many days without a commit there is one for its own sake"),
            "last_tick": ("", "how old the last commit of the state may be, for `wfepy github doctor`"),
            "overdue": ('"1d"', "how late a tick may be, for `wfepy github doctor`"),
        },
    ),
    "wfepy_git": (
        "git",
        {
            "remote": ('"origin"', "where the state goes: a remote of your checkout, a URL or a path"),
            "branch": ('"wfepy-state"', "its branch there"),
            "path": ("", "of the state on the branch. Without it, as in your checkout"),
            "timeout": ('"60s"', "a git command that takes longer is ended"),
            "lease": ('"15min"', "for so long a machine has a workflow for itself"),
            "margin": ('"30s"', "by so much the clocks of two machines may differ"),
            "holder": ("", "what this machine is called in leases. Without it, its host name"),
            "name": ("", "who the commits are by. Without it, `GIT_AUTHOR_NAME` or `wfepy`"),
            "email": ("", "their address. Without it, `GIT_AUTHOR_EMAIL` or one of the host"),
        },
    ),
    "wfepy_logging": (
        "logging",
        {
            "to": (
                '"stderr"',
                "where it goes; `handlers`: those of Python's logging alone, the default with `config`",
            ),
            "format": ('"text"', "readable lines or JSON lines"),
            "level": ('"info"', "events below it are not logged"),
            "levels": ("{}", "the level of single events"),
            "tasks": (
                "",
                "from which level on it holds what tasks, libraries and plugins log themselves, too. Without it, "
                '`"warning"` for `stderr`, else `"off"`',
            ),
            "config": ("{}", "handlers and their like, as Python's `logging` has them"),
        },
    ),
    "wfepy_notify": (
        "notify",
        {
            "limit": ('"10s"', "for so long a tick waits for servers at most"),
            "give_up": ('"3d"', "a message that could not be sent for so long is given up"),
            "title": ('"{project}: {workflow}/{instance} {what}"', "the template of titles"),
            "body": (r'"{details}\n\nNext:\n{next}"', "the template of messages"),
            "digest": ("false", "what a tick has to tell comes in one message"),
            "rate": ('"20/1h"', "so many messages in so much time; more are held back and counted"),
        },
    ),
    "wfepy_healthchecks": (
        "healthchecks",
        {
            "url": ("", "the check's own URL"),
            "variable": ('"WFEPY_HEALTHCHECKS_URL"', "the environment variable that comes before `url`"),
            "commands": ('["tick"]', "the commands that are watched"),
            "limit": ('"5s"', "a ping that takes longer is given up"),
        },
    ),
    "wfepy_otel": (
        "opentelemetry",
        {
            "exporter": ('"otlp"', "`none`: something else in the process sets OpenTelemetry up"),
            "service": ("", "`service.name` of what is sent. Without it, the project"),
            "polls": ("false", "ticks and attempts that change nothing have spans, too"),
        },
    ),
}
TARGET: Meanings = {
    "url": ("", "where it goes, with `${VARIABLES}` for what is secret. Without it, a plugin sends it"),
    "events": (
        '["failed", "failing", "recovered", "timed_out", "reminder", "dead_end"]',
        "what this one is told about",
    ),
    "workflows": ("", "of which workflows; `*` stands for anything. Without it, of all"),
    "tasks": ("", "of which tasks. Without it, of all"),
    "labels": ("", "of tasks with one of these labels. Without it, of all"),
    "title": ("", "as above, for this one"),
    "body": ("", "as above, for this one"),
    "digest": ("", "as above, for this one"),
    "rate": ("", "as above, for this one"),
}
#: Tables of the user's naming, by plugin: the key that holds them, the name of their rules, what leads to them, and
#: what their keys mean.
TABLES: dict[str, tuple[str, str, str, Meanings]] = {
    "wfepy_notify": (
        "targets",
        "TARGET_KEYS",
        "Whoever is told has a table `[plugins.wfepy_notify.targets.NAME]`:",
        TARGET,
    ),
    "wfepy_healthchecks": (
        "workflows",
        "WORKFLOW_KEYS",
        "A workflow, or several by a pattern such as `art*`, can have a check of its own, "
        "`[plugins.wfepy_healthchecks.workflows.NAME]`:",
        {
            "url": ("", "the check's own URL; `{workflow}` in it is the name of the workflow"),
            "variable": ("", "the environment variable that comes before `url`"),
        },
    ),
}


def engine() -> str:
    """Return the table of ``[wfepy]``."""
    return _keys(ENGINE_KEYS, ENGINE)


def workflow() -> str:
    """Return the table of ``[workflows.NAME]``."""
    return _keys(WORKFLOW_KEYS, WORKFLOW)


def plugins() -> str:
    """Return a section for each bundled plugin."""
    parts = []
    for name, (page, meanings) in PLUGINS.items():
        parts += [
            f"### [plugins.{name}]",
            f"See [its page](../how-to/{page}.md).",
            _keys(rules(name), meanings),
        ]
        if name in TABLES:
            _, keys, words, inner = TABLES[name]
            parts += [words, _keys(rules(name, keys), inner)]
    return "\n\n".join(parts)


def rules(plugin: str, table: str = "") -> Mapping[str, Any]:
    """Return what the values of a plugin's settings must be."""
    module = import_module(f"{plugin}.settings")
    found: Mapping[str, Any] = getattr(module, table or ("KEYS" if hasattr(module, "KEYS") else "RULES"))
    return found


def _keys(rules: Mapping[str, Any], meanings: Meanings) -> str:
    rows = []
    for key, (wanted, _) in rules.items():
        default, meaning = meanings[key]
        rows.append((f"`{key}`", QUOTED.sub(r"`\g<0>`", wanted), f"`{default}`" if default else "", meaning))
    return table(("key", "value", "default", "meaning"), rows)
