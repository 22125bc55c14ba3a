"""Which plugins are loaded, in which order, and what is said of those that cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from wfepy_hooks import PluginError
from wfepy_hooks.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wfepy_hooks.plugins import Plugin

GOOD = """
from wfepy_hooks import hookimpl

@hookimpl
def wfepy_report_header():
    return __name__
"""


def is_bundled(plugin: Plugin) -> bool:
    """Return whether a plugin comes with the engine, as long as nobody blocks it."""
    return plugin.source.startswith("wfepy-hooks ")


class Project:
    """A folder with a config file and plugins, and a folder with installed ones."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.site = root / "site"
        self.environ = {"XDG_CACHE_HOME": str(root / "cache")}
        self.root.mkdir()
        self.site.mkdir()
        self.configure()

    def configure(self, text: str = "") -> None:
        (self.root / "wfepy.toml").write_text(f"[wfepy]\n{text}\n", encoding="utf-8")

    def write(self, name: str, source: str = GOOD) -> None:
        (self.root / f"{name}.py").write_text(source, encoding="utf-8")

    def install(self, name: str, value: str, source: str = GOOD, *, package: str = "") -> None:
        """Install a plugin with an entry point."""
        package = package or f"wfepy-{name}"
        folder = self.site / f"{package.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
        )
        (folder / "entry_points.txt").write_text(f"[wfepy_hooks]\n{name} = {value}\n", encoding="utf-8")
        (self.site / f"{value.partition(':')[0]}.py").write_text(source, encoding="utf-8")

    def load(self, *plugins: str, autoload: bool | None = None, **environ: str) -> Config:
        return Config.load(
            self.root / "wfepy.toml", plugins=plugins, autoload=autoload, environ={**self.environ, **environ}
        )

    def loaded(self, *plugins: str, autoload: bool | None = None, **environ: str) -> list[str]:
        """Load, expect no failure, and return the names of the plugins but for the engine's."""
        config = self.load(*plugins, autoload=autoload, **environ)
        assert [str(failure) for failure in config.plugins.failures] == []
        return [
            each.name for each in config.plugins.plugins if each.name != "engine" and not is_bundled(each)
        ]

    def failure(self, *plugins: str, **environ: str) -> str:
        """Load, and return the one failure."""
        config = self.load(*plugins, autoload=None, **environ)
        (failure,) = config.plugins.failures
        assert not config.plugins.has_plugin(failure.name)
        return str(failure).replace(f"{self.root}/", "").replace(f"{self.site}/", "")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    project = Project(tmp_path)
    modules = set(sys.modules)
    monkeypatch.syspath_prepend(project.site)
    monkeypatch.syspath_prepend(project.root)
    yield project
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


# The order


def test_the_whole_order(project: Project) -> None:
    project.install("zebra", "zebra_plugin")
    project.install("ape", "ape_plugin")
    for name in ("from_config", "config_too", "from_variable", "from_option", "option_too"):
        project.write(name)
    project.write("wfepy_plugins")
    project.configure('plugins = ["from_config", "config_too"]')
    config = project.load("from_option", "option_too", WFEPY_PLUGINS="from_variable")
    found = [(each.name, each.source) for each in config.plugins.plugins if not is_bundled(each)]
    assert found == [
        ("engine", "built in"),
        ("ape", "wfepy-ape 1.0"),
        ("zebra", "wfepy-zebra 1.0"),
        ("from_config", "plugins in wfepy.toml"),
        ("config_too", "plugins in wfepy.toml"),
        ("from_variable", "WFEPY_PLUGINS"),
        ("from_option", "-p"),
        ("option_too", "-p"),
        ("wfepy_plugins", str(project.root / "wfepy_plugins.py")),
    ]
    lines = config.plugins.setup("wfepy_report_header", config=config)
    assert [line.startswith("_wfepy_plugins_") for line in lines] == [True] + [False] * 7
    assert lines[1:] == [
        "option_too",
        "from_option",
        "from_variable",
        "config_too",
        "from_config",
        "zebra_plugin",
        "ape_plugin",
    ]


def test_the_variable_is_a_list_with_commas(project: Project) -> None:
    project.write("one")
    project.write("two")
    assert project.loaded(WFEPY_PLUGINS=" two, ,one,") == ["two", "one"]


def test_a_plugin_asked_for_twice_is_loaded_once_where_it_is_first(project: Project) -> None:
    project.install("slack", "slack_plugin")
    project.write("other")
    project.configure('plugins = ["other", "slack", "slack_plugin"]')
    assert project.loaded("other", "slack", WFEPY_PLUGINS="slack_plugin") == ["slack", "other"]


# Blocking


@pytest.mark.parametrize("where", ["config", "variable", "option"])
@pytest.mark.parametrize("name", ["slack", "slack_plugin"])
def test_a_blocked_plugin_is_not_imported(project: Project, where: str, name: str) -> None:
    project.install("slack", "slack_plugin", "raise SystemExit")
    project.configure(f'plugins = ["no:{name}"]' if where == "config" else "")
    options = [f"no:{name}"] if where == "option" else []
    assert project.loaded(*options, WFEPY_PLUGINS=f"no:{name}" if where == "variable" else "") == []
    assert "slack_plugin" not in sys.modules


def test_blocking_wins_wherever_it_is_written(project: Project) -> None:
    project.write("one", "raise SystemExit")
    project.configure('plugins = ["one"]')
    assert project.loaded("no:one", "one") == []


def test_the_local_plugin_can_be_blocked(project: Project) -> None:
    project.write("wfepy_plugins", "raise SystemExit")
    assert project.loaded("no:wfepy_plugins") == []


# Autoload


def test_autoload_is_turned_off_by_the_config(project: Project) -> None:
    project.install("slack", "slack_plugin")
    project.configure("autoload = false")
    assert project.loaded() == []
    assert project.loaded(autoload=True) == ["slack"]


@pytest.mark.parametrize(("value", "loaded"), [("1", []), ("yes", []), ("0", ["slack"]), ("", ["slack"])])
def test_autoload_is_turned_off_by_the_environment(project: Project, value: str, loaded: list[str]) -> None:
    project.install("slack", "slack_plugin")
    assert project.loaded(WFEPY_DISABLE_PLUGIN_AUTOLOAD=value) == loaded


def test_autoload_is_turned_off_by_the_command_line(project: Project) -> None:
    project.install("slack", "slack_plugin")
    config = project.load(autoload=False)
    assert not config.autoload
    assert not config.plugins.has_plugin("slack")


def test_without_autoload_an_installed_plugin_is_asked_for_by_name(project: Project) -> None:
    project.install("slack", "slack_plugin")
    project.install("email", "email_plugin")
    assert project.loaded("slack", autoload=False) == ["slack"]


def test_without_autoload_nothing_is_looked_for(project: Project) -> None:
    project.loaded(autoload=False)
    files = [file.name for file in (project.root.parent / "cache" / "wfepy-hooks").iterdir()]
    assert not [name for name in files if name.startswith("entry-points-")]


# The local file


def test_the_local_plugin_is_imported_under_a_private_name(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        "wfepy_plugins", GOOD + "\nimport dataclasses\n\n@dataclasses.dataclass\nclass C:\n    x: int\n"
    )
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(project.root)])
    before = list(sys.path)
    assert project.loaded() == ["wfepy_plugins"]
    assert sys.path == before
    assert "wfepy_plugins" not in sys.modules


def test_a_local_plugin_that_raises_leaves_no_module_behind(project: Project) -> None:
    project.write("wfepy_plugins", "import sys\n1 / 0\n")
    before = set(sys.modules)
    failure = project.failure()
    assert failure == "plugin wfepy_plugins: ZeroDivisionError: division by zero (wfepy_plugins.py:2)"
    assert not [name for name in set(sys.modules) - before if name.startswith("_wfepy_plugins_")]


def test_without_a_config_file_the_local_plugin_lies_in_the_folder(project: Project) -> None:
    project.write("wfepy_plugins")
    config = Config.without_file(project.root, environ=project.environ)
    assert config.plugins.has_plugin("wfepy_plugins")


# Failures


def test_a_plugin_that_does_not_exist(project: Project) -> None:
    assert project.failure("no_such_plugin") == (
        "plugin no_such_plugin: there is no installed plugin and no module of this name; "
        "install it, or take it out of -p"
    )


def test_a_misspelt_name_of_an_installed_plugin(project: Project) -> None:
    project.install("slack", "slack_plugin")
    assert project.failure("slak").endswith('; did you mean "slack"?')


def test_what_all_names_begin_with_makes_none_of_them_likely(project: Project) -> None:
    project.install("wfepy_slack", "slack_plugin")
    assert project.failure("wfepy_slak").endswith('; did you mean "wfepy_slack"?')
    assert project.failure("wfepy-slack").endswith('; did you mean "wfepy_slack"?')
    assert project.failure("wfepy_mailer").endswith("; install it, or take it out of -p")


def test_a_plugin_that_needs_something_missing(project: Project) -> None:
    project.write("one", "import no_such_module_at_all\n")
    assert project.failure("one") == (
        "plugin one: ModuleNotFoundError: No module named 'no_such_module_at_all' (one.py:1)"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("\nraise ValueError('boom')", "ValueError: boom (one.py:2)"),
        ("import sys\nsys.exit(2)", "SystemExit: 2 (one.py:2)"),
        ("def broken(:", "SyntaxError: invalid syntax (one.py:1)"),
        ("def wfepy_configure(): pass", "wfepy_configure is not marked with @hookimpl (one.py:1)"),
    ],
)
def test_a_plugin_that_cannot_be_imported(project: Project, source: str, message: str) -> None:
    project.write("one", source)
    assert project.failure("one") == f"plugin one: {message}"


def test_an_interrupt_while_a_plugin_is_imported_is_no_failure(project: Project) -> None:
    project.write("one", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        project.load("one")


def test_an_entry_point_may_name_an_object_of_its_module(project: Project) -> None:
    source = GOOD.replace("\n@hookimpl\ndef", "\nclass C:\n  @hookimpl\n  def").replace("():", "(self):")
    project.install(
        "slack", "slack_plugin:Namespace.plugin", source + "\nclass Namespace:\n    plugin = C()\n"
    )
    assert project.loaded() == ["slack"]


def test_an_entry_point_that_names_nothing(project: Project) -> None:
    project.install("slack", "slack_plugin:missing")
    assert "module 'slack_plugin' has no attribute 'missing'" in project.failure()


def test_two_installed_plugins_of_one_name(project: Project) -> None:
    project.install("slack", "slack_one", package="one")
    project.install("slack", "slack_two", package="two")
    config = project.load()
    (failure,) = config.plugins.failures
    assert str(failure) == (
        "plugin slack: there are two plugins of this name, one from one 1.0 and one from two 1.0"
    )


def test_one_broken_plugin_does_not_keep_out_the_others(project: Project) -> None:
    project.write("bad", "1 / 0")
    project.write("good")
    config = project.load("bad", "good")
    assert config.plugins.has_plugin("good")
    with pytest.raises(PluginError, match=r"^plugin bad: .*; run without it by -p no:bad$"):
        config.plugins.require_healthy()


def test_a_plugin_may_refuse_another_one_in_its_own_words(project: Project) -> None:
    project.write("stranger")
    project.write(
        "wfepy_plugins",
        "import wfepy_hooks as wfepy\n\n@wfepy.hookimpl\ndef wfepy_plugin_registered(name, source):\n"
        "    if name == 'stranger':\n"
        "        raise wfepy.ConfigError(f'{name} of {source} is not reviewed', hint='name it in wfepy.toml')\n",
    )
    said = "plugin wfepy_plugins: stranger of -p is not reviewed; name it in wfepy.toml"
    assert project.failure("stranger") == said


def test_a_misspelt_hook_is_a_failure_of_loading(project: Project) -> None:
    project.write("one", GOOD.replace("report_header", "report_heder"))
    assert project.failure("one") == (
        "plugin one: there is no hook wfepy_report_heder (one.py:4; did you mean wfepy_report_header?)"
    )


# required_plugins


@pytest.mark.parametrize("required", ["slack", "slack_plugin"])
def test_a_required_plugin_that_is_there(project: Project, required: str) -> None:
    project.install("slack", "slack_plugin")
    project.configure(f'required_plugins = ["{required}"]')
    assert project.loaded() == ["slack"]


def test_a_required_plugin_that_is_missing(project: Project) -> None:
    project.configure('required_plugins = ["slack"]')
    assert project.failure() == (
        "plugin slack: it is required, but not installed or not loaded; "
        "install it, or take it out of required_plugins"
    )


def test_a_required_plugin_that_is_blocked(project: Project) -> None:
    project.install("slack", "slack_plugin")
    project.configure('required_plugins = ["slack"]')
    assert project.failure("no:slack") == (
        "plugin slack: it is required, but blocked by no:slack; take out no:slack"
    )


def test_a_required_plugin_that_is_broken_fails_once(project: Project) -> None:
    project.write("one", "1 / 0")
    project.configure('plugins = ["one"]\nrequired_plugins = ["one"]')
    assert "ZeroDivisionError" in project.failure()


def test_a_plugin_beside_the_config_file_is_found(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(project.root)])
    project.write("company_hooks")
    project.configure('plugins = ["company_hooks"]')
    assert project.loaded() == ["company_hooks"]
