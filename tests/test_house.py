"""What must stay true of the house: who imports whom, one door per library, the error tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import errors

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "reconciler"
MODULES = sorted(PACKAGE.rglob("*.py"))

EARLY_STATE = [
    *("model", "entries", "statefile", "statetext", "objectjson", "facts", "fields"),
    "loader",
    "private",
    "render",
    "upgrade",
]
"""What is remembered, and the file it is in; journal, lock and recovery come last."""

STATIONS = [
    ["address", "version", "frozen", "collector", "stretches", "concealment"],
    ["errors", "diagnostics"],
    ["schema"],
    ["language"],
    ["spec"],
    [f"state.{name}" for name in EARLY_STATE],
    ["networkx_core"],
    ["graph"],
    ["provider.protocol"],
    ["refresh"],
    ["expand"],
    ["diff"],
    ["plan"],
    ["execute"],
    ["state"],
    ["provider", "workflow", "cli", "views"],
]
"""In the order of the flow: a station imports itself and earlier ones. Those in the last line
have rules of their own below."""

DOORS = {
    "hcl2": {"language/grammar.py"},
    "lark": {"language/grammar.py"},
    "networkx": {"graph.py", "networkx_core.py"},
    "httpx": {"provider/client.py"},
    "starlette": {"emulator/"},
    "uvicorn": {"emulator/serve.py"},
    "sqlite3": {"emulator/store.py"},
    "click": {"cli/"},
    "yaml": {"language/functions/yaml_reader.py"},
}


def imports(path: Path, *, running: bool = True) -> Iterator[tuple[int, str]]:
    """The modules that *path* imports, those for type checking only left out."""
    tree = ast.parse(path.read_text())
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if running and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped.update(each for part in node.body for each in ast.walk(part))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def within(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def station(module: str) -> int | None:
    """The place of a module of ours in the flow; the most exact name decides."""
    found: tuple[int, int] | None = None
    for rank, names in enumerate(STATIONS):
        for name in names:
            if module == name or module.startswith(f"{name}."):
                found = max(found or (0, 0), (len(name), rank))
    return found[1] if found else None


@pytest.mark.parametrize("path", MODULES, ids=within)
def test_a_station_imports_itself_and_earlier_ones(path: Path) -> None:
    own = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    rank = station(own)
    last = len(STATIONS) - 1
    if rank is None or rank == last:
        pytest.skip("has rules of its own")
    late = [
        f"line {line}: {module}"
        for line, module in imports(path, running=False)
        if module.startswith("reconciler.")
        and (station(module.removeprefix("reconciler.")) or 0) > rank
    ]
    assert late == []


def test_nothing_imports_the_command_line() -> None:
    allowed = ("cli/", "__main__.py")
    guilty = [
        within(path)
        for path in MODULES
        if not within(path).startswith(allowed)
        and any(module.startswith("reconciler.cli") for _, module in imports(path))
    ]
    assert guilty == []


def test_the_emulator_imports_nothing_of_the_package() -> None:
    guilty = [
        (within(path), module)
        for path in (PACKAGE / "emulator").glob("*.py")
        for _, module in imports(path, running=False)
        if module.startswith("reconciler") and not module.startswith("reconciler.emulator")
    ]
    assert guilty == []


def test_the_provider_is_handed_plain_data() -> None:
    known = ("address", "concealment", "errors", "frozen", "schema", "provider", "state.model")
    guilty = [
        (within(path), module)
        for path in (PACKAGE / "provider").rglob("*.py")
        for _, module in imports(path)
        if module.startswith("reconciler.")
        and not module.removeprefix("reconciler.").startswith(known)
    ]
    assert guilty == []


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    doors = tuple(DOORS[library])
    guilty = [
        f"{within(path)}:{line}"
        for path in MODULES
        for line, module in imports(path)
        if module.split(".")[0] == library and not within(path).startswith(doors)
    ]
    assert guilty == []


def test_the_error_tree_is_the_one_that_is_drawn() -> None:
    drawn = re.findall(r"^ *([A-Z]\w+)(?: {2,}|$)", errors.__doc__ or "", re.MULTILINE)
    defined = [
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, Exception)
    ]
    assert sorted(drawn) == sorted(defined)


def test_families_are_called_error_and_leaves_are_not() -> None:
    classes = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.ReconcilerError)
    ]
    families = {each for each in classes if any(each in other.__bases__ for other in classes)}
    named = {each for each in classes if each.__name__.endswith("Error")}
    assert families - named <= {errors.RequestRejected}


def test_nothing_catches_everything() -> None:
    guilty = [
        f"{within(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
    ]
    assert guilty == []


def test_the_top_level_is_what_was_asked_for() -> None:
    folders = {each.name for each in ROOT.iterdir() if each.is_dir() and each.name[0] != "."}
    asked = {"reconciler", "specs", "state", "tests", "docs", "benchmarks"}
    assert folders - {"__pycache__", "dist", "build"} == asked


@pytest.mark.parametrize("path", MODULES, ids=within)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=within)
def test_a_module_is_one_noun_long(path: Path) -> None:
    assert path.read_text().count("\n") <= 400
