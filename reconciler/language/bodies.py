"""Bodies: the blocks and arguments of passages as `syntax` promises them, made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.language.expression import Expression
from reconciler.language.passage import Passage
from reconciler.language.shape import ArgumentForm, BlockForm, BodyForm
from reconciler.language.syntax import Argument, Block, Body


class Arguments(Mapping[str, Argument]):
    """Arguments by name, in order of writing; each is made when it is looked at."""

    __slots__ = ("_forms", "_made")

    def __init__(self, forms: Mapping[str, tuple[Passage, ArgumentForm]]) -> None:
        self._forms = forms
        self._made: dict[str, Argument] = {}

    def __getitem__(self, name: str) -> Argument:
        made = self._made.get(name)
        if made is None:
            passage, form = self._forms[name]
            made = self._made[name] = _argument(passage, form)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def __contains__(self, name: object) -> bool:
        return name in self._forms


def _argument(passage: Passage, form: ArgumentForm) -> Argument:
    return Argument(
        form.name,
        Expression(passage, form.formula),
        passage.place(form.start, form.formula.end),
        passage.place(form.start, form.end),
    )


def _block(passage: Passage, form: BlockForm) -> Block:
    labels = tuple(
        each.name if each.slot < 0 else passage.text_of(each.slot) for each in form.labels
    )
    return Block(
        form.type,
        labels,
        _body(passage, form.body),
        passage.place(form.start, form.header_end),
        tuple(passage.place(each.start, each.end) for each in form.labels),
        passage.place(form.start, form.type_end),
    )


def _body(passage: Passage, form: BodyForm) -> Body:
    forms = {each.name: (passage, each) for each in form.arguments}
    blocks = tuple(_block(passage, each) for each in form.blocks)
    return Body(Arguments(forms), blocks, passage.place(form.start, form.end))


def file_body(source: SourceFile, passages: Sequence[Passage], diagnostics: Diagnostics) -> Body:
    """The body that the passages of a file make up together."""
    forms: dict[str, tuple[Passage, ArgumentForm]] = {}
    blocks: list[Block] = []
    for passage in passages:
        form = passage.shape.body
        assert form is not None
        for argument in form.arguments:
            if argument.name in forms:
                _report_duplicate(passage, argument, forms[argument.name], diagnostics)
            else:
                forms[argument.name] = (passage, argument)
        blocks += (_block(passage, each) for each in form.blocks)
    place: Place = (source, 0, len(source.text))
    return Body(Arguments(forms), tuple(blocks), place)


def _report_duplicate(
    passage: Passage,
    form: ArgumentForm,
    first: tuple[Passage, ArgumentForm],
    diagnostics: Diagnostics,
) -> None:
    earlier, earlier_form = first
    line = earlier.source.position(earlier.offset(earlier_form.start)).line
    detail = f"The argument {form.name} is already given on line {line}. Remove one of the two."
    place = passage.place(form.start, form.end)
    diagnostics.error("Duplicate argument", detail, place=place)
