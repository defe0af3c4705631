"""OpenAPI: holds every answer of the emulator against the vendor's own description of the API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from reconciler.emulator.app import App

DOCUMENT = Path(__file__).resolve().parents[2] / "shared" / "api" / "openapi.yaml"
BETA = {"OpenAI-Beta": "assistants=v2"}

needs_document = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason=f"the OpenAPI document is not at {DOCUMENT}"
)


class Document:
    """The OpenAPI document, asked for the schema of one answer at a time."""

    def __init__(self, path: Path) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._tree: dict[str, Any] = yaml.load(path.read_text(), Loader=loader)
        resource = Resource.from_contents(self._tree, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:api", resource)
        self._paths = {
            path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in self._tree["paths"]
        }
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, method: str, path: str, status: int, body: Any) -> None:
        """Fail unless the document allows *body* as this answer."""
        pointer = self._pointer(method, path, status)
        errors = [
            error
            for error in self._validator(pointer).iter_errors(body)
            if not _is_known_deviation(error.json_path, error.instance, body)
        ]
        assert not errors, f"{method} {path} {status}: {errors[0].json_path} {errors[0].message}"

    def _pointer(self, method: str, path: str, status: int) -> str:
        if status >= 400:
            return "/components/schemas/ErrorResponse"
        template = next(t for t, pattern in self._paths.items() if pattern.fullmatch(path))
        escaped = template.replace("/", "~1")
        return f"/paths/{escaped}/{method.lower()}/responses/200/content/application~1json/schema"

    def _validator(self, pointer: str) -> Draft202012Validator:
        if pointer not in self._validators:
            self._validators[pointer] = Draft202012Validator(
                {"$ref": f"urn:api#{pointer}"}, registry=self._registry
            )
        return self._validators[pointer]


def _is_known_deviation(place: str, value: Any, body: Any) -> bool:
    """Recorded answers of the living API have null ids in an empty list, against the document."""
    return place in ("$.first_id", "$.last_id") and value is None and body["data"] == []


@cache
def document() -> Document | None:
    """Read the document once, or nothing where it is not there."""
    return Document(DOCUMENT) if DOCUMENT.is_file() else None


class Api:
    """A caller of an emulator in this process, which checks every answer."""

    def __init__(self, app: App, *, headers: Mapping[str, str] = BETA, checked: bool = True):
        self.app = app
        self.emulator = app.emulator
        self._checked = checked
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"http://emulator{app.base_path}",
            headers=dict(headers),
        )

    def close(self) -> None:
        """Let go of everything."""
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.app.close()

    def send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Send a request, and hold what comes back against the document."""
        response = self._runner.run(self._client.request(method, path, **rest))
        assert response.headers["x-request-id"].startswith("req_")
        specification = document()
        if self._checked and specification is not None and not _is_download(method, path):
            specification.check(
                method, httpx.URL(path).path.rstrip("/"), response.status_code, response.json()
            )
        return response

    def get(self, path: str, **params: Any) -> Any:
        """GET; give the JSON."""
        return self.send("GET", path, params=params).json()

    def post(self, path: str, body: Any = None) -> Any:
        """POST a JSON body, or none; give the JSON."""
        return self.send("POST", path, **({} if body is None else {"json": body})).json()

    def delete(self, path: str) -> Any:
        """DELETE; give the JSON."""
        return self.send("DELETE", path).json()

    def refusal(self, method: str, path: str, **rest: Any) -> tuple[int, dict[str, Any]]:
        """Send what must be refused; give the status and the error."""
        response = self.send(method, path, **rest)
        assert response.status_code >= 400
        error: dict[str, Any] = response.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        return response.status_code, error

    def texts(self, path: str, **params: Any) -> list[str]:
        """List the first text of each message or item of a listing."""
        return [_text(member["content"][0]["text"]) for member in self.get(path, **params)["data"]]


def _is_download(method: str, path: str) -> bool:
    return method == "GET" and path.endswith("/content")


def _text(text: Any) -> str:
    return text["value"] if isinstance(text, dict) else text
