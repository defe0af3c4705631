"""Statetext: a state in the lines of Terraform's state format version 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring as quote

from reconciler.address import Address
from reconciler.collector import collector_paused
from reconciler.schema import Path, Value
from reconciler.state.facts import Facts, facts_of, facts_to_json
from reconciler.state.model import OutputValue, State, StateObject
from reconciler.state.private import pack
from reconciler.state.render import escape_html, render, to_bytes

FORMAT_VERSION = 4
"""The state format that is read and written."""

OUR_KEY = "reconciler"
"""The top-level key of what is ours and of the whole file; Terraform drops it when it writes."""

OUR_VERSION = 1
"""The version of what stands under `OUR_KEY`."""

FOREIGN_FIELDS = ("identity_schema_version", "identity", "skip_destroy", "provider")
"""Fields of an instance that newer versions or OpenTofu write and that go back as they were."""

_MAPS = frozenset({"metadata"})
"""Attributes that are maps: a step below them is an index, elsewhere it is an attribute."""


def encode_content(state: State) -> bytes:
    """The middle of the file: two states with equal middles say the same.

    Serial, epoch and journal stand around it, and so does who wrote it.
    """
    with collector_paused():
        text = (
            f'  "lineage": {quote(state.lineage)},\n'
            f'  "outputs": {_outputs_text(state.outputs)},\n'
            f'  "resources": {_resources_text(state)},\n'
            f'  "check_results": {render(state.check_results, indent="  ", keep_order=True)}'
        )
        if _has_ours(state):
            text += f',\n  "{OUR_KEY}": ' + _facts_text(facts_of(state))
        return to_bytes(escape_html(text))


def wrap(content: bytes, state: State) -> bytes:
    """The file: *content* with what of *state* stands around it."""
    head, tail = _around(state)
    return head + content + tail


def unwrap(data: bytes, state: State) -> bytes | None:
    """The content of a file that was read as *state*, if it is laid out as it would be now."""
    head, tail = _around(state)
    if not (state.epoch and data.startswith(head) and data.endswith(tail)):
        return None
    return data[len(head) : -len(tail)]


def _around(state: State) -> tuple[bytes, bytes]:
    head = (
        f'{{\n  "version": {FORMAT_VERSION},\n'
        f'  "terraform_version": {quote(state.terraform_version)},\n'
        f'  "serial": {state.serial},\n'
    )
    tail = "\n}\n"
    if _has_ours(state):
        journal = render(_journal_to_json(state), indent="    ", keep_order=True)
        tail = f',\n    "epoch": {state.epoch},\n    "journal": {journal}\n  }}\n}}\n'
    return to_bytes(head), to_bytes(tail)


def _journal_to_json(state: State) -> Value:
    if state.folded is None:
        return None
    return {"folded": state.folded, "resolved": sorted(state.resolved)}


def _has_ours(state: State) -> bool:
    return bool(state.epoch) or state.folded is not None or facts_of(state) != Facts()


def _facts_text(facts: Facts) -> str:
    document = {"version": OUR_VERSION, **facts_to_json(facts)}
    return render(document, indent="  ", keep_order=True).removesuffix("\n  }")


def _outputs_text(outputs: Mapping[str, OutputValue]) -> str:
    document: dict[str, Value] = {}
    for name in sorted(outputs):
        output = outputs[name]
        document[name] = {"value": output.value, "type": output.type}
        if output.sensitive:
            document[name] = {"value": output.value, "type": output.type, "sensitive": True}
    return _render_outputs(document)


def _render_outputs(document: Mapping[str, Value]) -> str:
    """Outputs: the fields of each stand in a fixed order, what is inside them is sorted."""
    if not document:
        return "{}"
    lines = []
    for name, output in document.items():
        assert isinstance(output, dict)
        fields = ",\n".join(
            f"      {quote(key)}: {render(each, indent='      ')}" for key, each in output.items()
        )
        lines.append(f"    {quote(name)}: {{\n{fields}\n    }}")
    return "{\n" + ",\n".join(lines) + "\n  }"


def _resources_text(state: State) -> str:
    blocks: dict[Address, list[StateObject]] = {}
    for each in (*state.objects.values(), *state.deposed.values()):
        blocks.setdefault(each.address.block, []).append(each)
    if not blocks:
        return "[]"
    ordered = sorted(blocks, key=_block_order)
    return "[\n" + ",\n".join(_resource_text(each, blocks[each]) for each in ordered) + "\n  ]"


def _block_order(block: Address) -> tuple[str, str, str, str]:
    return (_module_text(block), block.mode.value, block.type, block.name)


def _module_text(block: Address) -> str:
    return ".".join(str(step) for step in block.module)


def _resource_text(block: Address, objects: list[StateObject]) -> str:
    objects.sort(key=lambda each: (each.address.sort_key[-1], each.deposed or ""))
    provider = _shared_provider(objects)
    module = f'      "module": {quote(_module_text(block))},\n' if block.module else ""
    instances = ",\n".join(_instance_text(each, provider) for each in objects)
    return (
        f'    {{\n{module}      "mode": "{block.mode.value}",\n'
        f'      "type": {quote(block.type)},\n'
        f'      "name": {quote(block.name)},\n'
        f'      "provider": {quote(provider)},\n'
        f'      "instances": [\n{instances}\n      ]\n    }}'
    )


def _shared_provider(objects: list[StateObject]) -> str:
    current = [each for each in objects if each.deposed is None] or objects
    return current[0].provider


def _instance_text(recorded: StateObject, provider: str) -> str:
    return "        {\n" + ",\n".join(_instance_fields(recorded, provider)) + "\n        }"


def _instance_fields(recorded: StateObject, provider: str) -> Iterator[str]:
    foreign = recorded.foreign
    key = recorded.address.key
    if key is not None:
        yield f'          "index_key": {key if isinstance(key, int) else quote(key)}'
    if recorded.tainted:
        yield '          "status": "tainted"'
    if recorded.deposed is not None:
        yield f'          "deposed": {quote(recorded.deposed)}'
    yield f'          "schema_version": {foreign.get("schema_version", 0)}'
    yield f'          "attributes": {render(recorded.attributes, indent="          ")}'
    yield f'          "sensitive_attributes": {_marks_text(recorded.sensitive)}'
    for name in FOREIGN_FIELDS:
        if name in foreign:
            yield f'          "{name}": {render(foreign[name], indent="          ")}'
    if private := pack(recorded, provider=provider):
        yield f'          "private": {quote(private)}'
    if recorded.dependencies:
        dependencies = render(sorted(recorded.dependencies), indent="          ")
        yield f'          "dependencies": {dependencies}'
    if recorded.create_before_destroy:
        yield '          "create_before_destroy": true'


def _marks_text(paths: tuple[Path, ...]) -> str:
    if not paths:
        return "[]"
    marks = [_path_to_json(each) for each in sorted(paths, key=repr)]
    return render(marks, indent="          ", keep_order=True)


def _path_to_json(path: Path) -> list[Value]:
    steps: list[Value] = []
    for before, step in zip((None, *path), path, strict=False):
        if isinstance(step, int):
            steps.append({"type": "index", "value": {"value": step, "type": "number"}})
        elif before in _MAPS:
            steps.append({"type": "index", "value": {"value": step, "type": "string"}})
        else:
            steps.append({"type": "get_attr", "value": step})
    return steps
