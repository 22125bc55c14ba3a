"""Histories that are drawn."""

from __future__ import annotations

import pytest

from chart_history import History, a_quarter


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def quarter() -> History:
    return a_quarter()
