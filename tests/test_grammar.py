"""Grammar: the tables of python-hcl2, as they are run here, against python-hcl2 itself."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from lark import Lark, Tree
from lark.exceptions import UnexpectedInput
from vectors import OWN

from reconciler.language.flatten import RULES
from reconciler.language.grammar import compute_tables, python_hcl2
from reconciler.language.scan import lift
from reconciler.language.shaping import Shaping, in_parentheses
from reconciler.language.tables import Refused, Tables, Terminal, run
from reconciler.language.words import Word

CORPUS = Path(__file__).parent / "fuzz" / "corpus"

CHANGES = {"expression": 1, "spec_text": 40}
"""How many changed variants of each text are compared."""

MOST_TEXTS = 400


@cache
def theirs() -> Lark:
    return python_hcl2()


@cache
def tables() -> Tables:
    return compute_tables()


def tree_of_ours(words: Sequence[Word]) -> object:
    """Rules by name, words by number; None if the words are refused."""
    numbers = {id(word): index for index, word in enumerate(words)}

    def reduce(name: str, parts: list[object]) -> object:
        leaves = (
            numbers.get(id(each.word), len(words)) if isinstance(each, Terminal) else each
            for each in parts
        )
        return (name, *leaves)

    made = run(tables(), words, reduce)
    return None if isinstance(made, Refused) else made


def tree_of_theirs(words: Sequence[Word]) -> object:
    starts, text = [], ""
    for word in words:
        starts.append(len(text))
        text += f"{word.rendered} "
    try:
        tree = theirs().parse(f"{text.removesuffix(' ')}\n")
    except UnexpectedInput:
        return None
    return plain(tree, [*starts, len(text) - 1])


def plain(node: object, starts: list[int]) -> object:
    if isinstance(node, Tree):
        return (str(node.data), *(plain(each, starts) for each in node.children))
    assert isinstance(node, str)
    blanks = len(node) - len(node.lstrip(" \t"))
    offset = node.start_pos + blanks  # type: ignore[attr-defined]  # a lark Token
    return bisect_right(starts, offset) - 1


def texts(kind: str) -> list[str]:
    found = [path.read_text(errors="replace") for path in sorted((CORPUS / kind).iterdir())]
    if kind == "expression":
        for name in ("own.json", "console.json"):
            found += [each["expr"] for each in json.loads((OWN / name).read_text())]
    return [each for each in found if len(each) < 3000]


def variants(text: str, changes: int, chance: random.Random) -> Iterator[str]:
    """The skeleton of a text, and some with a stretch of it left out, repeated or moved."""
    skeleton, _ = lift(text)
    yield skeleton
    for _ in range(changes):
        start = chance.randrange(len(skeleton) + 1)
        end = min(start + chance.randrange(1, 4), len(skeleton))
        at = chance.randrange(len(skeleton) + 1)
        stretch = skeleton[start:end]
        yield chance.choice(
            (
                skeleton[:start] + skeleton[end:],
                skeleton[:at] + stretch + skeleton[at:],
                skeleton[:start] + chance.choice("()[]{}=:,.-!?\n \x01\x02\x04") + skeleton[end:],
            )
        )


def arranged(kind: str) -> Iterator[list[Word]]:
    """Every list of words that would be parsed for some text or a variant of it."""
    chance = random.Random(kind)
    known = texts(kind)
    for text in chance.sample(known, min(len(known), MOST_TEXTS)):
        for skeleton in variants(text, CHANGES[kind], chance):
            shaping = Shaping(skeleton, None)
            is_body = kind == "spec_text"
            words = shaping.arrange(0, len(skeleton), "block" if is_body else "line")
            if words and not shaping.problems:
                yield words if is_body else in_parentheses(words)


@pytest.mark.parametrize("kind", ["expression", "spec_text"])
def test_the_tables_make_the_trees_that_python_hcl2_makes(kind: str) -> None:
    accepted = refused = 0
    for words in arranged(kind):
        ours = tree_of_ours(words)
        assert ours == tree_of_theirs(words), " ".join(word.rendered for word in words)
        accepted += ours is not None
        refused += ours is None
    assert min(accepted, refused) > 10


def test_the_refused_word_is_the_first_that_makes_no_sense() -> None:
    shaping = Shaping("a = f(1, 2) 3", None)
    words = shaping.arrange(0, len(shaping.skeleton), "block")
    refused = run(tables(), words, lambda name, parts: None)
    assert isinstance(refused, Refused)
    assert words[refused.index].start == len("a = f(1, 2) ")


def test_every_rule_of_the_grammar_that_words_can_reach_is_known() -> None:
    """What the flattener does not know it would silently leave out."""
    states, rules, start, _ = tables()
    reached, queue, made = {start}, [start], set[int]()
    while queue:
        for action in states[queue.pop()].values():
            if action < 0:
                made.add(~action)
            elif action not in reached:
                reached.add(action)
                queue.append(action)
    names = {rules[number][2] for number in made if not rules[number][4]}
    transparent = {rules[number][2] for number in made if rules[number][3]}
    assert names - transparent - set(RULES) <= {"new_line_or_comment"}
