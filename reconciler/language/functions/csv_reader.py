"""CSV reader: rows and fields by RFC 4180, strict about quotes."""

from __future__ import annotations

from reconciler.language.functions.function import refuse
from reconciler.language.values import TypedList


def read_objects(text: str, *, most: int) -> TypedList:
    """One object per row after the first, whose fields are the names of the attributes."""
    rows = read_rows(text, most=most)
    if not rows:
        raise refuse("the text has no row of names", 0)
    names = rows[0]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refuse(f'two columns are called "{name}"', 0)
        seen.add(name)
    objects: list[object] = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise refuse(f"row {number} has {len(row)} fields, not {len(names)}", 0)
        objects.append(dict(zip(names, row, strict=True)))
    return TypedList(objects, ["object", dict.fromkeys(sorted(names), "string")])


def read_rows(text: str, *, most: int) -> list[list[str]]:
    """The fields of every row that is not empty.

    Raises:
        ValueMistake: a quote stands where none may, or is not closed.
    """
    text = text.replace("\r\n", "\n")
    rows: list[list[str]] = []
    at, fields = 0, 0
    while at < len(text):
        if text[at] == "\n":
            at += 1
            continue
        row, at = _row(text, at)
        rows.append(row)
        fields += len(row)
        if fields > most:
            raise refuse(f"the text has more than {most:,} fields", 0)
    return rows


def _row(text: str, at: int) -> tuple[list[str], int]:
    row: list[str] = []
    while True:
        field, at = _quoted(text, at) if text[at : at + 1] == '"' else _plain(text, at)
        row.append(field)
        if text[at : at + 1] != ",":
            return row, at + 1
        at += 1


def _plain(text: str, at: int) -> tuple[str, int]:
    end = text.find("\n", at)
    if end == -1:
        end = len(text)
    comma = text.find(",", at, end)
    if comma != -1:
        end = comma
    field = text[at:end]
    if '"' in field:
        raise refuse(f"line {_line(text, at)} has a quote inside a plain field", 0)
    return field, end


def _quoted(text: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    at = start + 1
    while True:
        end = text.find('"', at)
        if end == -1:
            raise refuse(f"the quote in line {_line(text, start)} is not closed", 0)
        parts.append(text[at:end])
        after = text[end + 1 : end + 2]
        if after == '"':
            parts.append('"')
            at = end + 2
            continue
        if after not in ("", ",", "\n"):
            raise refuse(f"line {_line(text, end)} has text after a closing quote", 0)
        return "".join(parts), end + 1


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
