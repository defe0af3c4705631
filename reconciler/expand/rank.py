"""Rank: the place of every instance in the lexicographically first order of the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address, ModulePath
from reconciler.diagnostics import Diagnostics, Place
from reconciler.expand.model import Instance
from reconciler.frozen import replace
from reconciler.graph import sequence_order
from reconciler.language.values import Unknown
from reconciler.spec.model import Spec
from reconciler.spec.order import OrderKey, free_key, order_key, source_path


def rank(
    instances: Mapping[Address, Instance], spec: Spec, diagnostics: Diagnostics
) -> list[Instance]:
    """Give every instance its rank and return the managed ones in that order.

    References and `depends_on` decide first, then `order`, then the place in the source.
    """
    places = _CallPlaces(spec)
    keys: dict[Address, OrderKey] = {}
    blocks: dict[Address, list[Address]] = {}
    for address, instance in instances.items():
        blocks.setdefault(address.block, []).append(address)
        keys[address] = _key(instance, places, diagnostics)
    edges: list[tuple[Address, Address]] = []
    groups: dict[Address, list[Address]] = {}
    for address, instance in instances.items():
        for cause in sorted(instance.depends_on, key=lambda each: each.sort_key):
            if cause in instances:
                edges.append((cause, address))
            elif cause in blocks:
                groups[cause] = blocks[cause]
                edges.append((cause, address))
    ranked = sequence_order(keys, edges, keys.__getitem__, groups)
    return [replace(instances[each], rank=number) for number, each in enumerate(ranked)]


def _key(instance: Instance, places: _CallPlaces, diagnostics: Diagnostics) -> OrderKey:
    steps = [*places.of(instance.address.module), (instance.place, instance.address.key)]
    path = source_path(steps)
    sequence = instance.schema.sequence
    if sequence is None:
        return free_key(path)
    order = instance.desired.get(sequence.order_argument)
    if isinstance(order, Unknown):
        diagnostics.error(
            "Unknown order",
            f'The value of "{sequence.order_argument}" is not known until apply; the order of '
            "messages must be known when they are planned.",
            place=instance.argument_places.get(sequence.order_argument, instance.place),
            address=str(instance.address),
        )
        order = None
    if not isinstance(order, (int, float, str)):
        order = None  # not given, or of a type that has been complained about
    return order_key(order, path)


class _CallPlaces:
    """Where the module calls on the way to an instance stand in the source."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._places: dict[tuple[str, ...], Place] = {}

    def of(self, path: ModulePath) -> Iterable[tuple[Place, str | int | None]]:
        for depth, step in enumerate(path):
            names = tuple(each.name for each in path[: depth + 1])
            if names not in self._places:
                outer = self._spec.module(names[:-1])
                self._places[names] = outer.calls[names[-1]].place
            yield self._places[names], step.key
