"""YAML reader: one document as a value, with the scalars that HCL's YAML knows.

PyYAML takes the text apart; what a plain scalar means is decided here, since YAML 1.1 and 1.2
disagree and HCL has a mixture of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from reconciler.language.functions.dates import Moment, read_moment
from reconciler.language.functions.function import refuse
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import INFINITY, format_number, negate, normal, parse_number
from reconciler.language.rendering import composed
from reconciler.language.values import MAX_DEPTH, TypedNull, is_null

MAX_NODES = 1_000_000
"""How many values a document may have, counted as often as aliases repeat them."""

_TAG = "tag:yaml.org,2002:"


def read_yaml(text: str) -> object:
    """The value of the only document in *text*.

    Raises:
        ValueMistake: it is not YAML, has no or several documents, or is too large.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise refuse(f"the text is not YAML: {error.problem}{where}", 0) from None
    except yaml.YAMLError:
        raise refuse(
            "the text is not YAML: it has a character that YAML does not allow", 0
        ) from None
    if builder.documents != 1:
        raise refuse("the text must have exactly one YAML document", 0)
    return builder.result


class _Open:
    """A sequence or mapping whose end has not been seen yet."""

    def __init__(self, anchor: str | None, *, is_mapping: bool) -> None:
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.items: list[object] = []
        self.pairs: dict[str, object] = {}
        self.key: object = _NO_KEY
        self.size = 1


_NO_KEY = object()
_MERGE = object()


class _Builder:
    """Puts values together from what the parser reports, without recursion."""

    def __init__(self) -> None:
        self.documents = 0
        self.result: object = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[object, int]] = {}

    def take(self, event: yaml.Event) -> None:
        """Work on the next event."""
        match event:
            case yaml.DocumentStartEvent():
                if event.version not in (None, (1, 1)):
                    raise refuse("the text is not YAML 1.1", 0)
                self.documents += 1
            case yaml.ScalarEvent():
                self._add(self._scalar(event), event.anchor, 1)
            case yaml.AliasEvent():
                self._add_alias(event)
            case yaml.SequenceStartEvent():
                self._open(event, "seq", is_mapping=False)
            case yaml.MappingStartEvent():
                self._open(event, "map", is_mapping=True)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        is_plain = event.style is None
        if is_plain and event.value == "<<" and not event.tag and self._is_key_next():
            return _MERGE
        if event.style in ("|", ">") and not event.value and event.tag is None:
            return TypedNull("string")  # a block without lines
        return scalar_value(event.value, event.tag, is_plain=is_plain)

    def _is_key_next(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_mapping and self.stack[-1].key is _NO_KEY

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        found = self.anchors.get(event.anchor or "")
        if found is None:
            raise refuse(f'the alias "{event.anchor}" stands for nothing', 0)
        self._add(found[0], None, found[1])

    def _open(
        self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, tag: str, *, is_mapping: bool
    ) -> None:
        if event.tag not in (None, _TAG + tag):
            raise refuse(f'the tag "{event.tag}" is not known here', 0)
        if len(self.stack) >= MAX_DEPTH:
            raise refuse(f"the document is nested more than {MAX_DEPTH} deep", 0)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Open(event.anchor, is_mapping=is_mapping))

    def _close(self) -> None:
        done = self.stack.pop()
        self._add(done.pairs if done.is_mapping else done.items, done.anchor, done.size)

    def _add(self, value: object, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.stack:
            self.result = value
            return
        outer = self.stack[-1]
        outer.size += size
        if outer.size > MAX_NODES:
            raise refuse(f"the document has more than {MAX_NODES:,} values", 0)
        if not outer.is_mapping:
            outer.items.append(value)
        elif outer.key is _NO_KEY:
            outer.key = value if value is _MERGE else _key_text(value)
        else:
            _add_pair(outer, value)


def _add_pair(outer: _Open, value: object) -> None:
    if outer.key is not _MERGE:
        outer.pairs[str(outer.key)] = value
    elif isinstance(value, dict):
        outer.pairs.update(value)
    else:
        raise refuse('"<<" can only merge a mapping', 0)
    outer.key = _NO_KEY


def _key_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_null(value) or isinstance(value, (list, dict)):
        raise refuse("a key must be text, a number or a truth value", 0)
    return format_number(value)  # type: ignore[arg-type]  # scalars are text, bool, null or number


def scalar_value(text: str, tag: str | None, *, is_plain: bool) -> object:
    """What a scalar stands for. One that is quoted, or a block, is text whatever its tag."""
    name = tag.removeprefix(_TAG) if tag is not None else ""
    if tag is not None and (tag == name or name not in _TAGGED):
        raise refuse(f'the tag "{tag}" is not known here', 0)
    if name == "null" and text:
        return None
    if not is_plain or name in ("str", "binary"):
        if not text.isascii() and _HALF_A_PAIR.search(text):
            raise refuse("the text is not YAML: it escapes what is no character", 0)
        return composed(text)
    if not name:
        return _plain_value(text)
    found = _TAGGED[name](text)
    if found is _NO_KEY:
        raise refuse(f'"{text}" is not of the type that its tag "!!{name}" says', 0)
    return found


_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"))
_INTEGER = re.compile(r"[+-]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[+-]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][+-]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"[+-]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(Z|[+-]\d\d:\d\d)"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?\Z",
    re.ASCII,
)


def _plain_value(text: str) -> object:
    for read in (_null, _truth, _integer, _float, _timestamp):
        found = read(text)
        if found is not _NO_KEY:
            return found
    return composed(text)


def _null(text: str) -> object:
    return None if text in _NULLS else _NO_KEY


def _truth(text: str) -> object:
    if text in _TRUE:
        return True
    return False if text in _FALSE else _NO_KEY


def _integer(text: str) -> object:
    if not _INTEGER.match(text):
        return _NO_KEY
    if text[:2] in ("0o", "0x"):
        return normal(int(text[2:5_000], 8 if text[1] == "o" else 16))
    return parse_number(text)


def _float(text: str) -> object:
    if _FLOAT.match(text):
        return parse_number(text)
    if not _SPECIAL.match(text):
        return _NO_KEY
    if text.lower() == ".nan":
        raise refuse("there is no number for .nan", 0)
    return negate(INFINITY) if text.startswith("-") else INFINITY


def _timestamp(text: str) -> object:
    match = _TIMESTAMP.match(text)
    if match is None:
        return _NO_KEY
    year, month, day = match[1], match[2].zfill(2), match[3].zfill(2)
    hour, minute, second = ((match[at] or match[at + 4] or "0").zfill(2) for at in (4, 5, 6))
    try:
        spelled = f"{year}-{month}-{day}T{hour}:{minute}:{second}{match[7] or 'Z'}"
        moment: Moment = read_moment(spelled, 0)
    except ValueMistake:
        return _NO_KEY
    return str(moment)


_TAGGED: dict[str, Callable[[str], object]] = {
    "null": _null,
    "bool": _truth,
    "int": _integer,
    "float": _float,
    "timestamp": _timestamp,
    "str": str,
    "binary": str,
}
