"""Upgrade: states of the Terraform providers that had these types, read as ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconciler.schema import Value

MANAGED_TYPES = frozenset({"openai_thread", "openai_message"})
"""The types whose objects a state may hold."""

Upgrader = Callable[[str, dict[str, Value]], dict[str, Value]]
"""Type and attributes as a provider wrote them, to attributes as our schemas have them."""


def upgrader_for(provider: str) -> Upgrader | None:
    """The upgrader for a provider address as it stands in a state, None for a foreign provider."""
    match = _PROVIDER.fullmatch(provider)
    if match is None:
        return None
    return UPGRADERS.get(match["source"].lower(), _upgrade_any)


def source_of(provider: str) -> str:
    """What the address names, for messages: `hashicorp/aws`."""
    match = _QUOTED.search(provider)
    return match[1].removeprefix("registry.terraform.io/") if match else provider


def _upgrade_mkdev(type_name: str, attributes: dict[str, Value]) -> dict[str, Value]:
    if type_name == "openai_thread":
        return _plain_tool_resources(_without(attributes, "messages"))
    return attributes


def _upgrade_happypathway(type_name: str, attributes: dict[str, Value]) -> dict[str, Value]:
    if type_name == "openai_thread":
        return _plain_tool_resources(_without(attributes, "messages", "tools"))
    return _plural_attachments(attributes)


def _upgrade_any(type_name: str, attributes: dict[str, Value]) -> dict[str, Value]:
    return _upgrade_happypathway(type_name, _upgrade_mkdev(type_name, attributes))


UPGRADERS: Mapping[str, Upgrader] = {
    "mkdev-me/openai": _upgrade_mkdev,
    "happypathway/openai": _upgrade_happypathway,
}
"""By namespace and name; any other `openai` provider gets all of them."""


def _without(attributes: dict[str, Value], *names: str) -> dict[str, Value]:
    return {name: each for name, each in attributes.items() if name not in names}


def _plain_tool_resources(attributes: dict[str, Value]) -> dict[str, Value]:
    """Blocks were lists of at most one object; ours are the objects."""
    resources = _single(attributes.get("tool_resources"))
    if isinstance(resources, dict):
        resources = {name: _single(each) for name, each in resources.items()}
        resources = {name: each for name, each in resources.items() if each is not None} or None
    if "tool_resources" not in attributes:
        return attributes
    return {**attributes, "tool_resources": resources}


def _single(value: Value) -> Value:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _plural_attachments(attributes: dict[str, Value]) -> dict[str, Value]:
    """`attachment` blocks, with tools as names or as blocks, become `attachments`."""
    if "attachment" not in attributes:
        return attributes
    blocks = attributes["attachment"]
    rest = _without(attributes, "attachment")
    if not isinstance(blocks, list) or not blocks or rest.get("attachments"):
        rest.setdefault("attachments", None)
        return rest
    return {**rest, "attachments": [_attachment(each) for each in blocks]}


def _attachment(block: Value) -> Value:
    if not isinstance(block, dict):
        return block
    tools = block.get("tools")
    if not isinstance(tools, list):
        return block
    return {**block, "tools": [_tool(each) for each in tools]}


def _tool(tool: Value) -> Value:
    return {"type": tool} if isinstance(tool, str) else tool


_PROVIDER = re.compile(
    r'(?:module\..+\.)?provider\["(?:[^"/]+/)?(?P<source>[^"/]+/openai)"\](?:\.[\w-]+)?'
)
_QUOTED = re.compile(r'\["([^"]*)"\]')
