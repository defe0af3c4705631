"""Trial: the names of a module while nothing of it is known.

What an expression does wrong in this scope it does wrong whatever the world looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.address import Mode
from reconciler.errors import SpecError
from reconciler.language.functions.function import Function, Parameter
from reconciler.language.marks import mark
from reconciler.language.syntax import Expression
from reconciler.language.values import Unknown
from reconciler.schema import Schema
from reconciler.spec.model import Module

ANYTHING = Unknown("dynamic", not_null=False)
"""A value of which nothing is known."""

_TEXT = Unknown("string")

_ANY_FUNCTION = Function(
    name="",
    description="A function that there is not.",
    parameters=(),
    variadic=Parameter("values", is_nullable=True, unknown="any", marks="any"),
    returns="dynamic",
    implement=lambda *values: ANYTHING,
)


class TrialScope:
    """Every name there can be in a module.

    Variables and attributes are known by their type, local values as far as they follow from
    constants, and the rest is unknown. A scope that *is_lenient* is for expressions in which some
    reference or call has been found wrong: there every object has every attribute, and there is
    every function.
    """

    def __init__(
        self, module: Module, functions: Mapping[str, object], *, is_lenient: bool = False
    ) -> None:
        self._functions = _Open(functions, _ANY_FUNCTION) if is_lenient else functions
        opened: Callable[[Mapping[str, object]], Mapping[str, object]]
        opened = _Open if is_lenient else dict
        managed = _objects(module, Mode.MANAGED, opened)
        self._names: dict[str, object] = {
            "var": _variables(module),
            "local": _Locals(module, self),
            "data": _Open(_objects(module, Mode.DATA, opened)),
            "resource": _Open(managed),
            "module": _Open(_calls(module)),
            "path": opened({"module": _TEXT, "root": _TEXT, "cwd": _TEXT}),
            "each": opened({"key": _TEXT, "value": ANYTHING}),
            "count": opened({"index": Unknown("number")}),
            **managed,
        }

    def root(self, name: str) -> object:
        """What is known of *name*: at least that it may be there."""
        return self._names.get(name, ANYTHING)

    @property
    def functions(self) -> Mapping[str, object]:
        """The functions that may be called."""
        return self._functions


class _Open(Mapping[str, object]):
    """An object that may have more attributes than are known."""

    def __init__(self, known: Mapping[str, object], unknown: object = ANYTHING) -> None:
        self._known = known
        self._unknown = unknown

    def __getitem__(self, name: str) -> object:
        return self._known.get(name, self._unknown)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class _Locals(Mapping[str, object]):
    """The local values, each evaluated when it is first asked for."""

    def __init__(self, module: Module, scope: TrialScope) -> None:
        self._expressions = {each.name: each.expression for each in module.locals.values()}
        self._scope = scope
        self._values: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._values:
            self._evaluate(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __len__(self) -> int:
        return len(self._expressions)

    def _evaluate(self, wanted: str) -> None:
        """Evaluate a local value after those it refers to, without recursion over a long chain.

        One that fails, is not there or refers to itself is unknown; that has its own message.
        """
        waiting = [wanted]
        begun: set[str] = set()
        while waiting:
            name = waiting[-1]
            expression = self._expressions.get(name)
            if expression is None or name in self._values:
                self._values.setdefault(waiting.pop(), ANYTHING)
            elif name in begun:
                self._values[waiting.pop()] = self._value(expression)
            else:
                begun.add(name)
                for needed in self._referred_to(expression):
                    if needed in begun:
                        self._values.setdefault(needed, ANYTHING)
                    elif needed not in self._values:
                        waiting.append(needed)

    def _value(self, expression: Expression) -> object:
        try:
            return expression.evaluate(self._scope)
        except SpecError:
            return ANYTHING

    def _referred_to(self, expression: Expression) -> list[str]:
        found: list[str] = []
        for each in expression.references():
            if each.root == "local":
                step = each.steps[0] if each.steps else None
                found += [step] if isinstance(step, str) else self._expressions
        return found


def _variables(module: Module) -> Mapping[str, object]:
    known = {
        each.name: mark(Unknown(each.type, not_null=False), each.sensitive)
        for each in module.variables.values()
    }
    return _Open(known)


def _calls(module: Module) -> dict[str, object]:
    """The module calls; of their outputs it is known which are sensitive."""
    return {
        name: _Open(
            {each.name: mark(ANYTHING, each.sensitive) for each in call.module.outputs.values()}
        )
        for name, call in module.calls.items()
        if call.count is None and call.for_each is None
    }


def _objects(
    module: Module, mode: Mode, opened: Callable[[Mapping[str, object]], object]
) -> dict[str, _Open]:
    """The blocks of one mode: by type, then by name."""
    found: dict[str, dict[str, object]] = {}
    shared: dict[str, object] = {}
    for address, block in module.resources.items():
        if block.mode is not mode:
            continue
        if address.type not in shared:
            shared[address.type] = opened(unknown_object(block.schema))
        is_one = block.count is None and block.for_each is None and not block.body.unread
        value: object = shared[address.type] if is_one else ANYTHING
        found.setdefault(address.type, {})[address.name] = value
    return {type_: _Open(named) for type_, named in found.items()}


def unknown_object(schema: Schema) -> dict[str, object]:
    """An object of which only the types of its attributes are known."""
    return {
        name: Unknown(attribute.type, not_null=False)
        for name, attribute in schema.attributes.items()
    }
