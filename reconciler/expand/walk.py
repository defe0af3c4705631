"""Walk: go through a spec in the order of its graph, and again as ids become known."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from reconciler.address import Address, Mode, ModulePath, ModuleStep
from reconciler.diagnostics import Diagnostic, Diagnostics, Severity
from reconciler.errors import SpecError
from reconciler.expand.conditions import check_rules
from reconciler.expand.instances import Blocks, WillReplace
from reconciler.expand.model import Expansion, Instance
from reconciler.expand.naming import Naming
from reconciler.expand.rank import rank
from reconciler.expand.reads import place_reads
from reconciler.expand.waits import narrowed
from reconciler.expand.world import OUTPUT, Given, Name, World
from reconciler.graph import Graph, Node, NodeKind
from reconciler.language.plain import to_plain
from reconciler.language.syntax import Expression, Traversal
from reconciler.language.types import type_of
from reconciler.language.values import (
    contains_sensitive,
    contains_unknown,
)
from reconciler.schema import Attributes
from reconciler.spec.model import CheckBlock, Module, Output, ResourceBlock, Spec, Variable
from reconciler.spec.references import ModuleRef, ResourceRef, resolve
from reconciler.spec.value_check import SENSITIVE_OUTPUT
from reconciler.spec.variables import looks_at_variables_only
from reconciler.state.model import OutputValue


class Expander:
    """A spec being given its meaning: once to plan it, then instance by instance to apply it.

    Pure but for the diagnostics it gathers: the same spec over the same observations expands to
    the same instances.
    """

    def __init__(
        self,
        spec: Spec,
        graph: Graph,
        given: Given,
        *,
        functions: Mapping[str, object],
        will_replace: WillReplace = lambda instance: False,
    ) -> None:
        self.diagnostics = Diagnostics()
        self._spec = spec
        self._graph = graph
        self.world = World(spec, given, functions, self.diagnostics)
        self._naming = Naming(self.world, self._targets)
        self._blocks = Blocks(self.world, will_replace, self._targets)
        self._open: dict[Node, list[ModulePath]] = {}
        """Values and conditions that were unknown, or not met, when they were last evaluated."""
        self._told: set[Diagnostic] = set()
        self._turns: dict[Node, int] = {}
        """Where each node stands in the order of the walk."""
        self._nodes = {(each.module, each.address): each for each in graph.nodes if each.address}
        for node in graph.nodes:
            if node.kind is NodeKind.CHECK:
                data = _check_of(node, spec.module(node.module)).data
                if data is not None:
                    self._nodes[node.module, data.address] = node
        self._above: dict[tuple[tuple[str, ...], Address], frozenset[Node]] = {}

    def expand(self) -> Expansion:
        """Give every block its instances.

        Raises:
            SpecError: with every mistake found on the way.
        """
        self._walk()
        reads = place_reads(self._blocks, self.diagnostics)
        outputs = self._outputs()
        if not self.diagnostics.has_errors:
            self._blocks.instances.update(narrowed(self._blocks, self._spec, self._graph))
        ranked = rank(self._blocks.instances, self._spec, self.diagnostics)
        self._blocks.instances.update({each.address: each for each in ranked})
        self.diagnostics.raise_if_errors()
        return Expansion(
            instances=tuple(each for each in ranked if each.address.mode is Mode.MANAGED),
            reads=reads,
            requests=tuple(self._blocks.requests),
            outputs=outputs,
            pending=frozenset(self._blocks.pending),
            empty_blocks=tuple(self._blocks.empty),
        )

    def look(self) -> tuple[Instance, ...]:
        """Give every block the instances that can be told, and return them in order of rank.

        What is wrong is in `diagnostics` and stops nothing.
        """
        self._walk()
        place_reads(self._blocks, self.diagnostics)
        return tuple(rank(self._blocks.instances, self._spec, Diagnostics()))

    def check(self) -> Diagnostics:
        """Evaluate everything once and return what is wrong; the order of things is not looked at,
        as what has mistakes may have none."""
        self._walk()
        self._outputs()
        return self.diagnostics

    def begin_applying(self, functions: Mapping[str, object]) -> None:
        """From now on, evaluate with the functions that mean something during apply."""
        self.world.functions = functions
        self.world.is_applying = True

    def resolve(self, address: Address) -> Instance:
        """The instance with everything that is known by now.

        Raises:
            SpecError: evaluating it failed.
        """
        instance = self._blocks.instances[address]
        if not (contains_unknown(dict(instance.desired)) or instance.lifecycle.preconditions):
            return instance
        with self._gathering() as found:
            self._evaluate_open(address)
            found.raise_if_errors()
            again = self._blocks.evaluate_again(address)
            found.raise_if_errors()
        return again

    def settle(self, address: Address, attributes: Attributes) -> None:
        """Tell what an object has become."""
        with self._gathering() as found:
            self._blocks.settle(address, attributes)
            found.raise_if_errors()

    def conclude(self) -> tuple[dict[str, OutputValue], tuple[Diagnostic, ...]]:
        """The root outputs that can be known once everything is done, and what is wrong by then.

        An output whose precondition is not met, or which has no value, is left out; what `resolve`
        has said already is not said again.
        """
        with self._gathering() as found:
            self._evaluate_open(None)
            outputs = self._outputs()
        return outputs, tuple(each for each in found if each not in self._told)

    def _outputs(self) -> dict[str, OutputValue]:
        found = (
            (name, self._output_value(output)) for name, output in self._spec.root.outputs.items()
        )
        return {name: value for name, value in found if value is not None}

    @contextmanager
    def _gathering(self) -> Iterator[Diagnostics]:
        """Gather what is found inside apart from what was found before."""
        self.world.diagnostics = self.diagnostics = Diagnostics()
        try:
            yield self.diagnostics
        except SpecError as error:
            self._told.update(error.diagnostics)
            raise

    @property
    def declared_outputs(self) -> Collection[str]:
        """The names of the root outputs."""
        return self._spec.root.outputs.keys()

    def instance(self, address: Address) -> Instance | None:
        """The instance at *address*, as it was last evaluated; None if the spec has none."""
        return self._blocks.instances.get(address)

    def visit_values(self, kinds: Collection[NodeKind]) -> None:
        """Evaluate only the nodes of *kinds* in the root module; the rest stays unknown."""
        for node in self._graph.order():
            if node.kind in kinds and not node.module:
                self._visit(node, ())

    def evaluate_in_root(self, expression: Expression) -> object:
        """The value of an expression of the root module."""
        with self.world.noting():
            return self.world.evaluate(expression, self.world.scope(()))

    # -- the walk

    def _walk(self) -> None:
        mistaken = set[Node]()
        """The nodes in which something is wrong, and those that depend on them."""
        for node in self._graph.order():
            needed = self._graph.dependencies(node) if mistaken else ()
            self.world.follows_mistake = not mistaken.isdisjoint(needed)
            known = len(self.diagnostics)
            for path in self.world.module_instances(node.module):
                self._visit(node, path)
            if self.world.follows_mistake or len(self.diagnostics) > known:
                mistaken.add(node)
        self.world.follows_mistake = False

    def _visit(self, node: Node, path: ModulePath) -> None:
        module = self.world.module(path)
        match node.kind:
            case NodeKind.VARIABLE | NodeKind.LOCAL | NodeKind.OUTPUT:
                self._value(node, path, (node.kind.value, path, node.name))
            case NodeKind.VALIDATION:
                self._validate(node, module.variables[node.name], path)
            case NodeKind.MODULE_OPEN:
                self._naming.call(module, path, node.name)
            case NodeKind.RESOURCE | NodeKind.DATA:
                assert node.address is not None, "a resource node carries its address"
                self._blocks.expand(module.resources[node.address], path)
            case NodeKind.CHECK:
                self._check(node, module, path)
            case NodeKind.MODULE_CLOSE | NodeKind.PROVIDER:
                pass

    def _value(self, node: Node, path: ModulePath, name: Name) -> None:
        value = self._naming.name(name)
        if contains_unknown(value) or name in self._naming.undecided:
            self._keep_open(node, path)

    def _keep_open(self, node: Node, path: ModulePath) -> None:
        paths = self._open.setdefault(node, [])
        if path not in paths[-1:]:
            paths.append(path)

    def _validate(self, node: Node, variable: Variable, path: ModulePath) -> None:
        scope = self.world.scope(path)
        with self.world.noting():
            # What a rule of the root says of variables alone was known before the walk.
            rules = [
                each for each in variable.validations if path or not looks_at_variables_only(each)
            ]
            verdict = check_rules(self.world, rules, scope, "Variable validation", path=path)
        if not verdict.is_final:
            self._keep_open(node, path)

    def _check(self, node: Node, module: Module, path: ModulePath) -> None:
        check = _check_of(node, module)
        if check.data is not None and not self.world.is_applying:
            self._scoped_data(check.data, path, node.name)
        with self.world.noting():
            verdict = check_rules(
                self.world,
                check.asserts,
                self.world.scope(path),
                "Check assertion",
                severity=Severity.WARNING,
                path=path,
            )
        if verdict.is_open:
            self._keep_open(node, path)

    def _scoped_data(self, block: ResourceBlock, path: ModulePath, name: str) -> None:
        """Expand the data source of a check; one that is not there is no more than a warning."""
        own = block.address
        address = Address(own.type, own.name, None, path, own.mode)
        self._blocks.scoped.add(address)
        self._blocks.expand(block, path)
        read = self.world.given.data.get(address)
        if read is not None and contains_unknown({**read}):
            self.diagnostics.warning(
                "Data source not found",
                "There is no such object, so what is asserted about it cannot be told.",
                place=block.place,
                context=f'check "{name}"',
            )

    def _targets(self, path: ModulePath, traversal: Traversal) -> frozenset[Address]:
        """The instances, or whole blocks, that a reference in `depends_on` and the like names."""
        module = self.world.module(path)
        match resolve(module, traversal):
            case ResourceRef(address, key, _, _):
                found = Address(address.type, address.name, None, path, address.mode)
                return frozenset({found if key is None else found.instance(key)})
            case ModuleRef(call, _, _, _):
                return self._inside((*path, ModuleStep(call)))
            case _:
                return frozenset()

    def _inside(self, module: ModulePath) -> frozenset[Address]:
        """Every instance in the instances of a module call, and in those it calls."""
        names = [step.name for step in module]
        return frozenset(
            address
            for address in self._blocks.instances
            if [step.name for step in address.module[: len(names)]] == names
        )

    # -- again

    def _evaluate_open(self, address: Address | None) -> None:
        """Evaluate again the values that were unknown and that *address* is made from."""
        if not self._open:
            return
        wanted = None if address is None else self._ancestors(address)
        if not self._turns:
            self._turns.update((node, turn) for turn, node in enumerate(self._graph.order()))
        for node in sorted(self._open, key=self._turns.__getitem__):
            if wanted is None or node in wanted:
                paths = self._open.pop(node)
                for path in paths:
                    self._visit(node, path)

    def _ancestors(self, address: Address) -> frozenset[Node]:
        names = tuple(step.name for step in address.module)
        block = Address(address.type, address.name, mode=address.mode)
        if (names, block) not in self._above:
            node = self._nodes[names, block]
            self._above[names, block] = frozenset(self._graph.ancestors(node))
        return self._above[names, block]

    def _output_value(self, output: Output) -> OutputValue | None:
        value = self.world.value((OUTPUT, (), output.name))
        plain, _ = to_plain(value)
        if contains_sensitive(value) and not output.sensitive:
            self.diagnostics.error(
                *SENSITIVE_OUTPUT,
                place=output.expression.place,
                context=f'output "{output.name}"',
            )
            return None
        if _holds_infinite(plain) and not self.world.given.is_destroying:
            self.diagnostics.error(
                "Infinite number in output",
                "An infinite number cannot be recorded.",
                place=output.expression.place,
                context=f'output "{output.name}"',
            )
            return None
        return OutputValue(plain, type_of(value), output.sensitive)


def _check_of(node: Node, module: Module) -> CheckBlock:
    return next(each for each in module.checks if each.name == node.name)


def _holds_infinite(value: object) -> bool:
    queue = [value]
    while queue:
        each = queue.pop()
        if isinstance(each, float) and math.isinf(each):
            return True
        if isinstance(each, dict):
            queue.extend(each.values())
        elif isinstance(each, list):
            queue.extend(each)
    return False
