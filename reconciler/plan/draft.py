"""Draft: what one instance needs by itself, its sequence and its neighbours left aside."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Address
from reconciler.diff import AttributeChange, cost_of, diff, refreshed, with_ignored
from reconciler.expand import Instance
from reconciler.frozen import frozen, replace
from reconciler.language.values import Unknown, contains_unknown
from reconciler.plan.model import Action, PlannedChange, Reason
from reconciler.plan.records import Record
from reconciler.provider.protocol import Capabilities, Carry
from reconciler.schema import Attributes, ChangeCost, Path, Schema, Value
from reconciler.state.model import StateObject


@frozen
class Draft:
    """One instance on its way into the plan."""

    instance: Instance
    record: Record | None
    action: Action
    reason: Reason | None = None
    changes: tuple[AttributeChange, ...] = ()
    note: str | None = None

    @property
    def address(self) -> Address:
        """Whose draft it is."""
        return self.instance.address

    @property
    def stays(self) -> bool:
        """Whether the object that is there may remain."""
        return self.action in (Action.NO_OP, Action.UPDATE)

    @property
    def protected(self) -> bool:
        """Whether state shall remember it as protected: the spec's word, else what it was."""
        wish = self.instance.lifecycle.prevent_destroy
        if wish is not None:
            return wish
        return self.record is not None and self.record.object.protected

    def replaced(self, reason: Reason, note: str | None = None) -> Draft:
        """The same instance, its object to be created anew."""
        if not self.stays:
            return self
        return replace(self, action=Action.REPLACE, reason=reason, note=note or self.note)


def draft(
    instance: Instance,
    record: Record | None,
    capabilities: Capabilities,
    *,
    requested: bool = False,
    carried: bool = False,
    elsewhere: bool = False,
) -> Draft:
    """Decide what *instance* needs: nothing, an update, a replacement, or to be created.

    *elsewhere*: it was made at another API than its provider configuration now talks to.

    *carried*: it is known to be replaced, but only because of others. What it does not know yet
    may come from just that, and says nothing about what it needs by itself.
    """
    if record is None:
        return Draft(instance, None, Action.CREATE)
    if record.gone:
        return Draft(instance, None, Action.CREATE, Reason.GONE)
    changes = _changes(instance, record, capabilities)
    if carried:
        changes = tuple(each for each in changes if not contains_unknown(each.after))
    if requested:
        return Draft(instance, record, Action.REPLACE, Reason.REQUESTED, changes)
    if elsewhere:
        note = f"made at another API than {instance.provider} talks to"
        return Draft(instance, record, Action.REPLACE, Reason.CANNOT_UPDATE, changes, note)
    if record.object.tainted:
        return Draft(instance, record, Action.REPLACE, Reason.TAINTED, changes)
    match cost_of(changes):
        case ChangeCost.REPLACE:
            return Draft(instance, record, Action.REPLACE, Reason.CANNOT_UPDATE, changes)
        case None if _is_remembered(instance, record):
            return Draft(instance, record, Action.NO_OP)
        case _:
            return Draft(instance, record, Action.UPDATE, None, changes, _update_note(changes))


def _changes(
    instance: Instance, record: Record, capabilities: Capabilities
) -> tuple[AttributeChange, ...]:
    recorded = None if record.import_id is not None else record.object
    found = diff(
        instance.schema,
        recorded,
        record.observed,
        instance.desired,
        ignore=instance.lifecycle.ignore_changes,
    )
    return tuple(_carried(instance.schema, each, capabilities) for each in found)


def _carried(
    schema: Schema, change: AttributeChange, capabilities: Capabilities
) -> AttributeChange:
    """What the dialect does not carry lives in state, where changing it costs nothing."""
    if change.cost is not ChangeCost.UPDATE:
        return change
    kept = capabilities.carry.get((schema.type, str(change.path[0]))) is Carry.STATE_ONLY
    if kept or (schema.sequence is not None and not capabilities.updates_members):
        return replace(change, cost=ChangeCost.LOCAL)
    return change


def _is_remembered(instance: Instance, record: Record) -> bool:
    """Whether state already knows of the object's protection what the spec says."""
    wish = instance.lifecycle.prevent_destroy
    return wish is None or wish == record.object.protected or record.import_id is not None


def _update_note(changes: tuple[AttributeChange, ...]) -> str | None:
    if cost_of(changes) is None:
        return "changes in state only whether it is protected from destruction"
    if cost_of(changes) is ChangeCost.LOCAL:
        return "changes in state only; nothing is sent"
    return None


def planned(
    one: Draft, pending: Mapping[Address, Draft], behind: str | None = None
) -> PlannedChange:
    """The draft as the plan has it.

    *pending* are the drafts whose ids are not known yet, *behind* is the member before it.
    """
    record, instance = one.record, one.instance
    replacing = one.action is Action.REPLACE
    return PlannedChange(
        address=one.address,
        action=one.action,
        before=None if record is None else dict(record.attributes),
        after=_after(one, pending),
        reason=one.reason,
        replace_paths=_replace_paths(one) if replacing else (),
        before_sensitive=record.object.sensitive if record is not None else (),
        after_sensitive=instance.sensitive,
        recorded=None if record is None else remembered(one, record, behind),
        moved_from=record.moved_from if record is not None else None,
        import_id=record.import_id if record is not None else None,
        create_before_destroy=instance.lifecycle.create_before_destroy,
        depends_on=instance.needs,
        protected=one.protected,
        note=one.note,
        behind=behind,
        local=one.action is Action.UPDATE and cost_of(one.changes) in (None, ChangeCost.LOCAL),
    )


def remembered(one: Draft, record: Record, behind: str | None) -> StateObject:
    """What state shall remember of an object to which nothing is done."""
    object_, instance = record.object, one.instance
    if record.observed is not None and record.import_id is None:
        object_ = refreshed(instance.schema, object_, record.observed)
    if record.import_id is not None:
        object_ = replace(object_, sent=_sent(one, object_))
    known = (
        object_.sensitive,
        object_.dependencies,
        object_.protected,
        object_.behind,
        object_.create_before_destroy,
    )
    blocks = tuple(sorted({str(each.block) for each in instance.depends_on}))
    first = instance.lifecycle.create_before_destroy
    if known == (instance.sensitive, blocks, one.protected, behind, first):
        return object_
    return replace(
        object_,
        sensitive=instance.sensitive,
        dependencies=blocks,
        protected=one.protected,
        behind=behind,
        create_before_destroy=first,
    )


def _sent(one: Draft, object_: StateObject) -> dict[str, Value]:
    """What an imported object counts as sent with: the spec's words, which mean the same."""
    changed = {str(each.path[0]) for each in one.changes}
    return {
        name: value
        for name, value in one.instance.desired.items()
        if value is not None and name not in changed and value != object_.attributes.get(name)
    }


def _replace_paths(one: Draft) -> tuple[Path, ...]:
    if one.reason is Reason.PARENT_REPLACED and one.instance.schema.sequence is not None:
        return ((one.instance.schema.sequence.parent_argument,),)
    return tuple(each.path for each in one.changes if each.cost is ChangeCost.REPLACE)


def _after(one: Draft, pending: Mapping[Address, Draft]) -> Attributes:
    record = one.record
    match one.action:
        case Action.NO_OP:
            assert record is not None, "only what exists needs nothing"
            return dict(record.attributes)
        case Action.UPDATE:
            assert record is not None, "only what exists is updated"
            return _updated(one, record)
        case _:
            return created(one.instance, record, pending)


def _updated(one: Draft, record: Record) -> dict[str, Value]:
    after = dict(record.attributes)
    desired = with_ignored(one.instance.desired, after, one.instance.lifecycle.ignore_changes)
    for name in {str(each.path[0]) for each in one.changes}:
        after[name] = desired.get(name)
    return after


def created(
    instance: Instance, record: Record | None, pending: Mapping[Address, Draft]
) -> dict[str, Value]:
    """What a new object will be: as desired, and unknown where the API chooses."""
    schema = instance.schema
    before = {} if record is None else record.object.arguments
    ignored = instance.lifecycle.ignore_changes if record is not None else ()
    after: dict[str, Value] = with_ignored(instance.desired, before, ignored)
    if schema.sequence is not None and instance.parent in pending:
        above = f"{instance.parent}.id"
        after[schema.sequence.parent_argument] = Unknown("string", True, above)
    for name, attribute in schema.attributes.items():
        if attribute.computed and after.get(name) is None:
            after[name] = Unknown(attribute.type, name == "id", f"{instance.address}.{name}")
    return {name: after.get(name) for name in schema.attributes}
