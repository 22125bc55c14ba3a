"""A package index on loopback: pypiserver, with all in it that an installation of wfepy-hooks or of a plugin needs.

Nothing of it comes from the network: what is installed here is packed into wheels again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
#: The programs of the virtual environment that the tests run in.
BIN = Path(sys.executable).parent
USER, PASSWORD = "__token__", "pypi-secret"


class PackageIndex:
    """The index, in a process of its own; as a context manager it serves.

    :ivar url: where it is
    """

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self.url = ""

    def __enter__(self) -> PackageIndex:
        # pypiserver warns of what Python will do away with, and every warning is an error in a test.
        command = [sys.executable, "-W", "ignore", __file__, str(self._packages)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the index does not start"
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def environment(self) -> dict[str, str]:
        """Return what makes it the index that pip and twine take without being told, as PyPI is."""
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_COMPILE": "1",  # what is never run again need not be fast
            "PIP_INDEX_URL": f"{self.url}simple/",
            "TWINE_REPOSITORY_URL": self.url,
            "TWINE_USERNAME": USER,
            "TWINE_PASSWORD": PASSWORD,
            "NO_PROXY": "127.0.0.1",
        }


def fill(packages: Path, *names: str) -> None:
    """Put these distributions and all that they require into a folder, as wheels."""
    for distribution in _required(names):
        _pack(distribution, packages)


def _required(names: tuple[str, ...]) -> list[metadata.Distribution]:
    """Return the installed distributions of these names, and those that they require."""
    found: dict[str, metadata.Distribution] = {}
    todo = list(names)
    for text in todo:  # it grows while it is walked
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = metadata.distribution(name)
        todo += found[name].requires or []
    return list(found.values())


def _pack(distribution: metadata.Distribution, packages: Path) -> None:
    """Make a wheel of what is installed: its files are those of the wheel it came from, but for a few."""
    files = [each for each in distribution.files or () if ".." not in each.parts and each.suffix != ".pyc"]
    if any(each.suffix == ".pth" for each in files):  # installed by -e: the files are those of this tree
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(packages)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return
    added = {"INSTALLER", "REQUESTED", "direct_url.json", "RECORD"}
    kept = [e for e in files if not (e.parts[0].endswith(".dist-info") and e.name in added)]
    (record,) = (each for each in files if each.name == "RECORD" and each.parts[0].endswith(".dist-info"))
    name = record.parts[0].removesuffix(".dist-info")
    with zipfile.ZipFile(packages / f"{name}-{_tag(distribution)}.whl", "w") as wheel:
        for file in kept:
            wheel.write(file.locate(), str(file))
        wheel.writestr(str(record), "".join(f"{each},,\n" for each in [*kept, record]))


def _tag(distribution: metadata.Distribution) -> str:
    """Return the Pythons and machines that a wheel is for, as its file's name has them: py2.py3-none-any."""
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag: ").split("-") for line in lines if line.startswith("Tag: ")]
    return "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))


def reader_environment(folder: Path) -> Path:
    """Make a virtual environment in which this one's packages are, and return the folder of its programs.

    What is installed into it stays in it, so it is that of a reader who has installed wfepy-hooks, build and twine.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    here = metadata.distribution("pip").locate_file("")
    # Not just the folder's name: the packages that are installed there by -e have .pth files of their own.
    (site / "reader.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n", encoding="utf-8")
    for program in ("pip", "pytest", "twine", "wfepy"):
        script = (BIN / program).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / "bin" / program).write_text(
            "".join([f"#!{folder}/bin/python\n", *script[1:]]), encoding="utf-8"
        )
        (folder / "bin" / program).chmod(0o755)
    return folder / "bin"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: nobody is reading."""


def serve(packages: Path) -> None:
    """Say where the index is, and serve it until this process is killed."""
    import pypiserver  # which only this process imports

    app = pypiserver.app(
        roots=[packages],
        authenticate=["update"],
        password_file=None,
        auther=lambda user, password: (user, password) == (USER, PASSWORD),
        disable_fallback=True,
    )
    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
