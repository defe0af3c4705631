"""Plan JSON: the document of `show --json` for a plan, format 1.2."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plan.model import Action, Drift, OutputChange, Plan, PlannedChange
from reconciler.schema import Path, Value
from reconciler.state.model import PROVIDER, State
from reconciler.views.diagnostics_json import diagnostic_document
from reconciler.views.masks import HIDDEN, mask_of, masked
from reconciler.views.state_json import module_tree, resource_head, values_document
from reconciler.views.value_json import known, sensitive, unknown

FORMAT_VERSION = "1.2"


def plan_document(plan: Plan) -> dict[str, object]:
    """Everything the plan holds, sensitive values hidden.

    What Terraform's document does not know (sequences, suspects, calls) stands under `reconciler`.
    """
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": State("").terraform_version,
        "variables": {name: {"value": known(value)} for name, value in plan.values.items()},
        "planned_values": _planned_values(plan),
        "resource_drift": [_drift(each) for each in plan.drift],
        "resource_changes": [_change(each) for each in plan.changes],
        "output_changes": {each.name: _output_change(each) for each in plan.outputs},
        "prior_state": _prior_state(plan),
        "configuration": {"root_module": {}},
        "relevant_attributes": [],
        "timestamp": plan.timestamp,
        "applyable": plan.can_apply,
        "complete": not plan.targeted and not plan.suspects,
        "errored": bool(plan.errors),
        "reconciler": _ours(plan),
    }


def actions(change: PlannedChange) -> list[str]:
    """The action in the words of the document."""
    if change.action is Action.REPLACE:
        return ["create", "delete"] if change.create_before_destroy else ["delete", "create"]
    return [str(change.action)]


def _change(change: PlannedChange) -> dict[str, object]:
    provider = change.recorded.provider if change.recorded is not None else PROVIDER
    document = resource_head(change.address, provider)
    if change.address.module:
        document["module_address"] = ".".join(map(str, change.address.module))
    if change.moved_from is not None:
        document["previous_address"] = str(change.moved_from)
    if change.deposed is not None:
        document["deposed"] = change.deposed
    before, after = change.before, change.after
    document["change"] = {
        "actions": actions(change),
        **_sides(before, after, change.before_sensitive, change.after_sensitive),
        **(
            {"replace_paths": [list(each) for each in change.replace_paths]}
            if change.replace_paths
            else {}
        ),
        **({"importing": {"id": change.import_id}} if change.import_id is not None else {}),
    }
    if change.reason is not None:
        document["action_reason"] = str(change.reason)
    return document


def _drift(drift: Drift) -> dict[str, object]:
    action = "delete" if drift.after is None else "update"
    document = resource_head(drift.address, PROVIDER)
    sides = _sides(drift.before, drift.after, drift.sensitive, drift.sensitive)
    document["change"] = {"actions": [action], **sides}
    return document


def _sides(
    before: Mapping[str, Value] | None,
    after: Mapping[str, Value] | None,
    before_paths: tuple[Path, ...],
    after_paths: tuple[Path, ...],
) -> dict[str, object]:
    before_mask, after_mask = mask_of(before_paths), mask_of(after_paths)
    return {
        "before": masked(before, before_mask),
        "after": masked(known(after), after_mask),
        "after_unknown": unknown(after) or {},
        "before_sensitive": sensitive(before, before_mask),
        "after_sensitive": sensitive(after, after_mask),
    }


def _output_change(change: OutputChange) -> dict[str, object]:
    hidden = any(each is not None and each.sensitive for each in (change.before, change.after))
    before = change.before.value if change.before is not None else None
    after = change.after.value if change.after is not None else None
    document: dict[str, object] = {
        "actions": [str(change.action)],
        "before": _output_value(before, hidden=hidden),
        "after": _output_value(known(after), hidden=hidden),
        "after_unknown": unknown(after),
        "before_sensitive": hidden,
        "after_sensitive": hidden,
    }
    if document["after_unknown"] is True:
        del document["after"]
    return document


def _output_value(value: Value, *, hidden: bool) -> Value:
    return HIDDEN if hidden and value is not None else value


def _planned_values(plan: Plan) -> dict[str, object]:
    values: dict[str, object] = {}
    outputs = {each.name: each.after for each in plan.outputs if each.after is not None}
    if outputs:
        values["outputs"] = {
            name: {
                "sensitive": each.sensitive,
                "type": each.type,
                "value": _output_value(known(each.value), hidden=each.sensitive),
            }
            for name, each in outputs.items()
        }
    values["root_module"] = module_tree(
        (each.address, _planned_resource(each))
        for each in plan.changes
        if each.after is not None and each.action is not Action.FORGET
    )
    return values


def _planned_resource(change: PlannedChange) -> dict[str, object]:
    mask = mask_of(change.after_sensitive)
    provider = change.recorded.provider if change.recorded is not None else PROVIDER
    return {
        **resource_head(change.address, provider),
        "schema_version": 0,
        "values": masked(known(change.after), mask),
        "sensitive_values": sensitive(change.after, mask),
    }


def _prior_state(plan: Plan) -> dict[str, object]:
    recorded = {
        each.recorded.address: each.recorded for each in plan.changes if each.recorded is not None
    }
    outputs = {each.name: each.before for each in plan.outputs if each.before is not None}
    prior = State(plan.lineage, plan.serial, recorded, outputs=outputs)
    return {
        "format_version": "1.0",
        "terraform_version": prior.terraform_version,
        "values": values_document(prior),
    }


def _ours(plan: Plan) -> dict[str, object]:
    return {
        "mode": str(plan.mode),
        "calls": plan.calls,
        "at_least": plan.at_least,
        "seconds": plan.seconds,
        "rate": plan.rate,
        "sequences": [
            {
                "parent": str(each.parent),
                "order": [str(member) for member in each.order],
                "kept": [str(member) for member in each.kept],
                "appended": [str(member) for member in each.appended],
                "rewritten": [str(member) for member in each.rewritten],
                "deleted": [str(member) for member in each.deleted],
                "deleted_unmanaged": list(each.deleted_unmanaged),
                "unmanaged": each.unmanaged,
                "grown": each.grown,
                "at_least": each.at_least,
                "parent_replaced": each.parent_replaced,
                "reordered": each.reordered,
                "unfinished": each.unfinished,
            }
            for each in plan.sequences
        ],
        "suspects": [
            {
                "address": str(each.address),
                "kind": str(each.kind),
                "sent_at": each.sent_at,
                "seen": each.seen,
                "parent_id": each.parent_id,
            }
            for each in plan.suspects
        ],
        "unmanaged_losses": [
            {"address": str(each.address), "count": each.count} for each in plan.unmanaged_losses
        ],
        "diagnostics": [diagnostic_document(each) for each in (*plan.errors, *plan.warnings)],
    }
