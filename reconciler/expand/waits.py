"""Waits: what an instance has to wait for, told by evaluating it as if no other one were there.

References say what comes first, and they say it of whole values: whoever takes one element of a
list depends on all that the list was made from. An instance whose arguments can be told while
nothing is known of any other does not have to wait for what is made from those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address, Key, Mode
from reconciler.diagnostics import Diagnostics
from reconciler.expand.desired import evaluate_arguments
from reconciler.expand.instances import Blocks
from reconciler.expand.model import Instance
from reconciler.expand.naming import Naming
from reconciler.expand.repetition import repeat
from reconciler.expand.world import OUTPUT, Name, World
from reconciler.frozen import replace
from reconciler.graph import Graph, NodeKind
from reconciler.language.values import Unknown, contains_unknown
from reconciler.schema import Attributes, Schema
from reconciler.spec.model import Spec


def narrowed(blocks: Blocks, spec: Spec, graph: Graph) -> dict[Address, Instance]:
    """The instances among *blocks* that wait for less than they depend on.

    What `depends_on` names is waited for in any case, and so are the parent, and all that a block
    with preconditions refers to.
    """
    doubtful = _doubtful(blocks)
    if not doubtful:
        return {}
    blind = _Blind(blocks, spec, doubtful)
    for node in graph.order():
        for path in blind.world.module_instances(node.module):
            match node.kind:
                case NodeKind.VARIABLE | NodeKind.LOCAL | NodeKind.OUTPUT:
                    blind.name((node.kind.value, path, node.name))
                case NodeKind.MODULE_OPEN:
                    blind.naming.call(blind.world.module(path), path, node.name)
                case NodeKind.RESOURCE | NodeKind.DATA if node.address is not None:
                    own = node.address
                    blind.see(Address(own.type, own.name, None, path, own.mode))
                case _:
                    pass
    return {
        address: replace(blocks.instances[address], waits_for=waits)
        for address, waits in blind.waits.items()
    }


def _doubtful(blocks: Blocks) -> dict[Address, list[Address]]:
    """Instances that are known, and depend on what is not there yet; by block."""
    absent = blocks.pending | {each.block for each in blocks.pending}
    found: dict[Address, list[Address]] = {}
    for address, instance in blocks.instances.items():
        sequence = instance.schema.sequence
        if address.mode is not Mode.MANAGED or sequence is None:
            continue
        implied = (instance.depends_on & absent) - _parents(instance)
        if not implied or instance.lifecycle.preconditions:
            continue
        if implied <= blocks.explicit(address):
            continue
        if not _is_open(instance.desired, sequence.parent_argument):
            found.setdefault(address.block, []).append(address)
    return found


def _parents(instance: Instance) -> frozenset[Address]:
    parent = instance.parent
    return frozenset({parent} if isinstance(parent, Address) else ())


def _is_open(desired: Attributes, parent_argument: str) -> bool:
    return any(
        contains_unknown(value) for name, value in desired.items() if name != parent_argument
    )


class _Blind:
    """A world in which no managed object is known, and what can be told of instances in it."""

    def __init__(
        self, blocks: Blocks, spec: Spec, doubtful: Mapping[Address, Iterable[Address]]
    ) -> None:
        self._blocks = blocks
        self._doubtful = doubtful
        given = replace(blocks.world.given, observed={}, data={}, is_offline=True)
        self.world = World(spec, given, blocks.world.functions, Diagnostics())
        self.naming = Naming(self.world, lambda path, traversal: frozenset())
        self.waits: dict[Address, frozenset[Address]] = {}
        self._keys: dict[Address, list[Key]] = {}
        for address in blocks.instances:
            self._keys.setdefault(address.block, []).append(address.key)

    def name(self, name: Name) -> None:
        """Evaluate a variable, local or output; one that `depends_on` is about is not told."""
        kind, path, key = name
        if kind == OUTPUT and self.world.module(path).outputs[key].depends_on:
            self.world.set_value(name, Unknown(not_null=False), frozenset())
        else:
            self.naming.name(name)

    def see(self, block: Address) -> None:
        """Let others see that a block is there, and look at its own instances."""
        if block.mode is Mode.DATA:
            self.world.adopt_block(block, self._blocks.world)
            return
        keys = self._keys.get(block, ())
        schema = self._blocks.instances[block.instance(keys[0])].schema if keys else None
        if schema is None:
            self.world.adopt_block(block, self._blocks.world)
            return
        self.world.set_block(block, {key: _hidden(schema, block.instance(key)) for key in keys})
        if block in self._doubtful:
            self._look_at(block, self._doubtful[block])

    def _look_at(self, block: Address, instances: Iterable[Address]) -> None:
        resource = self._blocks.declared(block)
        repetition = repeat(
            self.world,
            block.module,
            count=resource.count,
            for_each=resource.for_each,
            context=str(block),
        )
        if repetition is None:
            return
        keys = set(repetition)
        for address in instances:
            if address.key not in keys:
                continue
            found = evaluate_arguments(self.world, resource, repetition.scope(address.key))
            waits = self._waits(self._blocks.instances[address], found.desired)
            if waits is not None:
                self.waits[address] = waits

    def _waits(self, instance: Instance, desired: Attributes) -> frozenset[Address] | None:
        sequence = instance.schema.sequence
        assert sequence is not None, "only members of a sequence are looked at"
        if _is_open(desired, sequence.parent_argument):
            return None
        above = desired.get(sequence.parent_argument)
        is_the_id = isinstance(above, Unknown) and above.origin == f"{instance.parent}.id"
        if not (is_the_id or isinstance(above, str)):
            return None
        return self._blocks.explicit(instance.address) | _parents(instance)


def _hidden(schema: Schema, address: Address) -> dict[str, object]:
    return {
        name: Unknown(attribute.type, name == "id", f"{address}.{name}")
        for name, attribute in schema.attributes.items()
    }
