"""Repetition: which instances `count` and `for_each` make of a block or a module call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.address import Address, Key, ModulePath
from reconciler.diagnostics import Diagnostics
from reconciler.expand.scope import InstanceScope, count_names, each_names
from reconciler.expand.world import World
from reconciler.language.convert import convert
from reconciler.language.marks import unmark
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import is_whole
from reconciler.language.syntax import Expression, Scope
from reconciler.language.values import Sensitive, SetValue, Unknown, contains_unknown
from reconciler.spec.value_check import (
    MAX_INSTANCES,
    SENSITIVE_KEYS,
    TOO_MANY,
    TOO_MANY_INSTANCES,
)


@dataclass(slots=True)
class Repetition:
    """The instances of a block or a module call, each with what `each` or `count` is in it.

    The keys are those of the plan; an `each.value` that holds an unknown is looked at again during
    apply.
    """

    _world: World
    _path: ModulePath
    _for_each: Expression | None
    _values: Mapping[Key, object]
    made_from: frozenset[Address]
    """What the values of `each` were made from: who looks at them depends on it."""

    def __iter__(self) -> Iterator[Key]:
        return iter(self._values)

    def scope(self, key: Key) -> Scope:
        """The names of one instance, with what is known by now."""
        if self._world.is_applying and contains_unknown(self._values[key]):
            self._look_again()
        outer = self._world.scope(self._path)
        if key is None:
            return outer
        own = count_names(key) if isinstance(key, int) else each_names(key, self._values[key])
        return InstanceScope(outer, own, lambda: self._world.note_all(self.made_from))

    def _look_again(self) -> None:
        if self._for_each is None:
            return
        value = self._world.evaluate(self._for_each, self._world.scope(self._path))
        if isinstance(value, Mapping):
            self._values = {key: value.get(str(key), each) for key, each in self._values.items()}


def repeat(
    world: World,
    path: ModulePath,
    *,
    count: Expression | None,
    for_each: Expression | None,
    context: str,
) -> Repetition | None:
    """The instances of a block in the module instance *path*; None if they cannot be told.

    A block without `count` and `for_each` has one instance, with the key None.
    """
    with world.noting() as noted:
        found = _repeat(world, world.scope(path), count, for_each, context)
    before = world.instances_made
    world.instances_made += len(found or ())
    if world.instances_made <= MAX_INSTANCES:
        return None if found is None else Repetition(world, path, for_each, found, frozenset(noted))
    if before <= MAX_INSTANCES:
        expression = count or for_each
        place = expression.place if expression is not None else None
        world.diagnostics.error(TOO_MANY, TOO_MANY_INSTANCES, place=place, context=context)
    return None


def _repeat(
    world: World,
    scope: Scope,
    count: Expression | None,
    for_each: Expression | None,
    context: str,
) -> dict[Key, object] | None:
    if count is not None:
        return _count(world, scope, count, context)
    if for_each is not None:
        return _for_each(world, scope, for_each, context)
    return {None: None}


def _count(
    world: World, scope: Scope, expression: Expression, context: str
) -> dict[Key, object] | None:
    known = len(world.diagnostics)
    # As in Terraform, a secret may be a number of instances, though not what their keys are.
    value, _ = unmark(world.evaluate(expression, scope))
    if isinstance(value, Unknown) and _is_said(world, known):
        return None
    problem = _count_problem(value)
    if problem is not None:
        _complain(world.diagnostics, "count", problem, expression, context)
        return None
    number = _whole(value)
    assert number is not None, "a count without a problem is a whole number"
    return dict.fromkeys(range(number))


def _is_said(world: World, known: int) -> bool:
    """Whether an unknown value is no mistake, or may come from one that has been reported.

    *known* diagnostics there were before it was evaluated.
    """
    return world.given.is_offline or world.follows_mistake or len(world.diagnostics) > known


def _count_problem(value: object) -> str | None:
    if isinstance(value, Unknown):
        return (
            "The count value depends on something that is not known until apply, so it cannot be "
            "told how many instances there will be. Apply what it depends on first, with -target."
        )
    number = _whole(value)
    if number is None:
        return f"The count value must be a whole number, not {_describe(value)}."
    if number < 0:
        return "The count value must not be negative."
    if number > MAX_INSTANCES:
        return f"The count value is {number}; one block stands for at most {MAX_INSTANCES}."
    return None


def _whole(value: object) -> int | None:
    """The whole number that a value is, also one that is written as text."""
    try:
        number = convert(value, "number")
    except ValueMistake:
        return None
    return int(number) if isinstance(number, (int, Decimal)) and is_whole(number) else None


def _for_each(
    world: World, scope: Scope, expression: Expression, context: str
) -> dict[Key, object] | None:
    known = len(world.diagnostics)
    value = world.evaluate(expression, scope)
    if _has_unknown_keys(value) and _is_said(world, known):
        return None
    problem = _for_each_problem(value)
    if problem is not None:
        _complain(world.diagnostics, "for_each", problem, expression, context)
        return None
    if isinstance(value, SetValue):
        return {str(item): item for item in value}
    assert isinstance(value, Mapping), "a for_each without a problem is a map or a set"
    return {str(key): value[key] for key in value}


def _has_unknown_keys(value: object) -> bool:
    if isinstance(value, SetValue):
        return any(isinstance(item, Unknown) for item in value)
    return isinstance(value, Unknown)


def _for_each_problem(value: object) -> str | None:
    if isinstance(value, Sensitive):
        return SENSITIVE_KEYS
    if isinstance(value, Unknown):
        return (
            "The for_each value depends on something that is not known until apply, so the keys "
            "of the instances cannot be told. Use keys that the spec itself contains, or apply "
            "what it depends on first, with -target."
        )
    if isinstance(value, SetValue):
        if _has_unknown_keys(value):
            return "The for_each set holds a value that is not known until apply."
        if not all(isinstance(item, str) for item in value):
            return "The for_each set must hold strings; they become the keys of the instances."
    elif isinstance(value, list):
        return "The for_each value must be a map or a set of strings; write toset([...])."
    elif not isinstance(value, Mapping):
        return f"The for_each value must be a map or a set of strings, not {_describe(value)}."
    if len(value) > MAX_INSTANCES:
        return f"The for_each value has {len(value)} keys; a block has at most {MAX_INSTANCES}."
    return None


def _describe(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a bool", str: "a string", list: "a list", dict: "a map"}
    return names.get(type(value), "a number")


def _complain(
    diagnostics: Diagnostics, name: str, problem: str, expression: Expression, context: str
) -> None:
    diagnostics.error(f"Invalid {name} argument", problem, place=expression.place, context=context)
