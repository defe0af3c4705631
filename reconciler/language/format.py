"""Format: the one way to lay out a spec, as `terraform fmt` has it.

Only blanks change, and what `rewrite` says. Lines are neither joined nor split, and text in
heredocs and strings stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.collector import collector_paused
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language.bodies import file_body
from reconciler.language.layout import lay_out
from reconciler.language.likeness import Parsed, first_difference
from reconciler.language.parse import read_passages
from reconciler.language.rewrite import TYPES


def format_text(text: str, *, path: str = "<text>") -> str:
    """Lay out the text of a spec file. What is laid out already does not change.

    Raises:
        SpecError: the text is not well-formed; carries every diagnostic.
    """
    diagnostics = Diagnostics()
    formatted = format_file(SourceFile(path, text), diagnostics)
    diagnostics.raise_if_errors()
    assert formatted is not None, "without errors there is a result"
    return formatted


def format_file(
    source: SourceFile, diagnostics: Diagnostics, *, layout: Callable[[str], str] = lay_out
) -> str | None:
    """Lay out a spec file; None after errors, which go into *diagnostics*.

    The result has been read again: it has the same blocks, arguments, expressions and comments.
    """
    with collector_paused():
        return _formatted(source, diagnostics, layout)


def _formatted(
    source: SourceFile, diagnostics: Diagnostics, layout: Callable[[str], str]
) -> str | None:
    before = _parsed(source, diagnostics)
    if before is None:
        return None
    formatted = layout(source.text)
    if formatted == source.text:
        return formatted
    # Whatever is wrong with the result is a fault of the formatter, and not for the user to mend.
    after = _parsed(SourceFile(source.path, formatted), Diagnostics())
    place = (source, 0, 0) if after is None else first_difference(before, after, TYPES)
    if place is not None:
        diagnostics.error("File not formatted", _FAULT, place=place)
        return None
    return formatted


_FAULT = (
    "Laid out anew, this would no longer mean the same, so the file is left as it is. That is a "
    "fault of reconciler; please report it with the file."
)


def _parsed(source: SourceFile, diagnostics: Diagnostics) -> Parsed | None:
    found = Diagnostics()
    passages = read_passages(source, found)
    file_body(source, passages, found)
    diagnostics.extend(found)
    return None if found.has_errors else Parsed(source, passages)
