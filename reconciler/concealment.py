"""Concealment: what no message may repeat of the files that a key can be written in.

Told by the text alone, line by line, for most messages are about files that have mistakes. Hidden
are the literals of provider blocks and of what such a block refers to: variables, `locals`,
variable files; and all that a variable file gives to such a variable or to a sensitive one. More
may be hidden than a key, never less.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from reconciler.stretches import STRING, count_marks, given_stretches

STARS = "***"

MIN_START = 12
"""How much of a text, from its start, is hidden as well: quotations are cut."""

MIN_HIDDEN = 8
"""Shorter literals are words, and are hidden on their own lines only."""

MIN_WORD = 4
"""Shorter words of a hidden value stand in the text of messages too."""

HIDDEN_VALUE = "has a value that a provider block is made from"
"""What is said of a name in place of its value."""

Names = frozenset[str]
"""`var.a`, `local.b`; `module` for everything that modules say."""


def without(text: str, hidden: str) -> str:
    """*text* with stars for *hidden*, and for its start where it is cut somewhere further on."""
    text = text.replace(hidden, STARS)
    start = hidden[:MIN_START]
    if len(hidden) <= MIN_START or start not in text:
        return text
    pieces = text.split(start)
    return pieces[0] + "".join(STARS + _behind(hidden, each) for each in pieces[1:])


def without_keys(text: str) -> str:
    """*text* with stars for the words in it that look like keys."""
    return _KEY.sub(STARS, text)


def _behind(hidden: str, piece: str) -> str:
    """What stands behind a start that is cut somewhere further on."""
    rest = hidden[MIN_START:]
    length = next(
        (at for at, (one, other) in enumerate(zip(rest, piece, strict=False)) if one != other),
        min(len(rest), len(piece)),
    )
    return piece[length:]


class Concealment:
    """What is hidden in the files of one spec; it is found out when a message needs it."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self._given: Callable[[Names], Iterable[str]] = lambda names: ()
        self._names: Names | None = None
        self._shown: dict[tuple[str, bool], str] = {}
        self._given_words: dict[str, str] = {}
        self._hidden: list[str] | None = None

    def add(self, text: str) -> None:
        """Take in one more spec file."""
        self._texts.append(text)
        self._forget()

    def give(self, given: Callable[[Names], Iterable[str]]) -> None:
        """Let *given* tell the texts that are given from outside for some variables."""
        self._given = given
        self._forget()

    def shown(self, text: str, *, is_values: bool = False) -> str:
        """*text* with a star for each hidden character; *is_values*: it is a variable file."""
        key = (text, is_values)
        if key not in self._shown:
            spans = [span for span in self._spans(text, is_values=is_values) if span[0] < span[1]]
            self._shown[key] = _starred(text, spans)
        return self._shown[key]

    def told(self, words: str) -> str:
        """What a message says, without the hidden texts."""
        if self._hidden is None:
            found = {
                each.strip()
                for text in self._texts
                for span in self._spans(text)
                for each in _literals(text, *span)
            }
            found.update(self._given(self._known_names()))
            self._hidden = sorted(
                (each for each in found if len(each) >= MIN_HIDDEN), key=len, reverse=True
            )
        for each in self._hidden:
            words = without(words, each)
        return words

    def told_beside(self, text: str, words: str) -> str:
        """What a message about the variable file *text* says, without the words hidden in it."""
        if text not in self._given_words:
            given = " ".join(text[start:end] for start, end in self._given_spans(text))
            self._given_words[text] = _words(given)
        return _without_words(self.told(words), self._given_words[text])

    def hides(self, name: str) -> bool:
        """Whether what is given for the variable *name* is hidden."""
        return f"var.{name}" in self._known_names() or self._declared().get(name, False)

    def told_of(self, name: str, statement: str) -> str:
        """What is said of the value that *name* stands for."""
        known = _REFERENCE.match(name)
        is_value = statement.startswith("is ")
        if is_value and known is not None and known[0] in self._known_names():
            return HIDDEN_VALUE
        return self.told(statement)

    def _forget(self) -> None:
        self._names = self._hidden = None
        self._shown.clear()
        self._given_words.clear()

    def _known_names(self) -> Names:
        """What provider blocks refer to, directly and through `locals`."""
        if self._names is None:
            found: set[str] = set()
            for text in self._texts:
                for reader in _blocks(text, _PROVIDER):
                    for start, end in reader.lines:
                        found.update(_REFERENCE.findall(text[start:end]))
            size = -1
            while size != len(found):
                size = len(found)
                for text in self._texts if found else ():
                    for reader in _locals(text, found):
                        for start, end in reader.lines:
                            found.update(_REFERENCE.findall(text[start:end]))
            self._names = frozenset(found)
        return self._names

    def _declared(self) -> dict[str, bool]:
        """The variables that are declared, and which of them are sensitive."""
        found: dict[str, bool] = {}
        for text in self._texts:
            for match in _VARIABLE.finditer(text):
                end = _Reader(text, match.end(), depth=match[0].endswith("{")).end
                is_sensitive = _SENSITIVE.search(text, match.end(), end) is not None
                found[match["name"]] = found.get(match["name"], False) or is_sensitive
        return found

    def _given_spans(self, text: str) -> list[tuple[int, int]]:
        declared = self._declared()
        hidden = {each for each in declared if self.hides(each)}
        return list(given_stretches(text, hidden, declared.keys() - hidden)) if hidden else []

    def _spans(self, text: str, *, is_values: bool = False) -> Iterator[tuple[int, int]]:
        names = self._known_names()
        if is_values:
            yield from self._given_spans(text)
        if "module" in names or (is_values and names):
            yield from _Reader(text, 0, is_whole=True).spans
            return
        for reader in _blocks(text, _PROVIDER):
            yield from reader.spans
        if names:
            for reader in (*_variables(text, names), *_locals(text, names)):
                yield from reader.spans


class Cover(Concealment):
    """Hides the whole of one text."""

    def shown(self, text: str, *, is_values: bool = False) -> str:
        """Stars."""
        return _starred(text, [(0, len(text))])

    def told(self, words: str) -> str:
        """What a message says, without the words of the text."""
        return _without_words(words, _words(" ".join(self._texts)))


_AT = r"(?:^|\}|\*/)[ \t]*"
_PROVIDER = re.compile(
    _AT + r'(?:provider\b(?![ \t]*[=.])|\w+[ \t]+"openai")[^\n{]*\{?', re.MULTILINE
)
_LABELLED = re.compile(_AT + r'\w+[ \t]+"?(?P<name>[\w-]+)"?[ \t]*\{?', re.MULTILINE)
_VARIABLE = re.compile(_AT + r'variable[ \t]+"?(?P<name>[\w-]+)"?[ \t]*\{?', re.MULTILINE)
_SENSITIVE = re.compile(r"\bsensitive\b(?![ \t]*=[ \t]*false\b)")
_LOCALS = re.compile(_AT + r"locals?\b[ \t]*\{?", re.MULTILINE)
_REFERENCE = re.compile(r"\bvar\.[\w-]+|\blocal\.[\w-]+|\bmodule(?=\.)")
_TOP = re.compile(
    r"(?:resource|variable|locals|output|module|data|terraform|check|moved|removed|import|provider)"
    r"\b[^=]*$"
)
_ASSIGNED = re.compile(r"(?:^|[{,])[ \t]*([\w-]+)[ \t]*=(?![=>])")


def _blocks(text: str, header: re.Pattern[str], names: Names | None = None) -> Iterator[_Reader]:
    end = 0
    for match in header.finditer(text):
        if match.start() >= end:
            reader = _Reader(text, match.end(), depth=match[0].endswith("{"), names=names)
            end = reader.end
            yield reader


def _variables(text: str, names: Iterable[str]) -> Iterator[_Reader]:
    for match in _LABELLED.finditer(text):
        if f"var.{match['name']}" in names:
            yield _Reader(text, match.end(), depth=match[0].endswith("{"))


def _locals(text: str, names: Iterable[str]) -> Iterator[_Reader]:
    known = frozenset(each for each in names if each.startswith("local."))
    return _blocks(text, _LOCALS, known) if known else iter(())


class _Reader:
    """Reads a block line by line, for where it ends and what is hidden in it.

    On each line that is all from the first quotation mark to the last, or to the end where one is
    missing; comments; heredocs; and words that look like keys. With *names* only the definitions of
    these locals count.
    """

    def __init__(
        self,
        text: str,
        start: int,
        *,
        depth: bool = False,
        is_whole: bool = False,
        names: Names | None = None,
    ) -> None:
        self.spans: list[tuple[int, int]] = []
        self.lines: list[tuple[int, int]] = []
        self._names = names
        self._counts = names is None
        self._text = text
        self._depth = int(depth)
        self._is_whole = is_whole
        self._closing: str | None = None
        """What ends a text over several lines: a quotation mark, `*/`, a heredoc's word."""
        self.end = self._read(start)

    def _read(self, at: int) -> int:
        text, is_first = self._text, True
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end == -1 else end
            if not (is_first or self._is_whole) and _TOP.match(text[at:end]):
                return at
            self._take(at, end)
            if self._is_over(text[at:end], is_first=is_first):
                return end
            is_first = False
            at = end + 1
        return len(text)

    def _is_over(self, line: str, *, is_first: bool) -> bool:
        if self._is_whole or self._closing is not None:
            return False
        return self._depth <= 0 and ("}" in line or not is_first)

    def _take(self, at: int, end: int) -> None:
        before, is_inside = len(self.spans), self._closing == '"'
        if self._names is not None and self._closing is None and self._depth <= 1:
            written = _ASSIGNED.findall(self._text[at:end])
            if written:
                self._counts = any(f"local.{each}" in self._names for each in written)
        self._line(at, end)
        if self._counts or is_inside:
            self.lines.append((at, end))
        else:
            del self.spans[before:]

    def _line(self, at: int, end: int) -> None:
        line = self._text[at:end]
        if self._closing is not None:
            self.spans.append((at, end))
            self._continue(line)
            return
        first = _SIGN.search(line)
        if first is None:
            self._visible(at, end)
            return
        sign = first[0]
        self._visible(at, at + first.start())
        if sign == '"':
            self._quoted(at + first.start(), end)
        elif sign.startswith("<<"):
            self._closing = first["word"]
        else:
            self.spans.append((at + first.start(), end))
            if sign == "/*" and "*/" not in line:
                self._closing = "*/"

    def _continue(self, line: str) -> None:
        if self._closing == '"':
            if count_marks(line) % 2:
                self._closing = None
        elif self._closing == "*/":
            if "*/" in line:
                self._closing = None
        elif line.strip() == self._closing:
            self._closing = None

    def _quoted(self, first: int, end: int) -> None:
        line = self._text[first:end]
        if count_marks(line) % 2:
            self.spans.append((first + 1, end))
            self._closing = '"'
            return
        last = first + line.rindex('"')
        self.spans.append((first + 1, last))
        between = STRING.sub("", self._text[first : last + 1])
        self._depth += between.count("{") - between.count("}")
        rest = self._text[last:end]
        comment = re.search(r"#|//|/\*", rest)
        stop = end if comment is None else last + comment.start()
        self._visible(last, stop)
        self.spans.append((stop, end))

    def _visible(self, start: int, end: int) -> None:
        part = self._text[start:end]
        self._depth += part.count("{") - part.count("}")
        self.spans += ((start + each.start(), start + each.end()) for each in _KEY.finditer(part))


_SIGN = re.compile(r'"|#|//|/\*|<<-?(?P<word>[\w-]+)')
_KEY = re.compile(r"(?<![\w.-])(?:sk-[\w-]+|(?=[\w-]*\d)[\w-]{12,})")


def _starred(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if end > at:
            start = max(start, at)
            pieces += (text[at:start], re.sub(r"[^\s]", "*", text[start:end]))
            at = end
    return "".join((*pieces, text[at:]))


_PLAIN = re.compile(
    r"\b(?:base_url|api_url|dialect|alias|organization|project|on_reorder|unmanaged_messages|type|"
    r"source|version|description|error_message|condition)[ \t]*=[ \t]*$"
)
"""Before a literal that messages may quote."""


def _literals(text: str, start: int, end: int) -> Iterator[str]:
    """The texts that a hidden stretch is made of."""
    if text[start - 1 : start] != '"':
        yield from text[start:end].splitlines()
        return
    before = text[text.rfind("\n", 0, start) + 1 : start - 1]
    for number, part in enumerate(re.split(r'(?<!\\)"', text[start:end])):
        if number % 2 == 0 and not _PLAIN.search(before):
            yield part
        before += part + '"' if number % 2 == 0 else part


def _without_words(words: str, hidden: str) -> str:
    """*words* with stars for the *hidden* words, and for how they begin and end."""
    if not hidden:
        return words
    return _WORD.sub(
        lambda each: STARS if f" {each[0]}" in hidden or f"{each[0]} " in hidden else each[0], words
    )


def _words(text: str) -> str:
    """The words of a text, each once, with a space before and behind it."""
    return "".join(f" {each} " for each in dict.fromkeys(_WORD.findall(text)))


_WORD = re.compile(rf"[\w-]{{{MIN_WORD},}}")
