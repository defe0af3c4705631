"""Flatten: what the rules of the grammar make of words, as a list of nodes, children first.

The list is what the shape cache stores: no recursion is needed to write, read or check it, and
each argument's nodes are one stretch of it. A node is a tuple of its class's name, its offsets
in the skeleton and its fields; a field that is a node is its place in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.language.flatnodes import Chain, FlatNodes, Step
from reconciler.language.tables import Refused, Tables, Terminal, Value, run
from reconciler.language.words import Word


@dataclass(slots=True)
class FlatArgument:
    """`name = expression`: the name, and the stretch of nodes; the last is the root."""

    name: Word
    first: int
    last: int


@dataclass(slots=True)
class FlatBlock:
    """A block: the words of its header, its braces, what is in it."""

    type: Word
    labels: list[Word]
    opener: Word
    closer: Word
    body: list[FlatArgument | FlatBlock]


class _Part:
    """What a rule that is no expression has become."""

    __slots__ = ("fields", "kind")

    def __init__(self, kind: str, *fields: Any) -> None:
        self.kind = kind
        self.fields = fields


class Flattener(FlatNodes):
    """Turns words into nodes; one list for all trees of a skeleton.

    What a rule becomes is the place of a node, a word, a chain, or a part.
    """

    def __init__(self, slot_at: dict[int, int]) -> None:
        super().__init__(slot_at)
        self._taken = 0

    def flatten(
        self, words: Sequence[Word], tables: Tables
    ) -> list[FlatArgument | FlatBlock] | Refused:
        """The items of the body that the words are."""
        known = len(self.problems)
        items = run(tables, words, self._reduce)
        if isinstance(items, Refused):
            # What seemed wrong before that place may have been right with what should be there.
            del self.problems[known:]
            return items
        assert isinstance(items, list)
        return items

    def _reduce(self, name: str, values: list[Value]) -> Value:
        rule = RULES.get(name)
        return None if rule is None else rule(self, values)

    def _word(self, terminal: object) -> Word:
        assert isinstance(terminal, Terminal)
        return terminal.word

    def _name(self, value: object, summary: str, detail: str) -> Word:
        assert isinstance(value, Word)
        if value.kind not in ("name", "dotname"):
            self.problem(value, summary, detail)
        return value

    def finish(self, value: Value) -> int:
        """The node a value stands for as an expression."""
        if isinstance(value, int):
            return value
        if isinstance(value, Chain):
            return self.assemble(value)
        assert isinstance(value, Word), value
        return self.leaf(value)

    # One method per rule of the grammar; they get what the rule's parts have become.

    def _rule_leaf(self, values: list[Value]) -> Value:
        return self._word(values[0])

    def _rule_get_attr(self, values: list[Value]) -> Value:
        word = self._name(values[1], "Invalid attribute name", "A name must follow the dot.")
        return Step("attr", word.end, word)

    def _rule_short_index(self, values: list[Value]) -> Value:
        word = self._word(values[1])
        if word.start not in self.slot_at and not word.text.isdigit():
            detail = "After a dot this reads as a number with a fraction. Write [0][1] instead."
            self.problem(word, "Ambiguous index", detail)
        return Step("legacy", word.end, word, self.leaf(word))

    def _rule_braces_index(self, values: list[Value]) -> Value:
        key = self.finish(_operands(values)[0])
        return Step("index", self._word(values[-1]).end, None, key)

    def _rule_splat(self, values: list[Value]) -> Value:
        word = self._word(values[0])
        steps = [value for value in values[1:] if isinstance(value, Step)]
        return [Step(word.kind, word.end, word), *steps]

    def _rule_chain(self, values: list[Value]) -> Value:
        base, steps = values[0], values[1]
        more = [steps] if isinstance(steps, Step) else steps
        assert isinstance(more, list)
        if isinstance(base, Chain):
            base.steps.extend(more)
            return base
        return Chain(self.finish(base), more)

    def _rule_expr_term(self, values: list[Value]) -> Value:
        if len(values) == 1:
            return values[0]
        inner = self.finish(_operands(values)[0])
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        return self.add("Parenthesized", start, end, inner, of=(inner,))

    def _rule_tuple(self, values: list[Value]) -> Value:
        items = tuple(self.finish(value) for value in _operands(values))
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        return self.add("Tuple", start, end, items, of=items)

    def _rule_object(self, values: list[Value]) -> Value:
        items = tuple(each.fields for each in _parts(values, "element"))
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [node for item in items for node in item]
        return self.add("Object", start, end, items, of=children)

    def _rule_object_elem(self, values: list[Value]) -> Value:
        key, value = _operands(values)
        return _Part("element", self.finish(key), self.finish(value))

    def _rule_object_elem_key(self, values: list[Value]) -> Value:
        value = values[0]
        if isinstance(value, Word) and value.kind == "name":
            return self.add("Literal", value.start, value.end, value.text)
        return self.finish(value)

    def _rule_function_call(self, values: list[Value]) -> Value:
        name = self._name(values[0], "Invalid function name", "Only a name can be called.")
        found = _parts(values, "arguments")
        nodes, expand = found[0].fields if found else ((), False)
        end = self._word(values[-1]).end
        function = name.text.removeprefix("core::")
        return self.add("Call", name.start, end, function, nodes, expand, of=nodes)

    def _rule_arguments(self, values: list[Value]) -> Value:
        nodes = tuple(self.finish(value) for value in _operands(values))
        return _Part("arguments", nodes, "..." in values)

    def _rule_conditional(self, values: list[Value]) -> Value:
        condition, then, otherwise = (self.finish(value) for value in _operands(values))
        start, end = self.start(condition), self.end(otherwise)
        children = (condition, then, otherwise)
        return self.add("Conditional", start, end, *children, of=children)

    def _rule_binary_op(self, values: list[Value]) -> Value:
        left, term = self.finish(values[0]), values[1]
        assert isinstance(term, _Part)
        operator, right = term.fields
        start, end = self.start(left), self.end(right)
        return self.add("Binary", start, end, operator, left, right, of=(left, right))

    def _rule_binary_term(self, values: list[Value]) -> Value:
        operands = _operands(values)
        operator = operands[0]
        assert isinstance(operator, Word)
        return _Part("right", operator.text, self.finish(operands[1]))

    def _rule_unary_op(self, values: list[Value]) -> Value:
        word, operand = self._word(values[0]), self.finish(values[1])
        for operator in (word, *reversed(word.unary)):
            end = self.end(operand)
            operand = self.add("Unary", operator.start, end, operator.text, operand, of=(operand,))
        return operand

    def _rule_for_intro(self, values: list[Value]) -> Value:
        *names, collection = _operands(values)
        detail = "Write [for item in list : ...] or {for key, value in map : ...}."
        found = [self._name(each, "Invalid for expression", detail).text for each in names]
        key = found[0] if len(found) == 2 else None
        return _Part("intro", key, found[-1], self.finish(collection))

    def _rule_for_cond(self, values: list[Value]) -> Value:
        return _Part("condition", self.finish(_operands(values)[0]))

    def _rule_for_tuple(self, values: list[Value]) -> Value:
        (key, value, collection), condition, rest = _for_parts(values)
        result = self.finish(rest[0])
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [collection, result, *([] if condition is None else [condition])]
        fields = (key, value, collection, result, condition)
        return self.add("ForTuple", start, end, *fields, of=children)

    def _rule_for_object(self, values: list[Value]) -> Value:
        (key, value, collection), condition, rest = _for_parts(values)
        result_key, result = (self.finish(each) for each in rest)
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [collection, result_key, result]
        children += [] if condition is None else [condition]
        fields = (key, value, collection, result_key, result, condition, "..." in values)
        return self.add("ForObject", start, end, *fields, of=children)

    def _rule_attribute(self, values: list[Value]) -> Value:
        detail = "An argument is written name = value; the name is not quoted."
        name = self._name(values[0], "Invalid argument name", detail)
        self.finish(values[-1])
        first, self._taken = self._taken, len(self.nodes)
        return FlatArgument(name, first, len(self.nodes))

    def _rule_block(self, values: list[Value]) -> Value:
        words = [value for value in values if isinstance(value, Word)]
        body = next(value for value in values if isinstance(value, list))
        braces = [self._word(value) for value in values if value in ("{", "}")]
        detail = 'A block is written type "label" { ... }; the type is not quoted.'
        block_type = self._name(words[0], "Invalid block type", detail)
        for label in words[1:]:
            if label.kind not in ("name", "string"):
                self.problem(label, "Invalid block label", "Write labels as quoted text.")
        return FlatBlock(block_type, words[1:], braces[0], braces[1], body)

    def _rule_body(self, values: list[Value]) -> Value:
        return [each for each in values if isinstance(each, (FlatArgument, FlatBlock))]

    def _rule_start(self, values: list[Value]) -> Value:
        return values[0]


def _operands(values: list[Value]) -> list[Value]:
    """The parts that are neither punctuation nor line breaks."""
    return [each for each in values if each is not None and not isinstance(each, str)]


def _parts(values: list[Value], kind: str) -> list[_Part]:
    return [each for each in values if isinstance(each, _Part) and each.kind == kind]


def _for_parts(values: list[Value]) -> tuple[tuple[Any, ...], int | None, list[Value]]:
    """The header of a for expression, its condition if it has one, and its results."""
    conditions = _parts(values, "condition")
    rest = [each for each in _operands(values) if not isinstance(each, _Part)]
    return (
        _parts(values, "intro")[0].fields,
        conditions[0].fields[0] if conditions else None,
        rest,
    )


_Rule = Callable[[Flattener, list[Value]], Value]

RULES: dict[str, _Rule] = {
    "start": Flattener._rule_start,
    "body": Flattener._rule_body,
    "attribute": Flattener._rule_attribute,
    "block": Flattener._rule_block,
    **dict.fromkeys(
        ("identifier", "keyword", "literal_value", "int_lit", "float_lit", "binary_operator"),
        Flattener._rule_leaf,
    ),
    "expr_term": Flattener._rule_expr_term,
    "conditional": Flattener._rule_conditional,
    "binary_op": Flattener._rule_binary_op,
    "binary_term": Flattener._rule_binary_term,
    "unary_op": Flattener._rule_unary_op,
    "tuple": Flattener._rule_tuple,
    "object": Flattener._rule_object,
    "object_elem": Flattener._rule_object_elem,
    "object_elem_key": Flattener._rule_object_elem_key,
    "function_call": Flattener._rule_function_call,
    "arguments": Flattener._rule_arguments,
    "get_attr": Flattener._rule_get_attr,
    "short_index": Flattener._rule_short_index,
    "braces_index": Flattener._rule_braces_index,
    "attr_splat": Flattener._rule_splat,
    "full_splat": Flattener._rule_splat,
    **dict.fromkeys(
        (
            "index_expr_term",
            "get_attr_expr_term",
            "attr_splat_expr_term",
            "full_splat_expr_term",
        ),
        Flattener._rule_chain,
    ),
    "for_intro": Flattener._rule_for_intro,
    "for_cond": Flattener._rule_for_cond,
    "for_tuple_expr": Flattener._rule_for_tuple,
    "for_object_expr": Flattener._rule_for_object,
}
