"""Dependencies: what waits for what, block by block, over all modules of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.address import Address, Mode
from reconciler.diagnostics import Place
from reconciler.frozen import frozen
from reconciler.language.syntax import Traversal
from reconciler.spec.model import Module, ModuleCall, ResourceBlock, Spec
from reconciler.spec.order import SourcePlace, natural_key
from reconciler.spec.references import (
    LocalRef,
    ModuleRef,
    ResourceRef,
    Target,
    VariableRef,
    resolve,
)
from reconciler.spec.uses import (
    Use,
    check_uses,
    local_uses,
    output_uses,
    provider_uses,
    repetition_uses,
    resource_uses,
    variable_uses,
)


class NodeKind(StrEnum):
    """What a node of the graph stands for."""

    VARIABLE = "variable"
    VALIDATION = "validation"
    """The validation rules of a variable."""
    LOCAL = "local"
    OUTPUT = "output"
    PROVIDER = "provider"
    RESOURCE = "resource"
    DATA = "data"
    MODULE_OPEN = "module"
    """A module call: which instances it has. Everything inside waits for it."""
    MODULE_CLOSE = "module end"
    """The end of a module call: it waits for everything inside."""
    CHECK = "check"


@frozen
class Node:
    """One block of the spec, with all its instances, where its module is called."""

    kind: NodeKind
    module: tuple[str, ...]
    """The names of the module calls on the way to it."""
    name: str
    """Of a resource its address inside the module; of a provider its alias, or ""."""
    address: Address | None = None
    """Of a resource or data source: inside its module."""

    def __str__(self) -> str:
        prefix = "".join(f"module.{name}." for name in self.module)
        return prefix + _WRITTEN[self.kind].format(self.name)


_WRITTEN = {
    NodeKind.VARIABLE: "var.{}",
    NodeKind.VALIDATION: "var.{} (validation)",
    NodeKind.LOCAL: "local.{}",
    NodeKind.OUTPUT: "output.{}",
    NodeKind.PROVIDER: "provider.openai.{}",
    NodeKind.RESOURCE: "{}",
    NodeKind.DATA: "{}",
    NodeKind.MODULE_OPEN: "module.{}",
    NodeKind.MODULE_CLOSE: "module.{} (end)",
    NodeKind.CHECK: "check.{}",
}


@frozen
class Edge:
    """Why one node waits for another: the place that says so."""

    dependent: Node
    dependency: Node
    place: Place

    def __str__(self) -> str:
        source, start, end = self.place
        return f"{self.dependent} -> {self.dependency} at {source.range(start, end)}"


SourceKey = tuple[SourcePlace, ...]
"""Where a node stands in the source: the module calls on the way to it, then its block."""


@dataclass(slots=True)
class Dependencies:
    """Nodes in the order of the source, and numbered edges between them, each once."""

    nodes: list[Node]
    places: dict[tuple[int, int], Place]
    """(dependency, dependent), by number, to the first place that says so."""


def collect(spec: Spec) -> Dependencies:
    """List every block of the spec and what each waits for."""
    collector = _Collector()
    collector.add_module(spec.root)
    collector.connect()
    return collector.in_source_order()


@dataclass(slots=True)
class _Site:
    """A module where it is called, and the numbers of its blocks."""

    module: Module
    path: tuple[str, ...]
    key: SourceKey
    parent: _Site | None = None
    call: ModuleCall | None = None
    open: int = -1
    close: int = -1
    variables: dict[str, int] = field(default_factory=dict)
    locals: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    providers: dict[str | None, int] = field(default_factory=dict)
    resources: dict[Address, int] = field(default_factory=dict)
    children: dict[str, _Site] = field(default_factory=dict)
    others: list[tuple[int, Iterable[Use]]] = field(default_factory=list)
    """Validations and checks: nothing refers to them."""
    inside: list[int] = field(default_factory=list)


class _Collector:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.keys: list[SourceKey] = []
        self.places: dict[tuple[int, int], Place] = {}
        self.sites: list[_Site] = []
        self._names: dict[str, SourcePlace] = {}

    def add_module(self, root: Module) -> None:
        """Number every block of a module and, one after the other, of those it calls."""
        queue = [_Site(root, (), ())]
        while queue:
            site = queue.pop()
            self.sites.append(site)
            self._add_blocks(site)
            queue += site.children.values()

    def connect(self) -> None:
        """Find what each block waits for."""
        for site in self.sites:
            _Connector(self.places, site).run()

    def in_source_order(self) -> Dependencies:
        """Number everything anew, so that the numbers are in source order."""
        order = sorted(range(len(self.nodes)), key=self.keys.__getitem__)
        rank = [0] * len(order)
        for at, number in enumerate(order):
            rank[number] = at
        places = {(rank[a], rank[b]): place for (a, b), place in self.places.items()}
        return Dependencies([self.nodes[number] for number in order], places)

    def _add(self, site: _Site, kind: NodeKind, name: str, place: Place, after: int = 0) -> int:
        return self._add_node(site, Node(kind, site.path, name), place, after)

    def _add_node(self, site: _Site, node: Node, place: Place, after: int = 0) -> int:
        number = len(self.nodes)
        self.nodes.append(node)
        self.keys.append((*site.key, self._place(place, after)))
        site.inside.append(number)
        return number

    def _place(self, place: Place, after: int = 0) -> SourcePlace:
        # Natural keys are made once per file, not once per block.
        source, start, _ = place
        named = self._names.get(source.path)
        if named is None:
            named = (natural_key(source.path.rpartition("/")[2]), 0)
            self._names[source.path] = named
        return (named[0], start + after)

    def _add_blocks(self, site: _Site) -> None:
        module = site.module
        for name, variable in module.variables.items():
            site.variables[name] = self._add(site, NodeKind.VARIABLE, name, variable.place)
            if variable.validations:
                number = self._add(site, NodeKind.VALIDATION, name, variable.place, 1)
                site.others.append((number, variable_uses(variable)))
        for name, local in module.locals.items():
            site.locals[name] = self._add(site, NodeKind.LOCAL, name, local.place)
        for name, output in module.outputs.items():
            site.outputs[name] = self._add(site, NodeKind.OUTPUT, name, output.place)
        for provider in module.providers:
            alias = provider.alias or ""
            number = self._add(site, NodeKind.PROVIDER, alias, provider.place)
            site.providers[provider.alias] = number
        for address, block in module.resources.items():
            kind = NodeKind.DATA if block.mode is Mode.DATA else NodeKind.RESOURCE
            node = Node(kind, site.path, str(address), address)
            site.resources[address] = self._add_node(site, node, block.place)
        for check in module.checks:
            number = self._add(site, NodeKind.CHECK, check.name, check.place)
            site.others.append((number, check_uses(check)))
        for call in module.calls.values():
            self._add_call(site, call)

    def _add_call(self, site: _Site, call: ModuleCall) -> None:
        key = (*site.key, self._place(call.place))
        child = _Site(call.module, (*site.path, call.name), key, site, call)
        child.open = self._add(site, NodeKind.MODULE_OPEN, call.name, call.place)
        child.close = self._add(site, NodeKind.MODULE_CLOSE, call.name, call.place)
        self.keys[child.close] = (*key, _LAST)
        site.children[call.name] = child


_LAST: SourcePlace = ((3, 0, "", ""), 0)
"""Behind every place there is."""


class _Connector:
    """Finds the edges of the blocks of one module where it is called."""

    def __init__(self, places: dict[tuple[int, int], Place], site: _Site) -> None:
        self.places = places
        self.site = site

    def run(self) -> None:
        site, module = self.site, self.site.module
        self._connect_inputs()
        for name, local in module.locals.items():
            self._uses(site.locals[name], local_uses(local))
        for name, output in module.outputs.items():
            self._uses(site.outputs[name], output_uses(output))
            self._references(site.outputs[name], output.depends_on, whole=True)
        for provider in module.providers:
            self._uses(site.providers[provider.alias], provider_uses(provider))
        for address, block in module.resources.items():
            self._connect_resource(site.resources[address], block)
        for number, uses in site.others:
            self._uses(number, uses)
        for name, call in module.calls.items():
            opening = site.children[name].open
            self._uses(opening, repetition_uses(call))
            self._references(opening, call.depends_on, whole=True)

    def _edge(self, dependent: int, dependency: int, place: Place) -> None:
        self.places.setdefault((dependency, dependent), place)

    def _connect_inputs(self) -> None:
        """What is inside waits for the call to open, its end for what is inside."""
        site = self.site
        if site.call is None or site.parent is None:
            return
        for number in site.inside:
            self._edge(number, site.open, site.call.place)
            self._edge(site.close, number, site.call.place)
        self._edge(site.close, site.open, site.call.place)
        outside = _Connector(self.places, site.parent)
        for name, argument in site.call.arguments.items():
            if name in site.variables:
                references = argument.expression.references()
                outside._references(site.variables[name], references)

    def _connect_resource(self, number: int, block: ResourceBlock) -> None:
        self._uses(number, resource_uses(block))
        self._references(number, block.depends_on, whole=True)
        self._references(number, block.lifecycle.replace_triggered_by)
        provider = _provider_of(self.site, block.provider_alias)
        if provider is not None:
            self._edge(number, provider, block.place)

    def _uses(self, number: int, uses: Iterable[Use]) -> None:
        for expression, _ in uses:
            if not expression.is_constant:
                self._references(number, expression.references())

    def _references(
        self, number: int, traversals: Iterable[Traversal], *, whole: bool = False
    ) -> None:
        for traversal in traversals:
            target = resolve(self.site.module, traversal)
            for dependency in self._numbers(target, whole=whole):
                self._edge(number, dependency, traversal.place)

    def _numbers(self, target: Target, *, whole: bool) -> Iterator[int]:
        """The nodes that a reference waits for."""
        site = self.site
        match target:
            case VariableRef():
                yield site.variables[target.name]
            case LocalRef():
                yield site.locals[target.name]
            case ResourceRef():
                yield site.resources[target.address]
            case ModuleRef():
                child = site.children[target.call]
                if whole:
                    yield child.close
                elif target.output is not None:
                    yield child.outputs[target.output]
                else:
                    yield child.open
                    yield from child.outputs.values()


def _provider_of(site: _Site, alias: str | None) -> int | None:
    """The configuration that a resource uses, looked for from its module outwards."""
    here: _Site | None = site
    while here is not None:
        if alias in here.providers:
            return here.providers[alias]
        if here.call is not None:
            alias = here.call.providers.get(alias or "", alias)
        here = here.parent
    return None
