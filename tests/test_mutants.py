"""The properties find faults: each mutant of the engine in `mutants.py` makes one of them fail.

Each mutant is a copy of the package in a temporary folder, on which a file of properties runs with few examples that
are always the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wfepy_hooks
from mutants import MUTANTS, Mutant

TESTS = Path(__file__).parent
PACKAGE = Path(wfepy_hooks.__file__).parent

FOUND = 9
"""What the process exits with when a property fails."""

# Without pytest, whose import and collection would take longer than most of the tests.
RUN = """
import importlib, sys, traceback
sys.path.insert(1, sys.argv[1])
import profiles
properties = vars(importlib.import_module(sys.argv[2]))
tests = [value for name, value in properties.items() if name.startswith("test_")]
def rank(test):
    drawn, name = getattr(test, "is_hypothesis_test", False), test.__name__
    return drawn, sys.argv[3] not in name, "after_every" not in name, "rewound" not in name
tests.sort(key=rank)
for test in tests[:1] if sys.argv[4:] else tests:
    try:
        test()
    except BaseException:
        traceback.print_exc()
        sys.exit(9)
"""


def run_properties(folder: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the properties on the copy of the package in `folder`: the quick ones and those that find most come first.

    :param options: what is in the name of the test that comes before these, and whether it is the only one
    """
    return subprocess.run(
        # With -c the working directory, and so the copy, comes before the real package.
        [sys.executable, "-c", RUN, str(TESTS), module, *options],
        cwd=folder,
        env={**os.environ, "WFEPY_HYPOTHESIS": "quick"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def copy_package(folder: Path) -> Path:
    return shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))


def test_names_of_mutants_differ() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted({mutant.tests for mutant in MUTANTS}))
def test_copy_without_a_fault_passes(module: str, tmp_path: Path) -> None:
    # One test tells whether a copy can be tested at all; on the package itself all of them run anyway.
    copy_package(tmp_path)
    done = run_properties(tmp_path, module, "after_every", "only")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name.replace(" ", "-") for mutant in MUTANTS])
def test_mutant_is_found(mutant: Mutant, tmp_path: Path) -> None:
    file = copy_package(tmp_path) / mutant.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, "the mutant does not fit the engine any more: write it anew"
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    done = run_properties(tmp_path, mutant.tests, mutant.first)
    assert done.returncode == FOUND, f"nobody noticed that {mutant.name}{done.stderr}"
