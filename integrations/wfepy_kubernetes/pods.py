"""The pod of a tick: one container, that may write nothing but the state and ``/tmp``."""

from __future__ import annotations

import os

from wfepy_hooks import ConfigError, tick_command

from .naming import job_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config

    from .settings import Settings
    from .yaml import Data

__all__ = ["pod"]

_SCRATCH = "/tmp"


def pod(config: Config, settings: Settings, workflow: str) -> dict[str, Data]:
    """Return the specification of a pod that ticks.

    :param workflow: only this one; empty: all
    :raises ConfigError: if the state cannot be mounted
    """
    claim = settings.claim or job_name(config.project)
    spec: dict[str, Data] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": bool(settings.service_account),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": settings.user,
            "runAsGroup": settings.user,
            "fsGroup": settings.user,  # so that the volume can be written
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(config, settings, workflow)],
        "volumes": [
            {"name": "state", "persistentVolumeClaim": {"claimName": claim}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    if settings.service_account:
        spec["serviceAccountName"] = settings.service_account
    return spec


def _container(config: Config, settings: Settings, workflow: str) -> dict[str, Data]:
    state = _state_folder(config, settings)
    command = tick_command(config, [workflow] if workflow else [], python=settings.python, state=state)
    resources = {"requests": settings.requests, "limits": settings.limits}
    container: dict[str, Data] = {
        "name": "tick",
        "image": settings.image,
        # Kubernetes replaces $(NAME), and makes one "$" of "$$".
        "command": [word.replace("$", "$$") for word in command],
        "workingDir": settings.folder or config.root,
        "env": [{"name": "HOME", "value": _SCRATCH}],
        "resources": {name: {**amounts} for name, amounts in resources.items() if amounts},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "state", "mountPath": state}, {"name": "tmp", "mountPath": _SCRATCH}],
    }
    if settings.secrets:
        container["envFrom"] = [{"secretRef": {"name": name}} for name in settings.secrets]
    return container


def _state_folder(config: Config, settings: Settings) -> str:
    """Return where the state is in the image: as it lies to the project here.

    :raises ConfigError: if nothing can be mounted there
    """
    inside = os.path.relpath(config.state, config.root)
    folder, state = settings.folder or config.root, os.path.normpath(config.state)
    if inside.split(os.sep)[0] != os.pardir:
        state = os.path.normpath(os.path.join(folder, inside))
    hides = os.path.commonpath([state, folder]) == state
    if hides or ":" in state or os.path.commonpath([state, _SCRATCH]) == state:
        what = "the state cannot be a volume there" + (", which would hide the project" if hides else "")
        raise ConfigError(what, where=state, hint='write such as state = ".wfepy/state" below [wfepy]')
    return state
