"""What is different inside of GitHub Actions: secrets are masked, and ticks are reported."""

from __future__ import annotations

from .settings import PLUGIN, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config

__all__ = ["enter"]


def enter(config: Config) -> None:
    """Prepare for work in a step; called once."""
    from .reporter import Fence, Reporter

    fence = Fence()
    config.plugins.register(fence, f"{PLUGIN}:fence", "GITHUB_ACTIONS=true")
    config.plugins.register(Reporter(config, fence), f"{PLUGIN}:reporter", "GITHUB_ACTIONS=true")
    for name in read_settings(config).secrets:
        if value := config.environ.get(name):
            mask_forms(value)


def mask_forms(secret: str) -> None:
    """Mask a secret in the forms in which programs print it; GitHub knows the plain one alone."""
    import base64
    import json
    from urllib.parse import quote, quote_plus

    from .actionslog import mask

    forms = [secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)]
    forms.append(base64.b64encode(secret.encode()).decode())
    for form in dict.fromkeys(forms):
        mask(form)
