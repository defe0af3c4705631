"""Terminal: no text of others drives a terminal, whichever view writes it.

The first line of the data is a name, the rest a text; both stand wherever somebody else's text can.
"""

from __future__ import annotations

import re
from io import StringIO

from fuzz import text_of
from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import RequestRejected
from reconciler.plan.model import Action, Plan, PlanMode, PlannedChange
from reconciler.provider.resources import SCHEMAS
from reconciler.state.model import OutputValue, State, StateObject
from reconciler.views import sanitise
from reconciler.views.console import Console
from reconciler.views.diagnostics_text import DiagnosticsText
from reconciler.views.plan_json import plan_document
from reconciler.views.plan_text import PlanText
from reconciler.views.state_json import state_document
from reconciler.views.state_text import StateText
from reconciler.views.style import PALETTE, Style

DRIVES = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What the views may let through is line feeds, printable characters, and colours of ours."""


def check(data: bytes) -> None:
    """Show *data* in every view."""
    name, _, text = text_of(data).partition("\n")
    for style in (Style(enabled=False), Style(enabled=True)):
        for shown in (
            "\n".join(PlanText(style, 78).render(plan(name, text))),
            "\n".join(StateText(style, SCHEMAS).state(state(name, text))),
            "\n".join(DiagnosticsText(style, 78).error(error(name, text))),
            "\n".join(DiagnosticsText(style, None).diagnostics([problem(name, text)])),
            sanitise.json_text(plan_document(plan(name, text))),
            sanitise.json_text(state_document(state(name, text)), indent=2),
            printed(text),
        ):
            assert DRIVES.search(PALETTE.sub("", shown)) is None


def address(name: str) -> Address:
    return Address("openai_message", "m", name)


def attributes(name: str, text: str) -> dict[str, object]:
    return {
        "id": name,
        "thread_id": text,
        "role": name,
        "content": text,
        "metadata": {name: text},
        "attachments": [{"file_id": text, "tools": [{"type": name}]}],
    }


def plan(name: str, text: str) -> Plan:
    before, after = attributes(name, text), attributes(text, f"{name}\n{text}")
    changes = (
        PlannedChange(address(name), Action.CREATE, None, after),
        PlannedChange(address(text), Action.REPLACE, before, after),
        PlannedChange(address(name + "x"), Action.DELETE, before, None),
    )
    return Plan(PlanMode.NORMAL, changes=changes)


def state(name: str, text: str) -> State:
    object_ = StateObject(address(name), attributes(name, text))
    outputs = {"o": OutputValue(text, "string")}
    return State("lineage", objects={object_.address: object_}, outputs=outputs)


def error(name: str, text: str) -> RequestRejected:
    return RequestRejected(text, request=name, status=400, code=text, param=name, hint=text)


def problem(name: str, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, name, text, address=text)


def printed(text: str) -> str:
    """The console's own check, for what a view forgot."""
    out, err = StringIO(), StringIO()
    console = Console(out, err, environ={})
    console.out(text)
    console.err(text)
    return out.getvalue() + err.getvalue()
