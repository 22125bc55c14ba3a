"""What the project wants of the cluster: ``[plugins.wfepy_kubernetes]`` of the config file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wfepy_hooks import ConfigError, parse_duration, plugin_settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "Settings", "read_settings"]

PLUGIN = "wfepy_kubernetes"
#: A name of Kubernetes: a DNS-1123 subdomain.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_RESOURCES = ("cpu", "memory", "ephemeral-storage")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    :ivar image: the image with the project and its Python
    :ivar per_workflow: a CronJob for each schedule of each workflow, in its time zone
    :ivar namespace: empty: the one that kubectl has
    :ivar python: the interpreter in the image
    :ivar folder: the folder of the project in the image; empty: as here
    :ivar user: the number of the user, and group, who runs the ticks and owns the state
    :ivar storage: the size of the volume for the state
    :ivar storage_class: empty: the cluster's default
    :ivar claim: the name of a volume claim that is there already; empty: one is made
    :ivar secrets: names of the secrets whose keys become environment variables
    :ivar service_account: empty: the namespace's default, without a token
    :ivar timeout: after how many seconds a tick is ended; 0: never
    :ivar starting_deadline: for how many seconds a tick that could not begin is made up for
    :ivar requests: :ivar limits: quantities by resource
    """

    image: str
    per_workflow: bool = False
    namespace: str = ""
    python: str = "python"
    folder: str = ""
    user: int = 1000
    storage: str = "1Gi"
    storage_class: str = ""
    claim: str = ""
    secrets: tuple[str, ...] = ()
    service_account: str = ""
    timeout: int = 0
    starting_deadline: int = 3600
    requests: dict[str, str] = field(default_factory=lambda: {"cpu": "100m", "memory": "128Mi"})
    limits: dict[str, str] = field(default_factory=lambda: {"memory": "512Mi"})


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_image(value: object) -> bool:
    return _is_text(value) and not re.search(r"\s", str(value))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 253 and bool(_NAME.fullmatch(value))


def _is_label(value: object) -> bool:
    return _is_name(value) and len(str(value)) <= 63 and "." not in str(value)


def _is_quantity(value: object) -> bool:
    return isinstance(value, str) and bool(_QUANTITY.fullmatch(value))


def _is_resources(value: object) -> bool:
    return isinstance(value, dict) and all(
        key in _RESOURCES and _is_quantity(amount) for key, amount in value.items()
    )


def _is_folder(value: object) -> bool:
    # Kubernetes refuses a ":" in the path of a mount.
    return _is_text(value) and str(value).startswith("/") and ":" not in str(value)


def _is_user(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _seconds(text: str) -> int:
    try:
        return int(parse_duration(text).total_seconds())
    except ValueError:
        return 0


def _is_timeout(value: object) -> bool:
    return isinstance(value, str) and _seconds(value) >= 1


def _is_deadline(value: object) -> bool:
    # The cluster looks every 10 seconds: with less, a CronJob might never begin a Job.
    return isinstance(value, str) and _seconds(value) >= 10


_RESOURCE_WORDS = 'a table of quantities, such as { cpu = "100m", memory = "128Mi" }'
KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "image": ('the name of an image, such as "registry.example.org/team/coffee:1.4"', _is_image),
    "per_workflow": ("true or false", _is_flag),
    "namespace": ("up to 63 lower-case letters, digits and dashes", _is_label),
    "python": ('a program of the image, such as "python" or "/venv/bin/python"', _is_text),
    "folder": ('an absolute path in the image, such as "/app", without ":"', _is_folder),
    "user": ("the number of a user, not 0: root runs nothing here", _is_user),
    "storage": ('a quantity, such as "1Gi"', _is_quantity),
    "storage_class": ("the name of a storage class", _is_name),
    "claim": ("the name of a PersistentVolumeClaim", _is_name),
    "secrets": (
        'a list of names of secrets, such as ["coffee-token"]',
        lambda value: isinstance(value, list) and all(map(_is_name, value)),
    ),
    "service_account": ("the name of a service account", _is_name),
    "timeout": ('a duration of at least a second, such as "2h"', _is_timeout),
    "starting_deadline": ('a duration of at least 10 seconds, such as "1h"', _is_deadline),
    "requests": (_RESOURCE_WORDS, _is_resources),
    "limits": (_RESOURCE_WORDS, _is_resources),
}


def read_settings(config: Config, options: Namespace | None = None) -> Settings:
    """Return the settings of the config file, with what the options of the command say instead.

    :param options: ``per_workflow`` of it counts
    :raises ConfigError: with everything that is wrong in the file; if there is no image
    """
    table = dict(plugin_settings(config, PLUGIN, KEYS))
    if "image" not in table:
        hint = f'write image = "registry.example.org/team/{config.project.lower()}:1.0" there'
        where = f"{config.file or config.root}: [{settings_table(config, PLUGIN)}]"
        raise ConfigError("there is no image that has the project in it", where=where, hint=hint)
    for key in ("timeout", "starting_deadline"):
        if key in table:
            table[key] = _seconds(table[key])
    table["secrets"] = tuple(table.get("secrets", ()))
    if getattr(options, "per_workflow", False):
        table["per_workflow"] = True
    return Settings(**table)
