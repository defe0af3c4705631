"""Flat nodes: the list of nodes that a tree is flattened into, and the chains put into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import parse_number
from reconciler.language.problems import Problem
from reconciler.language.shape import FlatNode
from reconciler.language.words import Word

MAX_DEPTH = 260
"""How deep a tree may be, operators of one chain and steps of one reference not counted."""

_LITERALS = {"true": True, "false": False, "null": None}
_CHAINED = frozenset(("Binary", "Attr", "Index"))


@dataclass(slots=True)
class Step:
    """One step of a chain: `attr`, `index`, `legacy`, `[*]` or `.*`."""

    kind: str
    end: int
    word: Word | None = None
    key: int = -1


@dataclass(slots=True)
class Chain:
    """A term with the steps that follow it, put together when the chain is complete."""

    base: int
    steps: list[Step]


class FlatNodes:
    """Nodes in which children come before their parents; one list for all trees of a skeleton."""

    def __init__(self, slot_at: dict[int, int]) -> None:
        self.slot_at = slot_at
        """Which slot the mark at an offset of the skeleton is."""
        self.nodes: list[FlatNode] = []
        self.problems: list[Problem] = []
        self._depths: list[int] = []

    def add(self, tag: str, start: int, end: int, *fields: object, of: Sequence[int] = ()) -> int:
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

    def problem(self, word: Word, summary: str, detail: str) -> None:
        """Note that a word is wrong."""
        self.problems.append(Problem(word.start, word.end, summary, detail))

    def start(self, node: int) -> int:
        """Where a node begins."""
        start = self.nodes[node][1]
        assert isinstance(start, int)
        return start

    def end(self, node: int) -> int:
        """Where a node ends."""
        end = self.nodes[node][2]
        assert isinstance(end, int)
        return end

    def leaf(self, word: Word) -> int:
        """Append the node that a single word is."""
        start, end = word.start, word.end
        if start in self.slot_at:
            return self.add("Slot", start, end, self.slot_at[start])
        if word.kind == "number":
            return self.add("Number", start, end, self._number(word))
        if word.text in _LITERALS and word.rendered == word.text:
            return self.add("Literal", start, end, _LITERALS[word.text])
        return self.add("Root", start, end, word.text)

    def _number(self, word: Word) -> str:
        try:
            is_number = parse_number(word.text) is not None
        except ValueMistake as mistake:
            self.problem(word, "Invalid number", f"{str(mistake).capitalize()}.")
            return "0"
        if not is_number:
            self.problem(word, "Invalid number", "Write it like 12, 1.5 or 6.02e23.")
        return word.text

    def assemble(self, chain: Chain) -> int:
        """Nest the steps: all that follows `[*]` is done per element, of `.*` only the names."""
        cuts = [i for i, step in enumerate(chain.steps) if step.kind == "[*]"]
        pieces: list[list[Step]] = []
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

    def _splat_piece(self, piece: list[Step], inner: int) -> int:
        splat = piece[0]
        item = self.add("SplatItem", splat.end, splat.end)
        node = self._steps(item, piece[1:])
        return node if inner < 0 else self._splat(node, inner)

    def _splat(self, of: int, each: int) -> int:
        end = max(self.end(of), self.end(each))
        return self.add("Splat", self.start(of), end, of, each, of=(of, each))

    def _steps(self, node: int, steps: list[Step]) -> int:
        index = 0
        while index < len(steps):
            step = steps[index]
            index += 1
            if step.kind != ".*":
                node = self._step(node, step)
                continue
            each = self.add("SplatItem", step.end, step.end)
            while index < len(steps) and steps[index].kind in ("attr", "legacy"):
                each = self._step(each, steps[index])
                index += 1
            if index < len(steps) and steps[index].kind == ".*":
                word = steps[index].word
                assert word is not None
                detail = "One .* cannot follow another. Use [*] for the inner one."
                self.problem(word, "Nested splat", detail)
            node = self._splat(node, each)
        return node

    def _step(self, node: int, step: Step) -> int:
        start = self.start(node)
        if step.kind == "attr":
            word = step.word
            assert word is not None
            name: object = word.text
            if word.start in self.slot_at:
                name = ("Slot", word.start, word.end, self.slot_at[word.start])
            return self.add("Attr", start, step.end, node, name, of=(node,))
        return self.add("Index", start, step.end, node, step.key, of=(node, step.key))
