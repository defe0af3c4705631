"""Encoding: a plan in JSON form. What is left out is empty, null or false."""

from __future__ import annotations

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Position, SourceRange
from reconciler.plan.leaves import attributes_to_json, paths_to_json, to_json
from reconciler.plan.model import (
    Drift,
    OutputChange,
    Plan,
    PlannedChange,
    SequencePlan,
    UnmanagedLoss,
)
from reconciler.schema import Value
from reconciler.state.facts import suspect_to_json
from reconciler.state.model import OutputValue, StateObject

Json = dict[str, Value]


def plan_to_json(plan: Plan) -> Json:
    """The whole plan, in a fixed order."""
    return {
        "mode": plan.mode.value,
        "changes": [_change(each) for each in plan.changes],
        "sequences": [_sequence(each) for each in plan.sequences],
        "drift": [_drift(each) for each in plan.drift],
        "outputs": [_output_change(each) for each in plan.outputs],
        "suspects": [
            {**suspect_to_json(each), "sent": attributes_to_json(each.sent), "objects": []}
            for each in plan.suspects
        ],
        "warnings": [_diagnostic(each) for each in plan.warnings],
        "errors": [_diagnostic(each) for each in plan.errors],
        "refusals": [_diagnostic(each) for each in plan.refusals],
        "refreshed": [
            {"address": str(address), "object": _optional_object(each)}
            for address, each in plan.refreshed.items()
        ],
        "calls": plan.calls,
        "at_least": plan.at_least,
        "seconds": to_json(float(plan.seconds)),
        "rate": plan.rate,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "state_digest": plan.state_digest,
        "timestamp": plan.timestamp,
        "targeted": plan.targeted,
        "values": attributes_to_json(plan.values),
        "last_seen": dict(plan.last_seen),
        "unmanaged_losses": [_loss(each) for each in plan.unmanaged_losses],
        "unmanaged_allowed": plan.unmanaged_allowed,
        "read_backs": [
            {
                "parent_id": each.parent_id,
                "provider": each.provider,
                "after": each.after,
                "between": each.between,
            }
            for each in plan.read_backs
        ],
        "unread": sorted(plan.unread),
    }


def _change(change: PlannedChange) -> Json:
    return _said(
        {
            "address": str(change.address),
            "action": change.action.value,
            "before": attributes_to_json(change.before),
            "after": attributes_to_json(change.after),
            "reason": change.reason.value if change.reason is not None else None,
            "replace_paths": paths_to_json(change.replace_paths),
            "before_sensitive": paths_to_json(change.before_sensitive),
            "after_sensitive": paths_to_json(change.after_sensitive),
            "recorded": _optional_object(change.recorded),
            "moved_from": _optional_text(change.moved_from),
            "import_id": change.import_id,
            "create_before_destroy": change.create_before_destroy,
            "depends_on": sorted(str(each) for each in change.depends_on),
            "protected": change.protected,
            "deposed": change.deposed,
            "note": change.note,
            "behind": change.behind,
            "local": change.local,
            "blocked_by": _optional_text(change.blocked_by),
            "refused": change.refused,
        }
    )


def _said(fields: Json) -> Json:
    """*fields* without what says nothing; empty attributes do say something."""
    kept = ("before", "after")
    return {
        name: value
        for name, value in fields.items()
        if value not in (None, False, []) or (name in kept and value is not None)
    }


def _optional_text(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _optional_object(object_: StateObject | None) -> Value:
    if object_ is None:
        return None
    return _said(
        {
            "address": str(object_.address),
            "attributes": attributes_to_json(object_.attributes),
            "sent": attributes_to_json(object_.sent),
            "sensitive": paths_to_json(object_.sensitive),
            "dependencies": list(object_.dependencies),
            "protected": object_.protected,
            "irreproducible": object_.irreproducible,
            "previous_id": object_.previous_id,
            "behind": object_.behind,
            "create_before_destroy": object_.create_before_destroy,
            "tainted": object_.tainted,
            "deposed": object_.deposed,
            "provider": object_.provider,
            "foreign": attributes_to_json(object_.foreign),
        }
    )


def _sequence(sequence: SequencePlan) -> Json:
    parent = sequence.parent
    return {
        "parent": str(parent) if isinstance(parent, Address) else None,
        "parent_id": parent if isinstance(parent, str) else None,
        "member_type": sequence.member_type,
        "order": [str(each) for each in sequence.order],
        "kept": [str(each) for each in sequence.kept],
        "appended": [str(each) for each in sequence.appended],
        "rewritten": [str(each) for each in sequence.rewritten],
        "deleted": [str(each) for each in sequence.deleted],
        "deleted_unmanaged": list(sequence.deleted_unmanaged),
        "unmanaged": sequence.unmanaged,
        "grown": sequence.grown,
        "at_least": sequence.at_least,
        "last_id": sequence.last_id,
        "parent_replaced": sequence.parent_replaced,
        "reordered": sequence.reordered,
        "unfinished": sequence.unfinished,
        "partial": sequence.partial,
    }


def _drift(drift: Drift) -> Json:
    return {
        "address": str(drift.address),
        "before": attributes_to_json(drift.before),
        "after": attributes_to_json(drift.after),
        "sensitive": paths_to_json(drift.sensitive),
        "position": list(drift.position) if drift.position is not None else None,
    }


def _output_change(change: OutputChange) -> Json:
    return {
        "name": change.name,
        "before": _output(change.before),
        "after": _output(change.after),
    }


def _output(output: OutputValue | None) -> Value:
    if output is None:
        return None
    return {
        "value": to_json(output.value),
        "type": to_json(output.type),
        "sensitive": output.sensitive,
    }


def _loss(loss: UnmanagedLoss) -> Json:
    return {"address": str(loss.address), "count": loss.count}


def _diagnostic(each: Diagnostic) -> Json:
    return _said(
        {
            "severity": each.severity.value,
            "summary": each.summary,
            "detail": each.detail,
            "subject": _range(each.subject),
            "lines": list(each.lines),
            "context": each.context,
            "values": [list(pair) for pair in each.values],
            "address": each.address,
        }
    )


def _range(subject: SourceRange | None) -> Value:
    if subject is None:
        return None
    return {
        "path": subject.path,
        "start": _position(subject.start),
        "end": _position(subject.end),
    }


def _position(position: Position) -> Value:
    return [position.line, position.column, position.byte]
