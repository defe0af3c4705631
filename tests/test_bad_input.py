"""Bad input: a clear error, exit code 1, no traceback, and nothing changed."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from conftest import Project, Run, conversation

THREAD = 'resource "openai_thread" "t" {\n}\n'


def message(*lines: str, name: str = "m") -> str:
    body = "\n".join(f"  {line}" for line in ("thread_id = openai_thread.t.id", *lines))
    return f'resource "openai_message" "{name}" {{\n{body}\n}}\n'


ROLE, CONTENT = 'role = "user"', 'content = "hi"'

SPECS = {
    "a syntax error": (
        THREAD + 'resource "openai_message" "m" {\n  role = = "user"\n}\n',
        ["main.tf:4:10"],
    ),
    "an unknown resource type": (
        'resource "openai_mesage" "m" {\n}\n',
        ["main.tf:1:10", "openai_mesage", 'Did you mean "openai_message"?'],
    ),
    "an unknown argument": (
        THREAD + message(ROLE, 'contents = "hi"', CONTENT),
        ["main.tf:6:3", "contents", 'Did you mean "content"?'],
    ),
    "a missing required argument": (
        THREAD + message(ROLE),
        ["main.tf:3:1", '"content" is required'],
    ),
    "a role that is none": (
        THREAD + message('role = "robot"', CONTENT),
        ["main.tf:5:10", "robot"],
    ),
    "17 metadata pairs": (
        THREAD
        + message(ROLE, CONTENT, f"metadata = {{ {', '.join(f'k{n} = 1' for n in range(17))} }}"),
        ["main.tf:7:", "16"],
    ),
    "a reference to nothing": (
        message(ROLE, CONTENT),
        ["main.tf:2:15", "openai_thread.t"],
    ),
    "a cycle": (
        THREAD
        + message(ROLE, "content = openai_message.b.id", name="a")
        + message(ROLE, "content = openai_message.a.id", name="b"),
        ["openai_message.a -> openai_message.b", "main.tf:6:13", "main.tf:11:13"],
    ),
    "two blocks of one address": (
        THREAD + message(ROLE, CONTENT) + message(ROLE, CONTENT),
        ["main.tf:8:1", "main.tf:3"],
    ),
}


@pytest.mark.parametrize("case", SPECS)
@pytest.mark.parametrize("command", ["validate", "plan", "apply -auto-approve"])
def test_a_wrong_spec_is_refused_with_its_place(project: Project, command: str, case: str) -> None:
    text, says = SPECS[case]
    project.write(text)

    ended = project(command)

    assert ended.code == 1
    assert [each for each in says if each not in shown(ended.err)] == []
    assert not (project.folder / "state.json").exists()


def shown(text: str) -> str:
    """The places as file:line:column, and the words without line breaks."""
    return " ".join(text.split())


def test_an_empty_folder_is_refused(project: Project) -> None:
    project.write(conversation("a"))
    project.apply()
    (project.folder / "specs" / "main.tf").unlink()
    before = (project.folder / "state.json").read_bytes()

    ended = project.apply()

    assert ended.code == 1
    assert "No spec" in ended.err
    assert (project.folder / "state.json").read_bytes() == before


@pytest.fixture
def away(tmp_path: Path, run: Run) -> Project:
    """A project without the emulator."""
    project = Project(tmp_path, run)
    project.write(conversation("a"))
    return project


def outside(project: Project, command: str) -> object:
    arguments = command.split()
    specs, state = project.folder / "specs", project.folder / "state.json"
    return project.run(*arguments, "--specs", specs, "--state", state)


def test_without_key_and_url_both_ways_on_are_named(away: Project) -> None:
    ended = outside(away, "plan")

    assert ended.code == 1
    assert "OPENAI_API_KEY" in ended.err
    assert "--emulator" in ended.err


def test_a_server_that_is_not_there_is_named(
    away: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-not-there")

    ended = outside(away, "apply -auto-approve")

    assert ended.code == 1
    assert f"127.0.0.1:{port}" in ended.err
    assert "sk-canary-not-there" not in ended.out + ended.err


class Html(BaseHTTPRequestHandler):
    """Something that is no API."""

    def do_POST(self) -> None:
        body = b"<html><body>Welcome</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def html() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Html)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_answers_html_is_no_api(
    away: Project, html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", html)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-html")

    ended = outside(away, "apply -auto-approve")

    assert ended.code != 0
    assert "a web page answered" in ended.err
    assert "sk-canary-html" not in ended.out + ended.err


STATES = {
    "truncated": lambda good: good[: len(good) // 2],
    "empty": lambda good: b"",
    "from a newer version": lambda good: good.replace(b'"version": 4', b'"version": 5', 1),
}


@pytest.mark.parametrize("case", STATES)
def test_a_state_that_cannot_be_trusted_is_refused(project: Project, case: str) -> None:
    project.write(conversation("a"))
    project.apply()
    project.write(conversation("a", "b"))
    project.apply()
    path = project.folder / "state.json"
    damaged = STATES[case](path.read_bytes())
    path.write_bytes(damaged)

    ended = project.apply()

    assert ended.code == 1
    assert "state.json" in ended.err
    assert path.read_bytes() == damaged


def test_a_state_locked_by_another_run_names_the_holder(project: Project) -> None:
    from reconciler.state.store import FileStateStore

    project.write(conversation("a"))
    project.apply()
    with FileStateStore(project.folder / "state.json").locked("apply"):
        ended = project.apply()

    assert ended.code == 1
    assert f"process {os.getpid()}" in shown(ended.err)


@pytest.mark.parametrize("words", [["pln"], ["plan", "--specks", "x"], ["nonsense"]])
def test_an_unknown_word_is_refused(run: Run, words: list[str]) -> None:
    ended = run(*words)

    assert ended.code == 1
    assert words[-1] in ended.err or words[-2] in ended.err
