"""Call: one request as the handlers see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from reconciler.emulator.answer import Json, bad_request
from reconciler.emulator.checks import read_object


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its line, its headers in lower case, and its whole body."""

    method: str
    path: str
    target: str
    """The path with its query."""
    query: Mapping[str, str]
    includes: tuple[str, ...]
    """What `include` and `include[]` ask for."""
    headers: Mapping[str, str]
    body: bytes
    ids: Mapping[str, str]
    """The ids in the path, by name."""

    def arguments(self) -> Json:
        """Read the body as a JSON object; no body is an empty one."""
        if not self.body:
            return {}
        if self.media_type not in ("", "application/json"):
            raise bad_request(
                f"Unsupported content type: '{self.media_type}'. This API method only accepts "
                "'application/json' requests.",
                code="unsupported_content_type",
            )
        return read_object(_parse(self.body), "body")

    @property
    def media_type(self) -> str:
        """Tell what the body is said to be."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def _parse(body: bytes) -> object:
    try:
        value: object = json.loads(
            body.decode(), parse_constant=_refuse_constant, parse_float=_read_finite
        )
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # A lone surrogate is legal JSON and cannot be stored or sent as text.
        raise bad_request("We could not parse the JSON body of your request.") from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits} is too large")
    return number
