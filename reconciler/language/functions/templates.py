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
from reconciler.language.traverse import HIDDEN
from reconciler.language.values import Unknown, is_null

FUNCTIONS = Family()

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
    "from being rendered where it is written. No template renders another.",
    text(),
    Parameter("vars"),
    examples=('templatestring("Hello, $${name}!", { name = "Jodie" })',),
    is_lazy=True,
)
def _templatestring(frame: Frame, node: Call, arguments: Closures) -> object:
    return _rendered(frame, arguments, lambda source: _parse(source, "<templatestring argument>"))


def add_templatefile(family: Family, folder: Folder) -> None:
    """Add `templatefile`, which reads below *folder*."""
    parsed: dict[str, Expression] = {}

    @family.add(
        "templatefile",
        "The text that a template in a file below the specs folder makes of the variables. No "
        "template renders another.",
        text("path"),
        Parameter("vars"),
        examples=('templatefile("greeting.tftpl", { name = "Jodie" })',),
        is_lazy=True,
    )
    def _templatefile(frame: Frame, node: Call, arguments: Closures) -> object:
        def read(path: str) -> Expression:
            if path not in parsed:
                parsed[path] = _parse(as_text(folder.read(path)), path)
            return parsed[path]

        return _rendered(frame, arguments, read)


def _rendered(frame: Frame, arguments: Closures, read: Callable[[str], Expression]) -> object:
    """The template that *read* makes of the first argument, rendered with the second.

    Every message could quote the template or its name, so that nothing is said of a sensitive one.
    """
    if len(arguments) != 2:
        raise ValueMistake("two arguments are required", summary="Wrong number of arguments")
    first, is_marked = unmark_deep(arguments[0](frame))
    variables = arguments[1](frame)
    try:
        source = convert(first, "string")
        if is_null(source):
            raise refuse("the argument must not be null", 0)
        if isinstance(source, Unknown):
            return mark(Unknown("dynamic", not_null=False), is_marked)
        assert isinstance(source, str), "conversion gives text"
        if frame.budget.is_in_template:
            raise refuse("a template cannot render another template", 0)
        return mark(render(frame, read(source), variables), is_marked)
    except ValueMistake as mistake:
        if not is_marked:
            raise
        raise ValueMistake(HIDDEN, summary=mistake.summary, argument=mistake.argument) from None


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
    frame.budget.is_in_template = True
    try:
        inner = Frame(template, TemplateScope(values, frame.scope.functions), frame.budget)
        return compiled(template)(inner)
    except Mistake as mistake:
        raise refuse(HIDDEN if is_marked else _mistake_text(mistake)) from None
    finally:
        frame.budget.is_in_template = False


def _mistake_text(mistake: Mistake) -> str:
    source, start, end = mistake.frame.expression.place_of(mistake.node)
    return f"in {source.range(start, end)}: {mistake.summary}. {mistake.detail}"


def _in_template(error: SpecError) -> str:
    return "; ".join(
        f"in {each.subject}: {each.summary}. {each.detail}".rstrip(". ")
        for each in error.diagnostics
    )
