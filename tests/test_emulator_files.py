"""The emulator's files: upload, read, list, content, delete."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Iterator
from typing import Any

import pytest
from emulator_openapi import Api
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.answer import Refusal
from reconciler.emulator.app import create_app
from reconciler.emulator.multipart import Part, read_form

NOW_S = 1_700_000_000


@pytest.fixture
def api() -> Iterator[Api]:
    caller = Api(create_app(None, clock=lambda: NOW_S))
    yield caller
    caller.close()


def upload(api: Api, content: bytes = b"hello", name: str = "a.txt", **form: str) -> Any:
    return api.send(
        "POST",
        "/files",
        files={"file": (name, content, "text/plain")},
        data={"purpose": "assistants"} | form,
    ).json()


def test_an_uploaded_file_is_described(api: Api) -> None:
    file = upload(api)

    assert file == {
        "id": file["id"],
        "object": "file",
        "bytes": 5,
        "created_at": NOW_S,
        "filename": "a.txt",
        "purpose": "assistants",
        "status": "processed",
    }
    assert file["id"].startswith("file-")
    assert api.get(f"/files/{file['id']}") == file


@pytest.mark.parametrize(
    "content", [b"", b"\r\n--", bytes(range(256)) * 100], ids=["nothing", "line ends", "bytes"]
)
def test_content_comes_back_byte_for_byte(api: Api, content: bytes) -> None:
    file = upload(api, content)

    assert api.send("GET", f"/files/{file['id']}/content").content == content


def test_a_name_may_be_anything(api: Api) -> None:
    name = 'Fränk "the file".txt'

    file = upload(api, name=name)

    assert file["filename"] == name
    assert api.send("GET", f"/files/{file['id']}/content").status_code == 200


def test_files_are_listed_newest_first_and_by_purpose(api: Api) -> None:
    for purpose in ("assistants", "vision", "assistants"):
        upload(api, purpose=purpose)

    listed = api.get("/files", purpose="assistants", limit=1)

    assert [file["purpose"] for file in api.get("/files")["data"]] == [
        "assistants",
        "vision",
        "assistants",
    ]
    assert listed["has_more"] is True
    (older,) = api.get("/files", purpose="assistants", after=listed["last_id"])["data"]
    assert older["purpose"] == "assistants"


def test_a_deleted_file_is_gone(api: Api) -> None:
    file_id = upload(api)["id"]

    assert api.delete(f"/files/{file_id}") == {"id": file_id, "object": "file", "deleted": True}
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        status, error = api.refusal(method, f"/files/{file_id}{path}")
        assert (status, error["message"]) == (404, f"No such File object: {file_id}")


def test_an_expiry_is_counted_from_creation(api: Api) -> None:
    form = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}

    assert upload(api, **form)["expires_at"] == NOW_S + 3600


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"purpose": "assistants"}, "file", "missing_required_parameter"),
        ({"file": "x"}, "purpose", "missing_required_parameter"),
        ({"file": "x", "purpose": "fun"}, "purpose", "invalid_value"),
        ({"file": "x", "purpose": "vision", "name": "y"}, "name", "unknown_parameter"),
        (
            {"file": "x", "purpose": "vision", "expires_after[anchor]": "created_at"},
            "expires_after[seconds]",
            "missing_required_parameter",
        ),
        (
            {
                "file": "x",
                "purpose": "vision",
                "expires_after[anchor]": "created_at",
                "expires_after[seconds]": "60",
            },
            "expires_after[seconds]",
            "invalid_value",
        ),
    ],
)
def test_an_invalid_upload_is_refused(
    api: Api, fields: dict[str, str], param: str, code: str
) -> None:
    files = {name: (None, text) for name, text in fields.items()}

    status, error = api.refusal("POST", "/files", files=files)

    assert (status, error["param"], error["code"]) == (400, param, code)
    assert api.emulator.files() == ()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nno head\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nz\r\n--b--\r\n"),
    ],
)
def test_a_damaged_form_is_refused(api: Api, content_type: str, body: bytes) -> None:
    headers = {"content-type": content_type}

    assert api.refusal("POST", "/files", content=body, headers=headers)[0] == 400


def test_a_name_in_another_encoding_is_read() -> None:
    head = b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%C3%A4.txt"

    form = read_form("multipart/form-data; boundary=b", b"--b\r\n%s\r\n\r\nx\r\n--b--" % head)

    assert form == {"file": Part("file", "ä.txt", b"x")}


@given(st.binary(), st.text(string.printable, max_size=40))
def test_no_bytes_break_the_reading_of_a_form(body: bytes, header: str) -> None:
    for content_type in (header, f"multipart/form-data; boundary={header}"):
        with contextlib.suppress(Refusal):
            form = read_form(content_type, body)
            assert all(part.name == name for name, part in form.items())


def test_a_server_that_checks_files_refuses_what_was_not_uploaded() -> None:
    from reconciler.emulator.flavour import Flavour

    caller = Api(create_app(None, flavour=Flavour(checks_files=True)))
    tools = [{"type": "file_search"}]
    thread_id = caller.post("/threads")["id"]

    def attach(file_id: str) -> int:
        body = {
            "role": "user",
            "content": "x",
            "attachments": [{"file_id": file_id, "tools": tools}],
        }
        return caller.send("POST", f"/threads/{thread_id}/messages", json=body).status_code

    assert attach("file-none") == 404
    assert attach(upload(caller)["id"]) == 200
    caller.close()
