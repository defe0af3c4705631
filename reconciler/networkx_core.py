"""Networkx core: the graph class and the four algorithms that `graph` needs, and nothing else.

Together with `graph.py` this is the door to networkx. The package's own `__init__` imports every
algorithm it has, which costs more than all the rest of a `validate`; see
`docs/contributing/decisions/0001-networkx-core-import.md`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING

from reconciler.frozen import frozen

if TYPE_CHECKING:
    from networkx import DiGraph


@frozen
class Core:
    """What `graph` uses of networkx; its nodes are numbers."""

    new_graph: Callable[[], DiGraph[int]]
    sort: Callable[[DiGraph[int]], Iterable[int]]
    """The lexicographically first topological order."""
    no_order: type[Exception]
    """What `sort` raises where there is a cycle."""
    components: Callable[[DiGraph[int]], Iterator[set[int]]]
    """The strongly connected components."""
    ancestors: Callable[[DiGraph[int], int], set[int]]
    descendants: Callable[[DiGraph[int], int], set[int]]


@cache
def core() -> Core:
    """Load what is needed of networkx, the quick way if it works and the plain way if not.

    Either way `sys.modules` afterwards holds the whole package or nothing of it.
    """
    if "networkx" in sys.modules:
        return plain_core()
    try:
        return quick_core()
    except _QUICK_WAY_FAILED:
        return plain_core()


def plain_core() -> Core:
    """Take the core from the whole package."""
    import networkx

    return _core_of(networkx, networkx, networkx)


def quick_core() -> Core:
    """Take the core from its own few modules, under packages whose `__init__` never runs.

    Raises:
        ImportError: or another error of an import, where this networkx is laid out differently.
    """
    present = {name: module for name, module in sys.modules.items() if _is_networkx(name)}
    for name in present:
        del sys.modules[name]
    try:
        return _import_parts()
    finally:
        for name in [name for name in sys.modules if _is_networkx(name)]:
            del sys.modules[name]
        sys.modules.update(present)


def cycles(edges: Iterable[tuple[int, int]], *, at_most: int) -> list[list[int]]:
    """List the elementary cycles of a graph, each once, *at_most* so many.

    For error messages only: it imports the whole of networkx.
    """
    import networkx

    found: DiGraph[int] = networkx.DiGraph()
    found.add_edges_from(edges)
    return list(islice(networkx.simple_cycles(found), at_most))


_QUICK_WAY_FAILED = (ImportError, AttributeError, KeyError, NameError, TypeError, ValueError)
"""What an import under an unexpected layout can end in: any of them means the plain way."""


def _import_parts() -> Core:
    root = _bare("networkx")
    _offer(root, "networkx.exception")
    utils = _bare("networkx.utils")
    root.__dict__.update(utils=utils, _dispatchable=_undispatched, _clear_cache=_no_cache)
    _offer(utils, "networkx.utils.misc")
    _offer(utils, "networkx.utils.decorators")
    _bare("networkx.classes")
    root.__dict__["convert"] = importlib.import_module("networkx.convert")
    _offer(root, "networkx.classes.graph")
    _offer(root, "networkx.classes.digraph")
    for name in ("algorithms", "algorithms.components", "algorithms.traversal"):
        _bare(f"networkx.{name}")
    _offer(root, "networkx.algorithms.traversal.breadth_first_search")
    components = importlib.import_module("networkx.algorithms.components.strongly_connected")
    dag = importlib.import_module("networkx.algorithms.dag")
    return _core_of(root, dag, components)


def _core_of(root: ModuleType, dag: ModuleType, components: ModuleType) -> Core:
    return Core(
        new_graph=root.DiGraph,
        sort=dag.lexicographical_topological_sort,
        no_order=root.NetworkXUnfeasible,
        components=components.strongly_connected_components,
        ancestors=dag.ancestors,
        descendants=dag.descendants,
    )


def _bare(name: str) -> ModuleType:
    """Put the package *name* in place without running its `__init__`."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ImportError(f"no package {name}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    return package


def _offer(package: ModuleType, name: str) -> None:
    """Import the module *name* and show its public names in *package*, as its `__init__` would."""
    module = importlib.import_module(name)
    package.__dict__.update({each: getattr(module, each) for each in module.__all__})


def _undispatched(function: Callable[..., object] | None = None, **_: object) -> object:
    """Stand in for networkx's choice of a backend: there is none here but its own."""
    return function if function is not None else _undispatched


def _no_cache(_: object) -> None:
    """Stand in for clearing a backend's cache of the graph."""


def _is_networkx(name: str) -> bool:
    return name == "networkx" or name.startswith("networkx.")
