"""Instances: what a resource or data block stands for, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.address import Address, Key, Mode, ModulePath
from reconciler.diagnostics import Diagnostic, Place
from reconciler.errors import SpecError
from reconciler.expand.conditions import judge
from reconciler.expand.desired import Arguments, context, evaluate_arguments
from reconciler.expand.model import DataRequest, Instance, PendingRead
from reconciler.expand.naming import Targets
from reconciler.expand.repetition import Repetition, repeat
from reconciler.expand.scope import with_self
from reconciler.expand.world import World
from reconciler.frozen import replace
from reconciler.language.syntax import Scope
from reconciler.language.values import Sensitive, Unknown, contains_unknown
from reconciler.schema import Attributes
from reconciler.spec.model import ResourceBlock

WillReplace = Callable[[Instance], bool]
"""Whether an instance that exists must be created anew to become what is desired."""


@dataclass(slots=True)
class Blocks:
    """Turns blocks into instances and keeps what is needed to evaluate them again."""

    world: World
    will_replace: WillReplace
    targets: Targets
    instances: dict[Address, Instance] = field(default_factory=dict)
    requests: list[DataRequest] = field(default_factory=list)
    reads: dict[Address, PendingRead] = field(default_factory=dict)
    pending: set[Address] = field(default_factory=set)
    scoped: set[Address] = field(default_factory=set)
    """Data sources that only a check can see."""
    empty: list[Address] = field(default_factory=list)
    """Blocks without instances, each with a key of the kind that theirs would have."""
    _by_id: dict[str, Address] = field(default_factory=dict)
    _blocks: dict[Address, ResourceBlock] = field(default_factory=dict)
    _repetitions: dict[Address, Repetition] = field(default_factory=dict)
    """By block."""
    _named: dict[Address, frozenset[Address]] = field(default_factory=dict)
    """By block: what its own `depends_on` names, and those of the modules around it."""
    _arguments: dict[Address, Arguments] = field(default_factory=dict)
    _places: dict[int, dict[str, Place]] = field(default_factory=dict)
    """Of the arguments of a block, by the block's identity."""

    def __post_init__(self) -> None:
        for address, attributes in self.world.given.observed.items():
            self._by_id[str(attributes.get("id"))] = address

    def expand(self, block: ResourceBlock, path: ModulePath) -> None:
        """Make the instances of *block* in one module instance."""
        own = block.address
        address = Address(own.type, own.name, None, path, own.mode)
        if block.body.unread and block.count is None and block.for_each is None:
            return  # they may have been meant to stand in what could not be read
        repetition = repeat(
            self.world,
            path,
            count=block.count,
            for_each=block.for_each,
            context=context(block),
        )
        if repetition is None:
            return
        named = self._explicit(block, path)
        common = repetition.made_from | named
        self._repetitions[address] = repetition
        self._named[address] = named
        objects: dict[Key, object] = {}
        for key in repetition:
            scope = repetition.scope(key)
            objects[key] = self._instance(block, address.instance(key), scope, common)
        if objects:
            self.world.set_block(address, objects)
        else:
            is_count = block.count is not None
            self.world.set_empty_block(address, is_count=is_count)
            self.empty.append(address.instance(0 if is_count else ""))

    def declared(self, block: Address) -> ResourceBlock:
        """The block of the spec behind the address of one that has instances."""
        key = next(iter(self._repetitions[block]))
        return self._blocks[block.instance(key)]

    def explicit(self, address: Address) -> frozenset[Address]:
        """What an instance depends on because `depends_on` says so."""
        return self._named[address.block]

    def evaluate_again(self, address: Address) -> Instance:
        """Evaluate an instance anew, now that more is known.

        Raises:
            SpecError: one of its preconditions is not met.
        """
        before = self.instances[address]
        with self.world.noting():
            scope = self._scope(address)
            broken = self._broken_before(self._blocks[address], address, scope)
        if broken:
            raise SpecError(tuple(broken))
        arguments = self._evaluate_again(address)
        again = replace(before, desired=arguments.desired, sensitive=arguments.sensitive)
        self.instances[address] = again
        self.world.set_object(address, self._object(again, arguments))
        return again

    def settle(self, address: Address, attributes: Attributes) -> None:
        """Take over what an instance has become; who refers to it sees its attributes.

        Raises:
            SpecError: one of its postconditions is not met.
        """
        instance = self.instances[address]
        self.pending.discard(address)
        self._by_id[str(attributes.get("id"))] = address
        arguments = self._evaluate_again(address)
        value = self._object(instance, arguments, attributes)
        value = {**value, **attributes} if _is_data(address) else value
        self.world.set_object(address, value)
        with self.world.noting():
            block, scope = self._blocks[address], self._scope(address)
            broken = self._broken_after(block, address, scope, value)
        if broken:
            raise SpecError(tuple(broken))

    def _evaluate_again(self, address: Address) -> Arguments:
        before = self._arguments[address]
        with self.world.noting():
            self._arguments[address] = evaluate_arguments(
                self.world, self._blocks[address], self._scope(address), before=before
            )
        return self._arguments[address]

    def _scope(self, address: Address) -> Scope:
        return self._repetitions[address.block].scope(address.key)

    def _explicit(self, block: ResourceBlock, path: ModulePath) -> frozenset[Address]:
        """What `depends_on` names: that of the block, and that of each module call around it."""
        found = set[Address]()
        for depth, step in enumerate(path):
            call = self.world.module(path[:depth]).calls[step.name]
            found.update(*(self.targets(path[:depth], each) for each in call.depends_on))
        found.update(*(self.targets(path, each) for each in block.depends_on))
        return frozenset(found)

    def _instance(
        self, block: ResourceBlock, address: Address, scope: Scope, common: frozenset[Address]
    ) -> object:
        with self.world.noting() as noted:
            broken = self._broken_before(block, address, scope)
            self._require(broken)
            known = len(self.world.diagnostics)
            arguments = evaluate_arguments(self.world, block, scope)
            is_sound = len(self.world.diagnostics) == known and not self.world.follows_mistake
        instance = self._make(block, address, arguments, common | noted, is_sound=is_sound)
        if address.mode is Mode.DATA:
            value: object = self._data(block, instance, arguments)
        else:
            value = self._managed(block, instance, arguments)
        if not broken:  # what must hold before does not, so nothing will come of it to look at
            with self.world.noting():
                self._require(self._broken_after(block, address, scope, value))
        return value

    def _require(self, broken: Sequence[Diagnostic]) -> None:
        """Note what conditions say, except where nobody asks them."""
        given = self.world.given
        if (given.is_lenient or not given.is_offline) and not given.is_destroying:
            self.world.diagnostics.extend(broken)

    def _broken_before(
        self, block: ResourceBlock, address: Address, scope: Scope
    ) -> list[Diagnostic]:
        rules = block.lifecycle.preconditions
        return (
            list(
                judge(self.world, rules, scope, "Resource precondition", address=str(address)).found
            )
            if rules
            else []
        )

    def _broken_after(
        self, block: ResourceBlock, address: Address, scope: Scope, value: object
    ) -> list[Diagnostic]:
        rules = block.lifecycle.postconditions
        return (
            list(
                judge(
                    self.world,
                    rules,
                    with_self(scope, value),
                    "Resource postcondition",
                    address=str(address),
                ).found
            )
            if rules
            else []
        )

    def _managed(self, block: ResourceBlock, instance: Instance, arguments: Arguments) -> object:
        address = instance.address
        self.instances[address] = instance
        self._blocks[address] = block
        self._arguments[address] = arguments
        given = self.world.given
        exists = address in given.observed and address not in given.pending
        if not exists or self.will_replace(instance):
            self.pending.add(address)
        recorded = given.as_recorded.get(address)
        return self._object(instance, arguments) if recorded is None else recorded

    def _make(
        self,
        block: ResourceBlock,
        address: Address,
        arguments: Arguments,
        depends_on: frozenset[Address],
        *,
        is_sound: bool,
    ) -> Instance:
        return Instance(
            address=address,
            schema=block.schema,
            desired=arguments.desired,
            sensitive=arguments.sensitive,
            depends_on=depends_on - {address},
            rank=0,
            lifecycle=block.lifecycle,
            place=block.place,
            provider=self.world.spec.configuration(
                [step.name for step in address.module], block.provider_alias
            ),
            parent=self._parent(block, arguments, is_sound=is_sound),
            triggers=self._triggers(block, address),
            argument_places=self._argument_places(block),
        )

    def _triggers(self, block: ResourceBlock, address: Address) -> frozenset[Address]:
        triggers = block.lifecycle.replace_triggered_by
        if not triggers:
            return frozenset()
        return frozenset[Address]().union(*(self.targets(address.module, t) for t in triggers))

    def _argument_places(self, block: ResourceBlock) -> dict[str, Place]:
        if id(block) not in self._places:
            self._places[id(block)] = {
                name: argument.expression.place for name, argument in block.body.arguments.items()
            }
        return self._places[id(block)]

    def _parent(
        self, block: ResourceBlock, arguments: Arguments, *, is_sound: bool
    ) -> Address | str | None:
        """What an instance is a part of; that it cannot be told is a mistake where the rest of it
        *is_sound*."""
        sequence = block.schema.sequence
        if sequence is None or block.mode is Mode.DATA:
            return None
        value = arguments.marked.get(sequence.parent_argument)
        if isinstance(value, Sensitive):
            value = value.value
        if isinstance(value, str):
            return self._by_id.get(value, value)
        origin = value.origin if isinstance(value, Unknown) else None
        if origin is not None and origin.endswith(".id"):
            return Address.parse(origin.removesuffix(".id"))
        if self.world.given.is_offline or not is_sound:
            return None
        argument = block.body.arguments.get(sequence.parent_argument)
        self.world.diagnostics.error(
            "Unknown parent",
            f"It cannot be told which {sequence.parent_type} this belongs to: the value of "
            f'"{sequence.parent_argument}" is not known until apply and is not simply the id of '
            f"one. Write {sequence.parent_type}.NAME.id.",
            place=argument.expression.place if argument else block.place,
            context=context(block),
        )
        return None

    def _object(
        self, instance: Instance, arguments: Arguments, returned: Attributes | None = None
    ) -> dict[str, object]:
        """The object that references see: arguments as desired, the rest as observed or unknown."""
        address = instance.address
        known = returned
        if known is None and address not in self.pending:
            known = self.world.given.observed.get(address)
        origin = str(address) if known is None else ""
        value: dict[str, object] = {}
        for name, attribute in instance.schema.attributes.items():
            given = arguments.marked.get(name)
            if given is not None:
                value[name] = given
            elif known is not None:
                value[name] = known.get(name)
            elif attribute.computed:
                value[name] = Unknown(attribute.type, name == "id", f"{origin}.{name}")
            else:
                value[name] = None
        return value

    def _data(
        self, block: ResourceBlock, instance: Instance, arguments: Arguments
    ) -> dict[str, object]:
        address = instance.address
        self.world.set_made_from(address, instance.depends_on)
        read = self.world.given.data.get(address)
        if read is not None:
            return {**read}
        unknown = contains_unknown(dict(instance.desired))
        if unknown or self._waits(instance):
            self._blocks[address] = block
            self._arguments[address] = arguments
            self.instances[address] = instance
            self.reads[address] = PendingRead(instance, config_unknown=unknown)
            self.pending.add(address)
        else:
            self.requests.append(
                DataRequest(
                    address,
                    block.schema,
                    instance.desired,
                    instance.provider,
                    instance.place,
                    is_of_check=address in self.scoped,
                    argument_places=instance.argument_places,
                )
            )
        return self._object(instance, arguments)

    def _waits(self, instance: Instance) -> bool:
        """Whether something that a data source reads or depends on is still to change."""
        changing = self.world.given.changing | self.pending
        about = self.parent_read_by(instance)
        return about in changing or not changing.isdisjoint(instance.depends_on)

    def parent_read_by(self, instance: Instance) -> Address | None:
        """The managed parent that a data source is about, told by the id among its arguments."""
        for name, value in instance.desired.items():
            if name in ("id", "thread_id") and isinstance(value, str) and value in self._by_id:
                return self._by_id[value]
            if isinstance(value, Unknown) and value.origin and value.origin.endswith(".id"):
                return Address.parse(value.origin.removesuffix(".id"))
        return None


def _is_data(address: Address) -> bool:
    return address.mode is Mode.DATA
