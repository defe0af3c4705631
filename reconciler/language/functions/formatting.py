"""Formatting: `format` and `formatlist`, with the verbs that C and Go made known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

from reconciler.diagnostics import graphemes
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.functions.function import Family, Parameter, refuse
from reconciler.language.functions.json_text import json_text
from reconciler.language.functions.strings import check_length
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import Number, exact, is_negative, is_whole
from reconciler.language.rendering import composed, safe_prefix
from reconciler.language.values import TypedList, Unknown, contains_unknown, is_null

FUNCTIONS = Family()
_add = FUNCTIONS.add

_VERB = re.compile(r"%(?P<flags>[ +\-#0]*)(?P<width>\d+)?(?:\.(?P<precision>\d*))?"
                   r"(?:\[(?P<argument>\d+)\])?(?P<mode>.)?", re.S)  # fmt: skip


@frozen
class Verb:
    """One `%` sequence, such as `%-8.2f` or `%[1]s`."""

    written: str
    flags: str
    width: int
    precision: int | None
    argument: int | None
    mode: str

    def pad(self, text: str) -> str:
        """The text, filled up to the width as text is: blanks or zeros, to the left or right."""
        missing = self.width - len(graphemes(text))
        if missing <= 0:
            return text
        if "-" in self.flags:
            return text + " " * missing
        return ("0" if "0" in self.flags else " ") * missing + text

    def pad_number(self, sign: str, digits: str, *, by_zeros: bool = True) -> str:
        """A number, filled up to the width; zeros go between its sign and its digits."""
        missing = max(self.width - len(sign) - len(digits), 0)
        if "-" in self.flags:
            return sign + digits + " " * missing
        if "0" in self.flags and by_zeros:
            return sign + "0" * missing + digits
        return " " * missing + sign + digits

    def sign(self, *, is_negative: bool) -> str:
        """What stands before the digits."""
        if is_negative:
            return "-"
        return "+" if "+" in self.flags else " " if " " in self.flags else ""


def pieces(pattern: str) -> Iterator[str | Verb]:
    """The literal parts and the verbs of a format text, in order."""
    at = 0
    while (start := pattern.find("%", at)) != -1:
        yield pattern[at:start]
        match = _VERB.match(pattern, start)
        assert match is not None, "the pattern begins with a percent sign"
        at = match.end()
        if match[0] == "%%":
            yield "%"
            continue
        if match["mode"] is None or match["mode"] not in _MODES:
            raise refuse(f'"{match[0]}" is not something that format knows', 0)
        yield _verb(match)
    yield pattern[at:]


_MAX_VERB = 100
"""How long a `%` sequence may be."""


def _verb(match: re.Match[str]) -> Verb:
    if len(match[0]) > _MAX_VERB:
        raise refuse("a width or precision is too large", 0)
    width, precision = int(match["width"] or 0), match["precision"]
    check_length(width + int(precision or 0))
    return Verb(
        match[0],
        match["flags"],
        width,
        None if precision is None else int(precision or 0),
        None if match["argument"] is None else int(match["argument"]),
        match["mode"],
    )


@_add(
    "format",
    "Text made from a pattern, in which `%s`, `%d`, `%v` and other verbs stand for the values.",
    Parameter("format", "string", unknown="any"),
    variadic=Parameter("args", is_nullable=True, unknown="any"),
    returns="string",
    examples=('format("Hello, %s!", "Ander")', 'format("%05.1f|%-4d|%q", 3.14159, 7, "x")'),
)
def _format(pattern: str | Unknown, *values: object) -> object:
    if isinstance(pattern, Unknown):
        return Unknown("string")
    if contains_unknown(list(values)):
        return Unknown("string", prefix=safe_prefix(pattern.partition("%")[0]))
    return formatted(list(pieces(pattern)), values)


def formatted(parts: Sequence[str | Verb], values: Sequence[object]) -> str:
    """The parts with every verb replaced by its value."""
    texts: list[str] = []
    following = highest = 0
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        position = following if part.argument is None else part.argument - 1
        if not 0 <= position < len(values):
            raise refuse(f'there is no argument for "{part.written}"', 0)
        texts.append(_one(part, values[position], position))
        following = position + 1
        highest = max(highest, following)
    if highest < len(values):
        raise refuse(f"the pattern uses {highest} of {len(values)} arguments", 0)
    check_length(sum(map(len, texts)))
    return "".join(texts)


def _one(verb: Verb, value: object, position: int) -> str:
    try:
        return _MODES[verb.mode](verb, value)
    except ValueMistake as mistake:
        message = f'the argument for "{verb.written}" is not right: {mistake.text}'
        raise refuse(message, position + 1) from None


def _as(value: object, target: str) -> object:
    converted = convert(value, target)
    if is_null(converted):
        raise ValueMistake("it is null")
    return converted


def _value(verb: Verb, value: object) -> str:
    if "#" in verb.flags or isinstance(value, (list, dict)) or is_null(value):
        return verb.pad(json_text(value))
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return verb.pad(_general(value, None))
    text = convert(value, "string")
    assert isinstance(text, str), "scalars have a text"
    return verb.pad(text)


def _truth(verb: Verb, value: object) -> str:
    return "true" if _as(value, "bool") else "false"


def _cut(verb: Verb, text: str) -> str:
    return "".join(graphemes(text)[: verb.precision]) if verb.precision else text


def _string(verb: Verb, value: object) -> str:
    return verb.pad(_cut(verb, str(_as(value, "string"))))


def _quoted(verb: Verb, value: object) -> str:
    return verb.pad(json_text(_cut(verb, str(_as(value, "string")))))


def _number(value: object) -> Number:
    converted = _as(value, "number")
    assert isinstance(converted, (int, Decimal)), "conversion gives a number"
    return converted


_BASES = {"d": ("d", ""), "b": ("b", "0b"), "o": ("o", "0"), "x": ("x", "0x"), "X": ("X", "0X")}


def _integer(verb: Verb, value: object) -> str:
    number = _number(value)
    if not is_whole(number):
        raise ValueMistake("a whole number is required")
    base, prefix = _BASES[verb.mode]
    digits = format(abs(int(number)), base)
    if verb.precision:
        digits = digits.rjust(verb.precision, "0")
    sign = verb.sign(is_negative=number < 0) + (prefix if "#" in verb.flags else "")
    return verb.pad_number(sign, digits, by_zeros=not verb.precision)


def _float(verb: Verb, value: object) -> str:
    number = _number(value)
    if not isinstance(number, int) and not number.is_finite():
        return verb.pad_number("-" if number < 0 else "+", "Inf", by_zeros=False)
    size = -number if number < 0 and isinstance(number, int) else number
    digits = _FLOATS[verb.mode.lower()](exact(size).copy_abs(), size, verb.precision)
    if verb.mode in "EG":
        digits = digits.upper()
    return verb.pad_number(verb.sign(is_negative=is_negative(number)), digits)


def _rounded(value: Decimal, digits: int) -> Decimal:
    """The exact value, rounded to *digits* digits, ties to even."""
    return Context(prec=max(digits, 1)).plus(value)


def _fixed(value: Decimal, name: Number, precision: int | None) -> str:
    places = 6 if precision is None else precision
    digits = max(value.adjusted() + 1, 0) + places + 2
    wide = Context(prec=max(digits, 1), Emin=-99_999, Emax=99_999)
    return format(value.quantize(Decimal(1).scaleb(-places), context=wide), "f")


def _scientific(value: Decimal, name: Number, precision: int | None) -> str:
    places = 6 if precision is None else precision
    return _exponential(_rounded(value, places + 1), places)


def _exponential(value: Decimal, places: int) -> str:
    digits = "".join(map(str, value.as_tuple().digits)).ljust(places + 1, "0")
    if not value:
        digits = "0" * (places + 1)
    exponent = value.adjusted() if value else 0
    fraction = f".{digits[1 : places + 1]}" if places else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _shortest(value: Decimal, name: Number, precision: int | None) -> str:
    size = abs(name) if isinstance(name, int) else name.copy_abs()
    if precision is None:
        return _general(size, None)
    return _general(_rounded(value, precision or 1), precision or 1)


def _general(value: Number, precision: int | None) -> str:
    """As few digits as name the number; with an exponent where it is very small or large."""
    number = Decimal(value)
    sign = "-" if number.is_signed() else ""
    number = number.copy_abs()
    if not number:
        return sign + "0"
    if not number.is_finite():
        return "-Inf" if sign else "+Inf"
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    exponent = number.adjusted()
    limit = 6 if precision is None else precision
    if precision is not None and limit > len(digits) >= exponent + 1:
        limit = len(digits)
    if exponent < -4 or exponent >= limit:
        return sign + _exponential(number, len(digits) - 1)
    text = format(number, "f")
    return sign + (text.rstrip("0").rstrip(".") if "." in text else text)


_FLOATS = {"f": _fixed, "e": _scientific, "g": _shortest}

_MODES = {
    "v": _value,
    "t": _truth,
    "s": _string,
    "q": _quoted,
    **dict.fromkeys("dboxX", _integer),
    **dict.fromkeys("eEfgG", _float),
}


@_add(
    "formatlist",
    "A list of texts: the pattern for the first elements of all lists, for the second, and so on. "
    "What is not a list is the same every time.",
    Parameter("format", "string"),
    variadic=Parameter("args", is_nullable=True, unknown="any"),
    returns=["list", "string"],
    examples=('formatlist("%s, %s!", "Salutations", ["Valentina", "Ander"])',),
)
def _formatlist(pattern: str, *values: object) -> object:
    if any(isinstance(each, Unknown) and not _is_scalar(each) for each in values):
        return Unknown(["list", "string"])
    lengths = {len(each) for each in values if isinstance(each, list)}
    if len(lengths) > 1:
        raise refuse(f"the lists have different lengths: {', '.join(map(str, sorted(lengths)))}", 1)
    parts = list(pieces(pattern))
    texts: list[object] = []
    spent = 0
    for index in range(lengths.pop() if lengths else 1):
        row = [each[index] if isinstance(each, list) else each for each in values]
        if contains_unknown(row):
            texts.append(Unknown("string"))
            continue
        text = composed(formatted(parts, row))
        spent += len(text)
        check_length(spent)
        texts.append(text)
    return TypedList(texts, "string")


def _is_scalar(value: Unknown) -> bool:
    return value.type in ("string", "number", "bool")
