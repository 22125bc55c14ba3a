"""What the reference of the hooks is generated from: the specifications, and the code of the plugins that come along.

A page has a call of one of these functions between the marks of cog, and
``cog -r -I docs/.site docs/reference/hooks/*.md`` brings it up to date.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import inspect
import re
import textwrap
from functools import cache
from pathlib import Path

import hooktypes
import prose
from wfepy_hooks import hookspecs
from wfepy_hooks.hookspecs import AROUND, DECISION, HOOKS, OBSERVATION, SETUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HOOK = re.compile(r"``(wfepy_\w+)``")
#: An argument in the docstring of a specification: its name, and the lines about it.
ARGUMENT = re.compile(r"^    (\w+): ((?:.*\n?)(?:^     +.*\n?)*)", re.MULTILINE)
#: Where the bundled plugins are described, below ``docs/how-to``.
GUIDES = {
    "wfepy_crontab": "cron.md",
    "wfepy_git": "git.md",
    "wfepy_github": "github.md",
    "wfepy_healthchecks": "healthchecks.md",
    "wfepy_kubernetes": "kubernetes.md",
    "wfepy_logging": "logging.md",
    "wfepy_notify": "notify.md",
    "wfepy_otel": "opentelemetry.md",
    "wfepy_systemd": "systemd.md",
}
#: Who is called, beside what the specifications say of errors.
CALLED = {
    SETUP: "Every implementation is called; there are no wrappers.",
    DECISION: "Implementations are called until one returns something else than `None`; wrappers may be around them.",
    AROUND: "Implementations are called until one returns something else than `None`, as the engine's own does; "
    "wrappers may be around them.",
    OBSERVATION: "Every implementation is called; there are no wrappers.",
}


def page(hook: str) -> str:
    """Return the reference of one hook."""
    summary, parts = contract(hook)
    kind = HOOKS[hook].kind
    rule = parts["Kind"].removeprefix(kind)
    facts = {
        "When": parts["When"],
        "Order": _neighbours(hook),
        "Kind": f"[{kind}](index.md#kinds-and-errors){rule} {CALLED[kind]}",
        "Result": re.sub(r"`(\w+)`", _linked_type, parts["Result"]),
        "Implemented by": ", ".join(_linked_plugin(name) for name in implementers(hook))
        or "no bundled plugin",
    }
    if HOOKS[hook].historic:
        facts["Late plugins"] = "one that is registered later gets the calls that it missed."
    lines = [_wrapped(f"* **{title}:** {text}", "  ") for title, text in facts.items()]
    return "\n".join(["", _wrapped(summary), "", *_signature(hook), "", *lines, "", _arguments(hook), "", ""])


def table() -> str:
    """Return the table of all hooks, in the order of their calls."""
    rows = []
    for hook in call_order():
        arguments = ", ".join(f"`{name}`" for name in HOOKS[hook].arguments)
        what_for = contract(hook)[0].rstrip(".")
        rows.append((f"[`{hook}`]({hook}.md)", arguments, HOOKS[hook].kind, what_for))
    return f"\n{prose.table(('hook', 'arguments', 'kind', 'what for'), rows)}\n\n"


def order() -> str:
    """Return in which order the hooks are called, as the docstring of the specifications tells it."""
    told = [f"\n### {title}\n\n{_listed(text)}\n" for title, text in stages().items()]
    return re.sub(r"`(wfepy_\w+)`", r"[`\1`](\1.md)", "".join(told)) + "\n"


def stages() -> dict[str, str]:
    """Return the lists in the docstring of the specifications, under what each is introduced by."""
    doc = inspect.getdoc(hookspecs) or ""
    found = re.findall(r"^([A-Z].*):\n\n((?:[ \d].*\n?|\n(?! *[A-Z]))+)", doc, re.MULTILINE)
    return {title: text.strip() for title, text in found}


def call_order() -> list[str]:
    """Return the names of the hooks in the order in which the docstring of the specifications names them."""
    return HOOK.findall("\n".join(stages().values()))


def contract(hook: str) -> tuple[str, dict[str, str]]:
    """Return the summary of a hook and what its docstring says under each title, as Markdown."""
    doc = inspect.getdoc(HOOKS[hook].function) or ""
    head, *rest = re.split(r"^(When|Kind|Arguments|Result):[ ]?", doc, flags=re.MULTILINE)
    titles = {title: _markdown(text) for title, text in zip(rest[::2], rest[1::2], strict=True)}
    return " ".join(_markdown(head).split()), titles


@cache
def implementations() -> dict[str, list[str]]:
    """Return which bundled plugins implement each hook, also by what they register later; found in their code."""
    entries = importlib.metadata.entry_points(group="wfepy_hooks")
    bundled = sorted(
        each.value for each in entries if each.dist is not None and each.dist.name == "wfepy-hooks"
    )
    found: dict[str, list[str]] = {}
    for module in ["wfepy_hooks.builtin", *bundled]:
        for hook in sorted({name for path in _sources(module) for name in _marked(path)}):
            found.setdefault(hook, []).append(module)
    return found


def implementers(hook: str) -> list[str]:
    """Return the names of the modules that implement ``hook``, the engine's own first."""
    return implementations().get(hook, [])


def marked_functions(tree: ast.AST) -> Iterator[str]:
    """Return the names of the functions that are marked with ``hookimpl``."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for mark in node.decorator_list:
                called = mark.func if isinstance(mark, ast.Call) else mark
                if ast.unparse(called).rpartition(".")[2] == "hookimpl":
                    yield node.name


def _marked(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return set(marked_functions(ast.parse(text))) if "hookimpl" in text else set()


def _sources(module: str) -> list[Path]:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    return sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


def _linked_plugin(module: str) -> str:
    if module == "wfepy_hooks.builtin":
        return "the engine"
    return f"[{module}](../../how-to/{GUIDES[module]})"


def _signature(hook: str) -> list[str]:
    types = {name: str(annotation) for name, annotation in HOOKS[hook].function.__annotations__.items()}
    arguments = [f"{name}: {types[name]}" for name in HOOKS[hook].arguments]
    head, tail = f"def {hook}(", f") -> {types['return']}: ..."
    one = head + ", ".join(arguments) + tail
    lines = [one] if len(one) <= 72 else [head, *(f"    {each}," for each in arguments), tail]
    return ["```python", *lines, "```"]


def _arguments(hook: str) -> str:
    types = HOOKS[hook].function.__annotations__
    told = ARGUMENT.findall(contract(hook)[1]["Arguments"])
    rows = [(f"`{name}`", _type(types[name]), text) for name, text in told]
    return prose.table(("argument", "type", "meaning"), rows)


def _type(annotation: str) -> str:
    """Return an annotation as code, which leads to what is told of the first of our types in it."""
    links = filter(None, map(hooktypes.link, re.findall(r"\w+", annotation)))
    return next((f"[`{annotation}`]({link})" for link in links), f"`{annotation}`")


def _linked_type(code: re.Match[str]) -> str:
    link = hooktypes.link(code[1])
    return f"[{code[0]}]({link})" if link else code[0]


def _neighbours(hook: str) -> str:
    """Return what is called before and after a hook, in its part of the order."""
    for title, text in stages().items():
        hooks = HOOK.findall(text)
        if hook in hooks:
            place = hooks.index(hook)
            around = [("after", hooks[:place][-1:]), ("before", hooks[place + 1 :][:1])]
            told = " and ".join(f"{word} [`{name}`]({name}.md)" for word, names in around for name in names)
            return f"{told}; see [the order of calls](index.md#{title.lower().replace(' ', '-')})."
    raise LookupError(f"the docstring of the specifications does not say when {hook} is called")


def _listed(text: str) -> str:
    """Return a list with the indentation that Markdown asks for."""
    return _markdown(re.sub(r"^   (?=\d)", "    ", text, flags=re.MULTILINE))


def _markdown(text: str) -> str:
    return prose.ROLE.sub(r"`\1`", text).replace("``", "`").strip("\n")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()), 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
