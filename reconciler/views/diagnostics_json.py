"""Diagnostics JSON: errors and warnings for programs, in the form of `terraform validate -json`."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.errors import ReconcilerError, SpecError
from reconciler.views.snippet import highlight

FORMAT_VERSION = "1.0"


def validation_document(found: Sequence[Diagnostic]) -> dict[str, object]:
    """The document that `validate --json` prints."""
    errors = sum(each.severity is Severity.ERROR for each in found)
    return {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(found) - errors,
        "diagnostics": [diagnostic_document(each) for each in found],
    }


def diagnostic_document(found: Diagnostic) -> dict[str, object]:
    """One diagnostic."""
    document: dict[str, object] = {
        "severity": str(found.severity),
        "summary": found.summary,
        "detail": found.detail,
    }
    if found.address is not None:
        document["address"] = found.address
    if found.subject is not None:
        document["range"] = {
            "filename": found.subject.path,
            "start": _position(found.subject.start),
            "end": _position(found.subject.end),
        }
        document["snippet"] = _snippet(found)
    return document


def error_documents(error: ReconcilerError) -> list[dict[str, object]]:
    """What ended a command, as diagnostics."""
    if isinstance(error, SpecError):
        return [diagnostic_document(each) for each in error.diagnostics]
    summary, _, rest = error.message.partition("\n")
    hint = f"hint: {error.hint}" if error.hint else ""
    detail = "\n".join(filter(None, [rest.strip("\n"), hint]))
    return [{"severity": "error", "summary": summary, "detail": detail}]


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column, "byte": position.byte}


def _snippet(found: Diagnostic) -> dict[str, object]:
    assert found.subject is not None, "a snippet has a place"
    start, end = highlight(found)
    return {
        "context": found.context,
        "code": "\n".join(found.lines),
        "start_line": found.subject.start.line,
        "highlight_start_offset": start,
        "highlight_end_offset": end,
        "values": [{"traversal": name, "statement": text} for name, text in found.values],
    }
