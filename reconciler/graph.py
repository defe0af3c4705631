"""Graph: in what order things are evaluated and created. The door to networkx.

Blocks are nodes; a reference or `depends_on` is an edge, and knows the place that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from reconciler.collector import collector_paused
from reconciler.diagnostics import Diagnostics
from reconciler.networkx_core import core, cycles
from reconciler.spec.dependencies import Dependencies, Edge, Node, NodeKind, collect
from reconciler.spec.model import Spec

if TYPE_CHECKING:
    from networkx import DiGraph

__all__ = ["Edge", "Graph", "Node", "NodeKind", "build", "sequence_order"]

MAX_CYCLES = 20
"""How many cycles of one knot are written out."""


def build(spec: Spec, diagnostics: Diagnostics) -> Graph:
    """Find what depends on what in the whole spec, modules included.

    A cycle is an error that names each of its edges. So is a provider that depends on a resource:
    it must be known before anything is read.
    """
    with collector_paused():
        found = Graph(collect(spec))
        if found.has_cycles:
            found.report_cycles(diagnostics)
        else:
            found.report_early_needs(diagnostics)
    return found


class Graph:
    """The blocks of a spec and their dependencies."""

    def __init__(self, dependencies: Dependencies) -> None:
        self.nodes: tuple[Node, ...] = tuple(dependencies.nodes)
        """Every node, in the order of the source."""
        self._places = dependencies.places
        # A block that refers to itself has been reported where the reference stands.
        own = [pair for pair in self._places if pair[0] == pair[1]]
        self._loops = [pair[0] for pair in own if self.nodes[pair[0]].address is None]
        self._graph = _make_graph(len(self.nodes), self._places)

    @property
    def edges(self) -> Iterator[Edge]:
        """Every edge, in source order of what depends."""
        for pair in sorted(self._places, key=lambda pair: (pair[1], pair[0])):
            yield self._edge(*pair)

    @property
    def has_cycles(self) -> bool:
        """Whether there is no order."""
        return bool(self._loops) or self._order is None

    def order(self) -> tuple[Node, ...]:
        """Every node after all that it depends on; where that leaves a choice, in source order.

        There must be no cycles.
        """
        assert self._order is not None, "build has reported the cycles, and nobody goes on"
        return self._order

    def dependencies(self, node: Node) -> tuple[Node, ...]:
        """What *node* depends on directly, in source order."""
        return self._nodes(self._graph.predecessors(self._number(node)))

    def dependents(self, node: Node) -> tuple[Node, ...]:
        """What depends directly on *node*, in source order."""
        return self._nodes(self._graph.successors(self._number(node)))

    def ancestors(self, node: Node) -> tuple[Node, ...]:
        """All that *node* depends on, directly or not, in source order."""
        return self._nodes(core().ancestors(self._graph, self._number(node)))

    def descendants(self, node: Node) -> tuple[Node, ...]:
        """All that depends on *node*, directly or not, in source order."""
        return self._nodes(core().descendants(self._graph, self._number(node)))

    def report_cycles(self, diagnostics: Diagnostics) -> None:
        """Report every cycle once, with each of its edges."""
        found = [[number] for number in self._loops]
        for knot in self._knots:
            edges = [pair for pair in self._places if knot.issuperset(pair) and pair[0] != pair[1]]
            found += cycles(edges, at_most=MAX_CYCLES)
        for cycle in sorted(_from_smallest(each) for each in found):
            self._report_cycle(cycle, diagnostics)

    def report_early_needs(self, diagnostics: Diagnostics) -> None:
        """Report providers that depend on what they are needed for."""
        for node in self.nodes:
            if node.kind is not NodeKind.PROVIDER:
                continue
            for needed in self.ancestors(node):
                if needed.kind in (NodeKind.RESOURCE, NodeKind.DATA):
                    self._report_early_need(node, needed, diagnostics)

    @cached_property
    def _order(self) -> tuple[Node, ...] | None:
        try:
            return tuple(self.nodes[number] for number in core().sort(self._graph))
        except core().no_order:
            return None

    @cached_property
    def _knots(self) -> list[set[int]]:
        """The sets of nodes that are all on cycles with each other."""
        return [each for each in core().components(self._graph) if len(each) > 1]

    @cached_property
    def _numbers(self) -> dict[Node, int]:
        return {node: number for number, node in enumerate(self.nodes)}

    def _number(self, node: Node) -> int:
        return self._numbers[node]

    def _nodes(self, numbers: Iterable[int]) -> tuple[Node, ...]:
        return tuple(self.nodes[number] for number in sorted(numbers))

    def _edge(self, dependency: int, dependent: int) -> Edge:
        place = self._places[dependency, dependent]
        return Edge(self.nodes[dependent], self.nodes[dependency], place)

    def _report_cycle(self, cycle: list[int], diagnostics: Diagnostics) -> None:
        # The cycle runs from dependency to dependent; people read it the other way round.
        backwards = [cycle[0], *reversed(cycle[1:])]
        edges = [
            self._edge(dependency, dependent)
            for dependent, dependency in zip(backwards, [*backwards[1:], backwards[0]], strict=True)
        ]
        lines = "\n".join(f"  {edge}" for edge in edges)
        detail = (
            f"These wait for each other, so none of them can be first:\n{lines}\n"
            "Remove one of these references."
        )
        diagnostics.error("Dependency cycle", detail, place=edges[0].place)

    def _report_early_need(self, node: Node, needed: Node, diagnostics: Diagnostics) -> None:
        number = self._number(node)
        first = min(self._graph.predecessors(number))
        detail = (
            f"{node} depends on {needed}, and must be known before that can be read. Use "
            "variables, and locals made from them."
        )
        place = self._places[first, number]
        diagnostics.error("Invalid provider configuration", detail, place=place)


Thing = TypeVar("Thing", bound=Hashable)


def sequence_order(
    nodes: Iterable[Thing],
    edges: Iterable[tuple[Thing, Thing]],
    key: Callable[[Thing], object],
    groups: Mapping[Thing, Iterable[Thing]] | None = None,
) -> list[Thing]:
    """The lexicographically first topological order of *nodes* by *key*.

    An edge is (dependency, dependent). Either end may be the name of one of *groups*: then all
    its members come before, or after, the other end, at the cost of one edge per member. The
    edges must not form a cycle.
    """
    ranked = sorted(nodes, key=key)  # type: ignore[arg-type]  # keys of one call compare
    numbers = {node: number for number, node in enumerate(ranked)}
    pairs: list[tuple[int, int]] = []
    starts: dict[Thing, int] = {}
    ends: dict[Thing, int] = {}
    for at, (name, members) in enumerate((groups or {}).items(), 1):
        # Numbers below all others: a group is through as soon as its last member is.
        starts[name], ends[name] = -2 * at, -2 * at + 1
        pairs.append((starts[name], ends[name]))
        for member in members:
            pairs += ((starts[name], numbers[member]), (numbers[member], ends[name]))
    for dependency, dependent in edges:
        first = numbers[dependency] if dependency in numbers else ends[dependency]
        second = numbers[dependent] if dependent in numbers else starts[dependent]
        pairs.append((first, second))
    graph = core().new_graph()
    graph.add_nodes_from(range(len(ranked)))
    graph.add_edges_from(pairs)
    return [ranked[number] for number in core().sort(graph) if number >= 0]


def _make_graph(size: int, pairs: Iterable[tuple[int, int]]) -> DiGraph[int]:
    graph = core().new_graph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(pair for pair in pairs if pair[0] != pair[1])
    return graph


def _from_smallest(cycle: list[int]) -> list[int]:
    at = cycle.index(min(cycle))
    return [*cycle[at:], *cycle[:at]]
