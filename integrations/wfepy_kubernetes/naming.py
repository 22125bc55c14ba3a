"""Names and labels that Kubernetes takes."""

from __future__ import annotations

import re

__all__ = ["LONGEST", "job_name", "label"]

#: Characters of the name of a CronJob: a Job of it has 11 more, and may have 63.
LONGEST = 52
_HASH = 8


def job_name(*parts: str) -> str:
    """Return a name for these parts, of lower-case letters, digits and ``-`` (a DNS-1123 label).

    Between two parts is ``--``. Where a part had to be changed or cut, or has ``--`` itself, a hash of all of them
    is at the end, so that no two have the same name.
    """
    words = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") or "x" for part in parts]
    name = "wfepy-" + "--".join(words)
    if words == list(parts) and len(name) <= LONGEST:
        return name
    from hashlib import blake2b

    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=_HASH // 2).hexdigest()
    return f"{name[: LONGEST - _HASH - 1].rstrip('-')}-{digest}"


def label(text: str) -> str:
    """Return ``text`` as the value of a label, as far as one can hold it."""
    value = re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:63]
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", value)
