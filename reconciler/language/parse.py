"""Parse: text of the language to bodies and expressions.

A file is read in chunks that end where a line is a lone closing brace. Nearly always that is a
whole block, whose shape is known already; where it is not, chunks are joined until their
brackets match. A mistake in one chunk does not hide those in the next.
"""

from __future__ import annotations

import re

from reconciler.collector import collector_paused
from reconciler.concealment import Concealment
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language.bodies import file_body
from reconciler.language.expression import Expression
from reconciler.language.passage import Passage
from reconciler.language.reading import Reader
from reconciler.language.shapecache import Shapes, user_shapes
from reconciler.language.syntax import Body

MAX_FILE_BYTES = 10 * 1024 * 1024
"""How large one spec file may be."""


def parse_file(
    source: SourceFile, diagnostics: Diagnostics, *, shapes: Shapes | None = None
) -> Body:
    """Parse a file; whatever is wrong with it goes into *diagnostics*, and never raises.

    The body holds what could be read: of a block with mistakes everything else, with unknown
    values for arguments whose own could not be read. What nothing could be made of is in the
    `unread` of the body.
    """
    reader = Reader(source, diagnostics, shapes or user_shapes())
    with collector_paused():
        passages = _passages(reader)
        return file_body(source, passages, diagnostics, reader.unread)


def read_passages(
    source: SourceFile, diagnostics: Diagnostics, shapes: Shapes | None = None
) -> list[Passage]:
    """The passages of a file, in order, as far as they can be read; mistakes are reported."""
    with collector_paused():
        return _passages(Reader(source, diagnostics, shapes or user_shapes()))


def _passages(reader: Reader) -> list[Passage]:
    source = reader.source
    if (
        len(source.text) > MAX_FILE_BYTES // 4
        and len(source.text.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES
    ):
        _report_size(source, reader.diagnostics)
        reader.unread.append((source, 0, len(source.text)))
        return []
    return list(reader.read_file())


def _report_size(source: SourceFile, diagnostics: Diagnostics) -> None:
    detail = (
        f"A file may have {MAX_FILE_BYTES // 1024 // 1024} MiB. Keep the data in a file of its "
        "own, and read it with jsonldecode(file(...))."
    )
    diagnostics.error("File too large", detail, place=(source, 0, 0))


def parse_expression(
    text: str, *, path: str = "<expression>", concealment: Concealment | None = None
) -> Expression:
    """Parse one expression. As in a file it ends with its line, except inside brackets.

    *concealment* is what messages about it do not show.

    Raises:
        SpecError: it is not an expression; carries every diagnostic.
    """
    return _parse_alone(SourceFile(path, text, concealment=concealment), "expression")


def parse_template(text: str, *, path: str = "<template>") -> Expression:
    """Parse *text* as a template, as the contents of a file that `templatefile` reads.

    Raises:
        SpecError: something in its `${}` or `%{}` is wrong; carries every diagnostic.
    """
    return _parse_alone(SourceFile(path, text), "template")


def _parse_alone(source: SourceFile, unit: str) -> Expression:
    diagnostics = Diagnostics()
    if len(source.text) > MAX_FILE_BYTES:
        _report_size(source, diagnostics)
    _require_characters(source, diagnostics)
    diagnostics.raise_if_errors()
    reader = Reader(source, diagnostics, user_shapes())
    with collector_paused():
        is_template = unit == "template"
        passage = reader.read_template() if is_template else reader.read_expression()
    diagnostics.raise_if_errors()
    assert passage is not None
    assert passage.shape.formula is not None
    return Expression(passage, passage.shape.formula)


def _require_characters(source: SourceFile, diagnostics: Diagnostics) -> None:
    """Refuse halves of surrogate pairs, which Python makes of bytes that are not UTF-8."""
    found = None if source.text.isascii() else _SURROGATE.search(source.text)
    if found is None:
        return
    code = ord(found[0])
    detail = f"U+{code:04X} here is half of a surrogate pair, and no character."
    if 0xDC80 <= code <= 0xDCFF:
        detail = f"The byte 0x{code - 0xDC00:02x} here is not UTF-8."
    place = (source, found.start(), found.end())
    diagnostics.error("Invalid character encoding", detail, place=place)


_SURROGATE = re.compile("[\ud800-\udfff]")
