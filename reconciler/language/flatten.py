"""Flatten: python-hcl2's tree of a skeleton as a list of nodes in which children come first.

The list is what the shape cache stores: no recursion is needed to write, read or check it, and
each argument's nodes are one stretch of it. A node is a tuple of its class's name, its offsets
in the skeleton and its fields; a field that is a node is its place in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import parse_number
from reconciler.language.problems import Problem
from reconciler.language.shape import FlatNode
from reconciler.language.words import Word

if TYPE_CHECKING:
    from reconciler.language.parse_tree import ParseTree

MAX_DEPTH = 260
"""How deep a tree may be, operators of one chain and steps of one reference not counted."""

_LITERALS = {"true": True, "false": False, "null": None}
_CHAINED = frozenset(("Binary", "Attr", "Index"))


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


@dataclass(slots=True)
class _Chain:
    """A term with the steps that follow it, put together when the chain is complete."""

    base: int
    steps: list[_Step]


@dataclass(slots=True)
class _Step:
    kind: str
    """`attr`, `index`, `[*]` or `.*`."""
    end: int
    word: Word | None = None
    key: int = -1


@dataclass(slots=True)
class _Element:
    key: int
    value: int


@dataclass(slots=True)
class _Intro:
    key: str | None
    value: str
    collection: int


@dataclass(slots=True)
class _Right:
    operator: str
    operand: int


@dataclass(slots=True)
class _Arguments:
    nodes: tuple[int, ...]
    expand: bool


@dataclass(slots=True)
class _Condition:
    node: int


Value = object
"""What a rule of the grammar has become: a node, a word, or one of the classes above."""


@dataclass(slots=True)
class Flattener:
    """Turns trees into nodes; one list for all trees of a skeleton."""

    slot_at: dict[int, int]
    """Which slot the mark at an offset of the skeleton is."""
    nodes: list[FlatNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    word_at: dict[int, Word] = field(default_factory=dict)
    _depths: list[int] = field(default_factory=list)
    _taken: int = 0

    def flatten(self, tree: ParseTree, word_at: dict[int, Word]) -> list[FlatArgument | FlatBlock]:
        """The items of the body that *tree* is; *word_at* finds words by rendered offset."""
        self.word_at = word_at
        results: list[Value] = []
        stack: list[tuple[Any, int]] = [(tree, -1)]
        while stack:
            node, base = stack.pop()
            if base >= 0:
                values = results[base:]
                del results[base:]
                rule = _RULES.get(str(node.data))
                results.append(rule(self, values) if rule else None)
            elif isinstance(node, str):
                results.append(node)
            elif node.data == "new_line_or_comment":
                results.append(None)
            else:
                stack.append((node, len(results)))
                stack.extend((child, -1) for child in reversed(node.children))
        items = results[0]
        assert isinstance(items, list)
        return items

    def _add(self, tag: str, start: int, end: int, *fields: object, of: Sequence[int] = ()) -> int:
        """Append a node; *of* are its children, for the depth."""
        depths = self._depths
        depth = 1 + max((depths[each] for each in of), default=0)
        if of and tag in _CHAINED and self.nodes[of[0]][0] in _CHAINED:
            rest = max((depths[each] for each in of[1:]), default=0)
            depth = max(depths[of[0]], 1 + rest)
        if of and tag == "Conditional" and self.nodes[of[2]][0] == tag:
            depth = max(1 + depths[of[0]], 1 + depths[of[1]], depths[of[2]])
        if depth == MAX_DEPTH:
            detail = "This is nested too deeply. Use local values for parts of it."
            self.problems.append(Problem(start, end, "Nesting too deep", detail))
        depths.append(depth)
        self.nodes.append((tag, start, end, *fields))
        return len(self.nodes) - 1

    def _problem(self, word: Word, summary: str, detail: str) -> None:
        self.problems.append(Problem(word.start, word.end, summary, detail))

    def _word(self, token: object) -> Word:
        assert isinstance(token, str)
        return self.word_at[token.start_pos]  # type: ignore[attr-defined]  # a lark Token

    def _name(self, value: object, summary: str, detail: str) -> Word:
        assert isinstance(value, Word)
        if value.kind not in ("name", "dotname"):
            self._problem(value, summary, detail)
        return value

    def _start(self, node: int) -> int:
        start = self.nodes[node][1]
        assert isinstance(start, int)
        return start

    def _end(self, node: int) -> int:
        end = self.nodes[node][2]
        assert isinstance(end, int)
        return end

    def finish(self, value: Value) -> int:
        """The node a value stands for as an expression."""
        if isinstance(value, int):
            return value
        if isinstance(value, _Chain):
            return self._assemble(value)
        assert isinstance(value, Word), value
        return self._leaf(value)

    def _leaf(self, word: Word) -> int:
        start, end = word.start, word.end
        if start in self.slot_at:
            return self._add("Slot", start, end, self.slot_at[start])
        if word.kind == "number":
            return self._add("Number", start, end, self._number(word))
        if word.text in _LITERALS and word.rendered == word.text:
            return self._add("Literal", start, end, _LITERALS[word.text])
        return self._add("Root", start, end, word.text)

    def _number(self, word: Word) -> str:
        try:
            is_number = parse_number(word.text) is not None
        except ValueMistake as mistake:
            self._problem(word, "Invalid number", f"{str(mistake).capitalize()}.")
            return "0"
        if not is_number:
            self._problem(word, "Invalid number", "Write it like 12, 1.5 or 6.02e23.")
        return word.text

    def _assemble(self, chain: _Chain) -> int:
        """Nest the steps: all that follows `[*]` is done per element, of `.*` only the names."""
        cuts = [i for i, step in enumerate(chain.steps) if step.kind == "[*]"]
        pieces: list[list[_Step]] = []
        end = len(chain.steps)
        for cut in reversed(cuts):
            pieces.append(chain.steps[cut:end])
            end = cut
        pieces.append(chain.steps[:end])
        each = -1
        for piece in pieces[:-1]:
            each = self._splat_piece(piece, each)
        node = self._steps(chain.base, pieces[-1])
        return node if each < 0 else self._splat(node, each)

    def _splat_piece(self, piece: list[_Step], inner: int) -> int:
        splat = piece[0]
        item = self._add("SplatItem", splat.end, splat.end)
        node = self._steps(item, piece[1:])
        return node if inner < 0 else self._splat(node, inner)

    def _splat(self, of: int, each: int) -> int:
        end = max(self._end(of), self._end(each))
        return self._add("Splat", self._start(of), end, of, each, of=(of, each))

    def _steps(self, node: int, steps: list[_Step]) -> int:
        index = 0
        while index < len(steps):
            step = steps[index]
            index += 1
            if step.kind != ".*":
                node = self._step(node, step)
                continue
            each = self._add("SplatItem", step.end, step.end)
            while index < len(steps) and steps[index].kind in ("attr", "legacy"):
                each = self._step(each, steps[index])
                index += 1
            if index < len(steps) and steps[index].kind == ".*":
                word = steps[index].word
                assert word is not None
                detail = "One .* cannot follow another. Use [*] for the inner one."
                self._problem(word, "Nested splat", detail)
            node = self._splat(node, each)
        return node

    def _step(self, node: int, step: _Step) -> int:
        start = self._start(node)
        if step.kind == "attr":
            word = step.word
            assert word is not None
            name: object = word.text
            if word.start in self.slot_at:
                name = ("Slot", word.start, word.end, self.slot_at[word.start])
            return self._add("Attr", start, step.end, node, name, of=(node,))
        return self._add("Index", start, step.end, node, step.key, of=(node, step.key))

    # One method per rule of the grammar; they get what the rule's parts have become.

    def _rule_leaf(self, values: list[Value]) -> Value:
        return self._word(values[0])

    def _rule_get_attr(self, values: list[Value]) -> Value:
        word = self._name(values[1], "Invalid attribute name", "A name must follow the dot.")
        return _Step("attr", word.end, word)

    def _rule_short_index(self, values: list[Value]) -> Value:
        word = self._word(values[1])
        if word.start not in self.slot_at and not word.text.isdigit():
            detail = "After a dot this reads as a number with a fraction. Write [0][1] instead."
            self._problem(word, "Ambiguous index", detail)
        return _Step("legacy", word.end, word, self._leaf(word))

    def _rule_braces_index(self, values: list[Value]) -> Value:
        key = self.finish(_operands(values)[0])
        return _Step("index", self._word(values[-1]).end, None, key)

    def _rule_splat(self, values: list[Value]) -> Value:
        word = self._word(values[0])
        steps = [value for value in values[1:] if isinstance(value, _Step)]
        return [_Step(word.kind, word.end, word), *steps]

    def _rule_chain(self, values: list[Value]) -> Value:
        base, steps = values[0], values[1]
        more = [steps] if isinstance(steps, _Step) else steps
        assert isinstance(more, list)
        if isinstance(base, _Chain):
            base.steps.extend(more)
            return base
        return _Chain(self.finish(base), more)

    def _rule_expr_term(self, values: list[Value]) -> Value:
        if len(values) == 1:
            return values[0]
        inner = self.finish(_operands(values)[0])
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        return self._add("Parenthesized", start, end, inner, of=(inner,))

    def _rule_tuple(self, values: list[Value]) -> Value:
        items = tuple(self.finish(value) for value in _operands(values))
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        return self._add("Tuple", start, end, items, of=items)

    def _rule_object(self, values: list[Value]) -> Value:
        elements = [value for value in values if isinstance(value, _Element)]
        items = tuple((each.key, each.value) for each in elements)
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [node for item in items for node in item]
        return self._add("Object", start, end, items, of=children)

    def _rule_object_elem(self, values: list[Value]) -> Value:
        key, value = _operands(values)
        return _Element(self.finish(key), self.finish(value))

    def _rule_object_elem_key(self, values: list[Value]) -> Value:
        value = values[0]
        if isinstance(value, Word) and value.kind == "name":
            return self._add("Literal", value.start, value.end, value.text)
        node = self.finish(value)
        if isinstance(value, _Chain) and self.nodes[value.base][0] == "Root":
            start, end = self._start(node), self._end(node)
            detail = (
                "This could be a name with dots in it or a reference. Put it in quotes if it is "
                "a name, or in parentheses if it is a reference."
            )
            self.problems.append(Problem(start, end, "Ambiguous key", detail))
        return node

    def _rule_function_call(self, values: list[Value]) -> Value:
        name = self._name(values[0], "Invalid function name", "Only a name can be called.")
        found = [value for value in values if isinstance(value, _Arguments)]
        arguments = found[0] if found else _Arguments((), expand=False)
        end = self._word(values[-1]).end
        fields = (name.text, arguments.nodes, arguments.expand)
        return self._add("Call", name.start, end, *fields, of=arguments.nodes)

    def _rule_arguments(self, values: list[Value]) -> Value:
        nodes = tuple(self.finish(value) for value in _operands(values))
        return _Arguments(nodes, expand=values[-1] == "..." or "..." in values)

    def _rule_conditional(self, values: list[Value]) -> Value:
        condition, then, otherwise = (self.finish(value) for value in _operands(values))
        start, end = self._start(condition), self._end(otherwise)
        children = (condition, then, otherwise)
        return self._add("Conditional", start, end, *children, of=children)

    def _rule_binary_op(self, values: list[Value]) -> Value:
        left, term = self.finish(values[0]), values[1]
        assert isinstance(term, _Right)
        right = term.operand
        start, end = self._start(left), self._end(right)
        return self._add("Binary", start, end, term.operator, left, right, of=(left, right))

    def _rule_binary_term(self, values: list[Value]) -> Value:
        operands = _operands(values)
        operator = operands[0]
        assert isinstance(operator, Word)
        return _Right(operator.text, self.finish(operands[1]))

    def _rule_unary_op(self, values: list[Value]) -> Value:
        word, operand = self._word(values[0]), self.finish(values[1])
        for operator in (word, *reversed(word.unary)):
            end = self._end(operand)
            operand = self._add("Unary", operator.start, end, operator.text, operand, of=(operand,))
        return operand

    def _rule_for_intro(self, values: list[Value]) -> Value:
        *names, collection = _operands(values)
        detail = "Write [for item in list : ...] or {for key, value in map : ...}."
        found = [self._name(each, "Invalid for expression", detail).text for each in names]
        key = found[0] if len(found) == 2 else None
        return _Intro(key, found[-1], self.finish(collection))

    def _rule_for_cond(self, values: list[Value]) -> Value:
        return _Condition(self.finish(_operands(values)[0]))

    def _rule_for_tuple(self, values: list[Value]) -> Value:
        intro, condition, rest = _for_parts(values)
        result = self.finish(rest[0])
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [intro.collection, result, *([] if condition is None else [condition])]
        fields = (intro.key, intro.value, intro.collection, result, condition)
        return self._add("ForTuple", start, end, *fields, of=children)

    def _rule_for_object(self, values: list[Value]) -> Value:
        intro, condition, rest = _for_parts(values)
        key, result = (self.finish(value) for value in rest)
        start, end = self._word(values[0]).start, self._word(values[-1]).end
        children = [intro.collection, key, result, *([] if condition is None else [condition])]
        group = "..." in values
        fields = (intro.key, intro.value, intro.collection, key, result, condition, group)
        return self._add("ForObject", start, end, *fields, of=children)

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
                self._problem(label, "Invalid block label", "Write labels as quoted text.")
        return FlatBlock(block_type, words[1:], braces[0], braces[1], body)

    def _rule_body(self, values: list[Value]) -> Value:
        return [each for each in values if isinstance(each, (FlatArgument, FlatBlock))]

    def _rule_start(self, values: list[Value]) -> Value:
        return values[0]


def _operands(values: list[Value]) -> list[Value]:
    """The parts that are neither punctuation nor line breaks."""
    return [each for each in values if each is not None and not isinstance(each, str)]


def _for_parts(values: list[Value]) -> tuple[_Intro, int | None, list[Value]]:
    operands = _operands(values)
    intro, rest, condition = operands[0], operands[1:], None
    assert isinstance(intro, _Intro)
    if isinstance(rest[-1], _Condition):
        condition = rest.pop()
    return intro, condition.node if isinstance(condition, _Condition) else None, rest


_Rule = Callable[[Flattener, list[Value]], Value]

_RULES: dict[str, _Rule] = {
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
