"""Planner: one action per instance, from what is desired, recorded and observed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand import Instance
from reconciler.expand.model import PendingRead
from reconciler.frozen import replace
from reconciler.plan.assemble import Assembly, assemble, output_changes
from reconciler.plan.blocking import free
from reconciler.plan.carry import check_carry
from reconciler.plan.decide import Circumstances, Decided, decide
from reconciler.plan.departures import Declared, Departure, departures, destruction
from reconciler.plan.draft import Draft
from reconciler.plan.findings import find_drift, find_refreshed
from reconciler.plan.model import Action, Plan, PlanMode, Reason
from reconciler.plan.moves import Import, Moved, Removed
from reconciler.plan.options import NO_OPTIONS, PlanOptions, Policies
from reconciler.plan.pairing import aligned
from reconciler.plan.protection import check_protection, protected_addresses
from reconciler.plan.records import Record, configuration, parent_id
from reconciler.plan.safety import check_losses, check_missing, losses, unmanaged_losses
from reconciler.plan.scope import scope_of
from reconciler.plan.survey import Survey, survey
from reconciler.plan.targets import matching
from reconciler.provider.protocol import Capabilities
from reconciler.refresh import Observed
from reconciler.schema import Schema, Value
from reconciler.state.model import OutputValue, State


def make_plan(
    *,
    mode: PlanMode = PlanMode.NORMAL,
    instances: Sequence[Instance],
    recorded: State,
    observed: Observed,
    schemas: Mapping[str, Schema],
    capabilities: Mapping[str, Capabilities],
    policies: Mapping[str, Policies] | None = None,
    outputs: Mapping[str, OutputValue] | None = None,
    options: PlanOptions = NO_OPTIONS,
    moved: Sequence[Moved] = (),
    removed: Sequence[Removed] = (),
    imports: Sequence[Import] = (),
    reads: Sequence[PendingRead] = (),
    empty_blocks: Iterable[Address] = (),
    previous: Plan | None = None,
    state_digest: str = "",
    timestamp: str = "",
    values: Mapping[str, Value] | None = None,
) -> Plan:
    """Decide what apply would do, and touch nothing.

    *capabilities* and *policies* are by provider configuration, *schemas* by resource type.
    *observed* is by recorded address, with what `import` blocks name under its new one.
    *empty_blocks* are blocks whose `count` or `for_each` has no instance now, each with a key of
    the kind that instances would have. *previous* is the plan after which the spec was expanded
    again, because it replaces what was held for known. The same input always gives the same plan.

    Raises:
        UnsafePlan: more is missing than can be believed.
        UsageError: `-target` or `-replace` names nothing.
    """
    diagnostics = Diagnostics()
    capabilities = _all_capabilities(capabilities, recorded, instances, diagnostics)
    declared = {each.address for each in instances}
    replaced = frozenset(matching(options.replace, declared, option="-replace"))
    found = survey(
        instances,
        recorded,
        observed,
        schemas=schemas,
        moved=moved,
        imports=imports,
        diagnostics=diagnostics,
    )
    if mode is not PlanMode.DESTROY:
        unordered = frozenset(recorded.unordered)
        found = aligned(found, policies=policies or {}, replaced=replaced, unordered=unordered)
    check_missing(found.records.values(), schemas, options.accept_missing)
    whole = found
    owing = _owing(recorded, schemas)
    about = Circumstances(
        recorded=recorded,
        capabilities=capabilities,
        policies=policies or {},
        options=options,
        replaced=replaced,
        carried=_carried(previous),
        rewritten=_rewritten(previous),
        unfinished=owing | recorded.unfinished,
        owing=owing,
    )
    declarations = Declared.of(declared, empty_blocks)
    scoped = _decide_in_scope(mode, whole, about, removed, declarations)
    found, leaving, about, decided, refusals = scoped
    pending_reads = reads if mode is PlanMode.NORMAL else ()
    assembly = assemble(found, about, decided, leaving, pending_reads, refusals)
    _check(mode, found, about, decided, leaving, assembly, diagnostics)
    gone_outputs = mode is PlanMode.DESTROY and not options.targets
    return Plan(
        mode=mode,
        changes=() if mode is PlanMode.REFRESH_ONLY else assembly.changes,
        sequences=assembly.sequences,
        drift=find_drift(whole),
        outputs=output_changes(recorded, {} if gone_outputs else outputs or {}),
        suspects=tuple(
            recorded.suspects[address]
            for address in sorted(recorded.suspects, key=lambda each: each.sort_key)
        ),
        warnings=diagnostics.warnings,
        errors=(*refusals.errors, *diagnostics.errors),
        refusals=refusals.errors,
        refreshed=find_refreshed(recorded, whole),
        calls=assembly.cost.calls,
        at_least=assembly.cost.at_least,
        seconds=assembly.cost.seconds,
        rate=assembly.cost.rate,
        lineage=recorded.lineage,
        serial=recorded.serial,
        state_digest=state_digest,
        timestamp=timestamp,
        targeted=bool(options.targets),
        values=dict(values or {}),
        last_seen=assembly.last_seen,
        unmanaged_losses=unmanaged_losses(assembly.changes, assembly.unmanaged),
        unread=assembly.unread,
        unmanaged_allowed=options.allow_unmanaged,
        read_backs=assembly.read_backs,
    )


def _decide_in_scope(
    mode: PlanMode,
    whole: Survey,
    about: Circumstances,
    removed: Sequence[Removed],
    declared: Declared,
) -> tuple[Survey, list[Departure], Circumstances, Decided, Diagnostics]:
    """Decide about what the targets pull in: a parent that is replaced is so with all members."""
    together: frozenset[Address] = frozenset()
    while True:
        found = scope_of(whole, about.options.targets, mode, together)
        leaving = _leaving(mode, found, whole, removed, declared)
        about = replace(
            about,
            leaving=_leaving_members(leaving, whole.schemas),
            managed=_managed(about.recorded, whole, leaving),
            partial=_partial(whole, found),
            going=_ids(leaving, Action.DELETE),
            forgotten=_ids(leaving, Action.FORGET),
        )
        refusals = Diagnostics()
        decided = _decided(mode, found, about, refusals)
        torn = frozenset(_members_of(filter(decided.is_new, about.partial), whole))
        if not torn:
            return found, leaving, about, decided, refusals
        together |= torn


def _ids(leaving: Iterable[Departure], action: Action) -> frozenset[str]:
    return frozenset(each.record.object.id for each in leaving if each.action is action)


def _members_of(names: Iterable[Address | str], whole: Survey) -> Iterator[Address]:
    for name in names:
        yield from (each.address for each in whole.members.get(name, ()))
        id_ = whole.id_of(name)
        for address, each in whole.records.items():
            if parent_id(each, whole.schemas[address.type]) == id_:
                yield address


def _all_capabilities(
    capabilities: Mapping[str, Capabilities],
    recorded: State,
    instances: Iterable[Instance],
    diagnostics: Diagnostics,
) -> Mapping[str, Capabilities]:
    """Refuse objects whose provider configuration the spec does not have any more."""
    users: dict[str, Address] = {}
    for each in (*recorded.objects.values(), *recorded.deposed.values()):
        users.setdefault(configuration(each), each.address)
    for instance in instances:
        users.setdefault(instance.provider, instance.address)
    missing = {name: users[name] for name in sorted(users) if name not in capabilities}
    for name, address in missing.items():
        diagnostics.error(
            "Provider configuration missing",
            f"{address} belongs to the provider configuration {name}, which the specs do not have"
            " any more. Put its provider block back; once nothing in state uses it, it can go.",
            address=str(address),
        )
    anything = Capabilities("unknown", (), 0, 1)
    return {**dict.fromkeys(missing, anything), **capabilities}


def _carried(previous: Plan | None) -> frozenset[Address]:
    changes = previous.changes if previous is not None else ()
    return frozenset(each.address for each in changes if each.reason in _BECAUSE_OF_OTHERS)


def _rewritten(previous: Plan | None) -> frozenset[Address]:
    sequences = previous.sequences if previous is not None else ()
    replaced = {each.parent for each in sequences if each.parent_replaced}
    changes = previous.changes if previous is not None else ()
    return frozenset(
        each.address
        for each in changes
        if each.address in replaced and each.reason is Reason.REWRITE
    )


_BECAUSE_OF_OTHERS = (Reason.REWRITE, Reason.PARENT_REPLACED, Reason.TRIGGERS)


def _leaving(
    mode: PlanMode,
    found: Survey,
    whole: Survey,
    removed: Sequence[Removed],
    declared: Declared,
) -> list[Departure]:
    match mode:
        case PlanMode.NORMAL:
            return departures(found.orphans, removed, declared)
        case PlanMode.DESTROY:
            protected = protected_addresses(
                whole.instances,
                ((each.address, each.object.protected) for each in found.records.values()),
            )
            return destruction(found.records.values(), protected)
        case PlanMode.REFRESH_ONLY:
            return []


def _leaving_members(
    leaving: Iterable[Departure], schemas: Mapping[str, Schema]
) -> dict[str, tuple[Record, ...]]:
    found: dict[str, list[Record]] = {}
    for each in sorted(leaving, key=lambda each: each.address.sort_key):
        above = parent_id(each.record, schemas[each.address.type])
        if above is not None and each.action is Action.DELETE:
            found.setdefault(above, []).append(each.record)
    return {above: tuple(records) for above, records in found.items()}


def _owing(recorded: State, schemas: Mapping[str, Schema]) -> frozenset[str]:
    found: set[str] = set()
    for each in recorded.deposed.values():
        sequence = schemas[each.address.type].sequence
        if sequence is not None:
            found.add(str(each.attributes.get(sequence.parent_argument)))
    return frozenset(found)


def _partial(whole: Survey, found: Survey) -> frozenset[Address | str]:
    """Parents with members that are there and that the scope of this run leaves out."""
    if whole is found:
        return frozenset()
    names = {id_: name for name in whole.members if (id_ := whole.id_of(name)) is not None}
    aside = (each for each in whole.records.values() if each.address not in found.records)
    above = (parent_id(each, whole.schemas[each.address.type]) for each in aside if not each.gone)
    return frozenset(names[id_] for id_ in above if id_ in names)


def _managed(recorded: State, whole: Survey, leaving: Iterable[Departure]) -> frozenset[str]:
    forgotten = _ids(leaving, Action.FORGET)
    known = [each.object for each in whole.records.values()]
    return frozenset(
        each.id for each in (*known, *recorded.deposed.values()) if each.id not in forgotten
    )


def _decided(mode: PlanMode, found: Survey, about: Circumstances, refusals: Diagnostics) -> Decided:
    if mode is PlanMode.NORMAL:
        return decide(found, about, refusals)
    return Decided({})


def _check(
    mode: PlanMode,
    found: Survey,
    about: Circumstances,
    decided: Decided,
    leaving: Sequence[Departure],
    assembly: Assembly,
    diagnostics: Diagnostics,
) -> None:
    """Everything that forbids a plan once it is known; what is blocked is not going to happen."""
    blocked = {each.address for each in assembly.changes if each.blocked_by is not None}
    replaced = (each for address, each in decided.drafts.items() if address not in blocked)
    check_protection(replaced, leaving, found.instances, diagnostics)
    if mode is not PlanMode.NORMAL:
        return
    check_carry(found.instances.values(), about.capabilities, diagnostics)
    _check_imports(decided.drafts.values(), diagnostics)
    _check_parents(found, about, diagnostics)
    lost = losses(
        [each for each in assembly.changes if each.blocked_by is None],
        free(assembly.sequences, assembly.changes),
        found.schemas,
        unmanaged=assembly.unmanaged,
        parents=assembly.parents,
    )
    managed = sum(not each.gone for each in found.records.values())
    refusal = check_losses(lost, managed, about.options.allow_destroy)
    if refusal is not None:
        diagnostics.extend([refusal])


def _check_parents(found: Survey, about: Circumstances, diagnostics: Diagnostics) -> None:
    """A member cannot be created at another API than its parent."""
    for each in found.instances.values():
        parent = found.instances.get(each.parent) if isinstance(each.parent, Address) else None
        if parent is not None and about.are_apart(each.provider, parent.provider):
            diagnostics.error(
                "Provider of another server",
                f"{each.address} is created with the provider configuration {each.provider}, and"
                f" {parent.address} with {parent.provider}, which talks to another server. Give"
                " both the same provider.",
                place=each.place,
                address=str(each.address),
            )


def _check_imports(drafts: Iterable[Draft], diagnostics: Diagnostics) -> None:
    for one in drafts:
        if one.record is None or one.record.import_id is None or one.stays:
            continue
        names = ", ".join(sorted({str(each.path[0]) for each in one.changes})) or "its place"
        diagnostics.error(
            "Import would replace the object",
            f"{one.address} would be created anew right after it was imported, because the spec"
            f" asks for something else: {names}. Write what the object has, or do not import it.",
            place=one.instance.place,
            address=str(one.address),
        )
