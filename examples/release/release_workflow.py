"""Release a Python project: build its wheel, test it, have it approved, publish it to an index folder, verify that.

Every task may run again after a crash, so each of them arrives at the same files however often it runs.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile

import wfepy_hooks as wfepy

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.join(HERE, "sample")
OUT = os.path.join(HERE, "out")
# A "simple repository" as PEP 503 describes it: any web server can serve it.
INDEX = os.path.join(OUT, "simple")


def tests_passed(context: wfepy.Context) -> bool:
    return bool(context["passed"])


def tests_failed(context: wfepy.Context) -> bool:
    return not context["passed"]


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("run_tests")
def build_wheel(context: wfepy.Context) -> bool:
    context["source"] = source_digest()
    os.makedirs(OUT, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as built:
        # Without isolation the build backend is the one of this environment, and nothing is downloaded.
        call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, PROJECT)
        (wheel,) = os.listdir(built)
        os.replace(os.path.join(built, wheel), os.path.join(OUT, wheel))
    context["wheel"] = wheel
    context["project"], context["version"] = wheel.split("-")[:2]
    return True


@wfepy.task()
@wfepy.followed_by("fix", tests_failed)
@wfepy.followed_by("write_notes", tests_passed)
@wfepy.followed_by("await_approval", tests_passed)
def run_tests(context: wfepy.Context) -> bool:
    """The wheel is tested, not the source folder: a pure wheel can be imported as it is."""
    environment = {**os.environ, "PYTHONPATH": os.path.join(OUT, context["wheel"])}
    command = [sys.executable, "-m", "unittest", "discover", "-s", os.path.join(PROJECT, "tests")]
    run = subprocess.run(command, cwd=OUT, env=environment, capture_output=True, text=True)
    context["passed"] = run.returncode == 0
    context["test report"] = run.stderr.splitlines()[-20:]
    return True


@wfepy.task(labels=["person"])
@wfepy.followed_by("build_wheel")
def fix(context: wfepy.Context) -> bool | wfepy.Wait:
    """Wait for a patch, then go round again."""
    if source_digest() == context["source"]:
        return wfepy.wait(
            reason=f"the tests fail: {context['test report'][-1]}; change the source in sample/"
        )
    return True


@wfepy.task()
@wfepy.followed_by("publish")
def write_notes(context: wfepy.Context) -> bool:
    text = (
        f"{context['project']} {context['version']}\nsha256 {sha256(os.path.join(OUT, context['wheel']))}\n"
    )
    write(os.path.join(OUT, f"notes-{context['version']}.txt"), text)
    return True


@wfepy.task(labels=["person"])
@wfepy.followed_by("publish")
def await_approval(context: wfepy.Context) -> bool | wfepy.Wait:
    approval = f"approved-{context['version']}"
    if not os.path.exists(os.path.join(HERE, approval)):
        return wfepy.wait(reason=f"not approved yet: no file {approval}")
    return True


@wfepy.task()
@wfepy.join_point()
@wfepy.followed_by("verify")
def publish(context: wfepy.Context) -> bool:
    folder = os.path.join(INDEX, re.sub(r"[-_.]+", "-", context["project"]).lower())
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(OUT, context["wheel"])
    target = os.path.join(folder, context["wheel"])
    if os.path.exists(target) and sha256(target) != sha256(source):
        raise wfepy.GiveUp(f"{context['wheel']} is published already, with other contents: raise the version")
    shutil.copyfile(source, f"{target}.part")
    os.replace(f"{target}.part", target)
    write_index(folder)
    return True


@wfepy.task()
@wfepy.end_point()
def verify(context: wfepy.Context) -> bool:
    """Install what was published as a user would, into an environment of its own."""
    with tempfile.TemporaryDirectory() as environment:
        call(sys.executable, "-m", "venv", environment)
        python = os.path.join(environment, "bin", "python")
        requirement = f"{context['project']}=={context['version']}"
        call(python, "-m", "pip", "install", "--no-deps", "--index-url", f"file://{INDEX}", requirement)
        shown = call(python, "-m", "pip", "show", "--files", context["project"])
    context["installed"] = [line.strip() for line in shown.splitlines() if line.endswith(".py")]
    return True


def call(*command: str) -> str:
    """Run ``command`` with pip's settings out of the way; its last words become the error of the task."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment["PIP_CONFIG_FILE"] = os.devnull
    run = subprocess.run(command, env=environment, cwd=OUT, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{run.stdout[-1000:]}{run.stderr[-1000:]}")
    return run.stdout


def source_digest() -> str:
    """Return one hash over the names and contents of the project's files."""
    digest = hashlib.sha256()
    for folder, folders, files in sorted(os.walk(PROJECT)):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in sorted(files):
            path = os.path.join(folder, name)
            digest.update(f"{os.path.relpath(path, PROJECT)} {sha256(path)}\n".encode())
    return digest.hexdigest()


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write_index(folder: str) -> None:
    """Write the page of one project: a link to each wheel, with its hash, made from what lies in the folder."""
    wheels = sorted(name for name in os.listdir(folder) if name.endswith(".whl"))
    links = [
        f'<a href="{html.escape(name)}#sha256={sha256(os.path.join(folder, name))}">{html.escape(name)}</a><br>'
        for name in wheels
    ]
    write(os.path.join(folder, "index.html"), "\n".join(["<!DOCTYPE html>", *links, ""]))


def write(path: str, text: str) -> None:
    """Write a whole file or nothing of it."""
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.part", path)
