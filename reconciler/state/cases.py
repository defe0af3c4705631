"""Cases: the kinds of write that can be left unexplained, and how each of them is explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from reconciler.address import Address
from reconciler.errors import NotServed, ObjectNotFound
from reconciler.execute.lost import append_suspect, create_suspect
from reconciler.execute.recording import sendable_of
from reconciler.frozen import replace
from reconciler.provider.protocol import Provider
from reconciler.schema import Attributes, Schema
from reconciler.state.entries import AddSuspect, Drop, DropSuspect, Entry, Intent, Put, Resolve
from reconciler.state.model import State, StateObject, Suspect, configuration_name
from reconciler.state.search import Found, find_appended, find_carried, find_parents

SEEN = "the run was cut off before an answer came"
"""What is known of a write whose run died."""


class Ground:
    """What is known while writes are being explained, and what has been found out."""

    def __init__(
        self,
        state: State,
        providers: Mapping[str, Provider],
        schemas: Mapping[str, Schema],
        new_key: Callable[[], str],
    ) -> None:
        self.objects = dict(state.objects)
        self.deposed = dict(state.deposed)
        self.suspects = dict(state.suspects)
        self.schemas = schemas
        self.entries: list[Entry] = []
        self.adopted: list[tuple[Address, str]] = []
        self._providers = providers
        self._new_key = new_key
        self.known = {each.id for each in (*self.objects.values(), *self.deposed.values())}

    def provider(self, object_: StateObject) -> Provider:
        """The provider of an object."""
        return self._providers[configuration_name(object_.provider)]

    def schema_of_members(self, parent: StateObject) -> Schema:
        """The type whose objects stand under a parent."""
        return next(
            each
            for each in self.schemas.values()
            if each.sequence is not None and each.sequence.parent_type == parent.address.type
        )

    def take(self, object_: StateObject) -> None:
        """Take an object into state; what stood under its address is still to be deleted."""
        before = self.objects.get(object_.address)
        if before is not None and before.id != object_.id:
            self.entries.append(Put(replace(before, deposed=self._new_key())))
        self.entries.append(Put(object_))
        self.objects[object_.address] = object_
        self.known.add(object_.id)
        self.adopted.append((object_.address, object_.id))

    def drop(self, object_id: str) -> None:
        """Let an object go that is gone, with everything that stood in it."""
        for address, each in self.objects.items():
            if each.id == object_id or self._parent_id(each) == object_id:
                self.entries.append(Drop(address))
        for (address, key), each in self.deposed.items():
            if each.id == object_id or self._parent_id(each) == object_id:
                self.entries.append(Drop(address, key))
        for suspect in self.suspects.values():
            if suspect.parent_id == object_id:
                self.entries.append(DropSuspect(suspect.address))

    def _parent_id(self, object_: StateObject) -> object:
        sequence = self.schemas[object_.address.type].sequence
        return None if sequence is None else object_.attributes.get(sequence.parent_argument)


class Case(Protocol):
    """One write to be explained: looked for, once or twice, and then concluded."""

    @property
    def is_settled(self) -> bool:
        """Whether looking a second time, a little later, could tell nothing more."""

    async def look(self) -> None:
        """Look at the server."""

    def conclude(self) -> None:
        """Write down what it turned out to be."""


class LostParent:
    """A creating call without an answer."""

    def __init__(
        self, ground: Ground, intent: Intent, suspect: Suspect | None, rivals: list[LostParent]
    ) -> None:
        self._ground = ground
        self._intent = intent
        self._suspect = suspect
        self._rivals = rivals
        """Cases of the same content that are not concluded yet, this one among them."""
        self._fitting: list[Found] = []
        rivals.append(self)

    @property
    def is_settled(self) -> bool:
        """Whether looking a second time, a little later, could tell nothing more."""
        return bool(self._suspect or self._fitting) or not self._is_listed

    async def look(self) -> None:
        """Look among all parents, where the dialect lists those."""
        if not self._is_listed:
            return
        parent, ground = self._intent.objects[0], self._ground
        self._fitting = await find_parents(
            ground.provider(parent),
            ground.schemas[parent.address.type],
            ground.schema_of_members(parent),
            self._intent.objects,
            self._intent.at,
            ground.known,
        )

    def conclude(self) -> None:
        """Adopt what can only be it; without a trace of it where there must be one, it is not."""
        free = [each for each in self._fitting if each.standing[0].id not in self._ground.known]
        if not self._is_listed:
            self._keep(SEEN)
        elif len(free) > len(self._rivals):
            ids = ", ".join(each.standing[0].id for each in free)
            self._keep(f"several on the server may be it: {ids}")
        else:
            for object_ in free[0].standing if free else ():
                self._ground.take(object_)
            if self._suspect is not None:
                self._ground.entries.append(DropSuspect(self._suspect.address))
        self._rivals.remove(self)
        _resolve(self._ground, self._intent, self._suspect)

    def _keep(self, seen: str) -> None:
        schema = self._ground.schemas[self._intent.address.type]
        suspect = create_suspect(self._intent, schema, seen)
        if self._suspect is None:
            self._ground.entries.append(AddSuspect(suspect))

    @property
    def _is_listed(self) -> bool:
        return bool(self._intent.objects) and (
            self._ground.provider(self._intent.objects[0]).capabilities.lists_parents
        )


class LostMembers:
    """Members that were sent: carried by the call that created their parent, or appended."""

    def __init__(
        self,
        ground: Ground,
        intent: Intent,
        suspect: Suspect | None,
        drafts: tuple[StateObject, ...],
        parent_id: str,
        *,
        carried: bool,
    ) -> None:
        self._ground = ground
        self._intent = intent
        self._suspect = suspect
        self._drafts = drafts
        self._parent_id = parent_id
        self._carried = carried
        self._found = Found(drafts, (None,) * len(drafts))

    @property
    def is_settled(self) -> bool:
        """Whether looking a second time, a little later, could tell nothing more."""
        return self._suspect is not None or self._found.is_final

    async def look(self) -> None:
        """List the parent."""
        if not self._drafts:
            return
        ground = self._ground
        provider = ground.provider(self._drafts[0])
        schema = ground.schemas[self._drafts[0].address.type]
        if self._carried:
            self._found = await find_carried(
                provider, schema, self._drafts, self._parent_id, ground.known
            )
        else:
            self._found = await find_appended(
                provider,
                schema,
                self._drafts,
                self._parent_id,
                self._intent.after_id,
                ground.known,
            )

    def conclude(self) -> None:
        """Take what stands there into state; what something unexplained stands for is a suspect."""
        found, ground = self._found, self._ground
        if found.undecided:
            return
        for object_ in found.standing:
            ground.take(object_)
        suspect = None
        if found.missing and found.unexplained and not found.parent_gone:
            schema = ground.schemas[found.missing[0].address.type]
            seen = SEEN if self._suspect is None else self._suspect.seen
            left = replace(self._intent, parent_id=self._parent_id, objects=found.missing)
            suspect = append_suspect(left, schema, seen)
        if self._suspect is not None and suspect != self._suspect:
            ground.entries.append(DropSuspect(self._suspect.address))
        if suspect is not None and suspect != self._suspect:
            ground.entries.append(AddSuspect(suspect))
        _resolve(ground, self._intent, self._suspect)


class Deletion:
    """A deletion without an answer."""

    def __init__(self, ground: Ground, intent: Intent, object_: StateObject) -> None:
        self._ground = ground
        self._intent = intent
        self._object = object_
        self._gone = False
        self.is_settled = True

    async def look(self) -> None:
        """Read the object."""
        provider = self._ground.provider(self._object)
        try:
            await provider.read(self._object.address.type, self._object.attributes)
        except ObjectNotFound:
            self._gone = True
        except NotServed:
            # Proves nothing; the refresh looks at it beside everything else.
            self._gone = False

    def conclude(self) -> None:
        """Forget what is gone; what is not is deleted by the next plan that wants it."""
        if self._gone:
            self._ground.drop(self._object.id)
        _resolve(self._ground, self._intent, None)


class Plain:
    """A write that explains itself when the state is refreshed."""

    def __init__(self, ground: Ground, intent: Intent) -> None:
        self._ground = ground
        self._intent = intent
        self.is_settled = True

    async def look(self) -> None:
        """See nothing."""

    def conclude(self) -> None:
        """Leave it to the refresh."""
        _resolve(self._ground, self._intent, None)


def _resolve(ground: Ground, intent: Intent, suspect: Suspect | None) -> None:
    if suspect is None:
        ground.entries.append(Resolve(intent.seq))


def content_key(schemas: Mapping[str, Schema], drafts: Sequence[StateObject]) -> str:
    """What tells whether two creating calls asked for the same."""
    sent: list[Attributes] = [
        sendable_of(schemas[each.address.type], each.attributes) for each in drafts
    ]
    return repr(sent)
