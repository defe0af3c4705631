"""Admin: what a test in another process asks of a server, under `/_emulator/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.answer import Answer, Refusal, bad_request, invalid_url, json_answer
from reconciler.emulator.call import Call
from reconciler.emulator.faults import Faults, InvalidFaults

if TYPE_CHECKING:
    from reconciler.emulator.app import App


def answer(app: App, call: Call) -> Answer:
    """Answer one request to `/_emulator/`."""
    try:
        return _answer(app, call)
    except Refusal as refusal:
        return refusal.answer()


def _answer(app: App, call: Call) -> Answer:
    match call.method, call.path.removeprefix("/_emulator/"):
        case "GET", "requests":
            rows = [[r.method, r.path, r.status, r.body] for r in app.emulator.requests]
            return json_answer({"requests": rows})
        case "POST", "requests":
            app.emulator.record()
            return json_answer({})
        case "GET", "faults":
            return json_answer({"struck": app.faults.struck if app.faults else []})
        case "POST", "faults":
            app.faults = _read_faults(call)
            return json_answer({})
        case "DELETE", "faults":
            app.faults = None
            return json_answer({})
        case "GET", "threads":
            return json_answer({"threads": _threads(app)})
        case _:
            raise invalid_url(call.method, call.path)


def _read_faults(call: Call) -> Faults:
    try:
        return Faults.from_json(call.body)
    except InvalidFaults as error:
        raise bad_request(str(error)) from error


def _threads(app: App) -> list[dict[str, object]]:
    emulator = app.emulator
    return [
        {"thread": thread, "messages": emulator.messages(thread["id"])}
        for thread in emulator.threads()
    ]
