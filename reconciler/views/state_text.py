"""State text: recorded objects and outputs for people, in the notation of the spec."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Mode
from reconciler.language.plain import typed
from reconciler.schema import Schema
from reconciler.state.model import OutputValue, State, StateObject
from reconciler.views import sanitise
from reconciler.views.literal_text import literal_lines
from reconciler.views.masks import below, mask_of
from reconciler.views.style import Style
from reconciler.views.value_text import Whole, pad

OUTPUT_HIDDEN = "<sensitive>"


class StateText:
    """Writes what is recorded. *schemas* tell names from data where they are at hand."""

    def __init__(self, style: Style, schemas: Mapping[str, Schema] | None = None) -> None:
        self.style = style
        self.schemas = schemas or {}

    def state(self, state: State) -> list[str]:
        """Write every object and every output."""
        lines: list[str] = []
        for each in sorted(state.objects.values(), key=lambda each: each.address.sort_key):
            lines += [*self.resource(each), ""]
        for each in sorted(state.deposed.values(), key=lambda each: each.address.sort_key):
            lines += [*self.resource(each), ""]
        if state.outputs:
            lines += ["", "Outputs:", "", *self.outputs(state.outputs)]
        if not lines:
            return ["The state is empty: nothing is managed yet."]
        return lines[:-1] if lines[-1] == "" else lines

    def resource(self, object_: StateObject) -> list[str]:
        """Write one object as a block."""
        address = object_.address
        notes = [
            note
            for note, holds in (
                ("tainted", object_.tainted),
                ("protected", object_.protected),
                (f"deposed object {object_.deposed}", object_.deposed is not None),
            )
            if holds
        ]
        suffix = f" ({', '.join(notes)})" if notes else ""
        keyword = "data" if address.mode is Mode.DATA else "resource"
        type_, name = sanitise.quoted(address.type), sanitise.quoted(address.name)
        return [
            self.style.bold(f"# {sanitise.line(str(address))}:{suffix}"),
            f"{keyword} {type_} {name} {{",
            *self._attributes(object_),
            "}",
        ]

    def outputs(self, outputs: Mapping[str, OutputValue]) -> list[str]:
        """Write every output by its name, sensitive ones hidden."""
        lines: list[str] = []
        for name in sorted(outputs):
            each = outputs[name]
            text = OUTPUT_HIDDEN if each.sensitive else self.value(each)
            lines.append(f"{sanitise.line(name)} = {text}")
        return lines

    def value(self, output: OutputValue) -> str:
        """Write the value of one output."""
        return "\n".join(literal_lines(typed(output.value, output.type)))

    def _attributes(self, object_: StateObject) -> list[str]:
        mask = mask_of(object_.sensitive)
        shown = {
            name: value for name, value in sorted(object_.attributes.items()) if value is not None
        }
        width = max((len(sanitise.line(each)) for each in shown), default=0)
        writer = Whole(" ", self.style)
        lines: list[str] = []
        for name, value in shown.items():
            inner = writer.value(value, below(mask, name), self._type(object_, name, value), 2)
            lines += [f"{pad(4)}{sanitise.line(name):<{width}} = {inner[0]}", *inner[1:]]
        return lines

    def _type(self, object_: StateObject, name: str, value: object) -> object:
        schema = self.schemas.get(object_.address.type)
        if schema is not None and name in schema.attributes:
            return schema.attributes[name].type
        return ["map", "dynamic"] if isinstance(value, Mapping) else "dynamic"
