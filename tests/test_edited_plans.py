"""Edited plans: a saved plan that does not hold together is refused before anything is sent.

The checksum in a plan needs no key: whoever edits one can make it match.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from conftest import Ended, Project, conversation

from reconciler.emulator.control import Emulator
from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.plan import planfile
from reconciler.plan.model import PlanMode
from reconciler.plan.options import PlanOptions

pytestmark = pytest.mark.promise("guards")

Body = dict[str, Any]
SAVED = "saved.plan"
KEPT = "kept"


@pytest.fixture
def pending(project: Project) -> Project:
    """A saved plan that rewrites a tail, deletes one thread, updates one and creates another."""
    gone = conversation("x", thread="z")
    moving = conversation("y", thread="old")
    before = conversation("one", "two", "three", "four", arguments='metadata = { v = "0" }')
    project.write(before + gone + moving)
    assert project.apply().code == 0
    emulator = Emulator.open(project.folder / "emulator.db")
    (other,) = [each for each in emulator.threads() if len(emulator.messages(str(each["id"]))) == 4]
    emulator.edit_metadata(str(other["id"]), {"v": "drifted"})
    emulator.close()
    after = conversation("one", "2", "three", arguments='metadata = { v = "1" }')
    moves = "".join(
        f"moved {{\n  from = {kind}.old{tail}\n  to = {kind}.new{tail}\n}}\n"
        for kind, tail in (("openai_thread", ""), ("openai_message", "_m0"))
    )
    project.write(after + conversation("q", thread="b") + conversation("y", thread="new") + moves)
    assert project("plan", "-out", str(project.folder / SAVED)).code == 0
    (project.folder / KEPT).mkdir()
    for path in files(project.folder):
        shutil.copy2(path, project.folder / KEPT)
    return project


def files(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_file()]


def restore(project: Project) -> None:
    """Put everything back to where it was before the plan was applied."""
    for path in files(project.folder):
        path.unlink()
    for path in files(project.folder / KEPT):
        shutil.copy2(path, project.folder)


def body_of(project: Project) -> Body:
    document = json.loads((project.folder / KEPT / SAVED).read_text())
    return dict(document["body"])


def apply_edited(project: Project, body: Body) -> Ended:
    path = project.folder / SAVED
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "body": body, "checksum": planfile._checksum(body)}))
    return project("apply", str(path))


def server(folder: Path) -> object:
    """What is on the server, whatever ids it has chosen."""
    emulator = Emulator.open(folder / "emulator.db")
    found = [
        (each["metadata"], [(m["role"], m["content"]) for m in emulator.messages(str(each["id"]))])
        for each in emulator.threads()
    ]
    emulator.close()
    return sorted(found, key=json.dumps)


def change(body: Body, address: str) -> Body:
    (found,) = [each for each in body["plan"]["changes"] if each["address"] == address]
    assert isinstance(found, dict)
    return found


def sequence(body: Body, parent: str) -> Body:
    (found,) = [each for each in body["plan"]["sequences"] if each["parent"] == parent]
    assert isinstance(found, dict)
    return found


def without_change(address: str) -> Callable[[Body], None]:
    def edit(body: Body) -> None:
        body["plan"]["changes"].remove(change(body, address))

    return edit


def without(address: str, *keys: str) -> Callable[[Body], None]:
    def edit(body: Body) -> None:
        inner = change(body, address)
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]

    return edit


def with_other(address: str, value: object, *keys: str) -> Callable[[Body], None]:
    def edit(body: Body) -> None:
        inner = change(body, address)
        for key in keys[:-1]:
            inner = inner[key]
        assert inner.get(keys[-1]) != value
        inner[keys[-1]] = value

    return edit


def in_sequence(of: str, /, **values: object) -> Callable[[Body], None]:
    return lambda body: sequence(body, of).update(values)


def no_sequence(parent: str) -> Callable[[Body], None]:
    return lambda body: body["plan"]["sequences"].remove(sequence(body, parent))


def read_back(**values: object) -> Callable[[Body], None]:
    return lambda body: body["plan"]["read_backs"][0].update(values)


def twice(body: Body) -> None:
    body["plan"]["changes"].append(change(body, "openai_message.z_m0"))


def refreshed(**values: object) -> Callable[[Body], None]:
    return lambda body: body["plan"]["refreshed"][0].update(values)


T, T1, T2 = "openai_thread.t", "openai_message.t_m1", "openai_message.t_m2"
EDITS: dict[str, Callable[[Body], None]] = {
    "a rewritten message left out": without_change(T1),
    "a kept message left out": without_change("openai_message.t_m0"),
    "a thread that stays left out": without_change(T),
    "a thread that is created left out": without_change("openai_thread.b"),
    "a deletion left out": without_change("openai_thread.z"),
    "a deletion of what is not recorded": without("openai_thread.z", "recorded"),
    "an update of what is not recorded": without(T, "recorded"),
    "a replacement of what is not recorded": without(T1, "recorded"),
    "no attributes recorded": without(T1, "recorded", "attributes"),
    "no id recorded": without(T1, "recorded", "attributes", "id"),
    "no parent recorded": without(T1, "recorded", "attributes", "thread_id"),
    "another id": with_other(T1, "msg_other", "recorded", "attributes", "id"),
    "another parent": with_other(T1, "thread_other", "recorded", "attributes", "thread_id"),
    "another parent at the server": with_other(T1, "thread_other", "before", "thread_id"),
    "another thread to update": with_other(T, "thread_other", "before", "id"),
    "another provider": with_other(T1, 'provider["x/openai"].other', "recorded", "provider"),
    "another address recorded": with_other(T1, "openai_message.t_m0", "recorded", "address"),
    "another text recorded": with_other(T1, "2", "recorded", "attributes", "content"),
    "nothing after a creation": without("openai_thread.b", "after"),
    "a replacement as an update": with_other(T1, "update", "action"),
    "an update as a replacement": with_other(T, "replace", "action"),
    "an update as nothing": with_other(T, "no-op", "action"),
    "a deletion as letting go": with_other("openai_thread.z", "forget", "action"),
    "a creation as a replacement": with_other("openai_thread.b", "replace", "action"),
    "moved from nowhere": with_other("openai_thread.new", "openai_thread.no", "moved_from"),
    "not moved": without("openai_thread.new", "moved_from"),
    "deposed": with_other("openai_thread.z", "0123abcd", "deposed"),
    "imported": with_other(T, "thread_1", "import_id"),
    "the same twice": twice,
    "no sequence": no_sequence("openai_thread.b"),
    "no sequence of what stays": no_sequence(T),
    "nothing appended": in_sequence(T, appended=[]),
    "what stays is appended": in_sequence(T, appended=["openai_message.t_m0", T1, T2], kept=[]),
    "nobody deleted": in_sequence(T, deleted=[]),
    "what stays is deleted": in_sequence(T, deleted=["openai_message.t_m0"]),
    "another member type": in_sequence(T, member_type="openai_thread"),
    "another parent of a sequence": in_sequence(T, parent="openai_thread.no"),
    "the thread replaced": in_sequence(T, parent_replaced=True),
    "read back elsewhere": read_back(provider="openai.other"),
    "another thread read back": read_back(parent_id="thread_other"),
    "another thread refreshed": refreshed(address="openai_thread.no"),
    "a refreshed thread gone": refreshed(object=None),
    "a plan to destroy": lambda body: body["plan"].update(mode="destroy"),
    "a plan to refresh": lambda body: body["plan"].update(mode="refresh-only"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_plan_that_does_not_hold_together_is_refused(
    pending: Project, edit: Callable[[Body], None]
) -> None:
    before = server(pending.folder)
    state = (pending.folder / "state.json").read_bytes()
    body = body_of(pending)
    edit(body)
    assert body != body_of(pending)
    ended = apply_edited(pending, body)
    assert ended.code == 1
    assert "Nothing was changed" in " ".join(ended.err.split())
    assert server(pending.folder) == before
    assert (pending.folder / "state.json").read_bytes() == state


def nodes(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, each in pairs:
        yield (*path, key)
        yield from nodes(each, (*path, key))


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body["plan"].update(timestamp="then"),
        lambda body: body["plan"].update(timestamp="2026-01-01"),
        lambda body: body["given"]["x"].update(by="nobody"),
        lambda body: body["given"].update(x="1"),
        lambda body: body["options"]["data"].update({"no address": {}}),
        lambda body: body["options"]["data"].update({"data.openai_thread.x": "y"}),
    ],
    ids=["no moment", "no zone", "nobody", "no value", "no address", "no attributes"],
)
def test_what_a_plan_was_made_with_is_read_with_the_same_care(
    project: Project, edit: Callable[[Body], None]
) -> None:
    project.write('variable "x" {}\n' + conversation("one ${var.x}"))
    path = project.folder / SAVED
    assert project("plan", "-out", str(path), "-var", "x=1").code == 0
    body = json.loads(path.read_text())["body"]
    edit(body)
    ended = apply_edited(project, body)
    assert ended.code == 1
    assert ended.err
    assert server(project.folder) == []


@pytest.mark.parametrize("part", ["changes", "sequences", "read_backs", "refreshed"])
def test_whatever_is_cut_out_a_plan_is_refused_or_does_what_it_said(
    pending: Project, part: str
) -> None:
    before = server(pending.folder)
    assert apply_edited(pending, body_of(pending)).code == 0
    after = server(pending.folder)
    restore(pending)
    refused = 0
    for path in [*nodes(body_of(pending)["plan"][part])][:: 5 if part == "changes" else 1]:
        body = copy.deepcopy(body_of(pending))
        inner = body["plan"][part]
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        ended = apply_edited(pending, body)
        refused += ended.code
        assert ended.code in (0, 1), (path, ended.err)
        assert server(pending.folder) == (after if ended.code == 0 else before), path
        restore(pending)
    assert refused


def apply_saved(bench: Bench, mode: PlanMode = PlanMode.NORMAL, **options: object) -> bool:
    """Save a plan and carry it out; whether it went well."""
    path = bench.folder / SAVED
    given = PlanOptions(**options)  # type: ignore[arg-type]
    plan = bench.workspace.plan(mode=mode, options=given, save_to=path)
    assert not plan.errors, plan.errors
    return bench.workspace.apply(plan_file=path, approve=lambda plan: True).ok


def test_every_kind_of_plan_that_was_not_edited_is_applied(bench: Bench) -> None:
    name = 'metadata = { name = "t" }'
    counted = (
        'resource "openai_message" "c" {\n  count = 2\n  thread_id = openai_thread.t.id\n'
        '  role = "user"\n  content = "c${count.index}"\n}\n'
    )
    bench.write(conversation("one", "two", "three", arguments=name))
    assert apply_saved(bench)
    bench.lose(1, "t")
    assert apply_saved(bench, PlanMode.REFRESH_ONLY)
    assert apply_saved(bench)
    assert bench.texts("t") == ["one", "two", "three"]
    bench.lose(2, "t")
    bench.write(conversation("1", "two", "three", arguments=name) + counted)
    assert apply_saved(bench, targets=("openai_message.t_m1",))
    assert apply_saved(bench)
    assert bench.texts("t") == ["1", "two", "three", "c0", "c1"]
    bench.write(
        conversation("1", "two", "3", arguments=name)
        + counted.replace('"c"', '"d"')
        + "moved {\n  from = openai_message.c\n  to = openai_message.d\n}\n"
    )
    assert apply_saved(bench, replace=("openai_message.t_m0",))
    assert bench.texts("t") == ["1", "two", "3", "c0", "c1"]
    bench.fail(Rule(do=Fault.REFUSE, method="DELETE", status=400))
    assert not apply_saved(bench, replace=("openai_message.t_m2",))
    assert bench.state.deposed
    bench.fail()
    assert apply_saved(bench)
    assert not bench.state.deposed
    assert bench.texts("t") == ["1", "two", "3", "c0", "c1"]
    taken = bench.thread_id("t")
    bench.write("removed {\n  from = openai_thread.t\n  lifecycle {\n    destroy = false\n  }\n}\n")
    assert apply_saved(bench)
    assert bench.texts("t") == []
    bench.write(
        conversation("again", arguments=name)
        + f'import {{\n  to = openai_thread.t\n  id = "{taken}"\n}}\n'
    )
    assert apply_saved(bench)
    assert bench.texts("t") == ["again"]
    assert apply_saved(bench, replace=("openai_thread.t",))
    assert bench.texts("t") == ["again"]
    assert apply_saved(bench, PlanMode.DESTROY)
    assert bench.parents == []
