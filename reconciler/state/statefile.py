"""Statefile: Terraform's state format version 4, to and from a `State`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.address import Address, Mode
from reconciler.collector import collector_paused
from reconciler.errors import StateCorrupt
from reconciler.frozen import replace
from reconciler.schema import Path, Value
from reconciler.state.facts import facts_from_json, with_facts
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument, load_json
from reconciler.state.model import OutputValue, State, StateObject
from reconciler.state.objectjson import read_deposed
from reconciler.state.private import unpack
from reconciler.state.statetext import (
    FOREIGN_FIELDS,
    FORMAT_VERSION,
    OUR_KEY,
    OUR_VERSION,
    encode_content,
    wrap,
)
from reconciler.state.upgrade import MANAGED_TYPES, Upgrader, source_of, upgrader_for


def decode(data: bytes, *, path: str) -> State:
    """Read a state file.

    What a data source returned is left out: it is read anew in every plan.

    Raises:
        StateCorrupt: it is empty, damaged, encrypted, from a newer version, no state at all, or
            holds objects of other providers. The message names *path* and what to do.
    """
    if not data:
        raise _refused(path, "it is empty", "restore it from a backup; an empty file is no state")
    try:
        with collector_paused():
            fields = Fields.of(load_json(data), "the document")
            _check_format(fields, path)
            return _read(Fields(fields.values), path)
    except BadDocument as error:
        raise _refused(path, str(error), "restore it from a backup") from error


def encode(state: State) -> bytes:
    """Write *state* as Terraform would: order of keys, indentation, escapes, final newline.

    Raises:
        ValueError: a number in it is infinite.
    """
    return wrap(encode_content(state), state)


def _check_format(fields: Fields, path: str) -> None:
    if "encrypted_data" in fields.values:
        raise _refused(
            path,
            "it is encrypted by OpenTofu",
            "write it out in the clear first: tofu state pull > FILE",
        )
    version = fields.values.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _refused(
            path,
            "it is JSON but not a state: it has no version",
            "name the state file with --state",
        )
    if version > FORMAT_VERSION:
        raise _refused(
            path,
            f"its format is version {version}, newer than the {FORMAT_VERSION} known here",
            "use the newer program that wrote it, or upgrade this one",
        )
    if version < FORMAT_VERSION:
        raise _refused(
            path,
            f"its format is version {version}, from before Terraform 0.12",
            "let Terraform 0.13 or later rewrite it once (terraform apply)",
        )


def _refused(path: str, why: str, hint: str) -> StateCorrupt:
    return StateCorrupt(f"{path} cannot be used as a state: {why}", hint=hint)


def _read(fields: Fields, path: str) -> State:
    objects: dict[Address, StateObject] = {}
    deposed: dict[tuple[Address, str], StateObject] = {}
    foreign: list[str] = []
    for resource in fields.objects("resources"):
        for each in _read_resource(resource, foreign):
            place = (each.address, each.deposed)
            if each.deposed is None:
                taken = objects.setdefault(each.address, each)
            else:
                taken = deposed.setdefault((each.address, each.deposed), each)
            if taken is not each:
                raise BadDocument(f"{place[0]} stands in it twice")
    if foreign:
        raise _foreign_objects(path, foreign)
    state = State(
        lineage=fields.text("lineage"),
        serial=fields.count("serial"),
        objects=objects,
        deposed=deposed,
        outputs=_read_outputs(fields),
        check_results=fields.values.get("check_results"),
        terraform_version=fields.text("terraform_version", "0.12.0"),
    )
    return _read_ours(state, fields)


def _read_ours(state: State, fields: Fields) -> State:
    if OUR_KEY not in fields.values:
        return state
    ours = Fields.of(fields.values[OUR_KEY], OUR_KEY)
    version = ours.count("version")
    if version > OUR_VERSION:
        raise BadDocument(f"a newer version of this program wrote it ({OUR_KEY}.version {version})")
    state = replace(with_facts(state, facts_from_json(ours)), epoch=ours.count("epoch", 0))
    if ours.values.get("journal") is None:
        return state
    journal = Fields(ours.mapping("journal"), ours.at("journal"))
    return replace(
        state, folded=journal.count("folded"), resolved=tuple(sorted(journal.counts("resolved")))
    )


def _foreign_objects(path: str, foreign: list[str]) -> StateCorrupt:
    named = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
    return _refused(
        path,
        f"it holds objects that are not threads or messages of an openai provider: {named}",
        "move those to a state of their own: terraform state mv -state-out=FILE ADDRESS ADDRESS",
    )


def _read_outputs(fields: Fields) -> dict[str, OutputValue]:
    outputs = Fields(fields.mapping("outputs"), "outputs")
    found = {}
    for name, each in outputs.values.items():
        output = Fields.of(each, outputs.at(name))
        found[name] = OutputValue(
            output.values.get("value"),
            output.values.get("type", "dynamic"),
            output.flag("sensitive"),
        )
    return found


def _read_resource(resource: Fields, foreign: list[str]) -> Iterator[StateObject]:
    block = _read_block(resource)
    provider = resource.text("provider")
    upgrade = upgrader_for(provider)
    if upgrade is None or block.type not in MANAGED_TYPES:
        if upgrade is None or block.mode is Mode.MANAGED:
            foreign.append(f"{block} ({source_of(provider)})")
        return
    if block.mode is Mode.DATA:
        return
    for instance in resource.objects("instances"):
        yield _read_instance(instance, block, provider, upgrade)


def _read_block(resource: Fields) -> Address:
    module = resource.optional_text("module")
    mode = resource.text("mode")
    if mode not in set(Mode):
        raise BadDocument(f'{resource.at("mode")} is "{mode}"')
    data = "data." if mode == Mode.DATA else ""
    text = f"{data}{resource.text('type')}.{resource.text('name')}"
    if module:
        text = f"{module}.{text}"
    try:
        return Address.parse(text)
    except ValueError as error:
        raise BadDocument(f"{resource.place} is not a resource: {error}") from error


def _read_instance(fields: Fields, block: Address, provider: str, upgrade: Upgrader) -> StateObject:
    address = block.instance(_read_key(fields))
    fields = Fields(fields.values, str(address))
    if "attributes_flat" in fields.values:
        raise BadDocument(f"{address} is in the form of Terraform 0.11")
    ours, private = unpack(fields.optional_text("private"))
    own = Fields(ours, fields.at("private.reconciler"))
    attributes = upgrade(block.type, fields.mapping("attributes"))
    if not isinstance(attributes.get("id"), str) or not attributes["id"]:
        raise BadDocument(f"{address} has no id")
    return StateObject(
        address=address,
        attributes=attributes,
        sent=own.mapping("sent"),
        sensitive=tuple(_read_paths(fields)),
        dependencies=fields.texts("dependencies"),
        protected=own.flag("protected"),
        irreproducible=own.flag("irreproducible"),
        previous_id=own.optional_text("previous_id"),
        behind=own.optional_text("behind"),
        create_before_destroy=fields.flag("create_before_destroy"),
        tainted=fields.optional_text("status") == "tainted",
        deposed=read_deposed(fields),
        provider=own.text("provider", provider),
        foreign=_read_foreign(fields, private),
    )


def _read_key(fields: Fields) -> int | str | None:
    key = fields.values.get("index_key")
    if key is None or isinstance(key, str):
        return key
    return fields.count("index_key")


def _read_foreign(fields: Fields, private: str | None) -> dict[str, Value]:
    found = {name: fields.values[name] for name in FOREIGN_FIELDS if name in fields.values}
    if version := fields.count("schema_version", 0):
        found["schema_version"] = version
    if private is not None:
        found["private"] = private
    return found


def _read_paths(fields: Fields) -> Iterator[Path]:
    for index, steps in enumerate(fields.items("sensitive_attributes")):
        place = f"{fields.at('sensitive_attributes')}[{index}]"
        if not isinstance(steps, list):
            raise BadDocument(f"{place} is not a list")
        yield tuple(_read_step(Fields.of(each, place)) for each in steps)


def _read_step(step: Fields) -> str | int:
    match step.text("type"):
        case "get_attr":
            return step.text("value")
        case "index":
            key = Fields(step.mapping("value"), step.at("value"))
            return (
                step_key
                if isinstance(step_key := key.values.get("value"), str)
                else key.count("value")
            )
        case other:
            raise BadDocument(f'{step.at("type")} is "{other}"')
