"""Conversation model: threads that one can only append to, and plans carried out on them.

What a test plans, it can apply here, in memory and without any engine, and compare the thread
with the spec. Every create and delete is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.address import Address
from reconciler.diagnostics import SourceFile
from reconciler.expand import Instance
from reconciler.language.values import Unknown
from reconciler.plan.model import Action, Plan, PlanMode, PlannedChange
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
        id_ = self._id("msg")
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

    def carry_out(self, plan: Plan) -> None:
        """Do what the plan says: appends in order, then deletions."""
        objects = dict(self.state.objects)
        self._note(plan, objects)
        old: list[StateObject] = []
        desired = {each.address: each for each in plan.changes}
        for change in plan.changes:
            if change.address.type == "openai_thread":
                self._do(change, objects, old)
        for sequence in plan.sequences:
            parent = sequence.parent
            id_ = objects[parent].id if isinstance(parent, Address) else parent
            for address in sequence.appended:
                change = desired[address]
                if change.action is Action.REPLACE:
                    assert change.recorded is not None
                    old.append(change.recorded)
                objects[address] = self._append(change, id_)
            for unwanted in sequence.deleted_unmanaged:
                self._remove(id_, unwanted)
        for change in plan.changes:
            if change.address.type == "openai_message":
                self._do_message(change, objects, old)
        for each in old:
            self._delete(each)
        self.state = replace(self.state, objects=objects, serial=self.state.serial + 1)

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

    def _note(self, plan: Plan, objects: dict[Address, StateObject]) -> None:
        for address, seen in plan.refreshed.items():
            if seen is None:
                del objects[address]
            else:
                objects[address] = seen
        for change in plan.changes:
            if change.moved_from is not None:
                objects.pop(change.moved_from, None)
        for change in plan.changes:
            if change.recorded is not None and change.deposed is None:
                objects[change.address] = change.recorded

    def _do(
        self, change: PlannedChange, objects: dict[Address, StateObject], old: list[StateObject]
    ) -> None:
        match change.action:
            case Action.CREATE | Action.REPLACE:
                if change.action is Action.REPLACE:
                    old.append(change.recorded)
                id_ = self._id("thread")
                self.threads[id_] = []
                after = {**change.after, "id": id_, "created_at": 1, "object": "thread"}
                if isinstance(after["tool_resources"], Unknown):
                    after["tool_resources"] = None
                self.metadata[id_] = {**after, "metadata": after["metadata"] or {}}
                objects[change.address] = StateObject(change.address, self.metadata[id_])
            case Action.UPDATE:
                id_ = change.recorded.id
                after = dict(change.after)
                self.metadata[id_] = {**after, "metadata": after["metadata"] or {}}
                objects[change.address] = replace(change.recorded, attributes=self.metadata[id_])
            case Action.DELETE:
                old.append(change.recorded)
                del objects[change.address]
            case _:
                pass

    def _do_message(
        self, change: PlannedChange, objects: dict[Address, StateObject], old: list[StateObject]
    ) -> None:
        match change.action:
            case Action.UPDATE:
                self.updated += 1
                recorded = change.recorded
                after = dict(change.after)
                members = self.threads[after["thread_id"]]
                place = next(i for i, each in enumerate(members) if each.id == recorded.id)
                members[place] = Member(recorded.id, after)
                objects[change.address] = replace(recorded, attributes=after)
            case Action.DELETE:
                old.append(change.recorded)
                del objects[change.address]
            case Action.FORGET:
                del objects[change.address]
            case _:
                pass

    def _append(self, change: PlannedChange, thread_id: str) -> StateObject:
        self.created += 1
        id_ = self._id("msg")
        after = dict(change.after)
        attributes = {
            **after,
            "id": id_,
            "thread_id": thread_id,
            "created_at": 1,
            "object": "thread.message",
            "assistant_id": None,
            "run_id": None,
            "metadata": after["metadata"] or {},
        }
        self.threads[thread_id].append(Member(id_, attributes))
        blocks = {str(each.block) for each in change.depends_on}
        return StateObject(
            change.address,
            attributes,
            dependencies=tuple(sorted(blocks)),
            protected=change.protected,
        )

    def _delete(self, object_: StateObject) -> None:
        if object_.id in self.threads:
            del self.threads[object_.id], self.metadata[object_.id]
            return
        self._remove(str(object_.attributes["thread_id"]), object_.id)

    def _remove(self, thread_id: str, id_: str) -> None:
        if thread_id not in self.threads:
            return
        before = self.threads[thread_id]
        self.threads[thread_id] = [each for each in before if each.id != id_]
        self.deleted += len(before) - len(self.threads[thread_id])

    def _id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"
