"""UI JSON: a run as a stream of JSON objects, one a line, as Terraform's tools read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcilerError
from reconciler.execute.events import (
    ChangeFailed,
    ChangeFinished,
    ChangeStarted,
    Event,
    Recovered,
    Refreshing,
    Report,
    Status,
    Waiting,
    Warned,
)
from reconciler.plan.model import Action, Counts, OutputChange, Plan, PlannedChange, Reason
from reconciler.state.model import OutputValue, Suspect
from reconciler.views.diagnostics_json import diagnostic_document, error_documents
from reconciler.views.masks import HIDDEN
from reconciler.views.report import counts_text
from reconciler.views.sanitise import json_text
from reconciler.views.verbs import verb_of

MODULE = "terraform.ui"
UI_VERSION = "1.2"

Fields = dict[str, object]


class JsonStream:
    """Writes the stream of one command. Nothing else may be printed to the same place."""

    def __init__(
        self, write: Callable[[str], None], *, now: Callable[[], datetime] | None = None
    ) -> None:
        self._write = write
        self._now = now or (lambda: datetime.now(UTC))

    def version(self, version: str, terraform_version: str) -> None:
        """Say who speaks; the first line."""
        self._line(
            "version",
            f"reconciler {version}",
            {"reconciler": version, "terraform": terraform_version, "ui": UI_VERSION},
        )

    def event(self, event: Event) -> None:
        """Write what happens during a run."""
        match event:
            case Refreshing(address, id_):
                text = f"{address}: Refreshing state... [id={id_}]"
                self._line("refresh_start", text, {"hook": _read_hook(address, id_)})
            case ChangeStarted(address, action, id_):
                text = f"{address}: {verb_of(action).doing}...{_id(id_)}"
                self._line("apply_start", text, {"hook": _hook(address, action, id_)})
            case ChangeFinished(address, action, id_, elapsed_s):
                text = f"{address}: {verb_of(action).done} after {elapsed_s:.0f}s{_id(id_)}"
                hook = _hook(address, action, id_, elapsed_s)
                self._line("apply_complete", text, {"hook": hook})
            case ChangeFailed(address, action, error):
                text = f"{address}: {verb_of(action).noun} errored: {error.message}"
                self._line("apply_errored", text, {"hook": _hook(address, action)}, "error")
            case Waiting(reason, seconds):
                fields: Fields = {"wait": {"reason": reason, "seconds": seconds}}
                self._line("log", f"Waiting {seconds:.0f}s: {reason}", fields)
            case Recovered(address, message):
                self._line("log", f"{address}: {message}", {"resource": resource_document(address)})
            case Warned(message):
                self._diagnostic({"severity": "warning", "summary": message, "detail": ""})

    def refreshed(self, address: Address, id_: str) -> None:
        """Note that an object has been read."""
        text = f"{address}: Refresh complete [id={id_}]"
        self._line("refresh_complete", text, {"hook": _read_hook(address, id_)})

    def still(self, address: Address, action: Action, id_: str | None, elapsed_s: float) -> None:
        """Note that a change takes its time."""
        text = f"{address}: Still {verb_of(action).doing.lower()}... [{elapsed_s:.0f}s elapsed]"
        self._line("apply_progress", text, {"hook": _hook(address, action, id_, elapsed_s)})

    def plan(self, plan: Plan, *, operation: str = "plan") -> None:
        """Write what would be done; no values but those of outputs are in it."""
        for drift in plan.drift:
            action = "delete" if drift.after is None else "update"
            fields: Fields = {
                "change": {"resource": resource_document(drift.address), "action": action}
            }
            self._line("resource_drift", f"{drift.address}: Drift detected ({action})", fields)
        for change in plan.changes:
            if change.changes_something:
                self._planned(change)
        for suspect in plan.suspects:
            self._diagnostic(_suspect_document(suspect))
        self.summary(plan.counts, operation)
        if plan.outputs:
            changes = {each.name: _output_change(each) for each in plan.outputs}
            self._line("outputs", f"Outputs: {len(changes)}", {"outputs": changes})
        for diagnostic in (*plan.warnings, *plan.errors):
            self.diagnostic(diagnostic)

    def summary(self, counts: Counts, operation: str) -> None:
        """Write the numbers."""
        fields: Fields = {"changes": _changes(counts, operation)}
        self._line("change_summary", _summary_text(counts, operation), fields)

    def _ended(self, report: Report, operation: str) -> None:
        counts = Counts(
            report.added, report.changed, report.destroyed, report.imported, report.forgotten
        )
        if report.ok:
            self.summary(counts, operation)
            return
        how = "interrupted" if report.interrupted else "incomplete"
        ends = Counter(each.status for each in report.outcomes if each.action is not Action.NO_OP)
        numbers = {name: ends[status] for status, name in _ENDS.items()}
        left = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in numbers.items())
        self._line(
            "change_summary",
            f"{operation.capitalize()} {how}. Resources: {counts_text(report)}. Changes: {left}.",
            {"changes": _changes(counts, operation), "ended": how, "ends": numbers},
            "warn",
        )

    def report(self, report: Report, *, operation: str) -> None:
        """Write how a run ended: what failed, what nobody knows, the numbers, the outputs."""
        for warning in report.warnings:
            self._diagnostic({"severity": "warning", "summary": warning, "detail": ""})
        for outcome in report.outcomes:
            if outcome.error is not None and outcome.status is Status.FAILED:
                self.error(outcome.error, address=outcome.address)
            elif outcome.status is Status.UNKNOWN:
                self._diagnostic({**_UNANSWERED, "address": str(outcome.address)})
        for each in report.problems:
            self.diagnostic(each)
        if report.failure is not None:
            self.error(report.failure)
        for suspect in report.suspects:
            self._diagnostic(_suspect_document(suspect))
        self._ended(report, operation)
        if operation == "apply":
            outputs = {name: _output(each) for name, each in report.outputs.items()}
            self._line("outputs", f"Outputs: {len(outputs)}", {"outputs": outputs})

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Write one error or warning."""
        self._diagnostic(diagnostic_document(diagnostic))

    def error(self, error: ReconcilerError, *, address: Address | None = None) -> None:
        """Write what ended the command, or one change of it."""
        for document in error_documents(error):
            if address is not None:
                document["address"] = str(address)
            self._diagnostic(document)

    def _planned(self, change: PlannedChange) -> None:
        document: Fields = {"resource": resource_document(change.address)}
        if change.moved_from is not None:
            document["previous_resource"] = resource_document(change.moved_from)
        action = _ui_action(change)
        document["action"] = action
        if change.reason is not None:
            document["reason"] = _REASONS.get(change.reason, str(change.reason))
        if change.import_id is not None:
            document["importing"] = {"id": change.import_id}
        text = f"{change.address}: Plan to {action}"
        self._line("planned_change", text, {"change": document})

    def _diagnostic(self, document: Mapping[str, object]) -> None:
        level = "error" if document["severity"] == "error" else "warn"
        text = f"{str(document['severity']).capitalize()}: {document['summary']}"
        self._line("diagnostic", text, {"diagnostic": document}, level)

    def _line(self, type_: str, message: str, fields: Fields, level: str = "info") -> None:
        document = {
            "@level": level,
            "@message": message,
            "@module": MODULE,
            "@timestamp": self._now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
            **fields,
            "type": type_,
        }
        self._write(json_text(document))


def resource_document(address: Address) -> Fields:
    """How the stream names a resource."""
    module = ".".join(map(str, address.module))
    whole = str(address)
    return {
        "addr": whole,
        "module": module,
        "resource": whole.removeprefix(f"{module}.") if module else whole,
        "implied_provider": address.type.partition("_")[0],
        "resource_type": address.type,
        "resource_name": address.name,
        "resource_key": address.key,
    }


_REASONS: dict[Reason, str] = {
    Reason.CANNOT_UPDATE: "cannot_update",
    Reason.TAINTED: "tainted",
    Reason.REQUESTED: "requested",
    Reason.TRIGGERS: "replace_triggered_by",
}


_UNANSWERED: Fields = {
    "severity": "warning",
    "summary": "Sent, outcome unknown",
    "detail": "No answer to it is recorded. The next run looks for what was sent.",
}


_ENDS = {
    Status.APPLIED: "done",
    Status.FAILED: "failed",
    Status.UNKNOWN: "unknown",
    Status.SKIPPED: "not_attempted",
}


def _suspect_document(suspect: Suspect) -> Fields:
    return {
        "severity": "error",
        "summary": "Unresolved",
        "detail": f"Sent at {suspect.sent_at}; seen instead of an answer: {suspect.seen}. It may or"
        ' may not exist on the server; "reconciler recover" settles it.',
        "address": str(suspect.address),
    }


def _changes(counts: Counts, operation: str) -> Fields:
    return {
        "add": counts.add,
        "change": counts.change,
        "import": counts.import_,
        "remove": counts.destroy,
        "forget": counts.forget,
        "operation": operation,
    }


def _ui_action(change: PlannedChange) -> str:
    match change.action:
        case Action.FORGET:
            return "remove"
        case Action.NO_OP if change.import_id is not None:
            return "import"
        case Action.NO_OP if change.moved_from is not None:
            return "move"
        case Action.NO_OP:
            return "noop"
        case _:
            return str(change.action)


def _hook(
    address: Address, action: Action, id_: str | None = None, elapsed_s: float | None = None
) -> Fields:
    hook: Fields = {"resource": resource_document(address), "action": str(action)}
    if id_ is not None:
        hook |= {"id_key": "id", "id_value": id_}
    if elapsed_s is not None:
        hook["elapsed_seconds"] = round(elapsed_s)
    return hook


def _read_hook(address: Address, id_: str) -> Fields:
    return {"resource": resource_document(address), "id_key": "id", "id_value": id_}


def _output_change(change: OutputChange) -> Fields:
    sensitive = change.after.sensitive if change.after is not None else False
    action = "noop" if change.action is Action.NO_OP else str(change.action)
    return {"sensitive": sensitive, "action": action}


def _output(output: OutputValue) -> Fields:
    value = HIDDEN if output.sensitive else output.value
    return {"sensitive": output.sensitive, "type": output.type, "value": value}


def _summary_text(counts: Counts, operation: str) -> str:
    if operation == "plan":
        imports = f"{counts.import_} to import, " if counts.import_ else ""
        return (
            f"Plan: {imports}{counts.add} to add, {counts.change} to change, "
            f"{counts.destroy} to destroy."
        )
    if operation == "destroy":
        return f"Destroy complete! Resources: {counts.destroy} destroyed."
    imports = f"{counts.import_} imported, " if counts.import_ else ""
    return (
        f"Apply complete! Resources: {imports}{counts.add} added, {counts.change} changed, "
        f"{counts.destroy} destroyed."
    )


def _id(id_: str | None) -> str:
    return f" [id={id_}]" if id_ is not None else ""
