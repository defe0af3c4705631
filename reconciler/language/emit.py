"""Emit: values and blocks as HCL a person could have written, laid out as `fmt` lays it out.

What is emitted evaluates to exactly what was given, as `evaluate` has it: whole numbers are int, a
float is the shortest decimal that names it, and text is in Unicode's composed form (NFC), because
the language composes all text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from reconciler.diagnostics import Diagnostics, SourceFile, grapheme_count
from reconciler.frozen import frozen
from reconciler.language.layout import lay_out
from reconciler.language.literals import BLANKS, composed
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import normal
from reconciler.language.parse import parse_file

MAX_DEPTH = 100
"""How deep values may be nested; the parser takes twice as much."""

MAX_LINE = 80
"""Up to this width a list stays on one line, and a text of two lines in quotes."""


@frozen
class Code:
    """An expression to be put as it is, such as a reference."""

    text: str


@frozen
class BlockText:
    """A block to be written: its type, labels, arguments, and the blocks in it."""

    type: str
    labels: Sequence[str] = ()
    arguments: Mapping[str, object] = MappingProxyType({})
    blocks: Sequence[BlockText] = ()


def emit_expression(value: object) -> str:
    """Write an expression that evaluates to *value*: None, bool, number, str, list, tuple or dict.

    Anywhere in the value there may be `Code`. What comes back may end in the marker of a heredoc,
    so that a line end must follow.

    >>> print(emit_expression({"a": [1, 2.5], "b c": "${x}"}))
    {
      a     = [1, 2.5]
      "b c" = "$${x}"
    }

    Raises:
        ValueError: nothing evaluates to it: infinity, a number of too many digits, half of a
            surrogate pair, keys that are the same text, too deep nesting; or code is none.
        TypeError: it is no such value.
    """
    laid_out = lay_out(f"x = {_value(value, 0, may_span=True)}\n")
    return laid_out.removeprefix("x = ").rstrip("\n")


def emit_block(
    type: str,
    labels: Sequence[str] = (),
    arguments: Mapping[str, object] | None = None,
    blocks: Sequence[BlockText] = (),
) -> str:
    """Write a block with its line end; arguments are values as `emit_expression` takes them.

    >>> reference = Code("openai_thread.t.id")
    >>> print(emit_block("resource", ["openai_message", "m"], {"thread_id": reference}), end="")
    resource "openai_message" "m" {
      thread_id = openai_thread.t.id
    }

    Raises:
        ValueError: as `emit_expression`; or the type or the name of an argument is no name.
        TypeError: as `emit_expression`.
    """
    block = BlockText(type, labels, arguments or {}, blocks)
    return lay_out("\n".join(_block(block, 0)) + "\n")


def _block(block: BlockText, depth: int) -> Iterator[str]:
    indent = "  " * depth
    header = " ".join([_checked(block.type), *map(_quoted, block.labels)])
    yield f"{indent}{header} {{"
    for name, value in block.arguments.items():
        yield f"{indent}  {_checked(name)} = {_value(value, depth + 1, may_span=True)}"
    for index, inner in enumerate(block.blocks):
        if index or block.arguments:
            yield ""
        yield from _block(inner, depth + 1)
    yield f"{indent}}}"


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_RESERVED = frozenset(("for", "null", "true", "false"))


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(f"{name!r} cannot be the name of an argument or block")
    return name


def _value(value: object, depth: int, *, may_span: bool) -> str:
    """A value on a line indented by *depth*; *may_span* says whether it may be a heredoc."""
    if depth > MAX_DEPTH:
        raise ValueError(f"values can be written up to {MAX_DEPTH} deep")
    match value:
        case Code():
            return _code(value.text)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value, depth) if may_span else _quoted(value)
        case int() | float() | Decimal():
            return _number(value)
        case Mapping():
            return _object(value, depth)
        case list() | tuple():
            return _list(value, depth)
    raise TypeError(f"{type(value).__name__} is no value of the language")


def _code(text: str) -> str:
    """The text, if it is one expression wherever it may be put."""
    for written in (f"x = {text}\n", f"x = [{text}]\n"):
        diagnostics = Diagnostics()
        body = parse_file(SourceFile("<code>", written), diagnostics)
        if diagnostics.has_errors or set(body.arguments) != {"x"} or body.blocks:
            raise ValueError(f"{text!r} cannot be written: it is not one expression")
    return text


_MAX_WHOLE = 10**16
"""Floats from here on are written with an exponent."""


def _number(value: int | float | Decimal) -> str:
    try:
        number = normal(value)
    except ValueMistake:
        number = Decimal("nan")
    if not Decimal(number).is_finite() or (not isinstance(value, float) and number != value):
        raise ValueError(f"{value} cannot be written: it is no number of the language")
    if number == 0:
        return "-0" if Decimal(number).is_signed() else "0"
    if isinstance(number, int) and (isinstance(value, int) or abs(number) < _MAX_WHOLE):
        return str(number)
    return repr(value) if isinstance(value, float) else str(number)


def _list(items: Sequence[object], depth: int) -> str:
    if not items:
        return "[]"
    written = [_value(each, depth + 1, may_span=False) for each in items]
    line = f"[{', '.join(written)}]"
    if len(line) + 2 * depth <= MAX_LINE and "\n" not in line:
        return line
    indent = "  " * depth
    return "\n".join(["[", *(f"{indent}  {each}," for each in written), f"{indent}]"])


def _object(items: Mapping[object, object], depth: int) -> str:
    if not items:
        return "{}"
    indent = "  " * depth
    keys = [_key(key) for key in items]
    if len(set(keys)) < len(keys):
        raise ValueError("two keys of an object are the same text in its composed form")
    pairs = zip(keys, items.values(), strict=True)
    written = [f"{indent}  {key} = {_value(each, depth + 1, may_span=True)}" for key, each in pairs]
    return "\n".join(["{", *written, f"{indent}}}"])


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("the keys of an object are text")
    return key if _NAME.match(key) and key not in _RESERVED else _quoted(key)


_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""What does not show, or not as it is, and is therefore written by its number; the two joiners
that emoji and some scripts are made with are not among it."""

_SPECIAL = re.compile(rf'[\\"\n\t]|{_HIDDEN.pattern}|[$%](?=\{{)')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPES |= {"$": "$$", "%": "%%"}


def _quoted(text: str) -> str:
    return f'"{_SPECIAL.sub(_escape, composed(text))}"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if "\ud800" <= char <= "\udfff":
        raise ValueError("half of a surrogate pair cannot be written")
    code = ord(char)
    return _ESCAPES.get(char) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


_SEQUENCE = re.compile(r"[$%](?=\{)")


def _text(text: str, depth: int) -> str:
    """A heredoc for text of several lines, if it is long; quotes for any other."""
    text = composed(text)
    lines = text.removesuffix("\n").split("\n")
    is_long = len(lines) > 2 or (len(lines) == 2 and len(text) > MAX_LINE)
    if not is_long or _HIDDEN.search(text) or any(map(_joins_blank, lines)):
        return _quoted(text)
    heredoc = _heredoc(lines, _marker(lines), depth)
    if text.endswith("\n"):
        return heredoc
    # A heredoc ends with a line break, and this text does not.
    return f"chomp({heredoc}\n{'  ' * depth})"


def _joins_blank(line: str) -> bool:
    """Whether a line begins with an accent, which would become one with the indentation."""
    return not line[:1].isascii() and grapheme_count(f" {line[0]}") == 1


def _marker(lines: Sequence[str]) -> str:
    taken = {line.strip() for line in lines}
    number = 0
    while (marker := f"EOT{number or ''}") in taken:
        number += 1
    return marker


def _heredoc(lines: Sequence[str], marker: str, depth: int) -> str:
    """The lines indented, unless they have an indentation in common that would be lost."""
    escaped = [_SEQUENCE.sub(lambda match: match.group() * 2, line) for line in lines]
    indents = [len(each) - len(each.lstrip(BLANKS)) for each in lines if each.strip(BLANKS)]
    if not indents or min(indents) > 0:
        return "\n".join([f"<<{marker}", *escaped, marker])
    indent = "  " * depth
    body = [f"{indent}  {each}" if each.strip(BLANKS) else each for each in escaped]
    return "\n".join([f"<<-{marker}", *body, f"{indent}{marker}"])
