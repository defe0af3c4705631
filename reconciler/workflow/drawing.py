"""Drawing: the blocks of a spec with what they wait for, and the messages of a thread in order.

Made from the specs alone. What is not drawn (locals, module calls, ...) is looked through: who
depends on it depends on what it is made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address
from reconciler.diagnostics import Place
from reconciler.expand.model import Instance
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.frozen import frozen
from reconciler.graph import Graph, Node, NodeKind
from reconciler.language.values import Unknown
from reconciler.spec.model import ModuleCall, ResourceBlock, Spec
from reconciler.workflow.prepare import Prepared

OBJECTS = (NodeKind.RESOURCE, NodeKind.DATA)
"""What is drawn in any case."""

VALUES = (NodeKind.VARIABLE, NodeKind.LOCAL, NodeKind.OUTPUT)
"""What is drawn on demand."""


@frozen
class DrawnBlock:
    """One block where its module is called, with all its instances."""

    id: str
    """Its address with the calls on the way to it: `module.a.openai_thread.t`."""
    kind: str
    """`resource`, `data`, `variable`, `local` or `output`."""
    module: tuple[str, ...]
    label: str
    """Its address inside its module."""
    type: str | None
    """Of a resource or data source."""
    repetition: str | None
    """`count` or `for_each`."""
    place: Place


@frozen
class DrawnSequence:
    """The messages of one thread in their order, instance by instance."""

    parent: str
    """The address of the thread, or its id if the specs do not manage it."""
    members: tuple[Address, ...]


@frozen
class Drawing:
    """Everything there is to draw, in the order of the source."""

    blocks: tuple[DrawnBlock, ...]
    dependencies: tuple[tuple[str, str], ...]
    """Who waits, and for whom."""
    orders: tuple[tuple[str, str], ...]
    """Whose messages stand right behind whose."""
    sequences: tuple[DrawnSequence, ...]
    """Those that can be told from the specs alone."""


def draw(prepared: Prepared, *, with_values: bool = False) -> Drawing:
    """Gather what a picture of the specs shows; *with_values* also variables, locals and outputs.

    A message block whose instances or whose `order` the specs alone do not tell is in no sequence.
    """
    spec, graph = prepared.spec, prepared.graph
    kinds = {*OBJECTS, *VALUES} if with_values else {*OBJECTS}
    shown = [node for node in graph.nodes if node.kind in kinds]
    given = Given(prepared.variables, {}, is_offline=True)
    instances = Expander(spec, graph, given, functions=prepared.functions).look()
    sequences = tuple(_sequences(instances))
    return Drawing(
        blocks=tuple(_drawn(node, spec) for node in shown),
        dependencies=tuple(_dependencies(graph, frozenset(shown))),
        orders=tuple(_orders(sequences)),
        sequences=sequences,
    )


def _drawn(node: Node, spec: Spec) -> DrawnBlock:
    module = spec.module(node.module)
    block: ResourceBlock | None = None
    match node.kind:
        case NodeKind.VARIABLE:
            place = module.variables[node.name].place
        case NodeKind.LOCAL:
            place = module.locals[node.name].place
        case NodeKind.OUTPUT:
            place = module.outputs[node.name].place
        case _:
            assert node.address is not None, "a resource node carries its address"
            block = module.resources[node.address]
            place = block.place
    id_ = str(node)
    return DrawnBlock(
        id=id_,
        kind=str(node.kind),
        module=node.module,
        label=id_.removeprefix("".join(f"module.{name}." for name in node.module)),
        type=None if block is None else block.type,
        repetition=None if block is None else _repetition(block),
        place=place,
    )


def _repetition(block: ResourceBlock | ModuleCall) -> str | None:
    if block.count is not None:
        return "count"
    return "for_each" if block.for_each is not None else None


def _dependencies(graph: Graph, shown: frozenset[Node]) -> Iterable[tuple[str, str]]:
    """The edges between what is shown; what is not is looked through.

    Except provider blocks: that everything depends on the variable with the key says nothing.
    """
    behind: dict[Node, dict[Node, None]] = {}
    """For each node what is shown of it, or else of what it depends on."""
    for node in graph.order():
        found: dict[Node, None] = {}
        for dependency in graph.dependencies(node):
            found |= behind[dependency]
        if node in shown:
            yield from ((str(node), str(each)) for each in found)
            found = {node: None}
        behind[node] = {} if node.kind is NodeKind.PROVIDER else found


def _sequences(instances: Iterable[Instance]) -> Iterable[DrawnSequence]:
    members: dict[str, list[Instance]] = {}
    for instance in instances:
        if instance.parent is not None:
            members.setdefault(str(instance.parent), []).append(instance)
    for parent, each in members.items():
        if not any(_has_unknown_order(member) for member in each):
            yield DrawnSequence(parent, tuple(member.address for member in each))


def _has_unknown_order(member: Instance) -> bool:
    sequence = member.schema.sequence
    assert sequence is not None, "only members of a sequence have a parent"
    return isinstance(member.desired.get(sequence.order_argument), Unknown)


def _orders(sequences: Iterable[DrawnSequence]) -> Iterable[tuple[str, str]]:
    """Each pair of different blocks of which one has a message right behind one of the other."""
    found: dict[tuple[str, str], None] = {}
    for sequence in sequences:
        names = [_block_id(each) for each in sequence.members]
        pairs = zip(names[1:], names, strict=False)
        found |= dict.fromkeys(pair for pair in pairs if pair[0] != pair[1])
    return found


def _block_id(address: Address) -> str:
    prefix = "".join(f"module.{step.name}." for step in address.module)
    return prefix + str(Address(address.type, address.name, mode=address.mode))


def modules(blocks: Iterable[DrawnBlock]) -> Mapping[tuple[str, ...], list[DrawnBlock]]:
    """The blocks by the module call they stand in, every call on the way included."""
    found: dict[tuple[str, ...], list[DrawnBlock]] = {(): []}
    for block in blocks:
        for depth in range(1, len(block.module) + 1):
            found.setdefault(block.module[:depth], [])
        found[block.module].append(block)
    return found
