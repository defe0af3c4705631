"""State JSON: the document of `show --json` for a state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reconciler.address import Address
from reconciler.state.model import OutputValue, State, StateObject
from reconciler.views.masks import HIDDEN, mask_of, masked
from reconciler.views.value_json import sensitive

FORMAT_VERSION = "1.0"


def state_document(state: State) -> dict[str, object]:
    """Everything in the state, sensitive values hidden."""
    document: dict[str, object] = {"format_version": FORMAT_VERSION}
    if state.is_empty and not state.outputs:
        return document
    document["terraform_version"] = state.terraform_version
    document["values"] = values_document(state)
    if state.check_results is not None:
        document["checks"] = state.check_results
    return document


def values_document(state: State) -> dict[str, object]:
    """Outputs and modules of a state."""
    values: dict[str, object] = {}
    if state.outputs:
        values["outputs"] = {name: output_document(each) for name, each in state.outputs.items()}
    objects = [*state.objects.values(), *state.deposed.values()]
    values["root_module"] = module_tree(
        (each.address, _resource(each)) for each in sorted(objects, key=_order)
    )
    return values


def output_document(output: OutputValue) -> dict[str, object]:
    """One output, hidden if it is sensitive."""
    value = HIDDEN if output.sensitive and output.value is not None else output.value
    return {"sensitive": output.sensitive, "type": output.type, "value": value}


def module_tree(
    resources: Iterable[tuple[Address, Mapping[str, object]]],
) -> dict[str, object]:
    """Put resources into the modules they stand in."""
    root: dict[str, object] = {}
    modules: dict[str, dict[str, object]] = {"": root}
    for address, resource in resources:
        node = _module(address, modules)
        found = node.setdefault("resources", [])
        assert isinstance(found, list)
        found.append(resource)
    return root


def resource_head(address: Address, provider: str | None = None) -> dict[str, object]:
    """How a resource is named in every document."""
    head: dict[str, object] = {
        "address": str(address),
        "mode": str(address.mode),
        "type": address.type,
        "name": address.name,
    }
    if address.key is not None:
        head["index"] = address.key
    if provider is not None:
        head["provider_name"] = provider_name(provider)
    return head


def provider_name(provider: str) -> str:
    """`registry.terraform.io/mkdev-me/openai` of the way a state file writes it."""
    match = re.search(r'provider\["([^"]*)"\]', provider)
    return match[1] if match is not None else provider


def _resource(object_: StateObject) -> dict[str, object]:
    mask = mask_of(object_.sensitive)
    document = {
        **resource_head(object_.address, object_.provider),
        "schema_version": 0,
        "values": masked(object_.attributes, mask),
        "sensitive_values": sensitive(object_.attributes, mask),
    }
    if object_.dependencies:
        document["depends_on"] = list(object_.dependencies)
    if object_.tainted:
        document["tainted"] = True
    if object_.deposed is not None:
        document["deposed_key"] = object_.deposed
    return document


def _module(address: Address, modules: dict[str, dict[str, object]]) -> dict[str, object]:
    path = ""
    node = modules[path]
    for step in address.module:
        path = f"{path}.{step}" if path else str(step)
        if path not in modules:
            child: dict[str, object] = {"address": path}
            children = node.setdefault("child_modules", [])
            assert isinstance(children, list)
            children.append(child)
            modules[path] = child
        node = modules[path]
    return node


def _order(object_: StateObject) -> tuple[object, ...]:
    return (*object_.address.sort_key, object_.deposed or "")
