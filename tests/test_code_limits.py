"""How long, how wide and how broad the code may be. The limits are there so that one screen holds one thought."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES, FUNCTION_LINES, PARAMETERS = 300, 40, 6
MAY_CATCH_ALL = ("streamer/pipeline.py", "streamer/cli.py", "streamer/__main__.py")
"""The edge of a thread and of the program: there any error becomes the end of the run, or one line."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def faults(root: Path) -> list[str]:
    """What is over a limit under ``root``, as 'file:line what'."""
    found = []
    for path in sorted(path for top in ("streamer", "engines") for path in (root / top).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > FILE_LINES:
            found.append(f"{name}:{lines} {lines} lines (limit {FILE_LINES})")
        for node in ast.walk(ast.parse(text)):
            found += [f"{name}:{line} {what}" for line, what in faults_of(node, name in MAY_CATCH_ALL)]
    return found


def faults_of(node: ast.AST, may_catch_all: bool) -> Iterator[tuple[int, str]]:
    if isinstance(node, Function):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            yield node.lineno, f"{node.name}: {lines} lines (limit {FUNCTION_LINES})"
        count = len(parameters(node))
        if count > PARAMETERS and not is_command(node):
            yield node.lineno, f"{node.name}: {count} parameters (limit {PARAMETERS})"
    elif isinstance(node, ast.ExceptHandler) and not may_catch_all and is_broad(node.type):
        yield node.lineno, "broad except"
    elif isinstance(node, ast.Call) and not may_catch_all and is_suppress(node.func):
        yield from ((node.lineno, "broad suppress") for kind in node.args if is_broad(kind))


def is_command(node: Function) -> bool:
    """Whether it is a command of the command line: Typer reads its options off the parameters, and nobody calls it."""
    return any(isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "command" for one in node.decorator_list)


def parameters(node: Function) -> list[str]:
    """Those that a caller gives: without self, cls, and the rest."""
    given = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return [name for name in given if name not in ("self", "cls")]


def is_broad(kind: ast.expr | None) -> bool:
    """Whether an except clause with this type catches everything."""
    if isinstance(kind, ast.Tuple):
        return any(is_broad(one) for one in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))


def is_suppress(function: ast.expr) -> bool:
    return getattr(function, "id", getattr(function, "attr", "")) == "suppress"


def test_the_code_keeps_its_limits() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1\n" * 301, ":301 301 lines (limit 300)"),
        ("def f():\n" + "    x = 1\n" * 40, ":1 f: 41 lines (limit 40)"),
        ("class A:\n    async def f(self):\n" + "        x = 1\n" * 40, ":2 f: 41 lines (limit 40)"),
        ("def f(a, b, c, /, d, e, *, f, g): ...\n", ":1 f: 7 parameters (limit 6)"),
        ("try: ...\nexcept: ...\n", ":2 broad except"),
        ("try: ...\nexcept Exception: ...\n", ":2 broad except"),
        ("try: ...\nexcept (OSError, BaseException) as e: ...\n", ":2 broad except"),
        ("with contextlib.suppress(Exception): ...\n", ":1 broad suppress"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, text: str, fault: str) -> None:
    plant(tmp_path, "streamer/sinks/bad.py", text)
    assert faults(tmp_path) == [f"streamer/sinks/bad.py{fault}"]


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n" * 300,
        "def f():\n" + "    x = 1\n" * 39,
        "class A:\n    def f(self, a, b, c, d, e, f, *rest, **more): ...\n",
        "@app.command()\ndef run(a, b, c, d, e, f, g): ...\n",
        "try: ...\nexcept (OSError, ValueError): ...\n",
        "with contextlib.suppress(OSError): ...\n",
    ],
)
def test_what_is_within_the_limits_passes(tmp_path: Path, text: str) -> None:
    plant(tmp_path, "engines/good.py", text)
    assert faults(tmp_path) == []


def test_the_edges_may_catch_all(tmp_path: Path) -> None:
    plant(tmp_path, "streamer/cli.py", "try: ...\nexcept Exception: ...\n")
    assert faults(tmp_path) == []


def plant(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")
