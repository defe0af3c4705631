"""Plan: one change per instance, and what each thread's order asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic
from reconciler.diff import same
from reconciler.frozen import frozen
from reconciler.language.values import contains_unknown
from reconciler.schema import Attributes, Path, Value
from reconciler.state.model import OutputValue, StateObject, Suspect


class Action(StrEnum):
    """What will be done to one instance."""

    NO_OP = "no-op"
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"

    @property
    def symbol(self) -> str:
        """How the action is drawn in front of a block."""
        return _SYMBOLS[self]

    @property
    def makes(self) -> bool:
        """Whether something is brought about, and be it in state only."""
        return self not in (Action.NO_OP, Action.DELETE)


_SYMBOLS = {
    Action.NO_OP: " ",
    Action.CREATE: "+",
    Action.READ: "<=",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: ".",
}


class Reason(StrEnum):
    """Why, for people only: nothing is decided by it. Terraform's names where it has one."""

    CANNOT_UPDATE = "replace_because_cannot_update"
    TAINTED = "replace_because_tainted"
    REQUESTED = "replace_by_request"
    TRIGGERS = "replace_by_triggers"
    REWRITE = "replace_because_order"
    PARENT_REPLACED = "replace_because_parent_replaced"
    NO_BLOCK = "delete_because_no_resource_config"
    NO_MODULE = "delete_because_no_module"
    WRONG_REPETITION = "delete_because_wrong_repetition"
    COUNT_INDEX = "delete_because_count_index"
    EACH_KEY = "delete_because_each_key"
    DEPOSED = "delete_because_deposed"
    GONE = "create_because_gone"
    CONFIG_UNKNOWN = "read_because_config_unknown"
    DEPENDENCY_PENDING = "read_because_dependency_pending"


@frozen
class PlannedChange:
    """One instance's line in the plan.

    *before* is what the API has now (None: nothing), *after* what will be there, with `Unknown`
    leaves (None: nothing). *replace_paths* are the attributes that force a replacement.
    """

    address: Address
    action: Action
    before: Attributes | None
    after: Attributes | None
    reason: Reason | None = None
    replace_paths: tuple[Path, ...] = ()
    before_sensitive: tuple[Path, ...] = ()
    after_sensitive: tuple[Path, ...] = ()
    recorded: StateObject | None = None
    """What state has under this address, after moves; the object that an update, replacement
    or deletion is about. On a no-op, as state shall remember it from now on."""
    moved_from: Address | None = None
    import_id: str | None = None
    create_before_destroy: bool = False
    depends_on: frozenset[Address] = frozenset()
    """Instances that must be settled before this one may start (creates and updates); deletions
    run in the opposite direction."""
    protected: bool = False
    """Whether state shall remember the object as protected from now on."""
    deposed: str | None = None
    note: str | None = None
    """One more sentence for people: what an edit costs."""
    behind: str | None = None
    """The member before it in the desired order of its sequence, "" for the first; None for what
    is no member. State remembers it."""
    local: bool = False
    """Whether an update touches state only and costs no call."""
    blocked_by: Address | None = None
    """What has to be resolved before anything can be done here: a suspect, or an error about the
    order of a thread."""
    refused: bool = False
    """Whether that is an error of this plan."""

    @property
    def is_waited_for(self) -> bool:
        """Whether what depends on the instance has to wait: an update that sends nothing and
        leaves nothing unknown makes no difference to anybody."""
        if self.action is Action.UPDATE and self.local:
            return contains_unknown(self.after)
        return self.action.makes

    @property
    def changes_something(self) -> bool:
        """Whether carrying it out does more than a no-op: state-only moves and imports count."""
        return (
            self.action is not Action.NO_OP
            or self.moved_from is not None
            or self.import_id is not None
        )


@frozen
class Drift:
    """What someone else did to one managed object since state last saw it."""

    address: Address
    before: Attributes
    after: Attributes | None
    sensitive: tuple[Path, ...] = ()
    position: tuple[int, int] | None = None
    """For a missing member: (4, 9) is "position 4 of 9"."""


@frozen
class SequencePlan:
    """What apply does to the order of one sequence.

    *order* is the whole desired order; *kept* stay where they are, in the order they stand in;
    *appended* are created in this order behind what is there (in the creating call as far as it
    reaches), among them *rewritten*, which exist already and are created anew only to stand in the
    right place; *deleted* go last.
    """

    parent: Address | str
    """The parent's address, or its id where the specs do not manage it."""
    member_type: str
    order: tuple[Address, ...]
    kept: tuple[Address, ...]
    appended: tuple[Address, ...]
    rewritten: tuple[Address, ...] = ()
    deleted: tuple[Address, ...] = ()
    deleted_unmanaged: tuple[str, ...] = ()
    unmanaged: int = 0
    grown: int = 0
    """Unmanaged members that are new since the last apply."""
    last_id: str | None = None
    """The last member that stands there, "" where none does; None where nobody has looked."""
    parent_replaced: bool = False
    at_least: bool = False
    """Whether its listing was not read to its end, so that there may be more unmanaged members."""
    reordered: bool = False
    """Whether its members were seen to stand in another order than the last apply left them in."""
    unfinished: bool = False
    """Whether an earlier run, for some targets or cut short, has left the order to this one."""
    partial: bool = False
    """Whether members that are there are left aside, so that the order is not whole after it."""

    @property
    def is_found_finished(self) -> bool:
        """Whether the order that an earlier run has left open is the one asked for by now."""
        return self.unfinished and not self.appended and not self.partial


@frozen
class ReadBack:
    """Where to look, after single members of a parent were deleted, whether they are gone."""

    parent_id: str
    provider: str
    """Provider configuration."""
    after: str | None = None
    """The member that stands before the first of them; None where none does or is known."""
    between: int | None = None
    """How many members stay between the first and the last of them; None where nobody knows."""


@frozen
class UnmanagedLoss:
    """A parent that is deleted or replaced, and with it members that no spec declares."""

    address: Address
    count: int


@frozen
class OutputChange:
    """One output before and after; None in *before* or *after* means there is none."""

    name: str
    before: OutputValue | None
    after: OutputValue | None
    """Its value may hold `Unknown`."""

    @property
    def action(self) -> Action:
        """What happens to it."""
        if self.before is None:
            return Action.CREATE
        if self.after is None:
            return Action.DELETE
        if self.before.sensitive == self.after.sensitive and same(
            self.before.value, self.after.value
        ):
            return Action.NO_OP
        return Action.UPDATE


class PlanMode(StrEnum):
    """What the plan is for."""

    NORMAL = "normal"
    DESTROY = "destroy"
    REFRESH_ONLY = "refresh-only"


@frozen
class Counts:
    """The summary line."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    import_: int = 0
    forget: int = 0


@frozen
class Plan:
    """Everything apply would do, decided."""

    mode: PlanMode
    changes: tuple[PlannedChange, ...]
    """Sorted by address, deletions last; no-ops included."""
    sequences: tuple[SequencePlan, ...] = ()
    drift: tuple[Drift, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    """Problems found after the changes were decided."""
    refusals: tuple[Diagnostic, ...] = ()
    """Those of the errors that are about one thread each: what they concern is blocked, and the
    rest of the plan can be applied. Any other error forbids the whole plan."""
    refreshed: Mapping[Address, StateObject | None] = field(default_factory=dict)
    """What state should remember after the refresh where that differs, by recorded address (before
    moves); None: the object is gone."""
    calls: int = 0
    """How many API calls an apply will make."""
    at_least: bool = False
    """Whether what is read during the apply decides if there are more."""
    seconds: float = 0.0
    """How long they take at the known rate limit, 0 where none is known."""
    rate: str = ""
    """That limit, in words: "300 writes a minute"."""
    lineage: str = ""
    serial: int = 0
    state_digest: str = ""
    timestamp: str = ""
    targeted: bool = False
    values: Mapping[str, Value] = field(default_factory=dict)
    """Root variables the plan was made with, without sensitive ones."""
    last_seen: Mapping[str, str] = field(default_factory=dict)
    """By id of each parent that loses members or itself: the last member it had. A parent that
    has another one by the time of the apply has moved on."""
    unmanaged_losses: tuple[UnmanagedLoss, ...] = ()
    """What goes with a thread that the specs never declared; needs a consent of its own."""
    unmanaged_allowed: bool = False
    """Whether that consent was given when the plan was made."""
    read_backs: tuple[ReadBack, ...] = ()
    """The looks at parents that lose single members, once these are deleted."""
    unread: frozenset[str] = frozenset()
    """Ids of parents whose listing stops before its end although this plan depends on what
    follows: read them to the end and plan again."""

    @property
    def has_changes(self) -> bool:
        """Whether apply would change anything on the server or in state: changes and outputs."""
        return (
            any(each.changes_something for each in self.changes)
            or any(each.deleted_unmanaged for each in self.sequences)
            or any(each.action is not Action.NO_OP for each in self.outputs)
        )

    @property
    def is_forbidden(self) -> bool:
        """Whether an error forbids to apply any of it, or leaves nothing to be applied."""
        if len(self.errors) > len(self.refusals):
            return True
        return bool(self.refusals) and not self._touches_objects

    @property
    def is_held_back(self) -> bool:
        """Whether there are changes, and all of them wait for what is unresolved."""
        return (
            any(each.blocked_by is not None for each in self.changes)
            and not self._touches_objects
            and all(each.action is Action.NO_OP for each in self.outputs)
        )

    @property
    def _touches_objects(self) -> bool:
        return any(
            each.changes_something and each.blocked_by is None for each in self.changes
        ) or any(each.deleted_unmanaged for each in self.sequences)

    @property
    def can_apply(self) -> bool:
        """Whether there is anything to do and nothing forbids it."""
        return not self.is_forbidden and (self.has_changes or bool(self.drift))

    @property
    def counts(self) -> Counts:
        """A replacement counts once in add and once in destroy, and so does in the latter each
        message that is deleted because no spec declares it."""
        actions = [each.action for each in self.changes]
        replaced = actions.count(Action.REPLACE)
        unmanaged = sum(len(each.deleted_unmanaged) for each in self.sequences)
        return Counts(
            add=actions.count(Action.CREATE) + replaced,
            change=actions.count(Action.UPDATE),
            destroy=actions.count(Action.DELETE) + replaced + unmanaged,
            import_=sum(each.import_id is not None for each in self.changes),
            forget=actions.count(Action.FORGET),
        )
