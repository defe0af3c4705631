"""Given: what the environment, variable files and the command line say about variables.

Later words win: the environment, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and
`*.auto.tfvars.json` by name, then the options of the command line in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.concealment import Concealment, without_keys
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.errors import SpecError
from reconciler.frozen import frozen
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import parse_number
from reconciler.language.parse import parse_file
from reconciler.language.rendering import well_formed
from reconciler.language.values import Unknown
from reconciler.spec.broken import Broken
from reconciler.spec.constants import constant, in_context
from reconciler.spec.files import list_names, read_text
from reconciler.spec.model import GivenBy, GivenValue
from reconciler.spec.reading import NAME

PREFIX = "TF_VAR_"
"""What the names of environment variables that set variables begin with."""


MAX_DEPTH = 200
"""How deep the values of a JSON file may be nested."""


@frozen
class GivenOption:
    """`-var name=value`, as one text."""

    text: str


@frozen
class GivenFile:
    """`-var-file path`."""

    path: Path


Given = GivenOption | GivenFile
"""One option of the command line about variables."""


def read_given(
    directory: Path,
    given: Sequence[Given],
    environment: Mapping[str, str],
    diagnostics: Diagnostics,
    *,
    concealment: Concealment | None = None,
) -> tuple[dict[str, GivenValue], bool]:
    """Gather the last word about every variable that anything outside the specs names.

    Also, whether that is all: where a file or an option could not be read, any variable may have
    been meant. *concealment* is what messages about variable files do not show.
    """
    found = dict(_from_environment(environment))
    is_all = True
    for each in (*map(GivenFile, _automatic_files(directory)), *given):
        if isinstance(each, GivenOption):
            values = _from_option(each.text, diagnostics, concealment)
        else:
            values = _from_file(each.path, diagnostics, concealment)
        is_all = is_all and values is not None
        found.update(values or {})
    return found, is_all


def texts_of(given: Mapping[str, GivenValue], names: Collection[str]) -> Iterator[str]:
    """The texts that are given for the variables among *names*, which are written `var.name`."""
    queue: list[object] = []
    for name, each in given.items():
        if f"var.{name}" in names:
            queue += (each.text, each.value)
    while queue:
        value = queue.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            queue += value.values()
        elif isinstance(value, (list, tuple)):
            queue += value


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, GivenValue]]:
    for name, text in environment.items():
        if name.startswith(PREFIX) and len(name) > len(PREFIX):
            yield name[len(PREFIX) :], GivenValue(text, None, GivenBy.ENVIRONMENT, name)


def _automatic_files(directory: Path) -> list[Path]:
    # A folder that cannot be read has been reported by whoever looked for the specs in it.
    names = list_names(directory, Diagnostics()) or []
    first = [name for name in _FIRST if name in names]
    automatic = sorted(name for name in names if name.endswith(_AUTOMATIC))
    return [directory / name for name in (*first, *automatic) if not name.startswith(".")]


_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


def _from_option(
    text: str, diagnostics: Diagnostics, concealment: Concealment | None
) -> dict[str, GivenValue] | None:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not NAME.fullmatch(name):
        said = text if concealment is None else concealment.shown(text, is_values=True)
        detail = f'"{without_keys(said)}" is not of the form NAME=VALUE, as in -var "language=en".'
        diagnostics.error("Invalid -var option", detail)
        if not NAME.fullmatch(name):
            return None
        return {name: GivenValue(None, Unknown(not_null=False), GivenBy.OPTION, f"-var {name}")}
    return {name: GivenValue(value, None, GivenBy.OPTION, f"-var {name}=...")}


def _from_file(
    path: Path, diagnostics: Diagnostics, concealment: Concealment | None
) -> dict[str, GivenValue] | None:
    """What a file gives; None where nothing tells what it may have given."""
    source = read_text(path, diagnostics, concealment=concealment, is_values=True)
    if source is None:
        return None
    if source.path.endswith(".json"):
        return _from_json(source, diagnostics)
    body = parse_file(source, diagnostics)
    for block in body.blocks:
        detail = "A variable file holds only lines of the form name = value."
        diagnostics.error(f'Unexpected "{block.type}" block', detail, place=block.place)
    found: dict[str, GivenValue] = {}
    for name, argument in body.arguments.items():
        try:
            value = constant(argument.expression)
        except SpecError as error:
            in_context(diagnostics, error, "")
            continue
        found[name] = GivenValue(None, value, GivenBy.FILE, source.path, argument.place)
    unread = Broken()
    unread.note_unread(body.unread)
    if body.unread and not unread.words:
        return None
    for name in unread.words - found.keys():
        found[name] = GivenValue(None, Unknown(not_null=False), GivenBy.FILE, source.path)
    return found


def _from_json(source: SourceFile, diagnostics: Diagnostics) -> dict[str, GivenValue] | None:
    import json

    try:
        values = json.loads(
            source.text, parse_float=_number, parse_int=_number, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        place = (source, error.pos, error.pos + 1)
        diagnostics.error("Invalid JSON", f"{error.msg}.", place=place)
        return None
    except (RecursionError, ValueError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        diagnostics.error("Invalid JSON", f'"{source.path}": {source.told(said)}.')
        return None
    if _depth_exceeds(values, MAX_DEPTH):
        detail = f'"{source.path}" may be nested {MAX_DEPTH} deep.'
        diagnostics.error("Invalid variable file", detail)
        return None
    if not isinstance(values, dict):
        detail = f'"{source.path}" must hold one object, {{"name": value}}.'
        diagnostics.error("Invalid variable file", detail)
        return None
    return {
        str(name): GivenValue(None, well_formed(value), GivenBy.FILE, source.path)
        for name, value in values.items()
    }


def _number(digits: str) -> object:
    try:
        return parse_number(digits)
    except ValueMistake as mistake:
        raise ValueError(mistake.text) from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not a number of JSON")


def _depth_exceeds(value: object, limit: int) -> bool:
    queue = [(value, 0)]
    while queue:
        each, depth = queue.pop()
        if depth > limit:
            return True
        if isinstance(each, dict):
            queue += ((part, depth + 1) for part in each.values())
        elif isinstance(each, list):
            queue += ((part, depth + 1) for part in each)
    return False
