from __future__ import annotations

import pytest

from wfepy_hooks import Stash, StashKey


def test_a_value_is_found_by_its_key_and_no_other() -> None:
    one, other = StashKey[int](), StashKey[int]()
    stash = Stash()
    stash[one] = 1
    assert stash[one] == 1
    assert one in stash
    assert other not in stash
    assert len(stash) == 1
    with pytest.raises(KeyError):
        stash[other]


def test_get_falls_back_to_its_default() -> None:
    key = StashKey[str]()
    stash = Stash()
    assert stash.get(key, None) is None
    stash[key] = ""
    assert stash.get(key, "default") == ""


def test_setdefault_keeps_what_is_there() -> None:
    key = StashKey[list[int]]()
    stash = Stash()
    stash.setdefault(key, []).append(1)
    stash.setdefault(key, []).append(2)
    assert stash[key] == [1, 2]


def test_a_deleted_value_is_gone() -> None:
    key = StashKey[int]()
    stash = Stash()
    stash[key] = 1
    del stash[key]
    assert key not in stash
