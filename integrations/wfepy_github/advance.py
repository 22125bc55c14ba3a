"""Do a tick, in a job of GitHub Actions: advance all instances of all workflows as far as they can go.

What GitHub's schedules say is a hint alone - they come late, or not at all - so everything is advanced that can be.
A task that failed does not end the step: it exits with 0, so that the state is committed, and sets the output
verdict to "failed", by which a last step ends the job red. It exits otherwise with the exit code of wfepy tick.
"""

from __future__ import annotations

from argparse import Namespace

from wfepy_hooks import PluginError, UsageError
from wfepy_hooks.commandline import say

from .actionslog import set_outputs
from .reporter import Reporter
from .settings import PLUGIN
from .token import VARIABLE, has_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from wfepy_hooks import Config

#: The exit code of a tick in which a task failed, or after which an instance can never finish.
FAILED = 1


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "workflows", nargs="*", metavar="WORKFLOW", help="only this one (may be repeated; default: all)"
    )


def run(args: Namespace, config: Config) -> int:
    if has_token(config):
        hint = f"take {VARIABLE} out of the step; fetch and commit need it"
        raise UsageError("the token is here, where tasks run", where="wfepy github advance", hint=hint)
    code = _tick(args, config)
    reporter = config.plugins.get_plugin(f"{PLUGIN}:reporter")
    if isinstance(reporter, Reporter):
        reporter.write()
    set_outputs(config.environ, {"verdict": "failed" if code else "ok"})
    if code == FAILED:
        say("wfepy: a task failed; the state is committed, and then the job ends red")
        return 0
    return code


def _tick(args: Namespace, config: Config) -> int:
    """Do what ``wfepy tick`` does, in this process, so that its signals are handled as there."""
    spec = config.commands().get("tick")
    if spec is None:
        raise PluginError("there is no command tick", hint="a plugin is blocked that should not be")
    words = Namespace(workflows=args.workflows, due=False, log=None, mail_errors=False, json=False)
    words.flags = args.flags
    return spec.load().run(words, config)
