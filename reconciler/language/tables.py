"""Tables: the parse tables of a grammar, and the machine that runs them over words.

The tables are plain data, which `marshal` can keep: for every state what follows from each
terminal and each rule that was completed, a state if it is at least 0, otherwise `~rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.language.words import Word

State = dict[str, int]

Rule = tuple[str, int, str, bool, bool, tuple[tuple[int, bool], ...] | None]
"""What it makes in the tables, of how many parts, its name in the tree; whether a single part
stands for the whole, whether its parts go to the rule around it; which parts count, and which of
these are the parts of such a rule (None: all count, and none are)."""

Tables = tuple[list[State], list[Rule], int, int]
"""States, rules, the state to begin with and the state that is the end."""


class Terminal(str):
    """A word as the rules get it."""

    __slots__ = ("word",)

    word: Word


Value = object
Reduce = Callable[[str, list[Value]], Value]
"""Makes of a rule's name and its parts what the rules around it get."""


class Refused:
    """The words are not of the language: they stop making sense at this one."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


TERMINALS = {
    "newline": "NL_OR_COMMENT",
    "number": "INT_LITERAL",
    "string": "NAME",
    "heredoc": "NAME",
    ".*": "ATTR_SPLAT",
    "[*]": "FULL_SPLAT_START",
    ".": "DOT",
    "==": "DOUBLE_EQ",
    "!=": "NEQ",
    "<": "LT",
    ">": "GT",
    "<=": "LEQ",
    ">=": "GEQ",
    "-": "MINUS",
    "*": "ASTERISK",
    "/": "SLASH",
    "%": "PERCENT",
    "&&": "DOUBLE_AMP",
    "||": "DOUBLE_PIPE",
    "+": "PLUS",
    "!": "NOT",
    "?": "QMARK",
    "(": "LPAR",
    ")": "RPAR",
    "{": "LBRACE",
    "}": "RBRACE",
    "[": "LSQB",
    "]": "RSQB",
    ",": "COMMA",
    "=": "EQ",
    ":": "COLON",
    "=>": "FOR_OBJECT_ARROW",
    "...": "ELLIPSIS",
    "::": "COLONS",
}
"""What python-hcl2's grammar calls the words that are no names, by their kind."""

NAMES = {"true": "TRUE", "false": "FALSE", "null": "NULL", "for": "FOR", "in": "IN", "if": "IF"}
"""The same for names that are rendered as what they mean; every other one is a NAME."""

END = "$END"


def run(tables: Tables, words: Sequence[Word], reduce: Reduce) -> Value | Refused:
    """What *reduce* makes of the words, innermost rules first, or where they are refused."""
    machine = _Machine(tables, reduce)
    for index, word in enumerate(words):
        if word.kind == "dotname":
            is_taken = machine.take("DOT", word) and machine.take("NAME", word)
        elif word.kind == "name":
            is_taken = machine.take(NAMES.get(word.rendered, "NAME"), word)
        else:
            is_taken = machine.take(TERMINALS[word.kind], word)
        if not is_taken:
            return Refused(index)
    last = words[-1].end if words else 0
    is_taken = machine.take(TERMINALS["newline"], Word("newline", last, last, "\n", "\n"))
    return machine.values[-1] if is_taken and machine.end() else Refused(len(words))


class _Machine:
    """Stacks of states and of what has been made so far."""

    def __init__(self, tables: Tables, reduce: Reduce) -> None:
        self._states, self._rules, start, self._end = tables
        self._stack = [start]
        self._reduce_by = reduce
        self.values: list[Value] = []

    def take(self, terminal: str, word: Word) -> bool:
        """Go on by one word; whether that is possible."""
        states, stack = self._states, self._stack
        while True:
            action = states[stack[-1]].get(terminal)
            if action is None:
                return False
            if action >= 0:
                value = Terminal(word.rendered)
                value.word = word
                stack.append(action)
                self.values.append(value)
                return True
            self._reduce(~action)

    def end(self) -> bool:
        """Complete what is open; whether that makes a whole."""
        while self._stack[-1] != self._end:
            action = self._states[self._stack[-1]].get(END)
            if action is None:
                return False
            self._reduce(~action)
        return True

    def _reduce(self, number: int) -> None:
        origin, size, name, is_transparent, is_inlined, kept = self._rules[number]
        stack, values = self._stack, self.values
        parts: list[Value] = []
        if size:
            parts = values[-size:]
            del stack[-size:], values[-size:]
        if kept is not None:
            parts = _flattened(parts, kept)
        stack.append(self._states[stack[-1]][origin])
        if is_inlined:
            values.append(parts)
        elif is_transparent and len(parts) == 1:
            values.append(parts[0])
        else:
            values.append(self._reduce_by(name, parts))


def _flattened(parts: list[Value], kept: tuple[tuple[int, bool], ...]) -> list[Value]:
    """The parts with those of inlined rules in their place."""
    flat: list[Value] = []
    for index, is_inlined in kept:
        part = parts[index]
        if not is_inlined:
            flat.append(part)
            continue
        assert isinstance(part, list)
        # The list belongs to nobody else, and copying it for every item would be quadratic.
        flat = part if not flat else flat + part
    return flat
