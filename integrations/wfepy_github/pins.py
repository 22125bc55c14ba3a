"""The actions that a generated file uses, each by the commit that its version was when it was looked at."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CHECKOUT", "PINS", "SETUP_PYTHON", "SETUP_UV", "UPLOAD_ARTIFACT", "Pin"]


class Pin(NamedTuple):
    """An action at one commit.

    :ivar action: owner and name
    :ivar version: the tag, for people
    :ivar commit: what GitHub takes
    """

    action: str
    version: str
    commit: str

    @property
    def text(self) -> str:
        """The value of ``uses:``, with the version as a comment."""
        return f"{self.action}@{self.commit} # {self.version}"


CHECKOUT = Pin("actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1")
SETUP_PYTHON = Pin("actions/setup-python", "v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97")
SETUP_UV = Pin("astral-sh/setup-uv", "v10.0.1", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d")
UPLOAD_ARTIFACT = Pin("actions/upload-artifact", "v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a")

PINS = (CHECKOUT, SETUP_PYTHON, SETUP_UV, UPLOAD_ARTIFACT)
