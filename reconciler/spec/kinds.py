"""Kinds: the types of resources and data sources there are, in the form that reading asks for."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Mode
from reconciler.frozen import frozen
from reconciler.language.types import Type
from reconciler.schema import Attribute, Schema
from reconciler.spec.nested import block_type
from reconciler.suggest import did_you_mean


@frozen
class Kind:
    """One type: its schema, and what is asked of it for every block."""

    schema: Schema
    arguments: Mapping[str, Attribute]
    required: tuple[str, ...]
    blocks: Mapping[str, Type]
    """The arguments that may also be written as blocks, with the type that blocks make."""


@frozen
class Kinds:
    """All types by name."""

    managed: Mapping[str, Kind]
    data: Mapping[str, Kind]

    def of(self, mode: Mode) -> Mapping[str, Kind]:
        """The types that `resource` blocks, or `data` blocks, may have."""
        return self.managed if mode is Mode.MANAGED else self.data

    def unknown_type(self, type_: str, mode: Mode) -> str:
        """What to say about a type that there is not."""
        here, there = (self.managed, self.data)
        if mode is Mode.DATA:
            here, there = there, here
        noun = "resource type" if mode is Mode.MANAGED else "data source"
        detail = f'There is no {noun} "{type_}".'
        if type_ in there:
            other = "data" if mode is Mode.MANAGED else "resource"
            return f'{detail} It can only be used as {other} "{type_}".'
        hint = did_you_mean(type_, here) or did_you_mean(type_, there)
        return f"{detail}{hint}" if hint else f"{detail} There are: {', '.join(sorted(here))}."


def make_kinds(schemas: Mapping[str, Schema], data_schemas: Mapping[str, Schema]) -> Kinds:
    """Prepare the schemas for reading."""
    return Kinds(
        {name: make_kind(each) for name, each in schemas.items()},
        {name: make_kind(each) for name, each in data_schemas.items()},
    )


def make_kind(schema: Schema) -> Kind:
    """Prepare one schema for reading."""
    arguments = schema.arguments
    types = {name: each.type for name, each in arguments.items()}
    return Kind(
        schema,
        arguments,
        tuple(name for name, each in arguments.items() if each.required),
        {name: type_ for name, type_ in types.items() if block_type(type_) is not None},
    )
