"""YAML: functions that read and write it."""

from __future__ import annotations

from reconciler.language.functions.function import Family, Parameter, text

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add(
    "yamldecode",
    "The value that a YAML text spells.",
    text("src"),
    examples=('yamldecode("hello: world")', 'yamldecode("{a: &foo [1, 2, 3], b: *foo}")'),
)
def _yamldecode(value: str) -> object:
    from reconciler.language.functions.yaml_reader import read_yaml

    return read_yaml(value)


@_add(
    "yamlencode",
    "The value as YAML.",
    Parameter("value", is_nullable=True),
    returns="string",
    examples=('yamlencode({ a = "b", c = [1, true] })',),
)
def _yamlencode(value: object) -> str:
    from reconciler.language.functions.yaml_writer import yaml_text

    return yaml_text(value)
