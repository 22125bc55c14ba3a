"""The wake index under anything that can happen to a store of files: a tick gets exactly what is due.

What is due is found out by reading every file.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from killing import fork, kill_at
from sleepers import next_beat
from wfepy_hooks.clock import format_time
from wfepy_hooks.errors import LockedError, StateError
from wfepy_hooks.statetext import dump_text
from wfepy_hooks.stores import FileStore, claiming
from wfepy_hooks.stores.conformance import NOW, document_of, record_of, signal_of
from wfepy_hooks.stores.filesession import FileSession

NAMES = [f"cup-{number}" for number in range(5)]
names = st.sampled_from(NAMES)
#: When an instance wakes: minutes from now, "always" and "never".
wakes = st.sampled_from([-1, 0, 1, 5, 50, 500, "always", "never"])
KILLS = [
    "journal.write.before",
    "journal.write.torn",
    "journal.fsync.after",
    "snapshot.write.before",
    "snapshot.fsync.after",
    "snapshot.rename.before",
    "snapshot.rename.after",
    "folder.fsync.before",
    "finish.snapshot.before",
    "finish.snapshot.after",
    "finish.journal.after",
]


class Store(RuleBasedStateMachine):
    """A folder of five instances at most, the time, and a session that takes long."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
        self.root = self.top / "state"
        self.folder = self.root / "coffee"
        self.now: datetime = NOW
        self.long: FileSession | None = None
        self.backup: Path | None = None
        self.count = 0
        self.many, claiming.MANY = claiming.MANY, 2
        for name in NAMES:
            self.create_one(name, 5)

    def teardown(self) -> None:
        claiming.MANY = self.many
        if self.long is not None:
            self.long.release()
        shutil.rmtree(self.top)

    # What is due, by reading everything

    def is_due(self, name: str) -> bool:
        snapshot, history = self.folder / f"{name}.json", self.folder / f"{name}.jsonl"
        size = history.stat().st_size if history.exists() else 0
        if not snapshot.exists():
            return size > 0 and not (self.folder / "done" / f"{name}.json").exists()
        try:
            document = json.loads(snapshot.read_text())
        except ValueError:
            return True
        if document["status"] == "finished":
            return False  # the tick puts it away
        inbox = self.folder / "inbox" / name
        if inbox.exists() and list(inbox.glob("[!.]*.json")):
            return True
        if "wake" not in document or size > document["history"]["bytes"]:
            return True
        return document["wake"] is not None and document["wake"] <= format_time(self.now)

    def held(self) -> set[str]:
        return {self.long.instance} if self.long is not None else set()

    def document(self, name: str, records: int, wake: Any) -> dict[str, Any]:
        document = {**document_of("coffee", name, records=records), "schema": 2}
        if wake == "never":
            document["wake"] = None
        elif wake != "always":
            document["wake"] = format_time(self.now + timedelta(minutes=wake))
        return document

    def store(self) -> FileStore:
        return FileStore(self.root)

    # Ticks and commands

    @rule(name=names, wake=wakes)
    def create(self, name: str, wake: Any) -> None:
        self.create_one(name, wake)

    def create_one(self, name: str, wake: Any) -> None:
        try:
            self.store().create("coffee", name, self.document(name, 0, wake)).release()
        except StateError:
            assert self.folder.exists()

    # Many steps look, or hardly anything would happen between two looks that use the index.
    @rule(times=st.integers(1, 2))
    def look(self, times: int) -> None:
        for _ in range(times):
            self.tick(0, "nothing")

    @rule(name=names, wake=wakes, does=st.sampled_from(["append", "advance", "end"]))
    def look_and_run_one_and_look(self, name: str, wake: Any, does: str) -> None:
        self.tick(0, "nothing")
        self.do_one(name, wake, does)
        self.tick(0, "nothing")

    @rule(name=names, wake=wakes, point=st.sampled_from(KILLS))
    def look_and_kill_one_and_look(self, name: str, wake: Any, point: str) -> None:
        self.tick(0, "nothing")
        self.kill_one(name, wake, point, 1)
        self.tick(0, "nothing")

    @rule(name=names, wake=wakes)
    def look_and_replace_and_look(self, name: str, wake: Any) -> None:
        self.tick(0, "nothing")
        self.replace(name, wake, in_place=False)
        self.tick(0, "nothing")

    @rule(wake=wakes, does=st.sampled_from(["append", "advance", "advance", "advance", "end"]))
    def work_on_all(self, wake: Any, does: str) -> None:
        self.tick(wake, does)

    def tick(self, wake: Any, does: str) -> None:
        expected = {name for name in NAMES if self.is_due(name)} - self.held()
        claimed = []
        for session in self.store().claim(["coffee"], self.now):
            claimed.append(session.instance)
            try:
                self.work(session, wake, does)
            except StateError:
                pass  # it is damaged
            finally:
                session.release()
        assert claimed == sorted(expected)

    def work(self, session: FileSession, wake: Any, does: str) -> None:
        document, newer = session.load()
        last = document["history"]["records"] + len(newer)
        if does != "nothing":
            last += 1
            session.append([record_of(last)])
        if does in ("advance", "end"):
            session.discard([each["id"] for each in session.inbox()])
            document = self.document(session.instance, last, wake)
            if does == "end":
                document["status"] = "finished"
            session.snapshot(document)
        if does == "end":
            session.finish()

    @rule(name=names, wake=wakes, does=st.sampled_from(["append", "advance", "end"]))
    def run_one(self, name: str, wake: Any, does: str) -> None:
        self.do_one(name, wake, does)

    def do_one(self, name: str, wake: Any, does: str) -> None:
        try:
            session = self.store().open("coffee", name)
        except StateError:
            return
        try:
            self.work(session, wake, does)
        except StateError:
            pass
        finally:
            session.release()

    @rule(name=names, wake=wakes, point=st.sampled_from(KILLS), number=st.integers(1, 2))
    def run_one_and_be_killed(self, name: str, wake: Any, point: str, number: int) -> None:
        self.kill_one(name, wake, point, number)

    def kill_one(self, name: str, wake: Any, point: str, number: int) -> None:
        child = fork()
        if not child:
            try:
                kill_at(point, number)
                self.do_one(name, wake, "end" if "finish" in point else "advance")
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    @rule(name=names)
    def send(self, name: str) -> None:
        self.count += 1
        try:
            assert self.store().send("coffee", name, signal_of(str(self.count)))
        except StateError:
            assert not (self.folder / f"{name}.json").exists()

    @rule(name=names, wake=wakes)
    def bring_back(self, name: str, wake: Any) -> None:
        try:
            session = self.store().reopen("coffee", name)
        except StateError:
            return
        document, newer = session.load()
        session.snapshot(self.document(name, document["history"]["records"] + len(newer), wake))
        session.release()

    # A session that takes long

    @rule(name=names)
    def begin(self, name: str) -> None:
        self.leave()
        try:
            self.long = self.store().open("coffee", name)
            self.long.load()
        except LockedError as error:
            raise AssertionError("nobody holds it") from error
        except StateError:
            self.leave()

    @rule(wake=wakes, does=st.sampled_from(["append", "advance"]))
    def go_on(self, wake: Any, does: str) -> None:
        if self.long is None:
            return
        try:
            self.work(self.long, wake, does)
        except StateError:
            self.leave()

    @rule()
    def leave(self) -> None:
        if self.long is not None:
            self.long.release()
            self.long = None

    # Others

    def is_free(self, name: str) -> bool:
        return name not in self.held() and (self.folder / f"{name}.json").exists()

    def write(self, name: str, text: str) -> None:
        (self.folder / "new").write_text(text)
        (self.folder / "new").rename(self.folder / name)

    @rule(name=names, wake=wakes, in_place=st.booleans())
    def replace_snapshot(self, name: str, wake: Any, in_place: bool) -> None:
        self.replace(name, wake, in_place=in_place)

    def replace(self, name: str, wake: Any, *, in_place: bool) -> None:
        if not self.is_free(name):
            return
        try:
            records = json.loads((self.folder / f"{name}.json").read_text())["history"]["records"]
        except ValueError:
            records = 0
        document = self.document(name, records, wake)
        history = self.folder / f"{name}.jsonl"
        document["history"]["bytes"] = history.stat().st_size if history.exists() else 0
        if in_place:
            (self.folder / f"{name}.json").write_text(dump_text(document))
            self.now += timedelta(hours=1)  # by then, it is seen
        else:
            self.write(f"{name}.json", dump_text(document))

    @rule(name=names)
    def damage_snapshot(self, name: str) -> None:
        if self.is_free(name):
            self.write(f"{name}.json", "<<<<<<< HEAD\n")

    @rule(name=names)
    def add_to_history(self, name: str) -> None:
        history = self.folder / f"{name}.jsonl"
        if self.is_free(name) and history.exists():
            lines = history.read_text().splitlines(keepends=True)
            self.write(history.name, "".join([*lines, json.dumps(record_of(len(lines) + 1)) + "\n"]))

    @rule(name=names, which=st.sampled_from(["json", "jsonl", "json*"]))
    def take_away(self, name: str, which: str) -> None:
        if self.is_free(name):
            for file in self.folder.glob(f"{name}.{which}"):
                file.unlink()

    @rule()
    def make_backup(self) -> None:
        self.leave()
        self.count += 1
        self.backup = self.top / f"backup-{self.count}"
        shutil.copytree(self.root, self.backup)

    @rule(whole=st.booleans(), clean=st.booleans())
    def restore_backup(self, whole: bool, clean: bool) -> None:
        """As ``rsync -a`` does, without or with the index, without or with ``--delete``."""
        self.leave()
        if self.backup is None:
            return
        next_beat()
        source = self.backup if whole else self.backup / "coffee"
        target = self.root if whole else self.folder
        if not source.exists():
            return
        if clean:
            for file in [file for file in target.rglob("*") if file.is_file()]:
                if not (source / file.relative_to(target)).exists():
                    file.unlink()
        for file in [file for file in source.rglob("*") if file.is_file()]:
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, f"{place}.new")
            os.replace(f"{place}.new", place)
        for name in NAMES:  # a person would see to it that one is not both live and ended
            if list(self.folder.glob(f"{name}.json*")):
                for file in self.folder.glob(f"done/{name}.json*"):
                    file.unlink()
        for folder in (each for each in [*source.rglob("*"), source] if each.is_dir()):
            if (target / folder.relative_to(source)).exists():
                shutil.copystat(folder, target / folder.relative_to(source))

    @rule(which=st.sampled_from(["index", "log"]), how=st.sampled_from(["remove", "cut", "change", "grow"]))
    def damage_index(self, which: str, how: str) -> None:
        file = self.root / ".wake" / f"coffee.{which}"
        if not file.exists():
            return
        data = file.read_bytes()
        place = len(data) * 2 // 3
        if how == "remove":
            file.unlink()
        elif how == "cut":  # in the middle of a line
            file.write_bytes(data[:-2])
        elif how == "change":
            file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        else:
            file.write_bytes(data + b"garbage")

    @rule(minutes=st.sampled_from([1, 5, 59, 500, -1, -30, -600]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_tick_gets_exactly_what_is_due() -> None:
    examples = max(15, settings.default.max_examples // 3) if settings.default else 30
    run_state_machine_as_test(
        Store, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None)
    )
