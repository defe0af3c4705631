"""The state file is Terraform's format 4, byte for byte, and refuses what it cannot mean."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address, ModuleStep
from reconciler.errors import StateCorrupt
from reconciler.frozen import replace
from reconciler.state.loader import MAX_BYTES, BadDocument, load_json
from reconciler.state.model import (
    PROVIDER,
    Endpoint,
    OutputValue,
    State,
    StateObject,
    Suspect,
    SuspectKind,
)
from reconciler.state.render import render
from reconciler.state.statefile import decode, encode
from reconciler.state.upgrade import upgrader_for

ROUNDTRIP = Path(__file__).parent / "roundtrip"
GOLDENS = sorted(path.name.removesuffix(".in.json") for path in ROUNDTRIP.glob("*.in.json"))
SAMPLES = SHARED / "terraform" / "samples"
MESSAGE = Address("openai_message", "m")


def state_of(*objects: StateObject, **others: object) -> State:
    return replace(State("l", 1, {each.address: each for each in objects}), **others)


def message(**attributes: object) -> StateObject:
    return StateObject(MESSAGE, {"id": "msg_1", **attributes})


def document(**changes: object) -> bytes:
    """A small good state with some keys changed; None leaves one out."""
    instance = {"schema_version": 0, "attributes": {"id": "msg_1"}}
    resource = {
        "mode": "managed",
        "type": "openai_message",
        "name": "m",
        "provider": PROVIDER,
        "instances": [instance],
    }
    whole = {"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [resource]}
    for place, value in changes.items():
        holder = {"resource": resource, "instance": instance}.get(place.split("__")[0], whole)
        holder[place.split("__")[-1]] = value  # type: ignore[index]
    return json.dumps(whole).encode()


def refusal(data: bytes) -> StateCorrupt:
    with pytest.raises(StateCorrupt) as caught:
        decode(data, path="state/x.json")
    return caught.value


@pytest.mark.parametrize("name", GOLDENS)
def test_a_file_is_read_and_written_as_recorded(name: str) -> None:
    before = (ROUNDTRIP / f"{name}.in.json").read_bytes()
    after = (ROUNDTRIP / f"{name}.out.json").read_bytes()
    assert encode(decode(before, path=name)) == after


@pytest.mark.parametrize("name", GOLDENS)
def test_what_was_written_is_read_as_the_same(name: str) -> None:
    before = decode((ROUNDTRIP / f"{name}.in.json").read_bytes(), path=name)
    after = (ROUNDTRIP / f"{name}.out.json").read_bytes()
    assert decode(after, path=name) == before
    assert encode(before) == after


def test_an_empty_state_has_terraforms_layout_and_nothing_of_ours() -> None:
    assert encode(State("l")).decode() == (
        '{\n  "version": 4,\n  "terraform_version": "1.11.4",\n  "serial": 0,\n'
        '  "lineage": "l",\n  "outputs": {},\n  "resources": [],\n  "check_results": null\n}\n'
    )


def test_instances_stand_without_key_then_by_number_then_by_text_deposed_last() -> None:
    keys = ["b", 10, "a", None, 2]
    objects = [StateObject(MESSAGE.instance(key), {"id": "x"}) for key in keys]
    old = StateObject(MESSAGE.instance(2), {"id": "old"}, deposed="00000001")
    state = replace(state_of(*objects), deposed={(old.address, "00000001"): old})
    [resource] = json.loads(encode(state))["resources"]
    found = [(each.get("index_key"), each.get("deposed")) for each in resource["instances"]]
    assert found == [
        (None, None),
        (2, None),
        (2, "00000001"),
        (10, None),
        ("a", None),
        ("b", None),
    ]


def test_resources_stand_by_module_then_type_then_name() -> None:
    inside = (ModuleStep("a"),)
    addresses = [
        Address("openai_thread", "a"),
        Address("openai_message", "z"),
        Address("openai_message", "b", module=inside),
        Address("openai_message", "a"),
    ]
    state = state_of(*(StateObject(each, {"id": "x"}) for each in addresses))
    names = [
        (each.get("module"), each["type"], each["name"])
        for each in json.loads(encode(state))["resources"]
    ]
    assert names == [
        (None, "openai_message", "a"),
        (None, "openai_message", "z"),
        (None, "openai_thread", "a"),
        ("module.a", "openai_message", "b"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<&>\u2028\u2029", r'"\u003c\u0026\u003e\u2028\u2029"'),
        ('a"\\\b\f\n\r\t\x01\x7f', r'"a\"\\\b\f\n\r\t\u0001' + '\x7f"'),
        ("é😀", '"é😀"'),
        ("\ud800", '"\ufffd"'),
        (1e30, "1000000000000000000000000000000"),
        (0.1, "0.1"),
        (2.0, "2"),
        (Decimal("1.5E-9"), "0.0000000015"),
        ([], "[]"),
        ({}, "{}"),
        ((1,), "[\n              1\n            ]"),
        (True, "true"),
        (None, "null"),
    ],
)
def test_values_are_written_as_terraform_writes_them(value: object, text: str) -> None:
    assert f'"content": {text},\n'.encode() in encode(state_of(message(content=value)))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), Decimal("-Infinity")])
def test_a_number_without_end_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match="infinite"):
        encode(state_of(message(order=value)))


def test_deep_values_are_written_without_recursion() -> None:
    deep: object = "bottom"
    for _ in range(5000):
        deep = [{"a": deep}]
    assert render(deep, indent=None).count('{"a":') == 5000


def test_what_is_ours_of_an_object_is_in_its_private_field() -> None:
    recorded = replace(
        message(), sent={"content": " x "}, protected=True, irreproducible=True, previous_id="old"
    )
    written = json.loads(encode(state_of(recorded)))["resources"][0]["instances"][0]
    assert json.loads(b64decode(written["private"])) == {
        "reconciler": {
            "sent": {"content": " x "},
            "protected": True,
            "irreproducible": True,
            "previous_id": "old",
        }
    }


def test_private_data_of_other_tools_is_kept_beside_ours() -> None:
    theirs = "eyJ0aW1lb3V0Ijo2MH0="
    recorded = replace(message(), protected=True, foreign={"private": theirs})
    again = decode(encode(state_of(recorded)), path="x")
    assert again.objects[MESSAGE].foreign == {"private": theirs}
    assert again.objects[MESSAGE].protected


def test_private_data_that_cannot_be_joined_gives_way_to_ours() -> None:
    recorded = replace(message(), protected=True, foreign={"private": "bm90IGpzb24="})
    again = decode(encode(state_of(recorded)), path="x").objects[MESSAGE]
    assert (again.protected, again.foreign) == (True, {})


def test_an_old_object_of_another_provider_configuration_keeps_it() -> None:
    old = replace(message(), deposed="00000001", provider=f"{PROVIDER}.eu")
    state = replace(state_of(message()), deposed={(MESSAGE, "00000001"): old})
    again = decode(encode(state), path="x")
    assert again.deposed[MESSAGE, "00000001"].provider == f"{PROVIDER}.eu"
    assert again.objects[MESSAGE].provider == PROVIDER


def test_facts_of_runs_stand_under_one_key_of_ours() -> None:
    state = state_of(
        message(),
        specs_root="../specs",
        endpoints={"openai": Endpoint("threads", "https://x/v1", "org", None)},
        suspects={MESSAGE: Suspect(MESSAGE, SuspectKind.APPEND, {"a": 1}, "t", "reset", "p", "a")},
        unordered=frozenset({"thread_1"}),
        epoch=3,
        folded=2,
        resolved=(1, 4),
    )
    assert decode(encode(state), path="x") == state


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"{", "cut off"),
        (document()[:-40], "cut off"),
        (b"nonsense", "not JSON (line 1, column 1"),
        (b"\xff\xfe{}", "byte order mark"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[]", "the document is not an object"),
        (b'{"name": "x"}', "it is JSON but not a state"),
        (b'{"version": true}', "it is JSON but not a state"),
        (b'{"version": 5}', "version 5, newer than the 4"),
        (b'{"version": 3}', "version 3, from before Terraform 0.12"),
        (b'{"encrypted_data": "x", "encryption_version": "v0"}', "encrypted by OpenTofu"),
        (b'{"version": 4, "version": 4}', 'the key "version" stands twice'),
        (b'{"version": 4, "serial": NaN}', "NaN"),
        (b'{"version": 4, "serial": -Infinity}', "-Infinity"),
        (b'{"version": 4, "serial": ' + b"9" * 5000 + b"}", "5,000 digits"),
        (b'{"version": 4, "serial": 1e999999}', "too large"),
        (b'{"version": 4, "a": ' + b"[" * 100_000, "nested deeper"),
        (b'{"version": 4, "a": "\\ud800"}', "half a surrogate pair"),
        (document(serial=-1), "serial is not a whole number"),
        (document(serial="1"), "serial is not a whole number"),
        (document(lineage=None), "lineage is not a string"),
        (document(outputs=[]), "outputs is not an object"),
        (document(resources={}), "resources is not a list"),
        (document(resource__mode="wild"), 'mode is "wild"'),
        (document(resource__name="a b"), "resources[0] is not a resource"),
        (document(resource__module="modul.x"), "resources[0] is not a resource"),
        (document(resource__instances=[1]), "instances[0] is not an object"),
        (document(instance__attributes={}), "openai_message.m has no id"),
        (document(instance__attributes={"id": ""}), "openai_message.m has no id"),
        (document(instance__deposed="\x1b[31m"), "deposed is not eight hex digits"),
        (document(instance__deposed=""), "deposed is not eight hex digits"),
        (document(instance__attributes_flat={"id": "x"}), "Terraform 0.11"),
        (document(instance__index_key=1.5), "instances[0].index_key is not a whole number"),
        (document(instance__sensitive_attributes=["a"]), "sensitive_attributes[0] is not a list"),
        (document(instance__sensitive_attributes=[[{"type": "x"}]]), 'type is "x"'),
        (document(resource__instances=[{"attributes": {"id": "a"}}] * 2), "stands in it twice"),
        (document(reconciler={"version": 2}), "a newer version of this program"),
        (document(reconciler={"version": 1, "suspects": [{"kind": "new"}]}), 'is "new"'),
    ],
)
def test_a_file_that_means_nothing_is_refused_by_name(data: bytes, reason: str) -> None:
    error = refusal(data)
    assert error.message.startswith("state/x.json cannot be used as a state: ")
    assert reason in error.message
    assert error.hint


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(BadDocument, match="more than the 10 that are read"):
        load_json(b" " * 11, max_bytes=10)
    assert MAX_BYTES > 100_000_000


def test_brackets_inside_texts_are_no_depth() -> None:
    assert load_json(json.dumps(['"[[[\\"' * 1000]).encode()) == ['"[[[\\"' * 1000]


def test_a_surrogate_pair_and_an_escaped_backslash_before_u_are_fine() -> None:
    assert load_json(rb'["\ud83d\ude00", "\\ud800"]') == ["😀", "\\ud800"]


@pytest.mark.parametrize(
    ("type_name", "provider", "named"),
    [
        ("aws_instance", 'provider["registry.terraform.io/hashicorp/aws"]', "hashicorp/aws"),
        ("terraform_data", 'provider["terraform.io/builtin/terraform"]', "builtin/terraform"),
        ("openai_project", PROVIDER, "mkdev-me/openai"),
        ("openai_message", 'provider["registry.terraform.io/x/openai2"]', "x/openai2"),
    ],
)
def test_objects_of_other_providers_are_refused_by_name(
    type_name: str, provider: str, named: str
) -> None:
    error = refusal(document(resource__type=type_name, resource__provider=provider))
    assert f"{type_name}.m ({named})" in error.message.replace("terraform.io/", "")


def test_many_foreign_objects_are_counted() -> None:
    resource = {"mode": "managed", "type": "x_y", "provider": "p", "instances": []}
    error = refusal(document(resources=[{**resource, "name": f"n{i}"} for i in range(9)]))
    assert "x_y.n4 (p) and 4 more" in error.message


@pytest.mark.parametrize(
    ("provider", "is_known"),
    [
        (PROVIDER, True),
        (f"{PROVIDER}.eu", True),
        ('provider["registry.opentofu.org/happypathway/openai"]', True),
        ('module.a["x"].provider["registry.terraform.io/anyone/openai"].b', True),
        ('provider["example.com/corp/openai"]', True),
        ('provider["registry.terraform.io/hashicorp/aws"]', False),
        ("openai", False),
    ],
)
def test_any_openai_provider_has_an_upgrader(provider: str, is_known: bool) -> None:
    assert (upgrader_for(provider) is not None) == is_known


@pytest.mark.parametrize(
    ("source", "type_name", "theirs", "ours"),
    [
        ("mkdev-me", "openai_thread", {"id": "t", "messages": [1]}, {"id": "t"}),
        ("mkdev-me", "openai_thread", {"tool_resources": []}, {"tool_resources": None}),
        (
            "mkdev-me",
            "openai_thread",
            {"tool_resources": [{"file_search": [{"a": 1}], "code_interpreter": []}]},
            {"tool_resources": {"file_search": {"a": 1}}},
        ),
        ("happypathway", "openai_thread", {"tools": ["file_search"], "id": "t"}, {"id": "t"}),
        ("happypathway", "openai_message", {"attachment": None}, {"attachments": None}),
        (
            "HappyPathway",
            "openai_message",
            {"attachment": [{"file_id": "f", "tools": ["file_search", {"type": "x"}]}]},
            {"attachments": [{"file_id": "f", "tools": [{"type": "file_search"}, {"type": "x"}]}]},
        ),
        (
            "happypathway",
            "openai_message",
            {"attachment": [1, {"a": 2}]},
            {"attachments": [1, {"a": 2}]},
        ),
        (
            "anyone",
            "openai_message",
            {"attachment": [], "id": "m"},
            {"attachments": None, "id": "m"},
        ),
        (
            "happypathway",
            "openai_message",
            {"attachment": [{"file_id": "old"}], "attachments": [{"file_id": "new"}]},
            {"attachments": [{"file_id": "new"}]},
        ),
    ],
)
def test_attributes_of_other_openai_providers_become_ours(
    source: str, type_name: str, theirs: dict[str, object], ours: dict[str, object]
) -> None:
    upgrade = upgrader_for(f'provider["registry.terraform.io/{source}/openai"]')
    assert upgrade is not None
    assert upgrade(type_name, theirs) == ours
    assert upgrade(type_name, ours) == ours


def test_what_data_sources_returned_is_left_out() -> None:
    assert decode(document(resource__mode="data"), path="x").objects == {}


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("state-v4/*.tfstate")), ids=lambda p: p.stem)
def test_states_of_other_providers_end_in_a_named_refusal(path: Path) -> None:
    assert refusal(path.read_bytes()).message


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
def test_samples_are_there() -> None:
    assert len(list(SAMPLES.glob("state-v4/*.tfstate"))) >= 7


KEYS = st.one_of(st.none(), st.integers(0, 20), st.text(max_size=5))
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
STEPS = st.lists(st.builds(ModuleStep, NAMES, KEYS), max_size=2).map(tuple)
TYPES = st.sampled_from(["openai_message", "openai_thread"])
ADDRESSES = st.builds(Address, TYPES, NAMES, KEYS, STEPS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = st.builds(
    lambda given, object_id: {**given, "id": object_id},
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.from_regex(r"[a-z]{1,5}", fullmatch=True),
)
OBJECTS = st.builds(
    StateObject,
    ADDRESSES,
    ATTRIBUTES,
    sent=st.dictionaries(NAMES, VALUES, max_size=2),
    dependencies=st.lists(NAMES, max_size=2, unique=True).map(sorted).map(tuple),
    protected=st.booleans(),
    previous_id=st.none() | TEXTS,
    tainted=st.booleans(),
)
STATES = st.builds(
    lambda objects, outputs, facts: replace(
        facts, objects={each.address: each for each in objects}, outputs=outputs
    ),
    st.lists(OBJECTS, max_size=5, unique_by=lambda each: each.address),
    st.dictionaries(NAMES, st.builds(OutputValue, VALUES, st.just("dynamic"), st.booleans())),
    st.builds(
        State,
        TEXTS,
        st.integers(0, 2**64 - 1),
        specs_root=st.none() | TEXTS,
        unordered=st.frozensets(NAMES, max_size=2),
        epoch=st.integers(0, 5),
    ),
)


@given(STATES)
@settings(max_examples=60, deadline=None)
def test_any_state_is_read_as_it_was_written(state: State) -> None:
    written = encode(state)
    again = decode(written, path="x")
    assert again == state
    assert encode(again) == written


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_state_or_refused(data: bytes) -> None:
    with suppress(StateCorrupt):
        decode(data, path="x")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_state_is_a_state_or_refused(data: st.DataObject) -> None:
    good = (ROUNDTRIP / "own.in.json").read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=6))
    with suppress(StateCorrupt):
        decode(good[:place] + put + good[place + cut :], path="x")


@pytest.mark.long
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.parametrize("name", ["happypathway", "mkdev"])
def test_terraform_writes_the_same_bytes(name: str, tmp_path: Path) -> None:
    written = (ROUNDTRIP / f"{name}.out.json").read_bytes()
    (tmp_path / "terraform.tfstate").write_bytes(written)
    pulled = subprocess.run(
        ["terraform", "state", "pull"], cwd=tmp_path, capture_output=True, check=True
    )
    version = json.loads(pulled.stdout)["terraform_version"]
    ours = encode(replace(decode(written, path=name), terraform_version=version))
    assert pulled.stdout == ours + b"\n"
