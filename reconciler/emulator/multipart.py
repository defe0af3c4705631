"""Multipart: the form that carries an uploaded file (RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from reconciler.emulator.answer import Refusal, bad_request

_PARAMETER = re.compile(r';\s*([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; a file has a name of its own."""

    name: str
    filename: str | None
    content: bytes

    def text(self) -> str:
        """Read the content as text, as well as that goes."""
        return self.content.decode(errors="replace")


def read_form(content_type: str, body: bytes) -> dict[str, Part]:
    """Split a multipart form into its fields; of two of one name the last counts."""
    boundary = _parameters(content_type).get("boundary", "")
    if not content_type.lower().startswith("multipart/form-data") or not boundary:
        raise bad_request(
            "Unsupported content type. This API method only accepts 'multipart/form-data'.",
            code="unsupported_content_type",
        )
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise _damaged()
    parts = [_read_part(piece) for piece in pieces[1:-1]]
    return {part.name: part for part in parts}


def _read_part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if separator and name.strip().lower() == "content-disposition":
            parameters = _parameters(value)
            if "name" in parameters:
                return Part(parameters["name"], _filename(parameters), content)
    raise _damaged()


def _parameters(header: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare
        for name, quoted, bare in _PARAMETER.findall(header)
    }


def _filename(parameters: dict[str, str]) -> str | None:
    if "filename*" in parameters:
        return unquote(parameters["filename*"].rpartition("'")[2])
    name = parameters.get("filename")
    # Browsers and httpx write a quote or a line end in a name as %22, %0D, %0A.
    return None if name is None else re.sub("%(22|0D|0A)", lambda m: unquote(m[0]), name)


def _damaged() -> Refusal:
    return bad_request("Could not parse multipart form", code="invalid_multipart")
