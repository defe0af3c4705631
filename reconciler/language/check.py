"""Check: what HCL forbids and python-hcl2 lets pass, found in the words and items of a shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.language.flatten import FlatArgument, FlatBlock
from reconciler.language.problems import Problem
from reconciler.language.shape import FlatNode
from reconciler.language.words import Word

_BINARY = frozenset(
    ("+", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "?", ":", "=>", "=")
)
_CONTINUES = _BINARY | frozenset(("-", "!", "."))
MISSING_LINE_BREAK = "Missing line break"

NEVER_FIRST = _BINARY | frozenset((".", "dotname", ".*", "[*]", ",", "..."))
"""Words that no line can begin with outside of brackets."""


def check_lines(words: Sequence[Word]) -> Iterator[Problem]:
    """Find line breaks inside an expression that no bracket allows to span lines."""
    for index, word in enumerate(words):
        if word.kind != "newline" or index == 0:
            continue
        before = words[index - 1]
        after = words[index + 1] if index + 1 < len(words) else None
        if before.kind in _CONTINUES:
            detail = (
                f"The line ends after {before.text}, where a value should follow. Write the value "
                "on the same line, or put the expression into parentheses to use several lines."
            )
            yield Problem(before.start, before.end, "Missing value", detail)
        elif after is not None and after.kind in NEVER_FIRST:
            yield Problem(after.start, after.end, "Unexpected start of a line", _about(after))
        elif after is not None and after.kind == "{":
            yield misplaced_brace(after)


def misplaced_brace(word: Word) -> Problem:
    """The problem that a brace is which stands below the header of its block."""
    detail = "The opening brace of a block stands on the line of its type and labels."
    return Problem(word.start, word.end, "Misplaced opening brace", detail)


def _about(word: Word) -> str:
    text = "." if word.kind == "dotname" else word.text
    if text == ",":
        return "A comma stands on the line of the item before it."
    if text == "=":
        return "The equals sign stands on the line of the name before it."
    return (
        f"A line cannot begin with {text}: the expression on the line before has ended. Put the "
        "whole expression into parentheses to use several lines."
    )


def end_at_line_break(words: list[Word]) -> Iterator[Problem]:
    """Drop the line breaks after an expression; find one that ends it before its last word."""
    while words and words[-1].kind == "newline":
        words.pop()
    depth = 0
    for index, word in enumerate(words):
        if word.kind in ("(", "[", "{"):
            depth += 1
        elif word.kind in (")", "]", "}"):
            depth -= 1
        elif word.kind == "newline" and depth == 0:
            after = words[index + 1]
            detail = (
                "The expression ended with the line before. Put the whole expression into "
                "parentheses to use several lines."
            )
            yield Problem(after.start, after.end, "Unexpected start of a line", detail)
            return


def check_items(
    items: Sequence[FlatArgument | FlatBlock], nodes: Sequence[FlatNode], words: Sequence[Word]
) -> Iterator[Problem]:
    """Find items that share a line, names given twice, and objects without separators."""
    at = {word.start: index for index, word in enumerate(words)}
    yield from _check_body(items, words, at)
    queue = [each for each in items if isinstance(each, FlatBlock)]
    while queue:
        block = queue.pop()
        yield from _check_body(block.body, words, at, block)
        yield from _check_block(block, words, at)
        queue += [each for each in block.body if isinstance(each, FlatBlock)]
    yield from check_objects(nodes, words, at)


def _check_body(
    items: Sequence[FlatArgument | FlatBlock],
    words: Sequence[Word],
    at: dict[int, int],
    block: FlatBlock | None = None,
) -> Iterator[Problem]:
    yield from _check_duplicates(items)
    for item in items[1:]:
        first = _first_word(item)
        if words[at[first.start] - 1].kind != "newline":
            if block is not None and words[at[block.opener.start] + 1].kind != "newline":
                detail = "A block on one line holds at most one argument. Use several lines."
                yield Problem(first.start, first.end, MISSING_LINE_BREAK, detail)
                return
            yield shared_line(first)


def _first_word(item: FlatArgument | FlatBlock) -> Word:
    return item.name if isinstance(item, FlatArgument) else item.type


def shared_line(word: Word) -> Problem:
    """The problem that an item is which does not begin a line."""
    detail = "Every argument and every block begins on a line of its own."
    return Problem(word.start, word.end, MISSING_LINE_BREAK, detail)


def _check_duplicates(items: Iterable[FlatArgument | FlatBlock]) -> Iterator[Problem]:
    seen: set[str] = set()
    for item in items:
        if isinstance(item, FlatBlock):
            continue
        name = item.name
        if name.text in seen:
            detail = f"The argument {name.text} is given twice. Remove one of the two."
            yield Problem(name.start, name.end, "Duplicate argument", detail)
        seen.add(name.text)


def _check_block(block: FlatBlock, words: Sequence[Word], at: dict[int, int]) -> Iterator[Problem]:
    closer = block.closer
    after_opener = words[at[block.opener.start] + 1]
    before_closer = words[at[closer.start] - 1]
    if not block.body:
        return
    if after_opener.kind == "newline":
        if before_closer.kind != "newline":
            detail = "The closing brace of a block stands on a line of its own."
            yield Problem(closer.start, closer.end, MISSING_LINE_BREAK, detail)
        return
    first = block.body[0]
    if isinstance(first, FlatBlock):
        detail = "A block inside a block begins on a line of its own."
        yield Problem(first.type.start, first.type.end, MISSING_LINE_BREAK, detail)
    elif before_closer.kind == "newline" or _has_line_of_its_own(block.body, words, at):
        name = first.name
        detail = "Begin the argument on a new line, or close the block on the same line."
        yield Problem(name.start, name.end, MISSING_LINE_BREAK, detail)


def _has_line_of_its_own(
    items: Sequence[FlatArgument | FlatBlock], words: Sequence[Word], at: dict[int, int]
) -> bool:
    """Whether a second item begins a line; one that does not has been found already."""
    return len(items) > 1 and words[at[_first_word(items[1]).start] - 1].kind == "newline"


def check_objects(
    nodes: Sequence[FlatNode], words: Sequence[Word], at: dict[int, int]
) -> Iterator[Problem]:
    """Find items of objects with neither comma nor line break between them."""
    for node in nodes:
        if node[0] != "Object":
            continue
        for key, _ in node[3][1:]:
            start = nodes[key][1]
            if words[at[start] - 1].kind not in (",", "newline"):
                word = words[at[start]]
                detail = "Separate the items of an object by commas or line breaks."
                yield Problem(word.start, word.end, "Missing separator", detail)
                break


def check_ends(
    items: Sequence[FlatArgument | FlatBlock], words: Sequence[Word]
) -> Iterator[Problem]:
    """Find words that follow a block on the line of its closing brace."""
    at = {word.start: index for index, word in enumerate(words)}
    queue = [each for each in items if isinstance(each, FlatBlock)]
    while queue:
        block = queue.pop()
        queue += [each for each in block.body if isinstance(each, FlatBlock)]
        follower = at[block.closer.start] + 1
        if follower < len(words) and words[follower].kind == "}":
            word = words[follower]
            detail = "The closing brace of a block stands on a line of its own."
            yield Problem(word.start, word.end, MISSING_LINE_BREAK, detail)
