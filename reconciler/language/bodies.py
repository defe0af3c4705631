"""Bodies: the blocks and arguments of passages as `syntax` promises them, made when asked for.

A file of ten thousand blocks has fifty thousand arguments and their places; most of them are
looked at once or never, so each is made when it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.language.expression import Expression
from reconciler.language.passage import Passage
from reconciler.language.shape import ArgumentForm, BlockForm, BodyForm
from reconciler.language.syntax import Argument, Block, Body


class _Arguments(Mapping[str, Argument]):
    """The arguments of one body by name, in order of writing."""

    __slots__ = ("_forms", "_made", "_passage")

    def __init__(self, passage: Passage, forms: Mapping[str, ArgumentForm]) -> None:
        self._passage = passage
        self._forms = forms
        self._made: dict[str, Argument] = {}

    def __getitem__(self, name: str) -> Argument:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _Argument(self._passage, self._forms[name])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def __contains__(self, name: object) -> bool:
        return name in self._forms


# Records are frozen; what is made later is set behind their backs, as their own __init__ does too.
_set = object.__setattr__


class _Argument(Argument):
    """An argument whose places are found when they are asked for."""

    __slots__ = ("_form", "_passage")
    _passage: Passage
    _form: ArgumentForm

    def __init__(self, passage: Passage, form: ArgumentForm) -> None:
        _set(self, "name", form.name)
        _set(self, "expression", Expression(passage, form.formula))
        _set(self, "_passage", passage)
        _set(self, "_form", form)

    @property
    def place(self) -> Place:
        return self._passage.place(self._form.start, self._form.formula.end)

    @property
    def name_place(self) -> Place:
        return self._passage.place(self._form.start, self._form.end)


class _Block(Block):
    """A block whose parts are made when they are asked for."""

    __slots__ = ("_body", "_form", "_labels", "_passage")
    _passage: Passage
    _form: BlockForm
    _labels: tuple[str, ...]
    _body: Body

    def __init__(self, passage: Passage, form: BlockForm) -> None:
        _set(self, "_passage", passage)
        _set(self, "_form", form)

    @property
    def type(self) -> str:
        return self._form.type

    @property
    def labels(self) -> tuple[str, ...]:
        try:
            return self._labels
        except AttributeError:
            labels = tuple(
                each.name if each.slot < 0 else self._passage.text_of(each.slot)
                for each in self._form.labels
            )
            _set(self, "_labels", labels)
            return labels

    @property
    def body(self) -> Body:
        try:
            return self._body
        except AttributeError:
            body = _body(self._passage, self._form.body)
            _set(self, "_body", body)
            return body

    @property
    def place(self) -> Place:
        return self._passage.place(self._form.start, self._form.header_end)

    @property
    def label_places(self) -> tuple[Place, ...]:
        return tuple(self._passage.place(each.start, each.end) for each in self._form.labels)

    @property
    def type_place(self) -> Place:
        return self._passage.place(self._form.start, self._form.type_end)

    @property
    def is_torn(self) -> bool:
        return self._form.is_torn


def _body(passage: Passage, form: BodyForm) -> Body:
    blocks = tuple(_Block(passage, each) for each in form.blocks)
    arguments = _Arguments(passage, form.by_name)
    place = passage.place(form.start, form.end)
    if not form.unread:
        return Body(arguments, blocks, place)
    return Body(arguments, blocks, place, tuple(passage.place(*each) for each in form.unread))


def file_body(
    source: SourceFile,
    passages: Sequence[Passage],
    diagnostics: Diagnostics,
    unread: Sequence[Place] = (),
) -> Body:
    """The body that the passages of a file make up together; *unread* is what none of them has."""
    arguments: dict[str, Argument] = {}
    blocks: list[Block] = []
    for passage in passages:
        form = passage.shape.body
        assert form is not None
        for argument in form.arguments:
            made = _Argument(passage, argument)
            if argument.name in arguments:
                _report_duplicate(made, arguments[argument.name], diagnostics)
            else:
                arguments[argument.name] = made
        for block in form.blocks:
            blocks.append(_Block(passage, block))
    place: Place = (source, 0, len(source.text))
    return Body(arguments, tuple(blocks), place, tuple(unread))


def _report_duplicate(argument: Argument, first: Argument, diagnostics: Diagnostics) -> None:
    source, start, _ = first.name_place
    line = source.position(start).line
    detail = f"The argument {argument.name} is already given on line {line}. Remove one of the two."
    diagnostics.error("Duplicate argument", detail, place=argument.name_place)
