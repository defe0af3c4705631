"""Chunks: a file cut where a line is a lone closing brace, which is nearly always a block's end.

A cut that falls into a heredoc, a comment or a bracket is undone by joining chunks, so that a
file is read rightly however it is laid out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.language.scan import (
    LexicalMistake,
    is_lifted,
    is_suspicious,
    lift,
    open_brackets,
    skip_trivia,
)

_BLOCK_END = re.compile(r"\n\}[ \t]*\r?\n")

MAX_CHEAP_JOINS = 4
"""How often a chunk is tried again with the next one before its text is followed exactly."""


class Chunk:
    """A stretch of a file, lifted."""

    __slots__ = ("end", "is_open", "mistakes", "raw", "skeleton", "start")

    def __init__(self, start: int, end: int, skeleton: str, raw: list[str]) -> None:
        self.start = start
        self.end = end
        self.skeleton = skeleton
        self.raw = raw
        self.mistakes: Sequence[LexicalMistake] = ()
        """What could not be lifted; offsets into the file."""
        self.is_open = False
        """Whether something in it is never closed, so that the rest of it means nothing."""


def cut_chunks(text: str) -> list[Chunk]:
    """Cut *text*; every bracket and every word lies whole in one chunk, if it is ever closed."""
    cutter = _Cutter(text)
    chunks: list[Chunk] = []
    start = 1 if text.startswith("\ufeff") else 0
    is_balanced = True
    while start < len(text):
        end = _next_end(text, start)
        start = skip_trivia(text, start, end)
        if start == end:
            continue
        skeleton, raw = lift(text[start:end])
        chunk = Chunk(start, end, skeleton, raw)
        if cutter.is_suspicious or not is_lifted(skeleton):
            chunk = cutter.close(chunk)
        if is_balanced and open_brackets(chunk.skeleton) != 0:
            is_balanced = False
        chunks.append(chunk)
        start = chunk.end
    return chunks if is_balanced else cutter.join_unbalanced(chunks)


def _next_end(text: str, start: int) -> int:
    # A block's end may overlap with the line end that the last cut was made after.
    match = _BLOCK_END.search(text, max(start - 1, 0))
    return match.end() if match and match.end() > start else len(text)


class _Cutter:
    """What has to be known about a whole text to cut it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_suspicious = is_suspicious(text)
        """Whether there are control characters that `lift` does not look for."""
        self._hopeless: set[str] = set()

    def close(self, chunk: Chunk) -> Chunk:
        """Join what follows until strings, heredocs and comments are closed."""
        text, end = self.text, chunk.end
        for _ in range(MAX_CHEAP_JOINS):
            may_be_open = "<<" in chunk.skeleton or "/*" in chunk.skeleton
            if end == len(text) or not may_be_open or self.is_suspicious:
                break
            end = _next_end(text, end)
            skeleton, raw = lift(text[chunk.start : end])
            if is_lifted(skeleton):
                return Chunk(chunk.start, end, skeleton, raw)
        return self._close_exactly(chunk)

    def _close_exactly(self, chunk: Chunk) -> Chunk:
        """Follow the text word by word; what is never closed stays cut where it was."""
        from reconciler.language.exact import ExactLift

        lifted = ExactLift(self.text, chunk.start, self._hopeless)
        end = chunk.end
        while (reached := lifted.follow(end)) > end:
            at_line_end = self.text[reached - 1] == "\n" or reached == len(self.text)
            end = reached if at_line_end else _next_end(self.text, reached)
        closed = Chunk(chunk.start, end, lifted.skeleton(end), lifted.slots)
        closed.mistakes, closed.is_open = lifted.mistakes, lifted.is_open
        return closed

    def join_unbalanced(self, chunks: list[Chunk]) -> list[Chunk]:
        """Join chunks whose brackets only match together; those that never match stay alone."""
        depths = [0]
        for chunk in chunks:
            depths.append(depths[-1] + (0 if chunk.is_open else open_brackets(chunk.skeleton)))
        closing = _next_not_deeper(depths)
        joined: list[Chunk] = []
        index = 0
        while index < len(chunks):
            last = closing[index]
            if depths[index + 1] > depths[index] and last is not None:
                joined.append(self._joined(chunks[index], chunks[last - 1]))
                index = last
            else:
                joined.append(chunks[index])
                index += 1
        return joined

    def _joined(self, first: Chunk, last: Chunk) -> Chunk:
        skeleton, raw = lift(self.text[first.start : last.end])
        joined = Chunk(first.start, last.end, skeleton, raw)
        if self.is_suspicious or not is_lifted(skeleton):
            return self._close_exactly(joined)
        return joined


def _next_not_deeper(depths: list[int]) -> list[int | None]:
    """For every boundary the next one that is not deeper."""
    found: list[int | None] = [None] * len(depths)
    waiting: list[int] = []
    for index, depth in enumerate(depths):
        while waiting and depths[waiting[-1]] >= depth:
            found[waiting.pop()] = index
        waiting.append(index)
    return found
