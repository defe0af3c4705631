"""Shaping: makes the shape of a skeleton, by the grammar of python-hcl2."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.language.check import (
    check_ends,
    check_items,
    check_lines,
    check_objects,
    end_at_line_break,
)
from reconciler.language.flatten import FlatArgument, FlatBlock, Flattener
from reconciler.language.grammar import grammar_tables
from reconciler.language.problems import Problem
from reconciler.language.refusal import refusal
from reconciler.language.scan import MARKS
from reconciler.language.shape import (
    ArgumentForm,
    BlockForm,
    BodyForm,
    Formula,
    LabelForm,
    Shape,
    Unit,
)
from reconciler.language.tables import Refused
from reconciler.language.words import Arranger, Extent, Word, Words, split_words


def make_shape(unit: Unit, skeleton: str, cache_folder: str | None) -> Shape:
    """The shape of *skeleton*; what is wrong with it is in its `problems`."""
    if unit == "template":
        from reconciler.language.template_shape import TemplateShaping

        return TemplateShaping(skeleton, cache_folder).make()
    return Shaping(skeleton, cache_folder).make(is_body=unit == "body")


class Shaping:
    """One skeleton on its way to a shape."""

    def __init__(self, skeleton: str, cache_folder: str | None) -> None:
        self.skeleton = skeleton
        self.cache_folder = cache_folder
        marks = [i for i, char in enumerate(skeleton) if char in MARKS]
        self.flattener = Flattener({mark: slot for slot, mark in enumerate(marks)})
        self.shape = Shape(skeleton, self.flattener.nodes)
        self.problems: list[Problem] = []

    def make(self, *, is_body: bool) -> Shape:
        """Shape a body or a bare expression."""
        words = self.arrange(0, len(self.skeleton), "block" if is_body else "line")
        if not self.problems:
            if is_body:
                self._make_body(words)
            else:
                self._make_expression(words)
        self.problems += self.flattener.problems
        self.shape.problems = tuple(self.problems)
        return self.shape

    def arrange(self, start: int, end: int, extent: Extent) -> list[Word]:
        """The words of a stretch of the skeleton that count."""
        found = Words()
        words = split_words(self.skeleton, start, end, found)
        if not found.problems:
            found = Arranger(self.skeleton, extent).arrange(words)
        self.problems += found.problems
        if not self.problems:
            self.problems += check_lines(found.words)
        if extent == "line" and not self.problems:
            self.problems += end_at_line_break(found.words)
        if extent != "block" and not found.words and not self.problems:
            detail = "An expression is missing here."
            self.problems.append(Problem(start, end, "Missing expression", detail))
        return found.words

    def _make_body(self, words: list[Word]) -> None:
        items = self.parse(words)
        if items is None:
            return
        self.problems += check_items(items, self.flattener.nodes, words)
        if not self.problems:
            self.problems += check_ends(items, words)
        self.shape.body = self._body(items)
        self.shape.constant_slots = tuple(self._label_slots(items))

    def _make_expression(self, words: list[Word]) -> None:
        items = self.parse(in_parentheses(words))
        if items is None:
            return
        argument = items[0]
        assert isinstance(argument, FlatArgument)
        self.check_objects(words)
        # The parentheses that were put around it are the last node.
        self.shape.formula = Formula(self.shape, 0, argument.last - 1)

    def check_objects(self, words: Sequence[Word]) -> None:
        """Look for objects without separators."""
        at = {word.start: index for index, word in enumerate(words)}
        self.problems += check_objects(self.flattener.nodes, words, at)

    def parse(self, words: Sequence[Word]) -> list[FlatArgument | FlatBlock] | None:
        """Let the grammar nest the words; None when it refused them."""
        items = self.flattener.flatten(words, grammar_tables(self.cache_folder))
        if isinstance(items, Refused):
            self.problems.append(refusal(words, items.index))
            return None
        return items

    def _body(self, items: Sequence[FlatArgument | FlatBlock]) -> BodyForm:
        """The body of the skeleton; the inner ones are made before the outer ones."""
        forms: dict[int, BodyForm] = {}
        queue: list[tuple[FlatBlock | None, bool]] = [(None, False)]
        while queue:
            block, is_ready = queue.pop()
            inner = items if block is None else block.body
            if not is_ready:
                queue.append((block, True))
                queue += [(each, False) for each in inner if isinstance(each, FlatBlock)]
                continue
            start = 0 if block is None else block.opener.end
            end = len(self.skeleton) if block is None else block.closer.start
            forms[id(block)] = self._form(inner, start, end, forms)
        return forms[id(None)]

    def _form(
        self,
        items: Sequence[FlatArgument | FlatBlock],
        start: int,
        end: int,
        forms: dict[int, BodyForm],
    ) -> BodyForm:
        arguments = tuple(self._argument(each) for each in items if isinstance(each, FlatArgument))
        blocks = tuple(
            self._block(each, forms[id(each)]) for each in items if isinstance(each, FlatBlock)
        )
        return BodyForm(arguments, blocks, start, end)

    def _argument(self, item: FlatArgument) -> ArgumentForm:
        formula = Formula(self.shape, item.first, item.last)
        return ArgumentForm(item.name.text, item.name.start, item.name.end, formula)

    def _block(self, block: FlatBlock, body: BodyForm) -> BlockForm:
        labels = tuple(self._label(word) for word in block.labels)
        return BlockForm(block.type.text, block.type.start, block.type.end, labels, body)

    def _label(self, word: Word) -> LabelForm:
        slot = self.flattener.slot_at.get(word.start, -1)
        return LabelForm(slot, word.text if slot < 0 else "", word.start, word.end)

    def _label_slots(self, items: Sequence[FlatArgument | FlatBlock]) -> list[int]:
        slots: list[int] = []
        queue = list(items)
        while queue:
            item = queue.pop()
            if isinstance(item, FlatBlock):
                queue += item.body
                slots += [self.flattener.slot_at.get(word.start, -1) for word in item.labels]
        return sorted(slot for slot in slots if slot >= 0)


def in_parentheses(words: Sequence[Word]) -> list[Word]:
    """`x = ( words )`: an expression as the argument that the grammar knows."""
    start = words[0].start if words else 0
    end = words[-1].end if words else 0
    before = [Word(text, start, start, text, text) for text in ("x", "=", "(")]
    before[0].kind = "name"
    return [*before, *words, Word(")", end, end, ")", ")")]
