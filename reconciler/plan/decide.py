"""Decide: what each instance needs once its sequence, its parent and its triggers are known.

A replacement can ask for more of them: of the members of a parent, of what is triggered, of what
has to stand behind it. They only ever grow in number, so the rounds end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand import Instance
from reconciler.frozen import frozen, replace
from reconciler.plan.draft import Draft, draft
from reconciler.plan.model import Action, Reason, SequencePlan
from reconciler.plan.options import (
    OnReorder,
    PlanOptions,
    Policies,
    UnmanagedMessages,
    treatment,
)
from reconciler.plan.places import Leaving, Parent, Place
from reconciler.plan.records import Record, configuration
from reconciler.plan.sequence import Decision, Refusal, count, last_id, plan_sequence
from reconciler.plan.survey import Survey
from reconciler.provider.protocol import Capabilities
from reconciler.state.model import State


@frozen
class Circumstances:
    """What decisions rest on beside the survey."""

    recorded: State
    capabilities: Mapping[str, Capabilities]
    policies: Mapping[str, Policies]
    options: PlanOptions
    replaced: frozenset[Address]
    """What is to be created anew by request."""
    carried: frozenset[Address]
    """What an earlier round found to be replaced because of others only."""
    rewritten: frozenset[Address] = frozenset()
    """Parents that an earlier round found to be replaced for the order of their members."""
    leaving: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """Members that will be deleted, by id of their parent."""
    managed: frozenset[str] = frozenset()
    """Ids of every object that state knows and goes on knowing."""
    unfinished: frozenset[str] = frozenset()
    """Ids of parents in which an earlier run has left the order or a deletion to another one."""
    owing: frozenset[str] = frozenset()
    """Ids of parents in which an earlier run has left a deletion to another one."""
    partial: frozenset[Address | str] = frozenset()
    """Parents with members that are there and that this run leaves aside."""
    going: frozenset[str] = frozenset()
    """Ids of parents that are deleted."""
    forgotten: frozenset[str] = frozenset()
    """Ids of objects that state forgets and that stay."""

    def are_apart(self, first: str, second: str) -> bool:
        """Whether two provider configurations are known to talk to different APIs."""
        one, other = (
            self.policies[name].endpoint if name in self.policies else None
            for name in (first, second)
        )
        return one is not None and other is not None and one != other


@dataclass(slots=True)
class Decided:
    """The drafts as they stand, and what was decided about each sequence."""

    drafts: dict[Address, Draft]
    decisions: dict[Address | str, Decision] = field(default_factory=dict)
    refused: dict[Address | str, Address] = field(default_factory=dict)
    """The sequences whose order is refused, each with the member the error stands at."""

    def is_new(self, address: object) -> bool:
        """Whether an object will be another one than now, its id not known yet."""
        found = self.drafts.get(address) if isinstance(address, Address) else None
        return found is not None and found.action in (Action.CREATE, Action.REPLACE)


def decide(found: Survey, about: Circumstances, refusals: Diagnostics) -> Decided:
    """Settle one action per instance, and one decision per sequence; refuse what must not be."""
    drafts = {
        address: draft(
            instance,
            found.records.get(address),
            about.capabilities[instance.provider],
            requested=address in about.replaced,
            carried=address in about.carried,
            elsewhere=_is_elsewhere(instance, found.records.get(address), about),
        )
        for address, instance in found.instances.items()
    }
    decided = Decided(drafts)
    while _propagate(found, decided) or _sequence(found, about, decided):
        pass
    _report(decided, refusals)
    return decided


def _is_elsewhere(instance: Instance, record: Record | None, about: Circumstances) -> bool:
    """Whether the object was made at another API than the one its block names now."""
    if record is None or record.import_id is not None:
        return False
    return about.are_apart(configuration(record.object), instance.provider)


def _propagate(found: Survey, decided: Decided) -> bool:
    """Replace what a replaced parent or a trigger takes along; whether there was any."""
    before = sum(each.stays for each in decided.drafts.values())
    for address, one in decided.drafts.items():
        if not one.stays:
            continue
        if decided.is_new(one.instance.parent):
            decided.drafts[address] = one.replaced(Reason.PARENT_REPLACED)
        elif _is_triggered(one, decided):
            decided.drafts[address] = one.replaced(Reason.TRIGGERS)
    return sum(each.stays for each in decided.drafts.values()) < before


def _is_triggered(one: Draft, decided: Decided) -> bool:
    if not one.instance.triggers:
        return False
    return any(
        each.action in (Action.UPDATE, Action.REPLACE)
        for address, each in decided.drafts.items()
        if address in one.instance.triggers or address.block in one.instance.triggers
    )


def _sequence(found: Survey, about: Circumstances, decided: Decided) -> bool:
    """Decide every sequence; whether that replaces anything more."""
    before = sum(each.stays for each in decided.drafts.values())
    for name in _parents(found, about):
        if name in decided.decisions and decided.decisions[name].plan.parent_replaced:
            continue
        decision = _decide_sequence(name, found, about, decided)
        decided.decisions[name] = decision
        if decision.plan.parent_replaced and isinstance(name, Address):
            one = decided.drafts[name]
            decided.drafts[name] = one.replaced(Reason.REWRITE, decision.cost)
        for address in decision.plan.rewritten:
            decided.drafts[address] = decided.drafts[address].replaced(Reason.REWRITE)
    return sum(each.stays for each in decided.drafts.values()) < before


def _parents(found: Survey, about: Circumstances) -> list[Address | str]:
    """Every parent with desired members, with leaving ones, or with a listing to report on."""
    names = dict.fromkeys(found.members)
    by_id = {
        each.object.id: address
        for address, each in found.records.items()
        if address in found.instances and not each.gone
    }
    for id_ in (*about.leaving, *found.observed.listings):
        name = by_id.get(id_)
        if name is not None:
            names.setdefault(name)
        elif id_ in about.leaving and id_ not in about.going:
            names.setdefault(id_)
    return list(names)


def _decide_sequence(
    name: Address | str, found: Survey, about: Circumstances, decided: Decided
) -> Decision:
    members = [decided.drafts[each.address] for each in found.members.get(name, ())]
    id_ = found.id_of(name)
    leaving = about.leaving.get(id_ or "", ())
    fresh = decided.is_new(name)
    if fresh:
        return _new_sequence(name, found, members, leaving)
    parent = _parent(name, id_ or "", found, about, decided)
    return plan_sequence(
        parent,
        [_place(each, id_) for each in members],
        [_leaving(each) for each in leaving],
    )


def _leaving(record: Record) -> Leaving:
    return Leaving(
        record.address,
        record.object.id,
        str(record.moved_from or record.address),
        record.object.behind,
    )


def _new_sequence(
    name: Address | str, found: Survey, members: list[Draft], leaving: Collection[Record]
) -> Decision:
    """A parent that is created: everything is appended to it."""
    order = tuple(each.address for each in members)
    record = found.records.get(name) if isinstance(name, Address) else None
    replaced = record is not None and not record.gone
    listing = found.observed.listings.get(record.object.id) if replaced and record else None
    return Decision(
        SequencePlan(
            parent=name,
            member_type=_member_type(name, found),
            order=order,
            kept=(),
            appended=order,
            deleted=tuple(each.address for each in leaving),
            last_id=last_id(listing),
            parent_replaced=replaced,
        )
    )


def _parent(
    name: Address | str, id_: str, found: Survey, about: Circumstances, decided: Decided
) -> Parent:
    on_reorder, unmanaged = _treatment(name, found, about)
    one = decided.drafts.get(name) if isinstance(name, Address) else None
    return Parent(
        name=name,
        member_type=_member_type(name, found),
        listing=found.observed.listings.get(id_),
        capabilities=about.capabilities[_configuration(name, id_, found, about)],
        on_reorder=on_reorder,
        unmanaged=_settled(unmanaged, id_, about),
        managed=about.managed,
        forgotten=about.forgotten,
        unordered=id_ in about.recorded.unordered,
        unfinished=id_ in about.unfinished,
        keeping=id_ in about.recorded.keeping,
        owing=id_ in about.owing,
        partial=name in about.partial,
        rewritten=name in about.rewritten,
        reorder=about.options.reorder,
        protected=one is not None and one.protected,
    )


def _treatment(
    name: Address | str, found: Survey, about: Circumstances
) -> tuple[OnReorder, UnmanagedMessages]:
    """How the members of a parent are treated: its own word, its provider's, or, in a parent
    that the specs do not manage, with restraint."""
    if isinstance(name, str):
        return OnReorder.ERROR, UnmanagedMessages.IGNORE
    instance = found.instances[name]
    return treatment(instance.desired, about.policies.get(instance.provider, Policies()))


def _settled(unmanaged: UnmanagedMessages, id_: str, about: Circumstances) -> UnmanagedMessages:
    # What looks unmanaged may be the message whose answer was lost: not to be deleted unasked.
    waiting = any(each.parent_id == id_ for each in about.recorded.suspects.values())
    if waiting and unmanaged is UnmanagedMessages.DELETE:
        return UnmanagedMessages.REPORT
    return unmanaged


def _configuration(name: Address | str, id_: str, found: Survey, about: Circumstances) -> str:
    if isinstance(name, Address):
        return found.instances[name].provider
    members = found.members.get(name)
    if members:
        return members[0].provider
    return configuration(about.leaving[id_][0].object)


def _member_type(name: Address | str, found: Survey) -> str:
    members = found.members.get(name)
    if members:
        return members[0].schema.type
    above = name.type if isinstance(name, Address) else None
    return next(
        type_
        for type_, schema in found.schemas.items()
        if schema.sequence is not None and above in (None, schema.sequence.parent_type)
    )


def _place(one: Draft, id_: str | None) -> Place:
    record = one.record
    sequence = one.instance.schema.sequence
    assert sequence is not None, "only members of a sequence have a place"
    if record is None or record.object.attributes.get(sequence.parent_argument) != id_:
        return Place(one.address)
    return Place(
        one.address,
        record.object.id,
        held=one.stays or one.reason is Reason.REWRITE,
        protected=one.protected,
        reproducible=not record.object.irreproducible,
        pinned=_is_pinned(one, record, sequence.order_argument),
        known_as=str(record.moved_from or one.address),
        behind=record.object.behind,
    )


def _is_pinned(one: Draft, record: Record, order_argument: str) -> bool:
    """Whether the spec itself puts it elsewhere than before: by `order`, or by a dependency."""
    if one.instance.desired.get(order_argument) != record.object.attributes.get(order_argument):
        return True
    known = set(record.object.dependencies)
    return bool(known) and any(str(each.block) not in known for each in one.instance.depends_on)


def _report(decided: Decided, diagnostics: Diagnostics) -> None:
    """Say what each sequence costs, and refuse what must not be done."""
    for name, decision in decided.decisions.items():
        for refusal in decision.refusals:
            _refuse(name, decision, refusal, decided, diagnostics)
        _note_cost(decision, decided)


def _note_cost(decision: Decision, decided: Decided) -> None:
    plan = decision.plan
    if plan.appended and decision.cost is not None and not plan.parent_replaced:
        _note(plan.appended[0], decision.cost, decided)
    if decision.overtaken:
        behind = count(decision.overtaken, "unmanaged message")
        for address in plan.appended:
            if decided.drafts[address].action is Action.REPLACE:
                _note(address, f"will stand behind {behind} that it precedes now", decided)
                break


def _note(address: Address, text: str, decided: Decided) -> None:
    one = decided.drafts[address]
    decided.drafts[address] = replace(one, note=text if one.note is None else f"{one.note}; {text}")


def _refuse(
    name: Address | str,
    decision: Decision,
    refusal: Refusal,
    decided: Decided,
    diagnostics: Diagnostics,
) -> None:
    plan = decision.plan
    cause = decided.drafts[refusal.members[0] if refusal.members else _cause(name, plan)]
    decided.refused.setdefault(name, cause.address)
    what = "replacing the thread" if plan.parent_replaced else _rewrite_text(plan)
    named = f": {', '.join(str(each) for each in refusal.members[:5])}" if refusal.members else ""
    more = f" and {len(refusal.members) - 5} more" if len(refusal.members) > 5 else ""
    choices = "".join(f"\n  - {each}" for each in refusal.choices)
    diagnostics.error(
        "Order cannot be restored",
        f"Keeping the order of {name} would mean {what}, but {refusal.reason}{named}{more}."
        f" What you can do:{choices}",
        place=cause.instance.place,
        address=str(cause.address),
    )


def _rewrite_text(plan: SequencePlan) -> str:
    return f"sending {count(len(plan.rewritten), 'message')} again"


def _cause(name: Address | str, plan: SequencePlan) -> Address:
    if plan.parent_replaced and isinstance(name, Address):
        return name
    return plan.appended[0]
