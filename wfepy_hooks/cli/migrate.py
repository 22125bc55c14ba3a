"""Show what the present code makes of the live instances, and write it down.

    wfepy migrate --dry-run
    wfepy migrate coffee table-4 --drop weigh_beans -m "nobody weighs them any more"

Ticks do the same with each instance that they load, so this is needed for two things: to decide what the code leaves
open, and to be done with it, so that renamed_from= and removed= can be taken out of the code again. An instance that
sleeps takes no notice of new code before it is woken, or migrated.

What takes something away is asked about first. Exit code 3: an instance is held by a tick, cannot be read, or needs a
decision.

With --json: {"instances": [{"workflow", "instance", "verdict", "changes", "questions": [{"task", "reason", "commands",
"code"}], "error", "written"}], "counts": {VERDICT: NUMBER}, "exit_code"}.
"""

from __future__ import annotations

import os
import sys

from ..errors import ConfigError, LockedError, UsageError, WfepyError
from ..migration import MIGRATED
from ..people import who
from ..project import Project
from ..standing import Standing, look, migrate
from .naming import pick_instance, pick_workflow, require_workflow
from .output import TasksPrintToStderr, clean, is_terminal, result, result_json, say, tell_error, write
from .standings import counted, in_words, tell_standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_by, add_json, add_reason, add_wait

    parser.add_argument("workflow", nargs="?", metavar="WORKFLOW", help="only this one, or a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="only this one")
    for option, help in (
        ("--drop", "forget a task that the code does not have any more; an instance there skips it"),
        ("--keep", "leave a decided task as it is: its new transitions are not taken"),
        ("--rewind", "run a decided task again under the new code, and what follows it"),
    ):
        parser.add_argument(
            option, action="append", default=[], metavar="TASK", help=f"{help} (may be repeated)"
        )
    parser.add_argument("-n", "--dry-run", action="store_true", help="write nothing")
    add_by(parser)
    add_reason(parser)
    add_wait(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.json:
        with TasksPrintToStderr():  # the workflows' modules may print when they are imported
            migration = _Migration(args, config)
            code = migration.run()
        result_json(migration.to_json(code))
    else:
        migration = _Migration(args, config)
        code = migration.run()
        result(clean(migration.summary()))
    return code


class _Migration:
    """One run of the command.

    :ivar standings: how each instance that it is about stood to the code
    :ivar written: which of them were written
    :ivar code: the worst exit code so far
    """

    def __init__(self, args: Namespace, config: Config) -> None:
        self.args = args
        self.config = config
        self.project = Project(config)
        self.standings: list[Standing] = []
        self.written: set[str] = set()
        self.code = 0

    def run(self) -> int:
        args = self.args
        instances = list(self._instances())
        self._check_tasks(sorted({workflow for workflow, _ in instances}))
        for workflow, instance in instances:
            standing = look(self.project, workflow, instance, args.drop, [*args.keep, *args.rewind])
            standing.found = None  # there may be thousands
            self.standings.append(standing)
            if standing.error is not None:
                self.code = max(self.code, standing.error.exit_code)
            if not args.json:
                tell_standing(standing)
        todo = [standing for standing in self.standings if standing.verdict == MIGRATED]
        if args.dry_run or not todo or not self._may(todo):
            return self.code
        for standing in todo:
            self._write(standing)
        return self.code

    def _instances(self) -> Iterator[tuple[str, str]]:
        """Yield every instance that the command is about."""
        if self.args.workflow is None:
            if self._decides:
                raise UsageError("name the workflow that it is about", where="wfepy migrate", hint=_HINT)
            names = list(self.config.workflows)
            if not names:
                hint = "name a .py file, or configure a workflow in wfepy.toml"
                raise ConfigError(
                    "there is no workflow", where=self.config.file or self.config.root, hint=hint
                )
        else:
            names = [pick_workflow(self.config, self.args.workflow)]
            require_workflow(self.config, names[0])
        for name in names:
            self.project.workflow(name)
            if self.args.instance is not None:
                yield name, self._pick(name)
            else:
                for instance in self.project.store.list(name):
                    yield name, instance

    def _pick(self, workflow: str) -> str:
        """Return the instance that is named.

        :raises UsageError: if it has ended
        """
        instance = pick_instance(self.project, workflow, self.args.instance)
        if instance not in self.project.store.list(workflow):
            hint = "only live instances are migrated"
            raise UsageError("the instance has ended", where=f"{workflow}/{instance}", hint=hint)
        return instance

    @property
    def _decides(self) -> bool:
        return bool(self.args.drop or self.args.keep or self.args.rewind)

    def _check_tasks(self, workflows: list[str]) -> None:
        """Check the names behind the options that decide something.

        :raises UsageError: if the code has a task that is to be dropped, or has none that is to be kept
        """
        for name in workflows:
            tasks = self.project.workflow(name).tasks
            for task in self.args.drop:
                if task in tasks:
                    what = f'workflow {name} has a task "{task}", and only one that is gone is dropped'
                    raise UsageError(
                        what, where=f"--drop {task}", hint=f"wfepy skip {name} INSTANCE {task} skips it"
                    )
            for task in (*self.args.keep, *self.args.rewind):
                if task not in tasks:
                    from ..suggest import did_you_mean

                    raise UsageError(
                        f'there is no task "{task}"', where=f"workflow {name}", hint=did_you_mean(task, tasks)
                    )

    def _may(self, todo: list[Standing]) -> bool:
        """Return whether it may go on: what takes nothing away is not asked about.

        :raises UsageError: if there is nobody to ask
        """
        if self.args.yes or not self._decides:
            return True
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise UsageError(
                "it asks before it drops, keeps or rewinds a task, and there is no terminal",
                where="wfepy migrate",
                hint="--yes does it without asking, --dry-run only shows it",
            )
        if self.args.json:
            for standing in todo:
                say(clean(f"{standing.where}: {'; '.join(standing.changes)}"))
        count = f"{len(todo)} instance{'s' if todo[1:] else ''}"
        write(sys.stderr, f"write {count}? [y/N] ")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
        say("wfepy: nothing was changed")
        self.code = max(self.code, 1)
        return False

    def _write(self, standing: Standing) -> None:
        args = self.args
        options = {"by": who(os.environ, args.by), "reason": " ".join(args.reason.split()), "wait": args.wait}
        try:
            migrate(self.project, standing, drop=args.drop, keep=[*args.keep, *args.rewind], **options)
            self.written.add(standing.where)
            for task in args.rewind:
                self._rewind(standing, task, options)
        except WfepyError as error:
            if isinstance(error, LockedError):
                error.hint = "wait for it with --wait 60"
            standing.error = error
            self.code = max(self.code, error.exit_code)
            tell_error(error, args.flags)

    def _rewind(self, standing: Standing, task: str, options: dict[str, Any]) -> None:
        from ..operations import Operations

        Operations(self.project).rewind(standing.workflow, standing.instance, task, **options)

    def summary(self) -> str:
        """Return the last line, such as ``3 live instances: 1 safe, 2 migrated; 2 written``."""
        total = len(self.standings)
        if not total:
            return "there is no live instance"
        text = f"{total} live instance{'s' if total != 1 else ''}: {in_words(counted(self.standings))}"
        return f"{text}; {len(self.written) or 'nothing'} written"

    def to_json(self, code: int) -> dict[str, Any]:
        instances = [{**each.to_json(), "written": each.where in self.written} for each in self.standings]
        return {"instances": instances, "counts": counted(self.standings), "exit_code": code}


_HINT = "as in wfepy migrate WORKFLOW --drop TASK"
