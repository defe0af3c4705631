"""Frozen: immutable records whose definition costs next to nothing at start-up.

A frozen, slotted dataclass writes and compiles six methods when its module is imported, which for
all that a `plan` needs was two fifths of its start-up; see
`docs/contributing/decisions/0003-frozen-records.md`. Here the methods that need no code of their
own are shared, and the constructor is compiled when the first instance is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from inspect import get_annotations
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")

_VALUES, _DEFAULTS = "__record_values__", "__record_defaults__"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make *cls* an immutable record of its annotated names, as a frozen slotted dataclass is.

    Records are equal if they are of one class and all values are. `dataclasses.field` gives
    defaults; `__post_init__` is called where there is one; a method that the class has is kept.
    """
    own = tuple(get_annotations(cls))
    defaults: dict[str, Any] = dict(getattr(cls, _DEFAULTS, {}))
    defaults.update((name, cls.__dict__[name]) for name in own if name in cls.__dict__)
    inherited = tuple(name for name in getattr(cls, "__match_args__", ()) if name not in own)
    names = inherited + own
    body = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in own and name not in ("__dict__", "__weakref__")
    }
    shared = {
        "__init__": None,
        "__eq__": _eq,
        "__hash__": _hash,
        "__repr__": _repr,
        "__reduce__": _reduce,
        "__setattr__": _set,
        "__delattr__": _delete,
    }
    made = cast(Any, type(cls))(
        cls.__name__,
        cls.__bases__,
        {
            **shared,
            **body,
            "__slots__": tuple(name for name in own if name not in inherited),
            "__match_args__": names,
            _DEFAULTS: defaults,
            _VALUES: _getter(names),
        },
    )
    cast(Any, made).__init__ = _first_init(made)
    return cast("type[T]", made)


def replace(record: T, /, **changes: object) -> T:
    """The same record with some values changed."""
    kind = cast(Any, type(record))
    values = {name: getattr(record, name) for name in kind.__match_args__}
    return cast(T, kind(**{**values, **changes}))


def _getter(names: tuple[str, ...]) -> Callable[[object], object]:
    return attrgetter(*names) if names else lambda record: ()


def _first_init(cls: type) -> Callable[..., None]:
    def __init__(self: object, *args: object, **kwargs: object) -> None:
        constructor = _compile(cls)
        cast(Any, cls).__init__ = constructor
        constructor(self, *args, **kwargs)

    return __init__


def _compile(cls: Any) -> Callable[..., None]:
    """Write the constructor: values go straight into their slots, past the lock on the record."""
    space: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for name in cls.__match_args__:
        space[f"_set_{name}"] = getattr(cls, name).__set__
        parameter, value = _parameter(name, getattr(cls, _DEFAULTS).get(name, MISSING), space)
        parameters.append(parameter)
        lines.append(f"    _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()")
    source = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or "    pass")
    exec(source, space)  # written from the names of the class alone
    return cast("Callable[..., None]", space["__init__"])


def _parameter(name: str, default: object, space: dict[str, Any]) -> tuple[str, str]:
    if isinstance(default, Field):
        if default.default_factory is not MISSING:
            space[f"_make_{name}"] = default.default_factory
            space["_missing"] = MISSING
            return f"{name}=_missing", f"_make_{name}() if {name} is _missing else {name}"
        default = default.default
    if default is MISSING:
        return name, name
    space[f"_default_{name}"] = default
    return f"{name}=_default_{name}", name


def _eq(self: Any, other: Any) -> object:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = getattr(self.__class__, _VALUES)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(getattr(self.__class__, _VALUES)(self))


def _repr(self: Any) -> str:
    defaults = getattr(self.__class__, _DEFAULTS)
    shown = (
        f"{name}={getattr(self, name)!r}"
        for name in self.__match_args__
        if getattr(defaults.get(name), "repr", True) is True
    )
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _reduce(self: Any) -> tuple[object, ...]:
    return self.__class__, tuple(getattr(self, name) for name in self.__match_args__)


def _set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
