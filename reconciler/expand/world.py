"""World: the values of everything in a spec, as far as they can be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field

from reconciler.address import Address, Key, Mode, ModulePath, ModuleStep
from reconciler.diagnostics import Diagnostics
from reconciler.errors import SpecError
from reconciler.expand.containers import InstanceList, InstanceMap, Names
from reconciler.expand.scope import ModuleScope
from reconciler.frozen import frozen
from reconciler.language.syntax import Expression, Scope
from reconciler.language.values import Unknown
from reconciler.schema import Attributes
from reconciler.spec.model import Module, Spec

Name = tuple[str, ModulePath, str]
"""A variable, local or output of a module instance: kind, where, name."""

VARIABLE, LOCAL, OUTPUT = "variable", "local", "output"


@frozen
class Given:
    """What is known before the walk."""

    variables: Mapping[str, object]
    """Root variables, resolved."""
    observed: Mapping[Address, Attributes]
    """What exists, by address: attributes as last seen."""
    pending: frozenset[Address] = frozenset()
    """What exists and will be replaced: its computed attributes are not known."""
    changing: frozenset[Address] = frozenset()
    """What will be changed in any way: data sources about it wait for apply."""
    data: Mapping[Address, Attributes] = field(default_factory=dict)
    """Data sources read so far."""
    as_recorded: Mapping[Address, Mapping[str, object]] = field(default_factory=dict)
    """Objects that are what is recorded of them, whatever the spec asks of them now."""
    is_offline: bool = False
    """Nobody is asked: what cannot be told stays unknown, and is no mistake of the spec."""
    is_lenient: bool = False
    """The spec has mistakes, which have been reported: what is not declared is unknown."""
    is_destroying: bool = False
    """Everything goes, whatever the conditions of resources say."""


class World:
    """Values by name and instance, each with the instances it was made from.

    Looking at a value notes what it was made from with whoever is being evaluated, so that
    dependencies are those of instances and not of whole blocks.
    """

    def __init__(
        self, spec: Spec, given: Given, functions: Mapping[str, object], diagnostics: Diagnostics
    ) -> None:
        self.spec = spec
        self.given = given
        self.diagnostics = diagnostics
        self.functions = functions
        self._values: dict[Name, object] = {}
        self._made_from: dict[Name, frozenset[Address]] = {}
        self._blocks: dict[Address, object] = {}
        self._made_data_from: dict[Address, frozenset[Address]] = {}
        self._calls: dict[tuple[ModulePath, str], tuple[Key, ...]] = {}
        self._call_scopes: dict[ModulePath, Callable[[], Scope]] = {}
        self._scopes: dict[ModulePath, ModuleScope] = {}
        self._noted: set[Address] = set()
        self.is_applying = False
        """Whether what was unknown becomes known, bit by bit."""
        self._otherwise = Unknown(not_null=False) if given.is_lenient else None
        self.follows_mistake = False
        """Whether what is being evaluated depends on something that was found wrong: what is
        unknown in it need not be so until apply."""
        self.instances_made = 0
        """How many instances of blocks and modules there are so far."""

    # -- modules

    def module(self, path: ModulePath) -> Module:
        """The module behind an instance of it."""
        return self.spec.module([step.name for step in path])

    def module_instances(self, names: Iterable[str]) -> list[ModulePath]:
        """Every instance of the module that the calls *names* lead to."""
        paths: list[ModulePath] = [()]
        for name in names:
            paths = [
                (*path, ModuleStep(name, key))
                for path in paths
                for key in self._calls.get((path, name), ())
            ]
        return paths

    def set_call(
        self, path: ModulePath, name: str, scopes: Mapping[Key, Callable[[], Scope]]
    ) -> None:
        """Note the instances of a module call, each with what gives the scope of its arguments."""
        self._calls[path, name] = tuple(scopes)
        for key, scope in scopes.items():
            self._call_scopes[(*path, ModuleStep(name, key))] = scope

    def call_scope(self, path: ModulePath) -> Scope:
        """The scope in which the arguments of a module instance are evaluated."""
        return self._call_scopes[path]()

    # -- values

    def set_value(self, name: Name, value: object, made_from: frozenset[Address]) -> None:
        """Note a value and what it was made from."""
        self._values[name] = value
        self._made_from[name] = made_from

    def value(self, name: Name) -> object:
        """A value, noting what it was made from with whoever asks."""
        self._noted.update(self._made_from.get(name, ()))
        return self._values.get(name, Unknown(not_null=False))

    def set_block(self, block: Address, instances: Mapping[Key, object]) -> None:
        """Note the objects of a block's instances."""
        keys = list(instances)
        if keys == [None]:
            self._blocks[block] = instances[None]
        elif all(isinstance(key, int) for key in keys):
            self._blocks[block] = InstanceList(instances.values(), block, self.note)
        else:
            items = {str(key): value for key, value in instances.items()}
            self._blocks[block] = InstanceMap(items, block, self.note)

    def set_empty_block(self, block: Address, *, is_count: bool) -> None:
        """Note a block that has no instances."""
        empty = (
            InstanceList([], block, self.note) if is_count else InstanceMap({}, block, self.note)
        )
        self._blocks[block] = empty

    def adopt_block(self, block: Address, world: World) -> None:
        """Note the objects of a block as they are in another *world*."""
        if block in world._blocks:
            self._blocks[block] = world._blocks[block]

    def set_object(self, address: Address, value: Mapping[str, object]) -> None:
        """Replace the object of one instance."""
        block = self._blocks.get(address.block)
        if isinstance(block, InstanceList):
            block[int(address.key or 0)] = value
        elif isinstance(block, InstanceMap):
            block[str(address.key)] = value
        else:
            self._blocks[address] = value

    def set_made_from(self, address: Address, made_from: frozenset[Address]) -> None:
        """Note what a data source depends on: who looks at it depends on that too."""
        self._made_data_from[address] = made_from

    def _block(self, block: Address) -> object:
        found = self._blocks.get(block)
        if not isinstance(found, (InstanceList, InstanceMap)):
            self.note(block)
        return Unknown(not_null=False) if found is None else found

    # -- notes

    def note(self, address: Address) -> None:
        """Note that whoever is being evaluated looks at *address*."""
        self._noted.add(address)
        if address.mode is Mode.DATA:
            self._noted.update(self._made_data_from.get(address, ()))

    def note_all(self, addresses: Iterable[Address]) -> None:
        """Note what a value that is looked at was made from."""
        self._noted.update(addresses)

    @contextmanager
    def noting(self) -> Iterator[set[Address]]:
        """Gather what is looked at inside the block."""
        outer, self._noted = self._noted, set()
        try:
            yield self._noted
        finally:
            self._noted = outer

    def evaluate(self, expression: Expression, scope: Scope) -> object:
        """The value of an expression; a mistake is noted once and the value unknown."""
        try:
            return expression.evaluate(scope)
        except SpecError as error:
            self.diagnostics.extend(error.diagnostics)
            return Unknown(not_null=False)

    # -- scopes

    def scope(self, path: ModulePath) -> ModuleScope:
        """The names of a module instance."""
        if path not in self._scopes:
            self._scopes[path] = ModuleScope(
                self._roots(path), lambda: self.functions, self._otherwise
            )
        return self._scopes[path]

    def _roots(self, path: ModulePath) -> dict[str, Callable[[], object]]:
        module = self.module(path)
        roots: dict[str, Callable[[], object]] = {
            "var": self._names(module.variables, VARIABLE, path),
            "local": self._names(module.locals, LOCAL, path),
            "module": _constant(self._named(module.calls, lambda name: self._call(path, name))),
            "path": _constant({"module": module.path, "root": ".", "cwd": "."}),
            "terraform": _constant({"workspace": "default"}),
        }
        types: dict[Mode, dict[str, dict[str, Address]]] = {Mode.MANAGED: {}, Mode.DATA: {}}
        scoped = [each.data.address for each in module.checks if each.data is not None]
        for address in (*module.resources, *scoped):
            own = Address(address.type, address.name, None, path, address.mode)
            types[address.mode].setdefault(address.type, {})[address.name] = own
        for type_, blocks in types[Mode.MANAGED].items():
            roots[type_] = _constant(self._typed(blocks))
        data = {type_: self._typed(blocks) for type_, blocks in types[Mode.DATA].items()}
        roots["data"] = _constant(self._named(data, data.__getitem__))
        return roots

    def _names(self, names: Iterable[str], kind: str, path: ModulePath) -> Callable[[], object]:
        return _constant(self._named(names, lambda name: self.value((kind, path, name))))

    def _typed(self, blocks: Mapping[str, Address]) -> Names:
        return self._named(blocks, lambda name: self._block(blocks[name]))

    def _call(self, path: ModulePath, name: str) -> object:
        keys = self._calls.get((path, name))
        if keys is None:
            return Unknown(not_null=False)
        if keys == (None,):
            return self._outputs((*path, ModuleStep(name)))
        if all(isinstance(key, int) for key in keys):
            return [self._outputs((*path, ModuleStep(name, key))) for key in keys]
        return {str(key): self._outputs((*path, ModuleStep(name, key))) for key in keys}

    def _outputs(self, path: ModulePath) -> Names:
        outputs = self.module(path).outputs
        return self._named(outputs, lambda name: self.value((OUTPUT, path, name)))

    def _named(self, names: Iterable[str], lookup: Callable[[str], object]) -> Names:
        return Names(names, lookup, self._otherwise)


def _constant(value: object) -> Callable[[], object]:
    return lambda: value
