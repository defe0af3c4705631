"""Templates: text with `${}` and `%{}` in it that comes from a value or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from reconciler.errors import SpecError
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.expression import Expression
from reconciler.language.frame import Frame
from reconciler.language.functions.encoding import as_text
from reconciler.language.functions.folder import Folder
from reconciler.language.functions.function import Family, Parameter, refuse, text
from reconciler.language.marks import mark, unmark, unmark_deep
from reconciler.language.mistakes import Mistake, ValueMistake
from reconciler.language.nodes import Call
from reconciler.language.values import Unknown, is_null

FUNCTIONS = Family()

MAX_NESTING = 20
"""How deep templates may render each other."""

Closures = Sequence[Callable[[Frame], object]]


@frozen
class TemplateScope:
    """The names of a template: its variables, and the functions of whoever renders it."""

    variables: Mapping[str, object]
    functions: Mapping[str, object]

    def root(self, name: str) -> object:
        """The value of a variable.

        Raises:
            LookupError: the template was not given one of that name.
        """
        if name in self.variables:
            return self.variables[name]
        raise LookupError(f'the template was not given a "{name}"', tuple(self.variables))


@FUNCTIONS.add(
    "templatestring",
    "The text that a template makes of the variables. In a spec, `$${` and `%%{` keep the template "
    "from being rendered where it is written.",
    text(),
    Parameter("vars"),
    examples=('templatestring("Hello, $${name}!", { name = "Jodie" })',),
    is_lazy=True,
)
def _templatestring(frame: Frame, node: Call, arguments: Closures) -> object:
    source, variables, is_marked = _arguments(frame, arguments)
    if isinstance(source, Unknown):
        return mark(Unknown("dynamic", not_null=False), is_marked)
    return mark(render(frame, _parse(source, "<templatestring argument>"), variables), is_marked)


def add_templatefile(family: Family, folder: Folder) -> None:
    """Add `templatefile`, which reads below *folder*."""
    parsed: dict[str, Expression] = {}

    @family.add(
        "templatefile",
        "The text that a template in a file below the specs folder makes of the variables.",
        text("path"),
        Parameter("vars"),
        examples=('templatefile("greeting.tftpl", { name = "Jodie" })',),
        is_lazy=True,
    )
    def _templatefile(frame: Frame, node: Call, arguments: Closures) -> object:
        path, variables, is_marked = _arguments(frame, arguments)
        if isinstance(path, Unknown):
            return mark(Unknown("dynamic", not_null=False), is_marked)
        if path not in parsed:
            parsed[path] = _parse(as_text(folder.read(path)), path)
        return mark(render(frame, parsed[path], variables), is_marked)


def _arguments(frame: Frame, arguments: Closures) -> tuple[str | Unknown, object, bool]:
    """The first argument as text, the second as it is, and whether the first was marked."""
    if len(arguments) != 2:
        raise ValueMistake("two arguments are required", summary="Wrong number of arguments")
    first, is_marked = unmark_deep(arguments[0](frame))
    source = convert(first, "string")
    if is_null(source):
        raise refuse("the argument must not be null", 0)
    assert isinstance(source, (str, Unknown)), "conversion gives text"
    return source, arguments[1](frame), is_marked


@lru_cache(maxsize=64)
def _parse(source: str, path: str) -> Expression:
    from reconciler.language.parse import parse_template

    try:
        return parse_template(source, path=path)
    except SpecError as error:
        raise refuse(_in_template(error), 0) from None


def render(frame: Frame, template: Expression, variables: object) -> object:
    """What *template* makes of *variables*.

    Raises:
        ValueMistake: the variables are no object, or evaluating the template fails; says where.
    """
    from reconciler.language.evaluation import compiled

    bare, is_marked = unmark(variables)
    if isinstance(bare, Unknown):
        return mark(Unknown("dynamic", not_null=False), is_marked)
    if not isinstance(bare, Mapping):
        raise refuse("the variables must be an object or a map", 1)
    values = {name: mark(bare[name], is_marked) for name in bare}
    if frame.budget.nesting >= MAX_NESTING:
        raise refuse(f"templates render each other more than {MAX_NESTING} deep", 0)
    frame.budget.nesting += 1
    try:
        inner = Frame(template, TemplateScope(values, frame.scope.functions), frame.budget)
        return compiled(template)(inner)
    except Mistake as mistake:
        raise refuse(_mistake_text(mistake)) from None
    finally:
        frame.budget.nesting -= 1


def _mistake_text(mistake: Mistake) -> str:
    source, start, end = mistake.frame.expression.place_of(mistake.node)
    return f"in {source.range(start, end)}: {mistake.summary}. {mistake.detail}"


def _in_template(error: SpecError) -> str:
    return "; ".join(
        f"in {each.subject}: {each.summary}. {each.detail}".rstrip(". ")
        for each in error.diagnostics
    )
