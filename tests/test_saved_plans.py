"""Saved plans: refused on the command line once anything they were made from has moved."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import Project, conversation

from reconciler.emulator.control import Emulator
from reconciler.plan import planfile
from reconciler.workflow import saved

pytestmark = pytest.mark.promise("guards")


@pytest.fixture
def pending(project: Project) -> Project:
    """A thread of two messages, of which a saved plan changes one and the thread's metadata."""
    project.write(conversation("one", "two"))
    assert project.apply().code == 0
    project.write(conversation("one", "three", arguments='metadata = { a = "b" }'))
    assert project("plan", "-out", plan_file(project)).code == 0
    return project


def plan_file(project: Project) -> str:
    return str(project.folder / "saved.plan")


def server(project: Project) -> Emulator:
    return Emulator.open(project.folder / "emulator.db")


def everything(project: Project) -> object:
    """What is on the server and in the state."""
    emulator = server(project)
    threads = [(dict(each), emulator.messages(str(each["id"]))) for each in emulator.threads()]
    emulator.close()
    return threads, (project.folder / "state.json").read_bytes()


def state(project: Project) -> dict[str, object]:
    document = json.loads((project.folder / "state.json").read_text())
    assert isinstance(document, dict)
    return document


# -- each changes one thing that the plan was made from


def another_serial(project: Project) -> None:
    assert project("state protect openai_thread.t").code == 0


def another_lineage(project: Project) -> None:
    shutil_state = project.folder / "state.json"
    lineage = str(state(project)["lineage"])
    other = "0" * 8 + lineage[8:]
    for path in project.folder.glob("state.json*"):
        path.write_text(path.read_text().replace(lineage, other))
    assert shutil_state.exists()


def another_spec(project: Project) -> None:
    path = project.folder / "specs" / "main.tf"
    path.write_text(path.read_text() + "\n# a word\n")


def one_more_file(project: Project) -> None:
    project.write("locals {}\n", "more.tf")


def drift(project: Project) -> None:
    emulator = server(project)
    emulator.edit_metadata(str(emulator.threads()[0]["id"]), {"someone": "else"})
    emulator.close()


def lost_object(project: Project) -> None:
    emulator = server(project)
    emulator.delete_thread(str(emulator.threads()[0]["id"]))
    emulator.close()


def rewritten(project: Project, change: Callable[[dict[str, object]], None]) -> None:
    """Change the plan file and seal it again, as somebody could who knows the format."""
    path = Path(plan_file(project))
    document = json.loads(path.read_text())
    change(document["body"])
    document["checksum"] = planfile._checksum(document["body"])
    path.write_text(json.dumps(document))


def another_version(project: Project) -> None:
    rewritten(project, lambda body: body.update(tool_version="0.0.1"))


def expiry(project: Project) -> None:
    rewritten(project, lambda body: body.update(expires="2020-01-01T00:00:00+00:00"))


def another_workspace(project: Project) -> None:
    rewritten(project, lambda body: body.update(workspace="elsewhere"))


def another_endpoint(project: Project) -> None:
    def change(body: dict[str, object]) -> None:
        endpoints = body["endpoints"]
        assert isinstance(endpoints, dict)
        endpoints["openai"]["url"] = "emulator:another"

    rewritten(project, change)


def tampered(project: Project) -> None:
    path = Path(plan_file(project))
    path.write_text(path.read_text().replace("three", "fours"))


def tampered_and_sealed(project: Project) -> None:
    """The value to send is not the one that the specs give."""

    def change(body: dict[str, object]) -> None:
        text = json.dumps(body["plan"]).replace("three", "fours")
        body["plan"] = json.loads(text)

    rewritten(project, change)


def cut_off(project: Project) -> None:
    path = Path(plan_file(project))
    path.write_bytes(path.read_bytes()[:-200])


def emptied(project: Project) -> None:
    Path(plan_file(project)).write_bytes(b"")


@pytest.mark.parametrize(
    "mutate",
    [
        another_serial,
        another_lineage,
        another_spec,
        one_more_file,
        drift,
        lost_object,
        another_version,
        expiry,
        another_workspace,
        another_endpoint,
        tampered,
        tampered_and_sealed,
        cut_off,
        emptied,
    ],
    ids=lambda each: each.__name__,
)
def test_a_plan_is_refused_once_anything_has_moved(
    pending: Project, mutate: Callable[[Project], None]
) -> None:
    mutate(pending)
    before = everything(pending)
    ended = pending("apply", plan_file(pending))
    assert ended.code == 1
    threads, _ = everything(pending)  # type: ignore[misc]
    assert threads == before[0]  # type: ignore[index]


def test_a_plan_of_other_specs_is_refused(pending: Project) -> None:
    other = pending.folder / "other"
    other.mkdir()
    (other / "main.tf").write_text((pending.folder / "specs" / "main.tf").read_text())
    before = everything(pending)
    ended = pending("apply", plan_file(pending), "--specs", str(other))
    assert ended.code == 1
    assert everything(pending) == before


def test_a_plan_that_was_applied_is_not_applied_again(pending: Project) -> None:
    assert pending("apply", plan_file(pending)).code == 0
    before = everything(pending)
    assert pending("apply", plan_file(pending)).code == 1
    assert everything(pending) == before


def test_nothing_that_moved_nothing_that_is_refused(pending: Project) -> None:
    ended = pending("apply", plan_file(pending))
    assert ended.code == 0, ended.err
    assert pending("plan -detailed-exitcode").code == 0


def test_a_plan_is_private_and_lasts_a_week(pending: Project) -> None:
    path = Path(plan_file(pending))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    body = json.loads(path.read_text())["body"]
    made = datetime.fromisoformat(body["plan"]["timestamp"])
    lasts = datetime.fromisoformat(body["expires"]) - made
    assert abs(lasts - timedelta(days=saved.VALID_DAYS)) < timedelta(minutes=5)


@pytest.mark.parametrize("what", ["folder", "missing", "state"])
def test_what_is_no_plan_is_refused(pending: Project, what: str) -> None:
    paths = {
        "folder": pending.folder,
        "missing": pending.folder / "nowhere",
        "state": pending.folder / "state.json",
    }
    for command in ("apply", "show"):
        ended = pending(command, str(paths[what]))
        assert ended.code == 1
        assert ended.err.strip()


def test_a_plan_makes_no_embedded_server_and_applies_all_the_same(project: Project) -> None:
    project.write(conversation("one"))
    path = str(project.folder / "first.plan")

    assert project("plan", "-out", path).code == 0
    assert not (project.folder / "emulator.db").exists()

    ended = project("apply", path)
    assert ended.code == 0, ended.out + ended.err
    assert project("plan -detailed-exitcode").code == 0
