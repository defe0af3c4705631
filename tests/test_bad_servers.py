"""Bad servers: every fault at every call, and what must have come of it.

The expected column is the table of outcomes: what may be sent again is, a message whose answer was
lost is looked for, a thread whose answer was lost is sent once and reported. Whatever happened, no
message stands twice, and the next run converges.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import pytest
from bad_rig import Rig
from bad_server import GROUPS, BadServer, Call, Fault, Piece, plain, written

from reconciler.address import Address

pytestmark = pytest.mark.promise("servers")

CALLS = (
    "create thread",
    "append",
    "append many",
    "update thread",
    "update message",
    "delete message",
    "delete thread",
    "read thread",
    "list",
    "list what was created",
)

CLASSES = {
    "create thread": "create",
    "append": "append",
    "append many": "append",
    "update thread": "update",
    "update message": "update",
    "delete message": "delete",
    "delete thread": "delete",
    "read thread": "read",
    "list": "read",
    "list what was created": "read",
}

#                 create  append  update  delete  read: exit code and how often it is sent
EXPECTED = {
    "lost before": ((4, 1), (0, 2), (0, 2), (0, 2), (0, 2)),
    "lost after": ((4, 1), (0, 1), (0, 2), (0, 2), (0, 2)),
    "unusable": ((4, 1), (0, 1), (0, 1), (0, 1), (1, 1)),
    "page": ((4, 1), (0, 1), (1, 1), (1, 1), (1, 1)),
    "redirect": ((4, 1), (0, 2), (1, 1), (1, 1), (1, 1)),
    "busy": ((0, 2), (0, 2), (0, 2), (0, 2), (0, 2)),
    "stopping": ((1, 1), (1, 1), (1, 1), (1, 1), (1, 1)),
    "refused": ((1, 1), (1, 1), (1, 1), (1, 1), (1, 1)),
    "fine": ((0, 1), (0, 1), (0, 1), (0, 1), (0, 1)),
}

SENT_APART = {
    ("create thread", "threads"),
    ("create thread", "conversations"),
    ("append many", "conversations"),
}
"""By call and dialect: where a refusal that names nobody may be about several members in one call,
they are then sent one by one."""

HARMLESS_LISTS = ("a list", "id of a wrong type", "id that is a path", "empty id")
"""A bare empty list is a listing, whose members are then asked for; a listing needs no id."""


@cache
def applied(dialect: str) -> Rig:
    """A thread of two messages."""
    rig = Rig(Path(mkdtemp(prefix="bad-server-")), dialect, BadServer())
    rig.write("one", "two")
    assert rig.apply() == 0
    return rig


@pytest.fixture(scope="module", autouse=True)
def _folders() -> Iterator[None]:
    yield
    for dialect in ("threads", "conversations"):
        shutil.rmtree(applied(dialect).folder)
    applied.cache_clear()


def before(folder: Path, dialect: str, call: str) -> tuple[Rig, str, list[list[str]]]:
    """A rig whose next apply makes *call*; what that is called at the server, and what it wants."""
    if call in ("create thread", "list what was created"):
        rig = Rig(folder, dialect, BadServer())
        rig.write("one", "two")
        return rig, call.removesuffix(" what was created"), [["one", "two"]]
    made = applied(dialect)
    shutil.copy(made.folder / "state.json", folder / "state.json")
    rig = Rig(folder, dialect, made.server.copy())
    wanted = ["one", "two"]
    match call:
        case "append" | "read thread" | "list":
            wanted = ["one", "two", "three"]
            rig.write(*wanted)
        case "append many":
            wanted = ["one", "two", "three", "four", "five"]
            rig.write(*wanted)
        case "update thread":
            rig.write(*wanted, name="b")
        case "update message":
            rig.write(*wanted, kind="l")
        case "delete message":
            wanted = ["one"]
            rig.write(*wanted)
        case "delete thread":
            rig.write()
    kind = "append" if call == "append many" else call
    return rig, kind, [] if call == "delete thread" else [wanted]


def strike(rig: Rig, kind: str, fault: Fault) -> list[Call]:
    """Let the next call of *kind* fail; the list gets that call."""
    struck: list[Call] = []

    def noting(server: BadServer, call: Call) -> list[Piece]:
        struck.append(call)
        return fault(server, call)

    rig.server.fail(kind, noting)
    return struck


CASES = [
    pytest.param(
        group,
        name,
        call,
        dialect,
        id=f"{group}-{name}-{call}-{dialect}",
        # Every fault once, every call with each group; the long lane runs them all.
        marks=[] if (number + place) % 20 == 0 else [pytest.mark.long],
    )
    for number, (group, name) in enumerate((g, n) for g, faults in GROUPS.items() for n in faults)
    for place, (dialect, call) in enumerate(
        (d, c) for d in ("threads", "conversations") for c in CALLS
    )
    # Messages of a conversation have no metadata to update.
    if (call, dialect) != ("update message", "conversations")
]


@pytest.mark.parametrize(("group", "name", "call", "dialect"), CASES)
def test_every_fault_at_every_call(
    tmp_path: Path, group: str, name: str, call: str, dialect: str
) -> None:
    rig, kind, wanted = before(tmp_path, dialect, call)
    struck = strike(rig, kind, GROUPS[group][name])
    columns = ("create", "append", "update", "delete", "read")
    code, times = EXPECTED[group][columns.index(CLASSES[call])]
    if kind == "list" and name in HARMLESS_LISTS:
        code = 0
    if name in ("400", "413 page", "422") and (call, dialect) in SENT_APART:
        code = 0

    assert rig.apply() == code

    first = struck[0]
    if first.method != "GET":
        same = [each for each in rig.server.calls if _line(each) == _line(first)]
        assert len(same) == times
    rig.server.heal()
    if code == 4:
        assert [str(each) for each in rig.workspace.state().suspects] == ["openai_thread.t"]
        assert rig.apply() == 4
        assert rig.server.count("create thread") == 0
        for thread_id in rig.server.threads:
            rig.workspace.adopt_suspect("openai_thread.t", thread_id)
        if not rig.server.threads:
            rig.workspace.retry_suspect("openai_thread.t")
    assert rig.apply() == 0
    rig.assert_settled(wanted)


def _line(call: Call) -> tuple[str, str, object]:
    return call.method, call.path, call.body


def changed(**values: object) -> Fault:
    """An answer as it should be, but for some values: of itself, or of every entry."""

    def fault(server: BadServer, call: Call) -> list[Piece]:
        served = server.serve(call)
        answer = dict(served.answer)
        if isinstance(answer.get("data"), list):
            answer["data"] = [{**each, **values} for each in answer["data"]]
        return [written(200, json.dumps({**answer, **values}).encode())]

    return fault


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
@pytest.mark.parametrize("call", ["read thread", "list"])
@pytest.mark.parametrize(
    "values", [{"metadata": "x"}, {"metadata": [1]}, {"role": 7}, {"content": {"a": 1}}], ids=str
)
def test_a_wrong_type_is_never_taken_for_a_change(
    tmp_path: Path, dialect: str, call: str, values: dict[str, object]
) -> None:
    rig, kind, wanted = before(tmp_path, dialect, call)
    rig.server.fail(kind, changed(**values))
    assert rig.apply() == 1
    assert [each for each in rig.server.calls if each.method != "GET"] == []
    rig.server.heal()
    assert rig.apply() == 0
    rig.assert_settled(wanted)


def test_items_that_are_answered_in_another_order_are_told_apart(tmp_path: Path) -> None:
    rig, kind, wanted = before(tmp_path, "conversations", "append many")

    def fault(server: BadServer, call: Call) -> list[Piece]:
        served = server.serve(call)
        return [written(200, json.dumps({"data": served.answer["data"][::-1]}).encode())]

    rig.server.fail(kind, fault)
    assert rig.apply() == 0
    objects = rig.workspace.state().objects
    members = next(iter(rig.server.members.values()))
    recorded = [objects[Address("openai_message", each)].id for each in wanted[0]]
    assert recorded == [each["id"] for each in members]
    rig.assert_settled(wanted)


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
@pytest.mark.parametrize("seed", range(12))
def test_whatever_goes_wrong_three_times_in_ten_nothing_stands_twice(
    tmp_path: Path, dialect: str, seed: int
) -> None:
    """Faults of every kind at random, run after run, until the server is well again."""
    chance = Random(seed)
    faults = [
        fault
        for group in ("lost before", "lost after", "unusable", "page", "redirect", "busy")
        for name, fault in GROUPS[group].items()
        if "minute" not in name
    ]

    def sometimes(server: BadServer, call: Call) -> list[Piece]:
        fault = chance.choice(faults) if chance.random() < 0.3 else plain
        return fault(server, call)

    rig = Rig(tmp_path, dialect, BadServer())
    texts = [f"m{number}" for number in range(6)]
    rig.server.usual = sometimes
    for _ in range(4):
        # Only at the end: a rewrite that is cut off leaves its copies, too much and not too little.
        rig.write(*texts[: chance.randrange(1, 6)], name=f"n{chance.randrange(3)}")
        rig.apply()
        for said in rig.server.texts():
            assert len(said) == len(set(said))
    rig.server.usual = plain
    for address in list(rig.workspace.state().suspects):
        known = {each.id for each in rig.workspace.state().objects.values()}
        lost = [each for each in rig.server.threads if each not in known]
        if address.type == "openai_thread" and lost:
            rig.workspace.adopt_suspect(str(address), lost[0])
        else:
            rig.workspace.retry_suspect(str(address))
    rig.write(*texts)
    assert rig.apply() == 0, rig.said
    rig.assert_settled([texts])
