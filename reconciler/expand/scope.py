"""Scope: what names stand for inside one module instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.frozen import frozen
from reconciler.language.syntax import Scope


@frozen
class ModuleScope:
    """The names of one module instance: `var`, `local`, `module`, `data`, types, `path`."""

    roots: Mapping[str, Callable[[], object]]
    functions_now: Callable[[], Mapping[str, object]]
    """Some functions mean nothing before apply."""
    otherwise: object = None
    """What every other root name stands for; None: there is none."""

    @property
    def functions(self) -> Mapping[str, object]:
        """The functions that may be called."""
        return self.functions_now()

    def root(self, name: str) -> object:
        """The value of a root name.

        Raises:
            LookupError: no such name here.
        """
        found = self.roots.get(name)
        if found is None and self.otherwise is not None:
            return self.otherwise
        if found is None:
            raise LookupError(f'There is nothing called "{name}" here.')
        return found()


@frozen
class InstanceScope:
    """The names of a module instance, and what an instance adds: `each`, `count` or `self`."""

    outer: Scope
    own: Mapping[str, object]
    look: Callable[[], None] = lambda: None
    """Called whenever anybody looks at what the instance adds."""

    def root(self, name: str) -> object:
        """The value of a root name; what the instance adds comes first."""
        if name in self.own:
            self.look()
            return self.own[name]
        return self.outer.root(name)

    @property
    def functions(self) -> Mapping[str, object]:
        """The functions of the module."""
        return self.outer.functions


def each_names(key: str, value: object) -> dict[str, object]:
    """What `each` stands for in an instance of a block with `for_each`."""
    return {"each": {"key": key, "value": value}}


def count_names(index: int) -> dict[str, object]:
    """What `count` stands for in an instance of a block with `count`."""
    return {"count": {"index": index}}


def with_self(scope: Scope, value: object) -> InstanceScope:
    """A scope with `self`, the instance that a postcondition is about."""
    if isinstance(scope, InstanceScope):
        return InstanceScope(scope.outer, {**scope.own, "self": value}, scope.look)
    return InstanceScope(scope, {"self": value})
