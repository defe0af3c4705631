"""Refresh: what is there now, and drift."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial

from reconciler.address import Address
from reconciler.errors import NotServed, ObjectNotFound
from reconciler.frozen import frozen
from reconciler.provider.protocol import UNPROVEN, Member, Provider
from reconciler.schema import Attributes, Schema
from reconciler.state.model import StateObject


@frozen
class Listing:
    """The members of one parent in server order, as far as they were read."""

    members: tuple[Member, ...]
    complete: bool
    """Whether the listing reached the end; it may stop once every recorded id was seen."""


@frozen
class Observed:
    """What the API has now of everything recorded."""

    objects: Mapping[Address, Attributes | None] = field(default_factory=dict)
    """None: gone, proven. An address that is missing was not looked for."""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    """By id of the parent."""


@frozen
class ParentQuestion:
    """What is to be learned about one parent: whether it is there, and its members."""

    parent_id: str
    provider: str
    """Provider configuration."""
    parent: StateObject | None
    """Its record, if the specs manage it."""
    members: Mapping[str, StateObject]
    """Recorded members by id."""
    member_type: str
    whole: bool
    """Whether the listing must reach the end."""


def questions(
    objects: Mapping[Address, StateObject],
    schemas: Mapping[str, Schema],
    *,
    configuration: Callable[[str], str],
    whole: Callable[[str], bool],
) -> list[ParentQuestion]:
    """Sort recorded objects by parent: each is asked about once, whatever it holds."""
    member_type, argument = _member_type(schemas)
    by_parent: dict[str, dict[str, StateObject]] = {}
    providers: dict[str, str] = {}
    parents: dict[str, StateObject] = {}
    for address, object_ in objects.items():
        if address.type == member_type:
            parent_id = str(object_.attributes.get(argument))
            by_parent.setdefault(parent_id, {})[object_.id] = object_
        else:
            parent_id = object_.id
            parents[parent_id] = object_
        providers.setdefault(parent_id, configuration(object_.provider))
    return [
        ParentQuestion(
            parent_id,
            provider,
            parents.get(parent_id),
            by_parent.get(parent_id, {}),
            member_type,
            whole(parent_id),
        )
        for parent_id, provider in providers.items()
    ]


async def refresh(
    asked: list[ParentQuestion],
    providers: Mapping[str, Provider],
    *,
    concurrency: int,
    announce: Callable[[Address, str], None] = lambda address, id_: None,
) -> Observed:
    """Read every parent once and list its members by pages.

    A member is gone when a complete listing of its parent lacks it, a parent when the API itself
    says so. An answer that proves nothing (an empty 404) counts only if the same endpoint has
    shown another of our parents in this run.

    Raises:
        ProviderError: nothing is proven; the first such answer.
    """
    answers = await _gather(
        [partial(_ask, each, providers[each.provider], announce) for each in asked], concurrency
    )
    alive = {
        question.provider for question, answer in zip(asked, answers, strict=True) if answer.alive
    }
    objects: dict[Address, Attributes | None] = {}
    listings: dict[str, Listing] = {}
    for question, answer in zip(asked, answers, strict=True):
        if answer.doubt is not None and question.provider not in alive:
            raise answer.doubt
        _note(question, answer, objects, listings)
    return Observed(objects, listings)


@frozen
class _Answer:
    attributes: Attributes | None
    listing: Listing | None
    alive: bool
    doubt: NotServed | None = None


async def _ask(
    question: ParentQuestion, provider: Provider, announce: Callable[[Address, str], None]
) -> _Answer:
    attributes = None
    if question.parent is not None:
        announce(question.parent.address, question.parent_id)
        attributes, absence = await _look_at_parent(question, provider)
        if absence is not None:
            return absence
    for id_, member in question.members.items():
        announce(member.address, id_)
    try:
        return _Answer(attributes, await _list(question, provider), alive=True)
    except (ObjectNotFound, NotServed) as error:
        if isinstance(error, NotServed) and error.code != UNPROVEN:
            raise
        # A listing says nothing of its parent: only the parent itself does.
        _, absence = await _look_at_parent(question, provider)
        if absence is None:
            raise
        return absence


async def _look_at_parent(
    question: ParentQuestion, provider: Provider
) -> tuple[Attributes | None, _Answer | None]:
    """The parent as it is, or the answer that it is not there."""
    sequence = provider.schemas[question.member_type].sequence
    assert sequence is not None, "members form a sequence"
    recorded = question.parent.attributes if question.parent is not None else {}
    identity = {**recorded, "id": question.parent_id}
    try:
        return await provider.read(sequence.parent_type, identity), None
    except ObjectNotFound:
        return None, _Answer(None, None, alive=False)
    except NotServed as doubt:
        if doubt.code != UNPROVEN:
            raise
        return None, _Answer(None, None, alive=False, doubt=doubt)


async def _list(question: ParentQuestion, provider: Provider) -> Listing:
    """Read pages until every recorded member was seen, or to the end."""
    missing = set(question.members)
    members: list[Member] = []
    async for page in provider.list_members(question.member_type, question.parent_id):
        members.extend(page)
        missing.difference_update(each.id for each in page)
        if not missing and not question.whole:
            return Listing(tuple(members), complete=len(page) < provider.capabilities.page_limit)
    if missing:
        members = await all_members(provider, question.member_type, question.parent_id, members)
        missing.difference_update(each.id for each in members)
    lacking = [each for id_, each in question.members.items() if id_ in missing]
    shown = await unlisted(provider, question.member_type, lacking)
    return Listing(tuple(_with_unlisted(members, shown, question.members)), complete=True)


async def all_members(
    provider: Provider, type_: str, parent_id: str, members: Sequence[Member] = ()
) -> list[Member]:
    """Every member behind *members*, and those, however early the server says that it has no more.

    A listing has ended where nothing new stands behind what it has shown. That costs a call, so it
    is only asked where something is lacking.
    """
    found = {each.id: each for each in members}
    while True:
        before = len(found)
        async for page in provider.list_members(
            type_, parent_id, after=next(reversed(found), None)
        ):
            for each in page:
                found.setdefault(each.id, each)
        if len(found) == before:
            return list(found.values())


async def unlisted(
    provider: Provider, type_: str, lacking: Iterable[StateObject]
) -> dict[str, Attributes]:
    """Those of *lacking* that the server has although a complete listing does not show them.

    They are asked for one by one, until one is indeed gone: then the listing is believed.
    """
    found: dict[str, Attributes] = {}
    for object_ in lacking:
        try:
            found[object_.id] = await provider.read(type_, object_.attributes)
        except (ObjectNotFound, NotServed):
            break
    return found


def _with_unlisted(
    members: list[Member], shown: Mapping[str, Attributes], recorded: Mapping[str, StateObject]
) -> list[Member]:
    """The listing with what it left out, each behind the member it is recorded to stand behind."""
    ids = {str(each.address): each.id for each in recorded.values()}
    before = {id_: ids.get(recorded[id_].behind or "") for id_ in shown}
    result, waiting = list(members), dict(shown)
    while waiting:
        # The one before it may have been left out as well; that goes in first.
        id_ = next((each for each in waiting if before[each] not in waiting), min(waiting))
        places = {each.id: at for at, each in enumerate(result, 1)}
        at = 0 if recorded[id_].behind == "" else places.get(before[id_] or "", len(result))
        result.insert(at, Member(id_, waiting.pop(id_)))
    return result


def _note(
    question: ParentQuestion,
    answer: _Answer,
    objects: dict[Address, Attributes | None],
    listings: dict[str, Listing],
) -> None:
    if question.parent is not None:
        objects[question.parent.address] = answer.attributes
    listed: dict[str, Attributes] = {}
    if answer.listing is not None:
        listings[question.parent_id] = answer.listing
        listed = {each.id: each.attributes for each in answer.listing.members}
    for id_, member in question.members.items():
        objects[member.address] = listed.get(id_)


def _member_type(schemas: Mapping[str, Schema]) -> tuple[str, str]:
    for type_, schema in schemas.items():
        if schema.sequence is not None:
            return type_, schema.sequence.parent_argument
    raise AssertionError("one resource type forms sequences")


async def _gather(work: list[Callable[[], Awaitable[_Answer]]], concurrency: int) -> list[_Answer]:
    """Run all of *work*, at most *concurrency* at a time; the first exception ends it."""
    answers: list[_Answer | None] = [None] * len(work)
    waiting = iter(range(len(work)))

    async def worker() -> None:
        for index in waiting:
            answers[index] = await work[index]()

    workers = [asyncio.create_task(worker()) for _ in range(min(concurrency, len(work)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for each in workers:
            each.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [answer for answer in answers if answer is not None]
