"""The manifests of a project: pure, from the schedules and the settings to one file of YAML."""

from __future__ import annotations

from collections import Counter

from wfepy_hooks import ConfigError, GeneratedFile, Schedule, needed_minutes

from .naming import job_name, label
from .pods import pod
from .yaml import to_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wfepy_hooks import Config, ScheduleEntry

    from .settings import Settings
    from .yaml import Data

__all__ = ["manifests"]

_HEAD = """\
# Made by wfepy-hooks for the project {project}: wfepy kubernetes show | kubectl apply --filename -
"""


def manifests(schedules: Sequence[ScheduleEntry], config: Config, settings: Settings) -> list[GeneratedFile]:
    """Return a file with a CronJob for the project, or for each schedule, and the claim of the volume for the state.

    :raises ConfigError: if nothing has a schedule, or the state cannot be mounted
    :raises ScheduleError: if a schedule is wrong
    """
    if not schedules:
        hint = 'write such as schedule = "*/10 * * * *" below [workflows.NAME]'
        raise ConfigError("no workflow has a schedule", where=config.file or config.root, hint=hint)
    documents: list[Data] = [] if settings.claim else [_claim(config, settings)]
    if settings.per_workflow:
        documents += _jobs_of_schedules(schedules, config, settings)
    else:
        minutes = ",".join(map(str, needed_minutes(schedules, [0], since=config.clock())))
        every = Schedule(f"{minutes} * * * *").cron.text
        documents.append(_job(config, settings, job_name(config.project), every, "Etc/UTC"))
    text = _HEAD.format(project=config.project) + "---\n".join(map(to_yaml, documents))
    return [GeneratedFile(f"{job_name(config.project)}.yaml", text)]


def _jobs_of_schedules(
    schedules: Sequence[ScheduleEntry], config: Config, settings: Settings
) -> Iterator[Data]:
    seen: Counter[tuple[str, str]] = Counter()
    for entry in schedules:
        seen[entry.workflow, entry.kind] += 1
        number = seen[entry.workflow, entry.kind]
        # Plugins may give a workflow several schedules of one kind.
        kind = entry.kind if number == 1 else f"{entry.kind}{number}"
        name = job_name(config.project, entry.workflow, kind)
        zone = "Etc/UTC" if entry.timezone == "UTC" else entry.timezone
        yield _job(config, settings, name, entry.schedule().cron.text, zone, entry.workflow)


def _job(
    config: Config, settings: Settings, name: str, every: str, zone: str, workflow: str = ""
) -> dict[str, Data]:
    labels = _labels(config, workflow)
    job: dict[str, Data] = {"backoffLimit": 0}  # the next tick tries again what has failed
    if settings.timeout:
        job["activeDeadlineSeconds"] = settings.timeout
    job["template"] = {"metadata": {"labels": labels}, "spec": pod(config, settings, workflow)}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(name, labels, settings),
        "spec": {
            "schedule": every,
            "timeZone": zone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": settings.starting_deadline,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": labels}, "spec": job},
        },
    }


def _claim(config: Config, settings: Settings) -> dict[str, Data]:
    spec: dict[str, Data] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": settings.storage}},
    }
    if settings.storage_class:
        spec["storageClassName"] = settings.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(job_name(config.project), _labels(config, ""), settings),
        "spec": spec,
    }


def _metadata(name: str, labels: dict[str, Data], settings: Settings) -> dict[str, Data]:
    namespace: dict[str, Data] = {"namespace": settings.namespace} if settings.namespace else {}
    return {"name": name, **namespace, "labels": labels}


def _labels(config: Config, workflow: str) -> dict[str, Data]:
    labels: dict[str, Data] = {
        "app.kubernetes.io/name": label(config.project),
        "app.kubernetes.io/managed-by": "wfepy-hooks",
    }
    if workflow:
        labels["app.kubernetes.io/component"] = label(workflow)
    return labels
