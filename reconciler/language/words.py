"""Words: a skeleton cut into the words the grammar knows, with the line breaks that count.

HCL ends an argument at the end of its line, except inside brackets. The words therefore come
without the line breaks inside `()`, `[]`, `${}` and `{for}`, and with those in blocks and
objects, where they separate. What the grammar of python-hcl2 cannot take, though it is HCL, is
written here in a way it can: runs of `-` and `!`, `a::b`, names that look like its keywords.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from reconciler.language.problems import Problem, bad_character

MAX_WORDS = 100_000
"""How long one block or expression may be; its words and what is made of them are in memory."""

MAX_NESTING = 200
"""How deep brackets may stand in brackets."""

_WORD = re.compile(
    r"(?P<blank>[ \t\x03]+)|(?P<newline>\r?\n)|(?P<name>[^\W\d][\w\u0300-\u036f-]*)"
    r"|(?P<number>[\x02]|\d(?:\d|\.\d|\.?[eE][+-]?\d)*)"
    r"|(?P<string>\x01)|(?P<heredoc>\x06)|(?P<dotname>\x04)"
    r"|(?P<op>\.\.\.|::|=>|==|!=|<=|>=|&&|\|\||\.[ \t\x03]*\*|\[[ \t\x03]*\*[ \t\x03]*\]"
    r"|[{}\[\]()=<>+\-*/%!?:.,])|(?P<bad>.)",
    re.DOTALL,
)

_IN_OTHER_QUOTES = re.compile(
    "'[^'\\n]*'(?:[\\w']*')?|\u2018[^\u2019\\n]*\u2019|\u201c[^\u201d\\n]*\u201d"
    "|\u201e[^\u201c\u201d\\n]*[\u201c\u201d]|\u00ab[^\u00bb\\n]*\u00bb|`[^`\\n]*`"
)
"""What somebody meant to be a text; told once."""

OPERANDS = frozenset(("name", "number", "string", "heredoc", "dotname", ")", "]", "}", ".*", "[*]"))
"""After one of these words, `-` is binary and `if` a keyword."""

_KEYWORDS = frozenset(("if", "in", "for", "for_each", "else", "endif", "endfor"))
_LITERALS = frozenset(("true", "false", "null"))
_RENDERED = {"string": "s", "heredoc": "s", "number": "1", "dotname": ".x", "newline": "\n"}
_CLOSER = {"(": ")", "[": "]", "{": "}"}


@dataclass(slots=True)
class Word:
    """One word: its kind (an operator is its own kind) and its offsets in the skeleton."""

    kind: str
    start: int
    end: int
    text: str
    rendered: str = ""
    """What it is to the grammar: names have no meaning there, except where they are keywords."""
    unary: tuple[Word, ...] = ()
    """`-` and `!` that stand directly before this one and are not rendered."""


@dataclass(slots=True)
class Words:
    """The words of one body or expression and what is wrong with them."""

    words: list[Word] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, start: int, end: int, summary: str, detail: str) -> None:
        """Note that the words from *start* to *end* are wrong."""
        self.problems.append(Problem(start, end, summary, detail))


def is_operand(word: Word) -> bool:
    """Whether an operator may follow, or `if`; the words `in` and `if` need a value themselves."""
    return word.kind in OPERANDS and word.rendered not in ("in", "if")


def split_words(skeleton: str, start: int, end: int, found: Words) -> list[Word]:
    """The words between two offsets of a skeleton, blanks and comments left out."""
    words: list[Word] = []
    bad_until = -1
    for match in _WORD.finditer(skeleton, start, end):
        kind = match.lastgroup or "bad"
        if kind == "blank" or match.start() < bad_until:
            continue
        text = match.group()
        if kind == "op":
            kind = ".*" if text[0] == "." and text[-1] == "*" else text
            kind = "[*]" if text[0] == "[" and text[-1] == "]" and len(text) > 1 else kind
        elif kind == "bad" and not _continues_name(words, match.start(), text):
            quoted = _IN_OTHER_QUOTES.match(skeleton, match.start(), end)
            text = quoted.group() if quoted else text
            if match.start() != bad_until:
                found.problems.append(bad_character(match.start(), text))
            bad_until = match.start() + len(text)
            continue
        elif kind == "bad" or (kind == "name" and _goes_on(words, match.start())):
            words[-1].end, words[-1].text = match.end(), words[-1].text + text
            continue
        words.append(Word(kind, match.start(), match.end(), text))
        if len(words) > MAX_WORDS:
            detail = (
                f"An expression or block may have {MAX_WORDS:,} words. Keep large data in a file "
                "of its own and read it with jsondecode(file(...)) or jsonldecode(file(...))."
            )
            found.problem(start, start, "Expression too long", detail)
            break
    return words


def _continues_name(words: list[Word], start: int, char: str) -> bool:
    """Whether *char* is one of the rare name characters (a combining mark) `\\w` leaves out."""
    return _goes_on(words, start) and f"a{char}".isidentifier()


def _goes_on(words: list[Word], start: int) -> bool:
    """Whether a name ends where something else begins."""
    return bool(words) and words[-1].kind == "name" and words[-1].end == start


Extent = Literal["block", "line", "code"]
"""What line breaks mean outside of all brackets: they end an argument, they end the expression, or
they mean nothing, as within `${}`."""


class Arranger:
    """Walks over the words of a body or expression, keeps what counts and renders it."""

    def __init__(self, skeleton: str, extent: Extent) -> None:
        self.found = Words()
        self._skeleton = skeleton
        self._outdented: Word | None = None
        """The first opening bracket whose closing one stands further left."""
        self._open: list[_Context] = [_Context(extent, None)]

    def arrange(self, words: list[Word]) -> Words:
        """Take the words over one by one."""
        index = 0
        while index < len(words):
            index = self._take(words, index)
        for context in self._open[1:]:
            self._report_open(context)
        return self.found

    def _take(self, words: list[Word], index: int) -> int:
        word = words[index]
        match word.kind:
            case "newline":
                self._newline(word)
            case "(" | "[" | "{":
                self._opener(word, words, index)
            case ")" | "]" | "}":
                self._closer(word)
            case "name":
                return self._name(words, index)
            case "-" | "!":
                return self._minus_or_not(words, index)
            case _:
                self._add(word)
        if len(self._open) > MAX_NESTING + 1:
            self._too_deep(word)
            return len(words)
        return index + 1

    def _add(self, word: Word, rendered: str | None = None) -> None:
        word.rendered = rendered or _RENDERED.get(word.kind) or word.kind
        context = self._open[-1]
        if context.kind == "block" and word.kind == "=":
            context.in_value = True
        self.found.words.append(word)

    def _newline(self, word: Word) -> None:
        context = self._open[-1]
        if context.kind in ("block", "object", "line"):
            context.in_value = False
            if self.found.words and self.found.words[-1].kind != "newline":
                self._add(word)

    def _opener(self, word: Word, words: list[Word], index: int) -> None:
        kind = "code"
        if word.kind == "{":
            kind = "for" if _begins_with_for(words, index) else "object"
            if self._open[-1].kind == "block" and not self._open[-1].in_value:
                kind = "block"
        elif word.kind == "[" and _begins_with_for(words, index):
            kind = "for"
        self._add(word)
        self._open.append(_Context(kind, word))

    def _closer(self, word: Word) -> None:
        context = self._open[-1]
        if context.opener is None or _CLOSER[context.opener.kind] != word.kind:
            self._mismatch(word, context)
            return
        self._open.pop()
        self._add(word)
        if self._outdented is None and self._is_outdented(word, context.opener):
            self._outdented = context.opener

    def _is_outdented(self, closer: Word, opener: Word) -> bool:
        """Whether a closing bracket begins its line further left than its opener's line does."""
        line = self._skeleton.rfind("\n", 0, closer.start) + 1
        if self._skeleton[line : closer.start].strip(" \t") or line <= opener.start:
            return False
        opener_line = self._skeleton.rfind("\n", 0, opener.start) + 1
        opener_text = self._skeleton[opener_line : opener.start]
        return closer.start - line < len(opener_text) - len(opener_text.lstrip(" \t"))

    def _mismatch(self, word: Word, context: _Context) -> None:
        if self.found.problems:
            return
        opener = context.opener
        is_meant = any(
            each.opener and _CLOSER[each.opener.kind] == word.kind for each in self._open
        )
        if opener is None or (opener.kind == "{" and not is_meant):
            summary, detail = "Extra closing bracket", f"Nothing is open that this {word.kind} "
            detail += "could close. Remove it, or add the bracket that it should close."
        elif not is_meant:
            summary = "Mismatched brackets"
            detail = f"This {opener.kind} is closed by {word.kind}. Write {_CLOSER[opener.kind]}."
            word = opener
        else:
            summary = "Mismatched brackets"
            detail = (
                f"This {opener.kind} is still open where {word.kind} closes something further "
                f"out. Add the missing {_CLOSER[opener.kind]}."
            )
            word = opener
        self.found.problem(word.start, word.end, summary, detail)

    def _report_open(self, context: _Context) -> None:
        if context.opener is None or self.found.problems:
            return
        opener = context.opener
        closer = _CLOSER[opener.kind]
        what = "Unclosed block" if context.kind == "block" else "Unclosed bracket"
        detail = f"This {opener.kind} is never closed. Add the missing {closer}."
        if self._outdented is not None and self._outdented.start > opener.start:
            opener = self._outdented
            detail = (
                f"From here on a {_CLOSER[opener.kind]} is missing: the one that closes this "
                f"{opener.kind} is indented like one of something further out."
            )
        self.found.problem(opener.start, opener.end, what, detail)

    def _too_deep(self, word: Word) -> None:
        self.found.problems.clear()
        detail = f"Expressions and blocks may be nested up to {MAX_NESTING} deep."
        self.found.problem(word.start, word.end, "Nesting too deep", detail)
        self._open = self._open[:1]

    def _name(self, words: list[Word], index: int) -> int:
        word = words[index]
        context = self._open[-1]
        previous = self.found.words[-1] if self.found.words else None
        if word.text == "for" and context.kind == "for" and previous is context.opener:
            return self._for_header(words, index)
        if _after(words, index) == "::":
            return self._namespaced(words, index)
        rendered = word.text
        if word.text == "if" and context.kind == "for" and previous is not None:
            rendered = "if" if is_operand(previous) or previous.kind == "..." else "x"
        elif (
            word.text in _KEYWORDS
            or not word.text.isascii()
            or (word.text in _LITERALS and context.kind == "block" and not context.in_value)
        ):
            rendered = "x"
        self._add(word, rendered)
        return index + 1

    def _for_header(self, words: list[Word], index: int) -> int:
        """`for a, b in`: only here are `for` and `in` keywords, whatever the names are."""
        self._add(words[index], "for")
        if _after(words, index) in ("=", ":"):
            detail = "After { the word for begins a for expression. Put the key in quotes."
            self.found.problem(words[index].start, words[index].end, "Misplaced for", detail)
        expected: tuple[str, ...] = ("name", "in or ,", "name", "in")
        for want in expected:
            index += 1
            while index < len(words) and words[index].kind == "newline":
                index += 1
            if index >= len(words):
                return index
            word = words[index]
            if want == "name" and word.kind == "name":
                self._add(word, "x")
            elif want != "name" and word.text == "in":
                self._add(word, "in")
                return index + 1
            elif want == "in or ," and word.kind == ",":
                self._add(word)
            else:
                return index
        return index + 1

    def _namespaced(self, words: list[Word], index: int) -> int:
        """`a::b::c` becomes one word, because python-hcl2 wants exactly three parts."""
        word = words[index]
        parts = [word.text]
        while _after(words, index) == "::" and _after(words, index + 1) == "name":
            index += 2
            parts.append(words[index].text)
        word.text, word.end = "::".join(parts), words[index].end
        self._add(word, "x")
        if _after(words, index) != "(":
            detail = "Names with :: are functions; write ( and the arguments after the name."
            self.found.problem(word.start, word.end, "Missing open parenthesis", detail)
        return index + 1

    def _minus_or_not(self, words: list[Word], index: int) -> int:
        """Keep the last of a run of unary operators; it carries the others."""
        previous = self.found.words[-1] if self.found.words else None
        if previous is not None and is_operand(previous):
            self._add(words[index])
            return index + 1
        run = [words[index]]
        while _after(words, index) in ("-", "!"):
            index += 1
            run.append(words[index])
        last = run[-1]
        last.unary = tuple(run[:-1])
        self._add(last)
        if len(run) > MAX_NESTING:
            self._too_deep(last)
            return len(words)
        return index + 1


@dataclass(slots=True)
class _Context:
    """A bracket that is open, and what it means for line breaks."""

    kind: str
    opener: Word | None
    in_value: bool = False


def _begins_with_for(words: list[Word], index: int) -> bool:
    index += 1
    while index < len(words) and words[index].kind == "newline":
        index += 1
    return index < len(words) and words[index].text == "for"


def _after(words: list[Word], index: int) -> str:
    return words[index + 1].kind if index + 1 < len(words) else ""
