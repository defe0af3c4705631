"""Recording: what state remembers of an object after a write or a read."""

from __future__ import annotations

from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.language.values import Unknown
from reconciler.plan.model import Action, PlannedChange
from reconciler.provider.protocol import Member
from reconciler.schema import Attributes, ChangeCost, Schema, Value
from reconciler.state.model import PROVIDER, StateObject


def draft_object(instance: Instance, *, change: PlannedChange | None = None) -> StateObject:
    """What state shall remember of *instance* once it exists: everything but what the API chooses.

    What is not known yet, such as the id of a parent that is created in the same call, is None.
    """
    recorded = change.recorded if change is not None else None
    is_updated = change is not None and change.action is Action.UPDATE
    desired = instance.desired
    return StateObject(
        address=instance.address,
        attributes={
            name: None if isinstance(desired.get(name), Unknown) else desired.get(name)
            for name in instance.schema.attributes
        },
        sensitive=instance.sensitive,
        dependencies=dependency_blocks(instance),
        protected=change.protected if change is not None else False,
        irreproducible=is_updated and recorded is not None and recorded.irreproducible,
        previous_id=recorded.previous_id if recorded is not None else None,
        behind=change.behind if change is not None else None,
        create_before_destroy=instance.lifecycle.create_before_destroy,
        provider=provider_text(instance.provider, recorded),
    )


def settled(schema: Schema, draft: StateObject, returned: Attributes) -> StateObject:
    """What state shall remember after *draft* was sent and *returned* came back.

    Where both mean the same, the spec's way of writing it is kept; where the server made
    something else of it, the attributes hold what it returned and `sent` what it was given.
    """
    attributes, sent = merge(schema, draft.attributes, returned)
    return replace(draft, attributes=attributes, sent=sent)


def state_object(
    instance: Instance, returned: Attributes, *, change: PlannedChange | None = None
) -> StateObject:
    """What state shall remember after *instance* was sent and *returned* came back."""
    return settled(instance.schema, draft_object(instance, change=change), returned)


def merge(
    schema: Schema, desired: Attributes, returned: Attributes
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Split what was sent and what came back into attributes and what differs from them."""
    attributes: dict[str, Value] = {}
    sent: dict[str, Value] = {}
    for name, attribute in schema.attributes.items():
        asked = desired.get(name)
        if name not in returned or attribute.cost is ChangeCost.LOCAL:
            attributes[name] = asked
        elif not attribute.is_argument or asked is None:
            attributes[name] = returned[name]
        elif same(schema, name, asked, returned[name]):
            attributes[name] = asked
        else:
            attributes[name] = returned[name]
            sent[name] = asked
    return attributes, sent


def same(schema: Schema, name: str, one: Value, other: Value) -> bool:
    """Whether two values of an attribute mean the same to the API."""
    return one == other or schema.canonical({name: one}) == schema.canonical({name: other})


def matches(schema: Schema, sent: Attributes, member: Member) -> bool:
    """Whether a listed member is what was sent, as far as its identity goes.

    White space around a text does not count: there are servers that trim it.
    """
    if not member.is_message or schema.sequence is None:
        return False
    wanted, seen = schema.canonical(sent), schema.canonical(member.attributes)
    return all(
        _trimmed(wanted.get(name)) == _trimmed(seen.get(name)) for name in schema.sequence.identity
    )


def _trimmed(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else value


def deposed(recorded: StateObject, key: str) -> StateObject:
    """The replaced object as state keeps it until it is deleted."""
    return replace(recorded, deposed=key)


def dependency_blocks(instance: Instance) -> tuple[str, ...]:
    """The blocks an instance depends on, as state files write them."""
    return tuple(sorted({str(address.block) for address in instance.depends_on}))


def provider_text(configuration: str, recorded: StateObject | None = None) -> str:
    """How state names the provider; an address that was read is written back."""
    base = recorded.provider if recorded is not None else PROVIDER
    return base.rpartition("]")[0] + "]" + configuration.removeprefix("openai")


def sendable(instance: Instance) -> dict[str, Value]:
    """The arguments that go over the wire; a member's parent stands in the path instead."""
    return sendable_of(instance.schema, instance.desired)


def sendable_of(schema: Schema, desired: Attributes) -> dict[str, Value]:
    """The arguments among *desired* that go over the wire."""
    parent = schema.sequence.parent_argument if schema.sequence is not None else None
    return {
        name: value
        for name, value in desired.items()
        if value is not None
        and name != parent
        and schema.attributes[name].is_argument
        and schema.attributes[name].cost is not ChangeCost.LOCAL
    }


def parent_id_of(instance: Instance) -> str:
    """The id of the parent a member is created under."""
    assert instance.schema.sequence is not None, "only members have a parent"
    return str(instance.desired[instance.schema.sequence.parent_argument])
