"""Plan, apply, plan again: the promises of the whole, through the command line."""

from __future__ import annotations

import json

import pytest
from conftest import Project, conversation

from reconciler.emulator.control import Emulator

QUICKSTART = conversation("Can you help me?", "I'd be happy to.", metadata="portal")


@pytest.fixture
def server(project: Project) -> Emulator:
    """What the server has, seen from behind."""
    return Emulator.open(project.folder / "emulator.db")


def texts(server: Emulator) -> list[list[str]]:
    return [list(server.texts(str(each["id"]))) for each in server.threads()]


def changes(project: Project, *arguments: str) -> dict[str, list[str]]:
    """The actions that a plan would take, no-ops left out."""
    path = project.folder / "plan.out"
    assert project("plan", "-out", str(path), *arguments).code == 0
    shown = json.loads(project.run("show", "-json", str(path)).out)
    return {
        each["address"]: each["change"]["actions"]
        for each in shown["resource_changes"]
        if each["change"]["actions"] != ["no-op"]
    }


def recorded(project: Project) -> dict[str, dict[str, object]]:
    state = json.loads((project.folder / "state.json").read_text())
    return {
        f"{each['type']}.{each['name']}": instance["attributes"]
        for each in state["resources"]
        for instance in each["instances"]
    }


def test_after_an_apply_the_plan_is_empty(project: Project) -> None:
    project.write(QUICKSTART)

    assert project.apply().code == 0

    assert project("plan -detailed-exitcode").code == 0


def test_messages_stand_in_the_order_of_the_spec(project: Project, server: Emulator) -> None:
    contents = [f"message {number}" for number in range(101)]
    project.write(conversation(*contents))

    project.apply()

    assert texts(server) == [contents]


def test_exported_attributes_are_in_state(project: Project) -> None:
    project.write(QUICKSTART)
    project.apply()

    message = recorded(project)["openai_message.t_m0"]

    assert message["object"] == "thread.message"
    assert message["assistant_id"] is None
    assert str(message["id"]).startswith("msg_")
    assert isinstance(message["created_at"], int)


def test_a_thread_and_its_first_messages_are_one_call(project: Project) -> None:
    project.write(QUICKSTART)

    assert "\nThis takes 2 API calls.\n" in project("plan").out


def test_plan_leaves_the_state_as_it_was(project: Project) -> None:
    project.write(QUICKSTART)
    project.apply()
    before = (project.folder / "state.json").read_bytes()
    project.write(conversation("other", "words"))

    project("plan")

    assert (project.folder / "state.json").read_bytes() == before


def test_the_state_is_private(project: Project) -> None:
    project.write(QUICKSTART)
    project.apply()
    project.write(conversation("other"))
    project.apply()

    modes = {
        each.name: each.stat().st_mode & 0o777
        for each in project.folder.iterdir()
        if "state" in each.name
    }

    assert len(modes) > 1
    assert set(modes.values()) == {0o600}


def test_metadata_is_updated_in_place(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    project.apply()
    before = recorded(project)["openai_message.t_m0"]["id"]
    project.write(QUICKSTART.replace("portal", "phone"))

    project.apply()

    thread = str(server.threads()[0]["id"])
    assert server.messages(thread)[0]["metadata"] == {"kind": "phone"}
    assert recorded(project)["openai_message.t_m0"]["id"] == before


def test_removing_metadata_clears_it(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    project.apply()
    project.write(conversation("Can you help me?", "I'd be happy to."))

    project.apply()

    thread = str(server.threads()[0]["id"])
    assert [each["metadata"] for each in server.messages(thread)] == [{}, {}]
    assert project("plan -detailed-exitcode").code == 0


def test_a_changed_message_is_replaced_where_it_stood(project: Project, server: Emulator) -> None:
    project.write(conversation("a", "b", "c", "d"))
    project.apply()
    project.write(conversation("a", "B", "c", "d"))

    planned = changes(project)
    project.apply()

    assert texts(server) == [["a", "B", "c", "d"]]
    assert set(planned) == {"openai_message.t_m1", "openai_message.t_m2", "openai_message.t_m3"}


def test_a_removed_message_costs_one_deletion(project: Project, server: Emulator) -> None:
    project.write(conversation("a", "b", "c"))
    project.apply()
    text = conversation("a", "b", "c")
    start, end = text.index('resource "openai_message" "t_m1"'), text.index('"t_m2"')
    project.write(text[:start] + 'resource "openai_message" ' + text[end:])

    planned = changes(project)
    project.apply()

    assert planned == {"openai_message.t_m1": ["delete"]}
    assert texts(server) == [["a", "c"]]


def test_destroy_leaves_nothing(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    project.apply()

    ended = project("destroy -auto-approve")

    assert ended.code == 0
    assert "Destroy complete! Resources: 3 destroyed." in ended.out
    assert texts(server) == []
    assert recorded(project) == {}


def test_a_message_that_vanished_is_planned_again_where_it_stood(
    project: Project, server: Emulator
) -> None:
    project.write(conversation("a", "b", "c"))
    project.apply()
    thread = str(server.threads()[0]["id"])
    server.delete_message(str(server.messages(thread)[1]["id"]))

    plan = project("plan")
    project.apply()

    assert "position 2 of 3" in plan.out
    assert texts(server) == [["a", "b", "c"]]
    assert project("plan -detailed-exitcode").code == 0


def test_an_answer_of_a_run_is_no_change(project: Project, server: Emulator) -> None:
    project.write(conversation("a"))
    project.apply()
    thread = str(server.threads()[0]["id"])
    server.append_as_run(thread, "an answer")

    assert project("plan -detailed-exitcode").code == 0

    project.write(conversation("a", "b"))
    project.apply()
    assert texts(server) == [["a", "an answer", "b"]]


def test_edited_metadata_is_drift_and_is_put_back(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    project.apply()
    thread = str(server.threads()[0]["id"])
    first = str(server.messages(thread)[0]["id"])
    server.edit_metadata(first, {"kind": "edited"})

    plan = project("plan")
    project.apply()

    assert "Objects have changed outside" in plan.out
    assert server.messages(thread)[0]["metadata"] == {"kind": "portal"}
    assert project("plan -detailed-exitcode").code == 0


@pytest.mark.parametrize("left", [[], None])
def test_file_ids_that_are_gone_are_drift_and_are_put_back(
    project: Project, server: Emulator, left: object
) -> None:
    project.write(
        'resource "openai_thread" "t" {}\n'
        'resource "openai_message" "a" {\n  thread_id = openai_thread.t.id\n'
        '  role      = "user"\n  content   = "read this"\n  file_ids  = ["file-9"]\n}\n'
    )
    project.apply()
    thread = str(server.threads()[0]["id"])
    before = server.messages(thread)[0]
    server.edit(str(before["id"]), attachments=left)

    plan = project("plan")
    project.apply()

    assert "Objects have changed outside" in plan.out
    assert "1 to add, 0 to change, 1 to destroy" in plan.out
    (after,) = server.messages(thread)
    assert after["attachments"] == before["attachments"]
    assert project("plan -detailed-exitcode").code == 0


def test_a_reference_to_a_message_waits_for_its_id(project: Project, server: Emulator) -> None:
    project.write(
        conversation("a", "b") + 'resource "openai_message" "last" {\n'
        "  thread_id = openai_thread.t.id\n"
        '  role      = "user"\n'
        '  content   = "see ${openai_message.t_m0.id}"\n'
        "}\n"
    )

    project.apply()

    first = recorded(project)["openai_message.t_m0"]["id"]
    assert texts(server) == [["a", "b", f"see {first}"]]
    assert project("plan -detailed-exitcode").code == 0


def test_a_saved_plan_is_applied_as_it_is(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    path = project.folder / "plan.out"

    assert project("plan", "-out", str(path)).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert project("apply", str(path)).code == 0

    assert texts(server) == [["Can you help me?", "I'd be happy to."]]
    assert project("plan -detailed-exitcode").code == 0


def test_a_stale_plan_is_refused(project: Project, server: Emulator) -> None:
    project.write(QUICKSTART)
    path = project.folder / "plan.out"
    project("plan", "-out", str(path))
    project.apply()

    ended = project("apply", str(path))

    assert ended.code == 1
    assert "stale" in ended.err
    assert len(texts(server)) == 1


def test_outputs_are_kept(project: Project) -> None:
    project.write(QUICKSTART + 'output "thread" {\n  value = openai_thread.t.id\n}\n')
    project.apply()

    raw = project("output -raw thread")

    assert raw.out == recorded(project)["openai_thread.t"]["id"]


@pytest.mark.parametrize(
    ("address", "id_", "says"),
    [
        ("openai_message.adopted", "nonsense", "thread_id:message_id"),
        ("openai_message.nobody", "{thread}:{message}", "no block for openai_message.nobody"),
        ("openai_message.t_m0", "{thread}:{message}", "already managed"),
        ("openai_message.adopted", "{thread}:msg_none", "no openai_message with the id"),
    ],
    ids=["malformed id", "unknown address", "managed already", "not there"],
)
def test_what_cannot_be_imported_says_why(
    project: Project, server: Emulator, address: str, id_: str, says: str
) -> None:
    project.write(
        conversation("a") + 'resource "openai_message" "adopted" {\n'
        '  thread_id = openai_thread.t.id\n  role = "user"\n  content = "new"\n}\n'
    )
    project.apply("-target", "openai_message.t_m0")
    thread = str(server.threads()[0]["id"])
    message = str(server.append(thread, "new")["id"])
    before = (project.folder / "state.json").read_bytes()

    ended = project("import", address, id_.format(thread=thread, message=message))

    assert ended.code == 1
    assert says in ended.err
    assert (project.folder / "state.json").read_bytes() == before


def test_an_imported_message_is_managed(project: Project, server: Emulator) -> None:
    project.write(conversation("a"))
    project.apply()
    thread = str(server.threads()[0]["id"])
    message = str(server.append(thread, "new")["id"])
    project.write(
        conversation("a") + 'resource "openai_message" "adopted" {\n'
        '  thread_id = openai_thread.t.id\n  role = "user"\n  content = "new"\n}\n'
    )

    assert project("import", "openai_message.adopted", f"{thread}:{message}").code == 0

    assert project("plan -detailed-exitcode").code == 0


def test_a_state_that_another_program_rewrote_is_mentioned_once(project: Project) -> None:
    project.write(QUICKSTART)
    project.apply()
    path = project.folder / "state.json"
    document = json.loads(path.read_text())
    del document["reconciler"]
    path.write_text(json.dumps({**document, "serial": document["serial"] + 1}))

    ended = project.apply()

    assert ended.code == 0
    assert ended.out.count("Warning: ") == 1
    assert "rewritten by another program" in " ".join(ended.out.split())


def test_a_state_older_than_its_journal_is_mentioned(project: Project) -> None:
    project.write(QUICKSTART)
    project.apply()
    old = (project.folder / "state.json").read_bytes()
    project.write(QUICKSTART + '\nresource "openai_thread" "more" {}\n')
    project.apply()
    (project.folder / "state.json").write_bytes(old)

    ended = project("plan")

    assert ended.code == 0
    assert "is older than what the last run left" in " ".join(ended.out.split())
