"""What can go wrong between here and the remote, told apart by what has to be done about it.

WfepyError
+-- GitError             3   also a git that is missing or says what nobody knows
    +-- Stale            3   others were faster, again and again
    +-- Protected        3   the branch is protected
    +-- HookDeclined     3   a hook of the remote refused it
    +-- Denied           3   who we are is unknown there, or may not do it
    +-- Missing          3   there is no such remote or branch
    +-- Network          3   the remote does not answer, or stopped to
    +-- Conflict         3   two machines have advanced one instance
    +-- LeaseHeld        3   another machine works on the workflow
    +-- LeaseLost        3   another machine has taken the workflow over
    +-- BadState         3   what the branch or the folder holds is no state
"""

from __future__ import annotations

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "BadState",
    "Conflict",
    "Denied",
    "GitError",
    "HookDeclined",
    "LeaseHeld",
    "LeaseLost",
    "Missing",
    "Network",
    "Protected",
    "Stale",
]


class GitError(WfepyError):
    """The state could not be taken from or brought to the remote; what is here is as it was.

    :cvar kind: one word for it, for programs
    """

    exit_code = 3
    kind = "git"


class Stale(GitError):
    """Others have pushed before us, as often as we tried."""

    kind = "stale"


class Protected(GitError):
    """The branch is protected: it is not to be pushed to, or not by us."""

    kind = "protected"


class HookDeclined(GitError):
    """A hook of the remote refused the push."""

    kind = "hook declined"


class Denied(GitError):
    """The remote does not know us, or we may not do this."""

    kind = "denied"


class Missing(GitError):
    """There is no such remote, repository or branch."""

    kind = "missing"


class Network(GitError):
    """The remote does not answer, or it stopped to in the middle."""

    kind = "network"


class Conflict(GitError):
    """Two machines have advanced the same instance in different ways.

    :ivar instances: which ones, as ``workflow/instance``
    """

    kind = "conflict"

    def __init__(self, what: str, *, where: str = "", hint: str = "", instances: Sequence[str] = ()) -> None:
        super().__init__(what, where=where, hint=hint)
        self.instances = list(instances)


class LeaseHeld(GitError):
    """Another machine works on a workflow.

    :ivar workflow: which one
    :ivar holder: who
    :ivar expires: until when, unless it is renewed; ``None`` if that cannot be read
    """

    kind = "lease held"

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        hint: str = "",
        workflow: str = "",
        holder: str = "",
        expires: datetime | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.workflow = workflow
        self.holder = holder
        self.expires = expires


class LeaseLost(GitError):
    """Another machine has taken over what we were working on, because our lease had expired."""

    kind = "lease lost"


class BadState(GitError):
    """A file that is to be taken over or pushed is no state that can be trusted.

    :ivar files: which ones, each with what is wrong
    """

    kind = "bad state"

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", files: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.files = list(files)
