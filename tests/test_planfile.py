"""Planfile: a saved plan is what was shown, or it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from conversation_model import PLACE, SCHEMAS, Conversations, at, message, thread
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address, Mode, ModuleStep
from reconciler.diagnostics import Severity, diagnostic
from reconciler.errors import PlanError, StalePlan
from reconciler.frozen import replace
from reconciler.language.values import UNKNOWN, Sensitive, Unknown
from reconciler.plan.freshness import moved_on
from reconciler.plan.leaves import from_json, to_json
from reconciler.plan.model import (
    Action,
    Drift,
    OutputChange,
    Plan,
    PlanMode,
    PlannedChange,
    Reason,
    SequencePlan,
    UnmanagedLoss,
)
from reconciler.plan.planfile import SavedPlan, decode, digest, encode
from reconciler.state.model import Endpoint, OutputValue, StateObject, Suspect, SuspectKind

ENDPOINT = Endpoint("threads", "https://example.org/v1", None, "proj")
NOW = "2026-11-23T10:00:00Z"
TOOL = "0.1.0"

OBJECT = StateObject(
    at("a"),
    {"id": "msg_1", "created_at": 1732300001, "order": Decimal("1.5"), "metadata": {"$x": "y"}},
    sent={"content": " a "},
    sensitive=(("content",), ("metadata", "k")),
    dependencies=("openai_thread.t",),
    protected=True,
    irreproducible=True,
    previous_id="msg_0",
    behind="openai_message.z",
    create_before_destroy=True,
    tainted=True,
    deposed="0123abcd",
    foreign={"schema_version": 0},
)
FULL = Plan(
    mode=PlanMode.NORMAL,
    changes=(
        PlannedChange(
            address=Address("openai_message", "b", 'k"ey\n', (ModuleStep("m", 3),)),
            action=Action.REPLACE,
            before={"id": "msg_1", "content": "A", "metadata": {}},
            after={
                "id": Unknown("string", True, "openai_message.b.id", "msg_", 1, Decimal("2.5")),
                "content": ["x", UNKNOWN, None, True, 1, 2.5, Decimal("0.1")],
                "metadata": {"$unknown": "not one"},
                "nothing": {},
            },
            reason=Reason.CANNOT_UPDATE,
            replace_paths=(("content", 0, "text"),),
            before_sensitive=(("content",),),
            after_sensitive=(("content",),),
            recorded=OBJECT,
            moved_from=at("m[0]"),
            import_id="thread_1:msg_1",
            create_before_destroy=True,
            depends_on=frozenset({at("a"), Address("openai_thread", "t", mode=Mode.DATA)}),
            protected=True,
            deposed="0123abcd",
            note="replaces 1",
            behind="",
            local=True,
            blocked_by=at("a"),
        ),
        PlannedChange(at("c"), Action.CREATE, None, {}),
    ),
    sequences=(
        SequencePlan(
            parent="thread_9",
            member_type="openai_message",
            order=(at("a"), at("b")),
            kept=(at("a"),),
            appended=(at("b"),),
            rewritten=(at("b"),),
            deleted=(at("c"),),
            deleted_unmanaged=("msg_7",),
            unmanaged=2,
            grown=1,
            at_least=True,
            last_id="msg_7",
            parent_replaced=True,
        ),
        SequencePlan(Address("openai_thread", "t"), "openai_message", (), (), ()),
    ),
    drift=(Drift(at("a"), {"id": "x"}, None, (("content",),), (4, 9)), Drift(at("b"), {}, {})),
    outputs=(
        OutputChange(
            "o", OutputValue([1], ["list", "number"], True), OutputValue(UNKNOWN, "string")
        ),
        OutputChange("p", None, None),
    ),
    suspects=(
        Suspect(at("a"), SuspectKind.APPEND, {"content": Decimal("1.5")}, NOW, "reset", "t", "m"),
    ),
    warnings=(diagnostic(Severity.WARNING, "w", "d", place=PLACE, values=(("var.x", "is 1"),)),),
    errors=(diagnostic(Severity.ERROR, "e", address="openai_message.a", context="resource"),),
    refreshed={at("a"): OBJECT, at("z"): None},
    calls=7,
    seconds=1.25,
    lineage="lineage",
    serial=3,
    state_digest="sha256:1",
    timestamp=NOW,
    targeted=True,
    values={"name": "x"},
    last_seen={"thread_9": "msg_7", "thread_8": ""},
    unmanaged_losses=(UnmanagedLoss(Address("openai_thread", "t"), 2),),
    unread=frozenset({"thread_9"}),
)


def saved(plan: Plan = FULL, **how: object) -> bytes:
    made_from: dict[str, object] = {
        "spec_sources": {"specs/main.tf": "resource ..."},
        "given": {"key": Sensitive("s3cret"), "n": 1},
        "endpoints": {"openai": ENDPOINT},
        "workspace": "/home/me/specs",
        "tool_version": TOOL,
        "expires": "2026-11-24T10:00:00Z",
        "options": {"parallelism": 4},
        "withheld": {"token": "sha256:2"},
        **how,
    }
    return encode(plan, **made_from)


def check(plan: SavedPlan, **moved: object) -> None:
    now: dict[str, object] = {
        "lineage": "lineage",
        "serial": 3,
        "state_digest": "sha256:1",
        "endpoints": {"openai": ENDPOINT},
        "workspace": "/home/me/specs",
        "tool_version": TOOL,
        "now": NOW,
        "spec_sources": {"specs/main.tf": "resource ..."},
        "given": {"key": Sensitive("s3cret"), "n": 1},
        **moved,
    }
    plan.check(**now)


def test_a_plan_comes_back_exactly() -> None:
    read = decode(saved(), "plan.json")
    assert read == SavedPlan(
        plan=FULL,
        spec_sources={"specs/main.tf": digest(FULL, "resource ...")},
        given={"key": Sensitive("s3cret"), "n": 1},
        withheld={"token": "sha256:2"},
        endpoints={"openai": ENDPOINT},
        workspace="/home/me/specs",
        expires="2026-11-24T10:00:00Z",
        tool_version=TOOL,
        options={"parallelism": 4},
    )
    after = read.plan.changes[0].after
    assert after is not None
    kinds = [type(each) for each in after["content"]]
    assert kinds == [str, Unknown, type(None), bool, int, float, Decimal]


def test_a_plan_of_the_planner_comes_back_exactly() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A"), message("b", "B", metadata={"k": "v"})])
    server.say(server.only, "an answer")
    plan = server.plan([thread(metadata={"x": "y"}), message("b", "C")])
    assert decode(saved(plan), "plan.json").plan == plan


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert saved() == saved()


def test_nothing_has_moved() -> None:
    check(decode(saved(), "plan.json"))


def test_specs_that_cannot_be_found_any_more_are_no_reason_to_refuse() -> None:
    check(decode(saved(), "plan.json"), spec_sources=None, given=None)


# -- the eight mutations


@pytest.mark.parametrize(
    ("moved", "says"),
    [
        pytest.param({"serial": 4}, "state serial 3, which is 4 now", id="state serial"),
        pytest.param({"state_digest": "sha256:2"}, "state has changed", id="state content"),
        pytest.param({"lineage": "other"}, "lineages differ", id="lineage"),
        pytest.param(
            {"spec_sources": {"specs/main.tf": "x"}}, r"specs have changed .*main\.tf", id="spec"
        ),
        pytest.param({"spec_sources": {}}, "specs have changed", id="spec file gone"),
        pytest.param({"given": {"n": 1}}, "variables", id="variables"),
        pytest.param(
            {"endpoints": {"openai": replace(ENDPOINT, url="https://other/v1")}},
            "https://example.org/v1, proj, now to threads at https://other/v1",
            id="endpoint",
        ),
        pytest.param({"endpoints": {}}, "now to nothing", id="endpoint gone"),
        pytest.param({"tool_version": "0.2.0"}, "version 0.1.0, this is 0.2.0", id="version"),
        pytest.param({"now": "2026-11-24T10:00:00+00:00"}, "expired", id="expiry"),
        pytest.param({"now": "rubbish"}, "expired", id="no clock"),
        pytest.param({"workspace": "/elsewhere"}, "/elsewhere", id="other workspace"),
    ],
)
def test_a_plan_is_refused_once_anything_has_moved(moved: dict[str, object], says: str) -> None:
    plan = decode(saved(), "plan.json")
    with pytest.raises(StalePlan, match=says):
        check(plan, **moved)


def test_all_that_has_moved_is_told_at_once() -> None:
    plan = decode(saved(), "plan.json")
    with pytest.raises(StalePlan, match=r"serial.*openai.*specs"):
        check(plan, serial=9, endpoints={}, spec_sources={})


def test_a_plan_without_an_expiry_does_not_expire() -> None:
    check(decode(saved(expires=None), "plan.json"), now="2099-01-01T00:00:00Z")


def test_every_byte_that_means_something_is_held_by_the_checksum() -> None:
    document = json.loads(saved())

    def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        if isinstance(value, dict):
            return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
        if isinstance(value, list):
            return [leaf for at, each in enumerate(value) for leaf in leaves(each, (*path, at))]
        return [path]

    paths = leaves(document["body"])
    assert len(paths) > 150
    for path in paths:
        tampered = json.loads(saved())
        holder = tampered["body"]
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = "tampered"
        with pytest.raises(PlanError, match="checksum"):
            decode(json.dumps(tampered).encode(), "plan.json")


def resealed(change: Callable[[dict], None]) -> bytes:
    document = json.loads(saved())
    change(document["body"])
    text = json.dumps(document["body"], sort_keys=True, separators=(",", ":"))
    document["checksum"] = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return json.dumps(document).encode()


def test_a_resealed_plan_reads() -> None:
    assert decode(resealed(lambda body: None), "plan.json").plan == FULL


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mode", "sideways"),
        ("changes", [1]),
        ("changes", [{"address": "nonsense", "action": "create"}]),
        ("changes", [{"address": "openai_message.a", "action": "explode"}]),
        ("changes", [{"address": "openai_message.a", "action": "create", "local": "yes"}]),
        ("changes", [{"address": "openai_message.a", "action": "create", "after": []}]),
        (
            "changes",
            [{"address": "openai_message.a", "action": "create", "after": {"a": {"$x": 1}}}],
        ),
        ("changes", [{"address": "openai_message.a", "action": "create", "replace_paths": [1]}]),
        ("changes", [{"address": "openai_message.a", "action": "create", "depends_on": [1]}]),
        ("values", {"a": {"$number": "zero"}}),
        ("values", {"a": {"$float": None}}),
        ("values", {"a": {"$unknown": {"not_null": True, "prefix": "", "lower": "x"}}}),
        ("warnings", [{"severity": "error", "summary": "x", "values": [["a"]]}]),
        ("warnings", [{"severity": "error", "summary": "x", "subject": {"path": "x"}}]),
        (
            "warnings",
            [{"severity": "error", "summary": "x", "subject": {"path": "x", "start": ["a"]}}],
        ),
        ("seconds", 1),
        ("serial", -1),
        ("last_seen", {"a": 1}),
        ("sequences", [{"parent": None}]),
    ],
)
def test_what_is_no_plan_is_refused_in_words(key: str, value: object) -> None:
    def change(body: dict) -> None:
        body["plan"][key] = value

    with pytest.raises(PlanError, match=r"plan\.json is not a plan that can be applied"):
        decode(resealed(change), "plan.json")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "ends in the middle"),
        (b"{}", "does not say that it is one"),
        (b"[]", "not an object"),
        (b"\xff\xfe", "byte order mark"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (saved()[:-200], "cut off|not JSON"),
        (saved().replace(b'"version": 2,', b'"version": 1,', 1), "format version 1, this reads 2"),
    ],
)
def test_bytes_that_are_no_plan_are_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        decode(data, "plan.json")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_any_damage_is_refused_or_means_nothing(data: st.DataObject) -> None:
    whole = bytearray(saved())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    with suppress(PlanError):
        assert decode(bytes(whole), "plan.json").plan == FULL


# -- leaves

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.builds(
        Unknown, st.sampled_from(["string", "dynamic"]), st.booleans(), st.none() | st.text()
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.just("$unknown") | st.just("$map"), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(values)
def test_every_value_comes_back_exactly(value: object) -> None:
    again = from_json(json.loads(json.dumps(to_json(value))), "x")
    assert again == value
    assert repr(again) == repr(value)


# -- remote drift


def test_what_a_plan_touches_must_be_as_it_saw_it() -> None:
    server = Conversations()
    server.apply([thread(metadata={"k": "v"}), message("a", "A"), message("b", "B"), message("c")])
    plan = server.plan([thread(metadata={"k": "w"}), message("a", "X"), message("b", "B")])
    assert moved_on(plan, server.observe(), SCHEMAS) == {}
    server.metadata[server.only] = {**server.metadata[server.only], "metadata": {"k": "other"}}
    assert moved_on(plan, server.observe(), SCHEMAS) == {
        Address("openai_thread", "t"): "someone changed its metadata"
    }


def test_a_thread_with_a_new_message_has_moved_on() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A"), message("b", "B")])
    plan = server.plan([thread(), message("a", "X"), message("b", "B")])
    last = server.threads[server.only][-1].id
    new = server.say(server.only, "an answer")
    assert moved_on(plan, server.observe(), SCHEMAS) == {
        server.only: f"its last message was {last} and is {new} now"
    }


def test_a_new_message_in_a_thread_that_only_grows_is_no_matter() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A")])
    plan = server.plan([thread(), message("a", "A"), message("b", "B")])
    server.say(server.only, "an answer")
    assert moved_on(plan, server.observe(), SCHEMAS) == {}


def test_what_is_to_be_deleted_may_be_gone_and_what_is_to_be_updated_may_not() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A", metadata={"k": "v"}), message("b", "B")])
    plan = server.plan([thread(), message("a", "A", metadata={"k": "w"})])
    seen = server.observe()
    gone = replace(seen, objects={**seen.objects, at("a"): None, at("b"): None})
    assert moved_on(plan, gone, SCHEMAS) == {at("a"): "it is gone"}
    blind = replace(seen, objects={})
    assert moved_on(plan, blind, SCHEMAS) == {}
