"""Conversation model: threads that one can only append to, and plans carried out on them.

What a test plans, it can apply here, in memory and without any engine, and compare the thread
with the spec. Every create and delete is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.diagnostics import SourceFile
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.language.values import Unknown
from reconciler.plan.model import Action, Plan, PlanMode, PlannedChange, SequencePlan
from reconciler.plan.options import NO_OPTIONS, PlanOptions, Policies
from reconciler.plan.planner import make_plan
from reconciler.provider.protocol import Capabilities, Member
from reconciler.refresh import Listing, Observed
from reconciler.schema import Attribute, Attributes, ChangeCost, Schema, Value
from reconciler.schema import Sequence as SequenceSchema
from reconciler.spec.model import Lifecycle
from reconciler.state.model import State, StateObject

SOURCE = SourceFile("specs/main.tf", "x\n")
PLACE = (SOURCE, 0, 1)

THREADS = Capabilities(
    dialect="threads", roles=("user", "assistant"), batch_limit=32, append_limit=1
)
CONVERSATIONS = Capabilities(
    dialect="conversations",
    roles=("user", "assistant", "system", "developer"),
    batch_limit=20,
    append_limit=20,
    deletes_members_with_parent=False,
    updates_members=False,
)


def canonical_thread(attributes: Attributes) -> dict[str, Value]:
    return {**attributes, "metadata": attributes.get("metadata") or {}}


def canonical_message(attributes: Attributes) -> dict[str, Value]:
    content = attributes.get("content")
    if isinstance(content, list) and len(content) == 1 and content[0].get("type") == "text":
        content = content[0]["text"]
    attached = attributes.get("attachments") or [
        {"file_id": each, "tools": [{"type": "file_search"}]}
        for each in attributes.get("file_ids") or ()
    ]
    same = {name: value for name, value in attributes.items() if name != "file_ids"}
    return {
        **same,
        "content": content,
        "attachments": attached,
        "metadata": attributes.get("metadata") or {},
    }


def _argument(type_: object, cost: ChangeCost = ChangeCost.UPDATE, **more: bool) -> Attribute:
    return Attribute(type_, "", optional=not more.get("required"), cost=cost, **more)


def _computed(type_: object) -> Attribute:
    return Attribute(type_, "", computed=True)


THREAD = Schema(
    "openai_thread",
    "",
    {
        "metadata": _argument(["map", "string"]),
        "tool_resources": _argument("dynamic", computed=True),
        "on_reorder": _argument("string", ChangeCost.LOCAL),
        "unmanaged_messages": _argument("string", ChangeCost.LOCAL),
        "id": _computed("string"),
        "created_at": _computed("number"),
        "object": _computed("string"),
    },
    canonical=canonical_thread,
)
MESSAGE = Schema(
    "openai_message",
    "",
    {
        "thread_id": _argument("string", ChangeCost.REPLACE, required=True),
        "role": _argument("string", ChangeCost.REPLACE, required=True),
        "content": _argument("dynamic", ChangeCost.REPLACE, required=True),
        "file_ids": _argument(["list", "string"], ChangeCost.REPLACE),
        "attachments": _argument(["list", "dynamic"], ChangeCost.REPLACE),
        "metadata": _argument(["map", "string"]),
        "order": _argument("dynamic", ChangeCost.LOCAL),
        "id": _computed("string"),
        "created_at": _computed("number"),
        "object": _computed("string"),
        "assistant_id": _computed("string"),
        "run_id": _computed("string"),
    },
    sequence=SequenceSchema(
        "openai_thread", "thread_id", "order", ("role", "content", "attachments")
    ),
    exclusive=(("file_ids", "attachments"),),
    canonical=canonical_message,
)
SCHEMAS = {"openai_thread": THREAD, "openai_message": MESSAGE}


def at(text: str) -> Address:
    """An address as people write it; a bare name is a message."""
    return Address.parse(text if "." in text else f"openai_message.{text}")


def thread(name: str = "t", *, lifecycle: Lifecycle | None = None, **desired: Value) -> Instance:
    """A desired thread."""
    return _instance(Address("openai_thread", name), THREAD, desired, lifecycle)


def message(
    name: str,
    content: Value = "hello",
    *,
    parent: Address | str | None = None,
    role: str = "user",
    depends_on: Iterable[Address] = (),
    triggers: Iterable[Address] = (),
    lifecycle: Lifecycle | None = None,
    **desired: Value,
) -> Instance:
    """A desired message, of the thread `t` unless told."""
    above = Address("openai_thread", "t") if parent is None else parent
    thread_id: Value = above
    if isinstance(above, Address):
        thread_id = Unknown("string", True, f"{above}.id")
        depends_on = [*depends_on, above]
    made = _instance(
        at(name),
        MESSAGE,
        {"thread_id": thread_id, "role": role, "content": content, **desired},
        lifecycle,
        depends_on,
    )
    return replace(made, parent=above, triggers=frozenset(triggers))


def _instance(
    address: Address,
    schema: Schema,
    desired: Mapping[str, Value],
    lifecycle: Lifecycle | None,
    depends_on: Iterable[Address] = (),
) -> Instance:
    return Instance(
        address=address,
        schema=schema,
        desired={name: desired.get(name) for name in schema.arguments},
        sensitive=(),
        depends_on=frozenset(depends_on),
        rank=0,
        lifecycle=lifecycle or Lifecycle(),
        place=PLACE,
    )


@dataclass
class Conversations:
    """A server of append-only threads, the state kept of it, and what plans did to both."""

    threads: dict[str, list[Member]] = field(default_factory=dict)
    metadata: dict[str, Attributes] = field(default_factory=dict)
    state: State = field(default_factory=lambda: State("lineage"))
    created: int = 0
    deleted: int = 0
    updated: int = 0
    made: int = 0
    policies: Policies = field(default_factory=Policies)
    capabilities: Capabilities = THREADS

    # -- what someone else does

    def say(self, thread_id: str, content: str, role: str = "assistant") -> str:
        """Append a message that no spec declares."""
        id_ = self.new_id("msg")
        attributes = {"id": id_, "thread_id": thread_id, "role": role, "content": content}
        self.threads[thread_id].append(Member(id_, attributes))
        return id_

    def lose(self, thread_id: str, position: int) -> None:
        """Delete a message behind everyone's back."""
        del self.threads[thread_id][position]

    def contents(self, thread_id: str | None = None) -> list[Value]:
        """What a thread says, in order."""
        return [each.attributes["content"] for each in self.threads[thread_id or self.only]]

    @property
    def only(self) -> str:
        """The id of the one thread there is."""
        (found,) = self.threads
        return found

    # -- plan and apply

    def observe(self) -> Observed:
        """Look at everything recorded."""
        ids = {each.id: each for members in self.threads.values() for each in members}
        objects: dict[Address, Attributes | None] = {}
        for address, recorded in self.state.objects.items():
            if recorded.id in self.metadata:
                objects[address] = self.metadata[recorded.id]
            else:
                found = ids.get(recorded.id)
                objects[address] = found.attributes if found is not None else None
        listings = {id_: Listing(tuple(each), True) for id_, each in self.threads.items()}
        return Observed(objects, listings)

    def plan(
        self,
        spec: Sequence[Instance],
        *,
        mode: PlanMode = PlanMode.NORMAL,
        options: PlanOptions = NO_OPTIONS,
        observed: Observed | None = None,
        **more: object,
    ) -> Plan:
        """Plan *spec*, its blocks standing in the order given."""
        return make_plan(
            mode=mode,
            instances=self._known(spec),
            recorded=self.state,
            observed=observed or self.observe(),
            schemas=SCHEMAS,
            capabilities={"openai": self.capabilities},
            policies={"openai": self.policies},
            options=options,
            **more,
        )

    def apply(self, spec: Sequence[Instance], **more: object) -> Plan:
        """Plan *spec* and carry the plan out."""
        plan = self.plan(spec, **more)
        assert not plan.errors, plan.errors
        self.carry_out(plan)
        return plan

    def carry_out(self, plan: Plan, *, calls: int | None = None) -> None:
        """Do what the plan says: appends in order, then deletions.

        With *calls* the run dies after that many; what was replaced and not yet deleted is then
        kept as deposed.
        """
        _Run(self, plan, calls).work()
        self.state = replace(self.state, serial=self.state.serial + 1)

    def _known(self, spec: Sequence[Instance]) -> list[Instance]:
        """The instances in their order, with the ids that exist."""
        known: list[Instance] = []
        for rank, each in enumerate(spec):
            desired = dict(each.desired)
            parent = each.parent
            if isinstance(parent, Address) and parent in self.state.objects:
                recorded = self.state.objects[parent].id
                if recorded in self.threads:
                    desired["thread_id"] = recorded
            known.append(replace(each, desired=desired, rank=rank))
        return known

    def remove(self, thread_id: str, id_: str) -> None:
        """Take one message out of a thread."""
        if thread_id not in self.threads:
            return
        before = self.threads[thread_id]
        self.threads[thread_id] = [each for each in before if each.id != id_]
        self.deleted += len(before) - len(self.threads[thread_id])

    def new_id(self, prefix: str) -> str:
        """An id that was never used before."""
        self.made += 1
        return f"{prefix}_{self.made}"


class _Died(Exception):
    """The run has used up its calls."""


class _Run:
    """One plan being carried out on a server, and in state."""

    def __init__(self, server: Conversations, plan: Plan, calls: int | None) -> None:
        self.server = server
        self.plan = plan
        self.calls = calls
        self.objects = dict(server.state.objects)
        self.deposed = dict(server.state.deposed)
        self.changes = {each.address: each for each in plan.changes if each.deposed is None}

    def work(self) -> None:
        with suppress(_Died):
            self._note()
            for change in self._of("openai_thread"):
                self._make_thread(change)
            for sequence in self.plan.sequences:
                self._append(sequence)
            for change in self._of("openai_message"):
                self._settle_message(change)
            for sequence in self.plan.sequences:
                self._delete_unmanaged(sequence)
            self._delete()
        self.server.state = replace(self.server.state, objects=self.objects, deposed=self.deposed)

    def _of(self, type_: str) -> list[PlannedChange]:
        return [each for address, each in self.changes.items() if address.type == type_]

    def _note(self) -> None:
        for address, seen in self.plan.refreshed.items():
            if seen is None:
                del self.objects[address]
            else:
                self.objects[address] = seen
        for change in self.changes.values():
            if change.moved_from is not None:
                self.objects.pop(change.moved_from, None)
        for change in self.changes.values():
            if change.recorded is not None:
                self.objects[change.address] = change.recorded

    def _call(self) -> None:
        if self.calls is not None:
            if not self.calls:
                raise _Died
            self.calls -= 1

    def _put(self, object_: StateObject) -> None:
        """Remember a new object, and the one it replaces until that is deleted."""
        old = self.objects.get(object_.address)
        if old is not None:
            key = f"{int(old.id.rpartition('_')[2]):08x}"
            self.deposed[object_.address, key] = replace(old, deposed=key)
        self.objects[object_.address] = object_

    def _make_thread(self, change: PlannedChange) -> None:
        server = self.server
        if change.action in (Action.CREATE, Action.REPLACE):
            self._call()
            id_ = server.new_id("thread")
            server.threads[id_] = []
            server.metadata[id_] = _returned(change, id=id_, created_at=1, object="thread")
            self._put(StateObject(change.address, server.metadata[id_], protected=change.protected))
        elif change.action is Action.UPDATE:
            assert change.recorded is not None
            self._call()
            id_ = change.recorded.id
            server.metadata[id_] = _returned(change)
            self.objects[change.address] = replace(change.recorded, attributes=server.metadata[id_])

    def _append(self, sequence: SequencePlan) -> None:
        parent = sequence.parent
        id_ = self.objects[parent].id if isinstance(parent, Address) else parent
        for address in sequence.appended:
            self._call()
            self.server.created += 1
            change = self.changes[address]
            made = _returned(
                change,
                id=self.server.new_id("msg"),
                thread_id=id_,
                created_at=1,
                object="thread.message",
            )
            self.server.threads[id_].append(Member(made["id"], made))
            blocks = sorted({str(each.block) for each in change.depends_on})
            self._put(
                StateObject(
                    address,
                    made,
                    dependencies=tuple(blocks),
                    protected=change.protected,
                    behind=change.behind,
                )
            )

    def _settle_message(self, change: PlannedChange) -> None:
        if change.action is Action.FORGET:
            del self.objects[change.address]
        elif change.action is Action.UPDATE:
            assert change.recorded is not None
            if not change.local:
                self._call()
            self.server.updated += 1
            after = _returned(change)
            members = self.server.threads[after["thread_id"]]
            place = [each.id for each in members].index(change.recorded.id)
            members[place] = Member(change.recorded.id, after)
            self.objects[change.address] = replace(change.recorded, attributes=after)

    def _delete_unmanaged(self, sequence: SequencePlan) -> None:
        parent = sequence.parent
        id_ = self.objects[parent].id if isinstance(parent, Address) else parent
        for unwanted in sequence.deleted_unmanaged:
            self._call()
            self.server.remove(id_, unwanted)

    def _delete(self) -> None:
        for change in self.plan.changes:
            if change.action is Action.DELETE and change.deposed is None:
                self._call()
                self._gone(self.objects.pop(change.address))
        # What replaced something knows the old object by now, whenever it was replaced.
        for key, old in sorted(self.deposed.items(), key=lambda each: each[1].address.type):
            self._call()
            self._gone(old)
            del self.deposed[key]

    def _gone(self, object_: StateObject) -> None:
        if object_.id in self.server.threads:
            del self.server.threads[object_.id], self.server.metadata[object_.id]
        else:
            self.server.remove(str(object_.attributes.get("thread_id")), object_.id)


def _returned(change: PlannedChange, **chosen: Value) -> dict[str, Value]:
    """What the server answers: what it was sent, and what it chooses."""
    assert change.after is not None
    after = {**change.after, **chosen}
    known = {name: None if isinstance(each, Unknown) else each for name, each in after.items()}
    return {**known, "metadata": known["metadata"] or {}}
