"""Encoding: JSON, base64, URLs and other text encodings."""

from __future__ import annotations

import json

from reconciler.language.frame import MAX_STEPS, MAX_TEXT
from reconciler.language.functions.function import Family, Parameter, refuse, text
from reconciler.language.functions.json_text import json_text
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import Number, parse_number
from reconciler.language.rendering import well_formed
from reconciler.language.types import kind
from reconciler.language.values import Unknown, contains_unknown, limit_parts

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add(
    "jsonencode",
    "The value as JSON.",
    Parameter("val", is_nullable=True, unknown="any"),
    returns="string",
    examples=('jsonencode({ "hello" = "world", "n" = [1, null] })',),
)
def _jsonencode(value: object) -> object:
    if contains_unknown(value):
        return Unknown("string", prefix=_first_character(value))
    return json_text(value)


def _first_character(value: object) -> str:
    """How the JSON of a value begins that is not wholly known."""
    of = kind(value.type) if isinstance(value, Unknown) else "object"
    if isinstance(value, list) or of in ("list", "set", "tuple"):
        return "["
    if of in ("map", "object"):
        return "{"
    return '"' if of == "string" and isinstance(value, Unknown) and value.not_null else ""


@_add(
    "jsondecode",
    "The value that a JSON text spells.",
    text(),
    examples=('jsondecode("{\\"hello\\": \\"world\\"}")',),
)
def _jsondecode(value: str) -> object:
    return decode_json(value)


@_add(
    "jsonldecode",
    "The values that the lines of a text spell, each line in JSON. Empty lines do not count.",
    text(),
    examples=('jsonldecode("{\\"n\\": 1}\\n{\\"n\\": 2}\\n")',),
)
def _jsonldecode(value: str) -> list[object]:
    found: list[object] = []
    for number, line in enumerate(value.split("\n"), 1):
        if not line.strip(" \t\r"):
            continue
        try:
            found.append(decode_json(line))
        except ValueMistake as mistake:
            raise refuse(f"line {number}: {mistake.message}", 0) from None
    return found


def decode_json(text: str) -> object:
    """The value of a JSON text, its numbers exact.

    Raises:
        ValueMistake: it is not JSON; says where.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise refuse(f"{error.msg} at line {error.lineno}, column {error.colno}", 0) from None
    except RecursionError:
        raise refuse("the text is nested too deeply", 0) from None
    limit_parts(value)
    return value if text.isascii() and "\\u" not in text else well_formed(value)


def _decode_number(digits: str) -> Number:
    number = parse_number(digits)
    assert number is not None, "JSON numbers are numbers here, too"
    return number


def _decode_constant(name: str) -> object:
    raise refuse(f"{name} is not JSON", 0)


_DECODER = json.JSONDecoder(
    parse_float=_decode_number, parse_int=_decode_number, parse_constant=_decode_constant
)


@_add(
    "base64encode",
    "The UTF-8 bytes of the text in base64.",
    text(),
    returns="string",
    examples=('base64encode("Hello World")',),
)
def _base64encode(value: str) -> str:
    from base64 import b64encode

    return b64encode(value.encode()).decode()


def decode_base64(value: str) -> bytes:
    """The bytes that base64 text stands for."""
    from base64 import b64decode
    from binascii import Error

    try:
        return b64decode(value.replace("\n", "").replace("\r", "").encode(), validate=True)
    except (Error, ValueError):
        raise refuse("the text is not base64", 0) from None


@_add(
    "base64decode",
    "The text whose UTF-8 bytes are given in base64.",
    text(),
    returns="string",
    examples=('base64decode("SGVsbG8gV29ybGQ=")',),
)
def _base64decode(value: str) -> str:
    return as_text(decode_base64(value))


def as_text(data: bytes) -> str:
    """The text that bytes are in UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refuse("the bytes are not text in UTF-8", 0) from None


@_add(
    "base64gzip",
    "The text, compressed with gzip, in base64.",
    text(),
    returns="string",
    examples=('base64gunzip(base64gzip("hello"))',),
)
def _base64gzip(value: str) -> str:
    import struct
    import zlib
    from base64 import b64encode

    data = value.encode()
    # Framed as Terraform frames it: flushed, then an empty block that ends the stream.
    encoder = zlib.compressobj(wbits=-15)
    body = encoder.compress(data) + encoder.flush(zlib.Z_SYNC_FLUSH) + _LAST_BLOCK
    trailer = struct.pack("<II", zlib.crc32(data), len(data))
    return b64encode(_GZIP_HEADER + body + trailer).decode()


_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""No name, no time, no level, no system."""

_LAST_BLOCK = b"\x01\x00\x00\xff\xff"


@_add(
    "base64gunzip",
    "The text that was compressed with gzip and is given in base64.",
    text(),
    returns="string",
    examples=('base64gunzip(base64gzip("hello"))',),
)
def _base64gunzip(value: str) -> str:
    import zlib

    decoder = zlib.decompressobj(wbits=31)
    try:
        data = decoder.decompress(decode_base64(value), MAX_TEXT)
    except zlib.error:
        raise refuse("the bytes are not compressed with gzip", 0) from None
    if decoder.unconsumed_tail:
        raise refuse(f"the text would have more than {MAX_TEXT // 1024 // 1024} MiB", 0)
    if not decoder.eof:
        raise refuse("the compressed bytes end too early", 0)
    return as_text(data)


@_add(
    "urlencode",
    "The text as part of a URL's query: what has a meaning there is escaped.",
    text(),
    returns="string",
    examples=('urlencode("Hello World!")',),
)
def _urlencode(value: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(value)


@_add(
    "urldecode",
    "The text that was escaped as part of a URL's query.",
    text(),
    returns="string",
    examples=('urldecode("Hello+World%21")',),
)
def _urldecode(value: str) -> str:
    import re
    from urllib.parse import unquote_to_bytes

    if re.search(r"%(?![0-9a-fA-F]{2})", value):
        raise refuse("a percent sign must be followed by two hexadecimal digits", 0)
    return as_text(unquote_to_bytes(value.replace("+", " ")))


@_add(
    "textencodebase64",
    "The bytes of the text in a named encoding, in base64.",
    text("string"),
    text("encoding"),
    returns="string",
    examples=('textencodebase64("Hello World", "UTF-16LE")',),
)
def _textencodebase64(value: str, encoding: str) -> str:
    from base64 import b64encode

    from reconciler.language.functions.text_encodings import encode

    return b64encode(encode(value, encoding)).decode()


@_add(
    "textdecodebase64",
    "The text whose bytes in a named encoding are given in base64.",
    text("source"),
    text("encoding"),
    returns="string",
    examples=('textdecodebase64("SABlAGwAbABvAA==", "UTF-16LE")',),
)
def _textdecodebase64(value: str, encoding: str) -> str:
    from reconciler.language.functions.text_encodings import decode

    return decode(decode_base64(value), encoding)


@_add(
    "csvdecode",
    "The rows of a CSV text as objects; the first row names their attributes.",
    text(),
    examples=('csvdecode("a,b\\n1,2\\n3,4")',),
)
def _csvdecode(value: str) -> object:
    from reconciler.language.functions.csv_reader import read_objects

    return read_objects(value, most=MAX_STEPS)
