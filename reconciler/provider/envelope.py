"""Envelope: the error text in an answer, whichever server's habit it follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reconciler.frozen import frozen
from reconciler.provider import body as json_body

MAX_SHOWN = 200
"""How much of a strange answer an error quotes, in characters."""

MAX_MESSAGE = 1000
"""How much of the API's own message an error quotes, in characters."""


@frozen
class Envelope:
    """What an error answer says, safe to print; empty or None where it says nothing."""

    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    text: str = ""
    """The whole answer as text, to look for ids in."""

    @property
    def is_refusal(self) -> bool:
        """Whether the API itself says that the request was at fault, so that nothing was done."""
        return bool(self.message) and self.type == "invalid_request_error"

    @property
    def is_unknown_route(self) -> bool:
        """Whether the server says that it does not know the address."""
        return _UNKNOWN_ROUTE.search(self.message) is not None


_UNKNOWN_ROUTE = re.compile(
    r"""invalid[ ]url
      | unknown[ ]((request|api)[ ])?(url|route|path|endpoint)
      | \broute\b.*\b(not[ ]found|exist)
      | no[ ](such[ ])?(route|endpoint|handler)
      | cannot[ ](get|post|delete)[ ]/
      | (url|endpoint|path|page)\b.*\bnot[ ](found|exist)
      | unrecognized[ ]request""",
    re.IGNORECASE | re.VERBOSE,
)


def read_envelope(raw: bytes) -> Envelope:
    """Read an error answer leniently: whatever it is, something comes out."""
    try:
        value = json_body.parse(raw)
    except json_body.StrangeBody:
        text = raw.decode(errors="replace").strip()
        return Envelope(shown(text), text=text)
    text = raw.decode(errors="replace")
    if isinstance(value, str):
        return Envelope(shown(value, MAX_MESSAGE), text=text)
    if not isinstance(value, dict):
        return Envelope(text="" if value is None else text)
    inner = value.get("error")
    fields = inner if isinstance(inner, dict) else value
    return Envelope(
        message=shown(_message(fields) or _string(inner), MAX_MESSAGE),
        type=_string(fields.get("type")) or None,
        code=_code(fields.get("code")),
        param=shown(_string(fields.get("param")), MAX_SHOWN) or None,
        text=text,
    )


def _message(fields: Mapping[str, object]) -> str:
    """OpenAI says `message`, FastAPI `detail`, problem+json `title`; some say `error` or `msg`."""
    for name in ("message", "detail", "msg", "title", "error_description"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict) and (inner := _string(value.get("message"))):
            return inner
        if isinstance(value, list) and value:
            return "; ".join(_detail(each) for each in value[:5])
    return ""


def _detail(each: object) -> str:
    if isinstance(each, dict):
        where = ".".join(str(step) for step in each.get("loc") or ())
        said = _string(each.get("msg")) or _string(each.get("message"))
        return f"{where}: {said}" if where else said
    return _string(each)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _code(value: object) -> str | None:
    return str(value)[:80] if isinstance(value, (str, int)) and value != "" else None


def names_an_id(text: str, path: str, names: Sequence[str]) -> bool:
    """Whether *text* names one of *names* other than by repeating the path it was asked for."""
    rest = text.replace(path, "")
    return any(name in rest for name in names)


def is_html(headers: Mapping[str, str], raw: bytes) -> bool:
    """Whether a web page came instead of JSON."""
    if "json" in headers.get("content-type", ""):
        return False
    return "html" in headers.get("content-type", "") or raw.lstrip()[:1] == b"<"


def shown(text: str | bytes, limit: int = MAX_SHOWN) -> str:
    """Write foreign text so that it can be printed: one line, at most *limit* characters.

    Whatever could drive a terminal (control, bidi, zero-width characters) is escaped.
    """
    if isinstance(text, bytes):
        text = text[: limit * 4].decode(errors="replace")
    words = " ".join(text[: limit * 4].split(" ")).strip()
    safe = "".join(each if each.isprintable() else _escaped(each) for each in words[: limit + 1])
    return safe if len(words) <= limit else safe[:limit] + "..."


def _escaped(character: str) -> str:
    if character in "\n\r\t":
        return " "
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
