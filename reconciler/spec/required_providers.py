"""Required providers: what a `required_providers` block may say of each provider."""

from __future__ import annotations

import re

from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Argument, Expression
from reconciler.spec.constants import constant
from reconciler.spec.reading import BlockReader
from reconciler.spec.versions import require_constraint
from reconciler.suggest import did_you_mean


def check_required_providers(reader: BlockReader) -> None:
    """Report what the block says in another form than it may; what it says changes nothing here."""
    reader.labels()
    for block in reader.body.blocks:
        reader.unsupported_block(block, (), ())
    for argument in reader.body.arguments.values():
        if not _PART.fullmatch(argument.name):
            reader.error("Invalid provider name", _PART_RULE, argument.name_place)
        if not argument.expression.is_unread:
            _check_entry(reader, argument)


_PART = re.compile(r"[^\W_]+(?:-+[^\W_]+)*")
_PART_RULE = "It has letters, digits and dashes only, and no dash at either end."


def _check_entry(reader: BlockReader, argument: Argument) -> None:
    expression = argument.expression
    pairs = expression.pairs()
    if pairs is None:
        version = _text(expression, is_strict=False)
        if version is None:
            detail = 'A provider is an object, { source = "...", version = "..." }, or a version.'
            reader.error(_INVALID, detail, expression.place)
        else:
            _check_version(reader, version, expression)
        return
    for key, value in pairs:
        name = key.text.strip('"')
        if name not in _KEYS:
            detail = f'There is no "{name}" here, only {", ".join(_KEYS)}.'
            reader.error(_INVALID, detail + did_you_mean(name, _KEYS), key.place)
        elif name == "configuration_aliases":
            _check_aliases(reader, argument.name, value)
        elif not value.is_unread:
            _check_text(reader, name, value)


_KEYS = ("source", "version", "configuration_aliases")
_INVALID = "Invalid required_providers object"


def _check_text(reader: BlockReader, name: str, expression: Expression) -> None:
    text = _text(expression, is_strict=True)
    if name == "source":
        if text is None:
            detail = "The source is a text in quotes that nothing is calculated in."
            reader.error("Invalid source", detail, expression.place)
        else:
            _check_source(reader, text, expression)
    elif text is None:
        detail = "The version is a text in quotes that nothing is calculated in."
        reader.error(_INVALID_VERSION, detail, expression.place)
    else:
        _check_version(reader, text, expression)


def _check_source(reader: BlockReader, text: str, expression: Expression) -> None:
    *around, type_ = text.split("/")
    if len(around) > 2 or not all((*around, type_)):
        detail = 'A source is written "[HOST/][NAMESPACE/]NAME", as in "openai/openai".'
        reader.error("Invalid provider source string", detail, expression.place)
        return
    if around and around[-1] != "-" and not _PART.fullmatch(around[-1]):
        reader.error("Invalid provider namespace", _PART_RULE, expression.place)
    if not _PART.fullmatch(type_):
        reader.error("Invalid provider type", _PART_RULE, expression.place)
    elif type_.startswith("terraform-"):
        detail = f'No provider is called "{type_}": leave out the "terraform-" at its beginning.'
        reader.error("Invalid provider type", detail, expression.place)


def _check_version(reader: BlockReader, text: str, expression: Expression) -> None:
    try:
        require_constraint(text)
    except ValueError as error:
        detail = f"{error}. Write it as in: >= 1.5, < 2.0.0."
        reader.error(_INVALID_VERSION, detail, expression.place)


_INVALID_VERSION = "Invalid version constraint"


def _check_aliases(reader: BlockReader, name: str, expression: Expression) -> None:
    if expression.is_unread:
        return
    items = expression.items()
    if items is None:
        detail = f"The aliases are written as a list: [{name}.a, {name}.b]."
        reader.error("Invalid expression", detail, expression.place)
        return
    for each in items:
        found = each.traversal()
        if found is None or found.root != name or [type(step) for step in found.steps] != [str]:
            detail = f"An alias here is the name of the provider and one more name: {name}.a."
            reader.error("Invalid configuration_aliases value", detail, each.place)


def _text(expression: Expression, *, is_strict: bool) -> str | None:
    """The constant text that an expression is, or spells if not *is_strict*; None: it is none."""
    try:
        value = constant(expression)
        if not is_strict:
            value = convert(value, "string")
    except (SpecError, ValueMistake):
        return None
    return value if isinstance(value, str) else None
