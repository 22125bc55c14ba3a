"""Let a Kubernetes cluster run the ticks of this project: show the manifests for kubectl. Nothing is changed.

    wfepy kubernetes show | kubectl apply --filename -

By default it is one CronJob, which runs wfepy tick --due at each minute of the hour at which a schedule or start of any
workflow can be due; the tick then looks at the schedules itself, in their time zones. With --per-workflow each schedule
has a CronJob of its own, in its time zone. The state is on a volume.

Settings are in [plugins.wfepy_kubernetes] of the config file: image, which must be there, per_workflow, namespace,
python, folder, user, storage, storage_class, claim, secrets, service_account, timeout, starting_deadline, requests,
limits.
"""

from __future__ import annotations

from wfepy_hooks import collect_schedules
from wfepy_hooks.commandline import show_files

from .manifests import manifests
from .settings import read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=["show"], help="print the manifests")
    parser.add_argument(
        "--per-workflow", action="store_true", help="a CronJob for each schedule of each workflow"
    )


def run(args: Namespace, config: Config) -> int:
    show_files(manifests(collect_schedules(config), config, read_settings(config, args)))
    return 0
