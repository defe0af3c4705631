"""Answer: what goes back over the wire, and the API's own way of saying no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
"""A JSON object as the standard library reads it."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Headers = ()


def encode(value: object) -> bytes:
    """Write *value* as the compact JSON the API sends."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value: object, *, status: int = 200, headers: Headers = ()) -> Answer:
    """Answer with *value* as JSON."""
    return Answer(status, encode(value), headers=headers)


class Refusal(Exception):
    """The API says no. Raised inside a transaction, it takes every write of it back."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type_: str = "invalid_request_error",
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.type = type_
        self.headers = headers

    def answer(self) -> Answer:
        """Put the refusal in the envelope, which always has all four keys."""
        error = {
            "message": str(self),
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        return json_answer({"error": error}, status=self.status, headers=self.headers)


def bad_request(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """Refuse with 400."""
    return Refusal(400, message, param=param, code=code)


def not_found(what: str, id_: str) -> Refusal:
    """Refuse because there is no *what* with that id."""
    return Refusal(404, f"No {what} found with id '{id_}'.")


def invalid_url(method: str, path: str) -> Refusal:
    """Refuse a method and path that the API does not have."""
    return Refusal(404, f"Invalid URL ({method} {path})")


def unauthorized(*, key_given: bool) -> Refusal:
    """Refuse a missing or wrong key, without repeating any part of it."""
    if not key_given:
        return Refusal(
            401, "You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'."
        )
    return Refusal(401, "Incorrect API key provided: ********.", code="invalid_api_key")


def rate_limited(headers: Headers = ()) -> Refusal:
    """Refuse one request too many, the way message creation was seen to be refused."""
    message = "You've exceeded the rate limit, please slow down and try again later."
    return Refusal(429, message, code="rate_limit_exceeded", headers=headers)


def run_is_active(thread_id: str, run_id: str) -> Refusal:
    """Refuse a new message while a run holds the thread."""
    return bad_request(f"Can't add messages to {thread_id} while a run {run_id} is active.")
