"""``wfepy generate``, with a generator that a stranger wrote."""

from __future__ import annotations

import json

from cli_folder import Folder, error_line

#: A scheduler of a stranger's own, in 20 lines.
PLUGIN = """
    import shlex

    import wfepy_hooks as wfepy


    def launcher(schedules, config):
        minutes = wfepy.needed_minutes(schedules, config.machine.offsets)
        command = shlex.join(wfepy.tick_command(config))
        text = f"every hour at {', '.join(map(str, minutes))}: cd {shlex.quote(config.root)} && {command}\\n"
        script = f"#!/bin/sh\\nexec {command}\\n"
        return [
            wfepy.GeneratedFile(f"{config.project}.job", text),
            wfepy.GeneratedFile(f"bin/{config.project}", script, mode=0o755),
        ]


    @wfepy.hookimpl
    def wfepy_register(registry):
        registry.add("generator", "launcher", launcher)
"""


def strangers(folder: Folder, plugin: str = PLUGIN) -> None:
    folder.configure(extra='project = "demo"')
    with open(folder.path / "wfepy.toml", "a") as file:
        file.write('schedule = "*/20 * * * *"\n')
    folder.write("wfepy_plugins.py", plugin)


def test_the_generators_are_listed_with_their_plugins(folder: Folder) -> None:
    strangers(folder)
    lines = folder.ok("generate").splitlines()
    assert lines[0].split() == ["GENERATOR", "PLUGIN"]
    assert ["launcher", "wfepy_plugins"] in [line.split() for line in lines]
    assert {"name": "launcher", "plugin": "wfepy_plugins"} in folder.data("generate")["generators"]


def test_what_would_be_written_is_printed_with_its_paths(folder: Folder) -> None:
    strangers(folder)
    lines = folder.ok("generate", "launcher").splitlines()
    assert lines[0] == "==> demo.job <=="
    assert lines[1].startswith("every hour at 0, 20, 40: cd ")
    assert lines[1].endswith(" -m wfepy_hooks tick --due")
    assert lines[2:5] == ["", "==> bin/demo <==", "#!/bin/sh"]
    assert not (folder.path / "demo.job").exists()


def test_one_file_is_printed_alone(folder: Folder) -> None:
    strangers(folder, PLUGIN.replace('wfepy.GeneratedFile(f"{config.project}.job", text),', ""))
    assert folder.ok("generate", "launcher").startswith("#!/bin/sh\n")


def test_the_files_are_written_and_it_is_told(folder: Folder) -> None:
    strangers(folder)
    said = folder.ok("generate", "launcher", "--output", "out")
    job, script = folder.path / "out/demo.job", folder.path / "out/bin/demo"
    assert said == f"created {job}\ncreated {script}\n"
    assert script.stat().st_mode & 0o777 == 0o755
    job.write_text("old\n")
    said = folder.ok("generate", "launcher", "--output", "out")
    assert said == f"updated {job}\nunchanged {script}\n"


def test_a_check_tells_what_differs_and_writes_nothing(folder: Folder) -> None:
    strangers(folder)
    command = ("generate", "launcher", "--output", "out")
    done = folder.wfepy(*command, "--check")
    assert done.returncode == 1
    assert done.stdout == f"missing {folder.path}/out/demo.job\nmissing {folder.path}/out/bin/demo\n"
    assert not (folder.path / "out").exists()
    folder.ok(*command)
    assert folder.ok(*command, "--check") == ""
    (folder.path / "out/demo.job").write_text("old\n")
    done = folder.wfepy(*command, "--check")
    assert (done.returncode, done.stdout) == (1, f"differs {folder.path}/out/demo.job\n")


def test_a_diff_is_unified_and_writes_nothing(folder: Folder) -> None:
    strangers(folder)
    command = ("generate", "launcher", "--output", "out")
    folder.ok(*command)
    assert folder.ok(*command, "--diff") == ""
    (folder.path / "out/demo.job").write_text("old\n")
    lines = folder.ok(*command, "--diff").splitlines()
    assert lines[:1] == [f"--- {folder.path}/out/demo.job"]
    assert "-old" in lines
    assert folder.wfepy(*command, "--diff", "--check").returncode == 1
    assert (folder.path / "out/demo.job").read_text() == "old\n"


def test_the_data_of_the_files_is_there_for_programs(folder: Folder) -> None:
    strangers(folder)
    data = folder.data("generate", "launcher")
    assert data["generator"] == "launcher"
    assert [(each["path"], each["mode"], each["change"]) for each in data["files"]] == [
        ("demo.job", "0644", None),
        ("bin/demo", "0755", None),
    ]
    done = folder.wfepy("generate", "launcher", "--output", "out", "--check", "--json")
    assert done.returncode == 1
    assert [each["change"] for each in json.loads(done.stdout)["files"]] == ["created", "created"]


def test_an_unknown_generator_is_told_with_a_suggestion(folder: Folder) -> None:
    strangers(folder)
    line = error_line(folder.wfepy("generate", "launche"), 4)
    assert 'there is no generator "launche"; did you mean "launcher"?' in line


def test_a_comparison_needs_a_folder(folder: Folder) -> None:
    strangers(folder)
    assert "name it by --output DIR" in error_line(folder.wfepy("generate", "launcher", "--check"), 2)
    assert "which generator" in error_line(folder.wfepy("generate", "--output", "out"), 2)


def test_a_generator_that_leads_out_of_the_folder_writes_nothing(folder: Folder) -> None:
    strangers(folder, PLUGIN.replace('f"bin/', 'f"../'))
    line = error_line(folder.wfepy("generate", "launcher", "--output", "out"), 4)
    assert "the path of a generated file leads out of its folder" in line
    assert not (folder.path / "out").exists()
