"""Installed plugins are found once and remembered, and the cache is never an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wfepy_hooks import entrypoints
from wfepy_hooks.entrypoints import find_entry_points

if TYPE_CHECKING:
    from collections.abc import Callable

    Names = Callable[[], list[str]]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of ``sys.path`` but the standard library."""
    folder = tmp_path / "site"
    folder.mkdir()
    standard = [entry for entry in sys.path if "site-packages" not in entry and "wfepy" not in entry]
    monkeypatch.setattr(sys, "path", [str(folder), *standard])
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "wfepy-hooks"


@pytest.fixture
def names(cache: Path) -> Names:
    return lambda: [each.name for each in find_entry_points({"XDG_CACHE_HOME": str(cache.parent)})]


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each look at the installed packages."""
    scans: list[int] = []
    scan = entrypoints._scan

    def counted() -> list[list[str]]:
        scans.append(1)
        return scan()

    monkeypatch.setattr(entrypoints, "_scan", counted)
    return scans


def install(site: Path, name: str, *entries: str, version: str = "1.0", suffix: str = ".dist-info") -> Path:
    folder = site / f"{name}-{version}{suffix}"
    folder.mkdir()
    file = "METADATA" if suffix == ".dist-info" else "PKG-INFO"
    (folder / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    if entries:
        text = "[wfepy_hooks]\n" + "\n".join(entries) + "\n[console_scripts]\nother = other:main\n"
        (folder / "entry_points.txt").write_text(text, encoding="utf-8")
    age(site)
    return folder


def age(folder: Path, seconds: int = 10) -> None:
    """Let the folder have changed a while ago, another while each time."""
    age.now += 1_000_000_000  # type: ignore[attr-defined]
    moment = age.now - seconds * 1_000_000_000  # type: ignore[attr-defined]
    os.utime(folder, ns=(moment, moment))


age.now = 1_700_000_000_000_000_000  # type: ignore[attr-defined]


def test_entry_points_are_sorted_by_name(site: Path, names: Names, cache: Path) -> None:
    install(site, "zebra", "slack = zebra_slack:Plugin [extra]", "email = zebra_email")
    install(site, "ape", "pager = ape")
    install(site, "nothing")
    found = find_entry_points({"XDG_CACHE_HOME": str(cache.parent)})
    assert [(each.name, each.module, each.distribution) for each in found] == [
        ("email", "zebra_email", "zebra 1.0"),
        ("pager", "ape", "ape 1.0"),
        ("slack", "zebra_slack", "zebra 1.0"),
    ]


def test_what_was_found_is_remembered(site: Path, names: Names, scans: list[int], cache: Path) -> None:
    install(site, "one", "one = one")
    assert [names(), names(), names()] == [["one"]] * 3
    assert len(scans) == 1
    assert len(list(cache.iterdir())) == 1


def test_nothing_found_is_remembered_too(site: Path, names: Names, scans: list[int]) -> None:
    install(site, "one")
    assert [names(), names()] == [[], []]
    assert len(scans) == 1


def test_a_package_installed_later_is_found(site: Path, names: Names) -> None:
    install(site, "one", "one = one")
    assert names() == ["one"]
    install(site, "two", "two = two")
    assert names() == ["one", "two"]


def test_a_package_removed_is_gone(site: Path, names: Names) -> None:
    install(site, "one", "one = one")
    folder = install(site, "two", "two = two")
    assert names() == ["one", "two"]
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    age(site)
    assert names() == ["one"]


def test_folders_without_packages_do_not_matter(
    site: Path, names: Names, scans: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "one", "one = one")
    names()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(sys, "path", [str(work), *sys.path])
    (work / "flow.py").write_text("", encoding="utf-8")
    assert names() == ["one"]
    assert len(scans) == 1


def test_a_folder_in_use_for_packages_matters_from_then_on(
    site: Path, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "one", "one = one")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(sys, "path", [str(work), *sys.path])
    assert names() == ["one"]
    install(work, "mine", "mine = mine", suffix=".egg-info")
    assert names() == ["mine", "one"]


def test_of_two_versions_the_first_on_the_path_counts(
    site: Path, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "one", "old = one", version="1.0")
    newer = tmp_path / "newer"
    newer.mkdir()
    install(newer, "one", "new = one", version="2.0")
    monkeypatch.setattr(sys, "path", [str(newer), *sys.path])
    assert names() == ["new"]


def test_a_zip_file_and_a_missing_folder_on_the_path(
    site: Path, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scans: list[int]
) -> None:
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[wfepy_hooks]\nzipped = zipped\n")
    os.utime(archive, (1_600_000_000, 1_600_000_000))
    monkeypatch.setattr(sys, "path", [str(archive), *sys.path])
    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), *sys.path])
    assert names() == ["zipped"]
    assert names() == ["zipped"]
    assert len(scans) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"key": 1, "found": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_cache_is_replaced(
    site: Path, names: Names, scans: list[int], cache: Path, content: bytes
) -> None:
    install(site, "one", "one = one")
    names()
    (file,) = cache.iterdir()
    good = file.read_bytes()
    file.write_bytes(content)
    assert names() == ["one"]
    assert len(scans) == 2
    assert file.read_bytes() == good


@pytest.mark.parametrize("found", [None, 1, ["one"], [["a", "b"]], [["a", "b", 1]], [1], {"a": 1}])
def test_a_cache_with_something_else_in_it_is_replaced(
    site: Path, names: Names, cache: Path, found: object
) -> None:
    install(site, "one", "one = one")
    names()
    (file,) = cache.iterdir()
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**data, "found": found}), encoding="utf-8")
    assert names() == ["one"]


def test_a_cache_that_cannot_be_written_is_no_error(site: Path, names: Names, cache: Path) -> None:
    install(site, "one", "one = one")
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert names() == ["one"]
    assert names() == ["one"]


def test_a_cache_file_that_cannot_be_replaced_is_no_error(
    site: Path, names: Names, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError

    install(site, "one", "one = one")
    monkeypatch.setattr(os, "replace", refuse)
    assert names() == ["one"]


def test_a_folder_that_is_still_changing_is_not_remembered(
    site: Path, names: Names, scans: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "one", "one = one")
    monkeypatch.setattr(time, "time_ns", lambda: site.stat().st_mtime_ns + 1_000_000)
    assert [names(), names()] == [["one"], ["one"]]
    assert len(scans) == 2


def test_only_a_handful_of_environments_is_remembered(
    site: Path, names: Names, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        folder = tmp_path / f"site{number}"
        folder.mkdir()
        install(folder, "one", f"one{number} = one")
        monkeypatch.setattr(sys, "path", [str(folder)])
        assert names() == [f"one{number}"]
    assert len(list(cache.iterdir())) == entrypoints.KEPT


def test_without_xdg_cache_home_it_is_the_cache_of_the_home_folder(site: Path, tmp_path: Path) -> None:
    install(site, "one", "one = one")
    find_entry_points({"HOME": str(tmp_path)})
    assert list((tmp_path / ".cache" / "wfepy-hooks").iterdir())


def test_a_warm_cache_needs_no_importlib_metadata(tmp_path: Path) -> None:
    code = """
import os, sys
from wfepy_hooks.entrypoints import find_entry_points
find_entry_points()
print("importlib.metadata" in sys.modules, "hashlib" in sys.modules)
"""
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    # The folder of this interpreter's packages must not be one that has changed just now.
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert outputs == ["True False", "False False"]


def test_an_editable_install_is_found(tmp_path: Path) -> None:
    """Two kinds: a .pth file with the folder of the source, and a .pth file that installs a finder."""
    site = tmp_path / "site"
    site.mkdir()
    for name, pth in [
        ("by_path", str(tmp_path / "source")),
        ("by_finder", "import __editable___by_finder; __editable___by_finder.install()"),
    ]:
        install(site, name, f"{name} = {name}")
        (site / f"__editable__.{name}.pth").write_text(pth + "\n", encoding="utf-8")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "by_path.py").write_text("NAME = 'by_path'", encoding="utf-8")
    (site / "__editable___by_finder.py").write_text(
        f"""
import sys
from importlib.util import spec_from_file_location

class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "by_finder":
            return spec_from_file_location(name, {str(tmp_path / "hidden.py")!r})

def install():
    sys.meta_path.append(Finder)
""",
        encoding="utf-8",
    )
    (tmp_path / "hidden.py").write_text("NAME = 'by_finder'", encoding="utf-8")
    code = f"""
import site
site.addsitedir({str(site)!r})
from wfepy_hooks.entrypoints import find_entry_points
mine = [each for each in find_entry_points() if each.name.startswith("by_")]
print([each.load().NAME for each in mine])
"""
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == "['by_finder', 'by_path']"


def test_a_package_with_unreadable_metadata_keeps_out_nobody(site: Path, names: Names) -> None:
    install(site, "good", "good = good")
    broken = install(site, "broken")
    (broken / "entry_points.txt").write_bytes(b"[wfepy_hooks]\n\xff\xfe")
    nameless = install(site, "nameless", "nameless = nameless")
    (nameless / "METADATA").unlink()
    age(site)
    assert names() == ["good"]


def test_a_warm_cache_lists_no_folder_that_is_for_packages(
    tmp_path: Path, names: Names, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list them takes longer than to import three of the plugins."""
    folders = [tmp_path / "lib" / "site-packages", tmp_path / "lib" / "dist-packages"]
    for folder in folders:
        folder.mkdir(parents=True)
    install(folders[0], "one", "one = one")
    install(folders[1], "two", "two = two")
    monkeypatch.setattr(sys, "path", [*map(str, folders), os.path.dirname(os.__file__)])
    assert names() == ["one", "two"]

    def refuse(place: str) -> list[str]:
        raise AssertionError(f"{place} is listed")

    with monkeypatch.context() as no_listing:
        no_listing.setattr(os, "listdir", refuse)
        assert names() == ["one", "two"]
    install(folders[1], "three", "three = three")
    assert names() == ["one", "three", "two"]
