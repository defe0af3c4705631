"""State by hand: `state rm`, `mv`, `protect`, `unprotect` and `rehome`."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Ended, Project, conversation

from reconciler.cli.tree import ROOT, STATE
from reconciler.emulator.control import Emulator
from reconciler.state.lock import StateLock
from reconciler.state.model import State
from reconciler.workflow import Workspace

pytestmark = pytest.mark.promise("guards")


@pytest.fixture
def applied(project: Project) -> Project:
    """A thread of two messages."""
    project.write(conversation("one", "two"))
    assert project.apply().code == 0
    return project


def addresses(project: Project) -> list[str]:
    return project("state list").out.split()


def texts(project: Project, name: str = "emulator.db") -> list[list[str]]:
    server = Emulator.open(project.folder / name)
    found = [list(server.texts(str(each["id"]))) for each in server.threads()]
    server.close()
    return found


def assert_settled(project: Project) -> None:
    ended = project("plan -detailed-exitcode")
    assert ended.code == 0, ended.out + ended.err


# -- rm


def test_what_is_let_go_of_stays_on_the_server(applied: Project) -> None:
    ended = applied("state rm openai_message.t_m1")
    assert ended.code == 0
    assert "Removed openai_message.t_m1" in ended.out
    assert addresses(applied) == ["openai_message.t_m0", "openai_thread.t"]
    assert texts(applied) == [["one", "two"]]


def test_a_pattern_lets_go_of_many(applied: Project) -> None:
    assert "removed 2" in applied("state rm openai_message.*").out
    assert addresses(applied) == ["openai_thread.t"]


def test_what_was_let_go_of_can_be_imported_again(applied: Project) -> None:
    shown = applied("state show openai_message.t_m1").out
    ids = re.findall(r'"((?:thread|msg)_\w+)"', shown)
    message_id, thread_id = sorted(ids)
    applied("state rm openai_message.t_m1")
    assert applied(f"import openai_message.t_m1 {thread_id}:{message_id}").code == 0
    assert_settled(applied)


# -- mv


def test_a_moved_object_is_known_by_its_new_address(applied: Project) -> None:
    ended = applied("state mv openai_message.t_m0 openai_message.first")
    assert ended.out == (
        'Move "openai_message.t_m0" to "openai_message.first"\nSuccessfully moved 1 object(s).\n'
    )
    text = conversation("one", "two").replace('"t_m0"', '"first"')
    applied.write(text)
    assert_settled(applied)


def test_a_whole_block_moves_with_its_instances(project: Project) -> None:
    text = """
        resource "openai_thread" "t" { count = 3 }
        resource "openai_message" "m" {
          count     = 3
          thread_id = openai_thread.t[count.index].id
          role      = "user"
          content   = "hello"
        }
        """
    project.write(text)
    project.apply()
    assert "moved 3" in project("state mv openai_thread.t openai_thread.u").out
    project.write(text.replace('"t"', '"u"').replace("openai_thread.t[", "openai_thread.u["))
    assert_settled(project)


def test_an_object_moves_into_a_block_with_instances(applied: Project) -> None:
    assert applied("state mv openai_message.t_m0 openai_message.m[0]").code == 0
    assert "openai_message.m[0]" in addresses(applied)


# -- protect


def test_a_protected_object_outlives_its_block(applied: Project) -> None:
    assert applied("state protect openai_message.t_m1").code == 0
    applied.write(conversation("one"))
    ended = applied.apply()
    assert ended.code == 1
    assert "state unprotect" in ended.err
    assert texts(applied) == [["one", "two"]]

    assert applied("state unprotect openai_message.t_m1").code == 0
    assert applied.apply().code == 0
    assert texts(applied) == [["one"]]


def test_protection_survives_an_apply_and_holds_against_destroy(applied: Project) -> None:
    applied("state protect openai_thread.t")
    assert applied.apply().code == 0
    assert applied("destroy -auto-approve").code == 1
    assert texts(applied) == [["one", "two"]]


LIFECYCLE = "lifecycle {{ prevent_destroy = {} }}"


def protected(value: str) -> str:
    return conversation("one", arguments=LIFECYCLE.format(value))


def test_a_block_that_says_true_counts_more_than_unprotect(project: Project) -> None:
    project.write(protected("true"))
    project.apply()
    assert project("state unprotect openai_thread.t").code == 0
    assert project("destroy -auto-approve").code == 1
    assert texts(project) == [["one"]]


def test_a_protection_ends_with_false_even_before_it_was_applied(project: Project) -> None:
    project.write(protected("true"))
    project.apply()
    project.write(protected("false"))
    assert project("destroy -auto-approve").code == 0
    assert texts(project) == []


def test_a_protection_outlives_its_block_until_a_removed_block_ends_it(project: Project) -> None:
    project.write(protected("true"))
    project.apply()
    project.write("locals {}\n")
    assert project.apply().code == 1
    project.write(
        "removed {\n from = openai_thread.t\n lifecycle { destroy = true }\n}\n"
        "removed {\n from = openai_message.t_m0\n lifecycle { destroy = true }\n}\n"
    )
    assert project.apply().code == 0
    assert texts(project) == []


# -- rehome


def elsewhere(project: Project, *words: str) -> Ended:
    """The same specs and state at another server."""
    return project(*words, "--emulator", str(project.folder / "other.db"))


def test_at_another_server_nothing_is_planned_and_the_way_on_is_named(applied: Project) -> None:
    ended = elsewhere(applied, "plan")
    assert ended.code == 1
    assert "reconciler rehome" in ended.err


def test_a_rehomed_state_creates_everything_anew_and_deletes_nothing(applied: Project) -> None:
    ended = elsewhere(applied, "rehome")
    assert ended.code == 0
    assert "openai_thread.t: Forgotten [id=thread_" in ended.out
    assert elsewhere(applied, "apply -auto-approve").code == 0
    assert texts(applied) == [["one", "two"]]
    assert texts(applied, "other.db") == [["one", "two"]]
    backups = [each.read_text() for each in applied.folder.glob("state.json.backup*")]
    old = re.findall(r"thread_\w{24}", ended.out)
    assert old
    assert any(old[0] in each for each in backups)


def recorded(project: Project) -> State:
    return Workspace(project.folder / "specs", state=project.folder / "state.json").state()


def previous_ids(project: Project) -> dict[str, str | None]:
    objects = recorded(project).objects.values()
    return {str(each.address): each.previous_id for each in objects}


def test_what_is_created_after_a_move_remembers_the_id_that_was_forgotten(
    applied: Project,
) -> None:
    before = {str(each.address): each.id for each in recorded(applied).objects.values()}
    elsewhere(applied, "rehome")
    assert elsewhere(applied, "apply -auto-approve").code == 0
    assert previous_ids(applied) == before

    applied.write(conversation("one", "three"))
    assert elsewhere(applied, "apply -auto-approve").code == 0
    assert previous_ids(applied) == before
    assert not recorded(applied).previous_ids


def test_what_terraform_rewrites_before_anything_is_created_anew_keeps_the_forgotten_ids(
    applied: Project,
) -> None:
    before = {str(each.address): each.id for each in recorded(applied).objects.values()}
    elsewhere(applied, "rehome")
    path = applied.folder / "state.json"
    document = json.loads(path.read_text())
    del document["reconciler"]
    path.write_text(json.dumps({**document, "serial": document["serial"] + 1}))

    assert elsewhere(applied, "apply -auto-approve").code == 0
    assert previous_ids(applied) == before


def test_the_same_objects_at_another_address_are_kept(applied: Project) -> None:
    (applied.folder / "emulator.db").rename(applied.folder / "moved.db")
    state = json.loads((applied.folder / "state.json").read_text())
    assert "emulator" in json.dumps(state["reconciler"])
    assert elsewhere(applied, "rehome -same-objects").code == 0
    assert len(addresses(applied)) == 3


def test_a_state_that_is_at_home_is_not_rehomed(applied: Project) -> None:
    ended = applied("rehome")
    assert ended.code == 1
    assert len(addresses(applied)) == 3


def test_the_same_objects_cannot_be_on_another_dialect(applied: Project) -> None:
    applied.write('provider "openai" {\n  dialect = "conversations"\n}\n', "provider.tf")
    ended = applied("rehome -same-objects")
    assert ended.code == 1
    assert "dialect" in ended.err
    assert applied("rehome").code == 0
    assert applied.apply().code == 0


# -- what cannot be


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("state rm openai_message.nope", "no object at"),
        ("state rm", "ADDRESS"),
        ("state mv openai_message.nope openai_message.x", "no object at"),
        ("state mv openai_message.t_m0 openai_thread.x", "different types"),
        ("state mv openai_message.t_m0 openai_message.t_m1", "already something"),
        ("state mv nonsense openai_message.t_m1", "is not an address"),
        ("state protect openai_message.t_m7", "Did you mean"),
        ("state unprotect nothing.at_all", "no object at"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(applied: Project, words: str, says: str) -> None:
    before = (applied.folder / "state.json").read_bytes()
    ended = applied(words)
    assert ended.code == 1
    assert says in ended.err
    assert (applied.folder / "state.json").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        "state rm openai_message.t_m1",
        "state mv openai_message.t_m1 openai_message.x",
        "state protect openai_thread.t",
        "state unprotect openai_thread.t",
        "rehome",
        "import openai_thread.t thread_1",
        "recover",
        "recover forget openai_thread.t",
        "apply -auto-approve",
        "destroy -auto-approve",
    ],
)
def test_nothing_writes_while_another_run_holds_the_state(applied: Project, words: str) -> None:
    before = (applied.folder / "state.json").read_bytes()
    with StateLock(applied.folder / "state.json").held("test"):
        ended = applied(words)
    assert ended.code == 1
    assert "is locked" in ended.err
    assert (applied.folder / "state.json").read_bytes() == before


@pytest.mark.parametrize("option", ["-lock=false", "-lock=0", "--no-lock", "-force"])
@pytest.mark.parametrize("words", ["apply -auto-approve", "destroy -auto-approve", "state rm x.y"])
def test_no_option_writes_without_the_lock(applied: Project, words: str, option: str) -> None:
    ended = applied(words, option)
    assert ended.code == 1
    assert addresses(applied) != []


def test_hints_name_only_commands_that_exist() -> None:
    """Whatever a hint recommends can be typed."""
    package = Path(__file__).resolve().parents[1] / "reconciler"
    known = {*ROOT, *(f"state {each}" for each in STATE)}
    named = {
        name
        for path in package.rglob("*.py")
        for text in _hints(ast.parse(path.read_text()))
        for name in re.findall(r"reconciler ((?:state )?[a-z]+)", text)
    }
    assert {"plan", "rehome", "recover"} <= named <= known


def _hints(tree: ast.Module) -> Iterator[str]:
    """The texts that stand behind `hint=`, or in a constant of ways on."""
    for node in ast.walk(tree):
        values = [each.value for each in getattr(node, "keywords", ()) if each.arg == "hint"]
        if isinstance(node, ast.Assign) and any("WAYS" in ast.unparse(t) for t in node.targets):
            values.append(node.value)
        for value in values:
            texts = (each.value for each in ast.walk(value) if isinstance(each, ast.Constant))
            yield "\n".join(each for each in texts if isinstance(each, str))


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a device"])
@pytest.mark.parametrize("command", ["plan", "apply -auto-approve", "state list"])
def test_a_state_that_is_no_file_is_refused(project: Project, kind: str, command: str) -> None:
    project.write(conversation("one"))
    path = project.folder / "odd.json"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null")
    ended = project(command, "--state", str(path))
    assert ended.code == 1
    assert "Error" in ended.err


# -- a file that somebody changed


def edited(project: Project, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the state file as an editor would."""
    path = project.folder / "state.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("resources", [None, []], ids=["null", "empty"])
def test_a_state_that_was_emptied_is_refused_as_a_missing_one_is(
    applied: Project, resources: object
) -> None:
    """Its journal says that it held objects, and the serial that nothing was taken out since."""
    edited(applied, lambda state: state.update(resources=resources))
    for command in ("plan", "apply -auto-approve", "state list"):
        ended = applied(command)
        assert ended.code == 1
        assert "it holds nothing, but its journal" in ended.err
        assert "held 3 objects" in ended.err
    assert texts(applied) == [["one", "two"]]
    (applied.folder / "state.json.journal").unlink()
    assert applied("state list").code == 0


def test_a_state_that_is_rightly_empty_is_used(applied: Project) -> None:
    assert applied("state rm *").code == 0
    assert addresses(applied) == []
    assert applied("plan").code == 0
    assert applied.apply().code == 0
    assert applied("destroy -auto-approve").code == 0
    assert addresses(applied) == []
    assert applied.apply().code == 0
    assert len(addresses(applied)) == 3


def test_a_message_that_does_not_say_its_thread_is_refused(applied: Project) -> None:
    """It would seem to be gone, and be sent once more."""
    for lost in (lambda each: each.pop("thread_id"), lambda each: each.update(thread_id="")):
        before = (applied.folder / "state.json").read_text()
        edited(applied, lambda state, lost=lost: lost(_first_message(state)))
        for command in ("plan", "apply -auto-approve", "recover"):
            ended = applied(command)
            assert ended.code == 1
            assert "openai_message.t_m0 has no thread_id" in ended.err
        (applied.folder / "state.json").write_text(before)
    assert texts(applied) == [["one", "two"]]
    assert_settled(applied)


def _first_message(state: dict[str, Any]) -> dict[str, Any]:
    blocks = [each for each in state["resources"] if each["name"] == "t_m0"]
    attributes: dict[str, Any] = blocks[0]["instances"][0]["attributes"]
    return attributes


@pytest.mark.parametrize(
    "command", ["plan", "show", "state show openai_message.t_m0", "show -json"]
)
def test_the_name_of_an_attribute_drives_no_terminal(applied: Project, command: str) -> None:
    hostile = "\x1b[31m\u202e"
    edited(applied, lambda state: _first_message(state).update({hostile: hostile}))
    applied.write(conversation("changed", "two"))
    ended = applied(command)
    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err
    assert "\u202e" not in ended.out + ended.err
