"""Files: the routes under `/files`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.emulator.answer import Answer, Json, Refusal, bad_request, json_answer
from reconciler.emulator.call import Call
from reconciler.emulator.checks import missing, read_choice
from reconciler.emulator.paging import envelope, read_page, select
from reconciler.emulator.service import FILES, Service

if TYPE_CHECKING:
    from reconciler.emulator.multipart import Part

PAGE_MAX = 10_000
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_EXPIRY = {"expires_after[anchor]", "expires_after[seconds]"}
_EXPIRY_MIN_S, _EXPIRY_MAX_S = 3600, 2_592_000


def create(service: Service, call: Call) -> Answer:
    """POST /files: one file and its purpose, as a multipart form."""
    from reconciler.emulator.multipart import read_form

    form = read_form(call.headers.get("content-type", ""), call.body)
    for name in form:
        if name not in {"file", "purpose"} | _EXPIRY:
            raise bad_request(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    for name in ("file", "purpose"):
        if name not in form:
            raise missing(name)
    content = form["file"].content
    file: Json = {
        "id": service.ids.new("file-"),
        "object": "file",
        "bytes": len(content),
        "created_at": service.now_s(),
        "filename": form["file"].filename or "upload",
        "purpose": read_choice(form["purpose"].text(), "purpose", PURPOSES),
        "status": "processed",
    }
    file |= _expiry(service, form)
    service.store.put("file", file)
    service.store.append(FILES, file["id"], label=file["purpose"])
    service.store.put_content(file["id"], content)
    return json_answer(file, status=service.flavour.created_status)


def _expiry(service: Service, form: dict[str, Part]) -> Json:
    if not _EXPIRY & form.keys():
        return {}
    for name in sorted(_EXPIRY):
        if name not in form:
            raise missing(name)
    read_choice(form["expires_after[anchor]"].text(), "expires_after[anchor]", ("created_at",))
    param = "expires_after[seconds]"
    text = form[param].text()
    if not text.isdecimal() or not _EXPIRY_MIN_S <= int(text) <= _EXPIRY_MAX_S:
        message = f"Invalid '{param}': expected {_EXPIRY_MIN_S} to {_EXPIRY_MAX_S}."
        raise bad_request(message, param=param, code="invalid_value")
    return {"expires_at": service.now_s() + int(text)}


def list_(service: Service, call: Call) -> Answer:
    """GET /files, of one purpose where one is asked for."""
    page = read_page(call, default=PAGE_MAX, most=PAGE_MAX, knows_before=False, label="purpose")
    files, has_more = select(service, FILES, page, what="file")
    return json_answer(envelope(files, has_more=has_more))


def _find(service: Service, call: Call) -> Json:
    file_id = call.ids["file_id"]
    file = service.store.get("file", file_id)
    if file is None:
        raise Refusal(404, f"No such File object: {file_id}", param="id")
    return file


def read(service: Service, call: Call) -> Answer:
    """GET /files/{file_id}."""
    return json_answer(_find(service, call))


def read_content(service: Service, call: Call) -> Answer:
    """GET /files/{file_id}/content: the bytes as they were sent."""
    file = _find(service, call)
    name = json.dumps(file["filename"])
    return Answer(
        200,
        service.store.content(file["id"]),
        media_type="application/octet-stream",
        headers=(("content-disposition", f"attachment; filename={name}"),),
    )


def delete(service: Service, call: Call) -> Answer:
    """DELETE /files/{file_id}."""
    file = _find(service, call)
    service.store.drop(file["id"])
    service.store.drop_content(file["id"])
    return json_answer({"id": file["id"], "object": "file", "deleted": True})
